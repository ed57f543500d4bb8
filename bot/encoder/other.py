"""Another encoder than the built-in one: any local directory or hub name that transformers loads.

It is fetched once, at set-up, into a directory beside the built-in encoder, and read from there ever after: no network
at run time. It runs on TensorFlow, which Rasa brings along, so it is slower and larger than the built-in one; what it
gives has the same form.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.encoder.encoder import unit
from bot.encoder.manifest import BadEncoder, checksum
from bot.encoder.tokenizer import MAX_TOKENS, shortened

__all__ = ["OtherEncoder", "identity_of", "prepare_other"]

Report = Callable[[str], None]
_MARK = "complete"
_DEPTH = 0.75
"""The inner layer that is pooled beside the last one lies this deep, as in the built-in encoder."""


def prepare_other(name: str, beside: Path, report: Report) -> OtherEncoder:
    """Fetch the model ``name`` into a directory in ``beside`` unless it is there and whole, and load it.

    Raises:
        BadEncoder: it cannot be read, or transformers cannot load it; the text says why.
    """
    directory = beside / ("encoder-" + re.sub(r"[^\w.-]+", "-", name).strip("-"))
    mark = _mark(name)
    if not _whole(directory, mark):
        report(f"fetching the encoder {name}")
        _fetch(name, directory, mark)
    return OtherEncoder(directory, prefix="query: " if re.search(r"\be5\b", name.lower()) else "")


def identity_of(name: str) -> str:
    """The identity that the encoder has when it is loaded now. Reads a local model from beginning to end; a gigabyte
    takes a second or two.

    Raises:
        BadEncoder: it cannot be read.
    """
    return _identity(_mark(name))


def _mark(name: str) -> str:
    """What tells whether the copy is still one of what the name stands for."""
    try:
        return _content(Path(name)) if Path(name).is_dir() else name
    except OSError as error:
        raise BadEncoder(Path(name), f"cannot be read ({error.strerror}: {error.filename})") from error


def _identity(mark: str) -> str:
    return hashlib.sha256(mark.encode()).hexdigest()


def _content(directory: Path) -> str:
    """Changes with any file of a local model."""
    digest = hashlib.sha256()
    for path in sorted(path for path in directory.iterdir() if path.is_file()):
        digest.update(f"{path.name} {checksum(path)}\n".encode())
    return digest.hexdigest()


def _whole(directory: Path, mark: str) -> bool:
    try:
        noted, content = (directory / _MARK).read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):
        return False
    return noted == mark and content == _content_without_mark(directory)


def _content_without_mark(directory: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in directory.iterdir() if path.is_file() and path.name != _MARK):
        digest.update(f"{path.name} {checksum(path)}\n".encode())
    return digest.hexdigest()


def _fetch(name: str, directory: Path, mark: str) -> None:
    transformers = _transformers()
    directory.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        transformers.AutoTokenizer.from_pretrained(name).save_pretrained(work)
        transformers.TFAutoModel.from_pretrained(name).save_pretrained(work)
        (work / _MARK).write_text(f"{mark}\n{_content_without_mark(work)}", encoding="utf-8")
        if directory.exists():
            shutil.rmtree(directory)
        os.chmod(work, 0o755)  # noqa: S103 - a model holds no secret; a temporary directory starts as 0700
        os.rename(work, directory)
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise BadEncoder(directory, f"{name} cannot be loaded ({' '.join(str(error).split())[:200]})") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _transformers() -> Any:
    """transformers with TensorFlow: whoever asks for another encoder needs a framework that runs it."""
    if "transformers" not in sys.modules:
        os.environ["USE_TF"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import transformers

    return transformers


class OtherEncoder:
    """A loaded model; used as :class:`bot.encoder.encoder.Encoder` is."""

    def __init__(self, directory: Path, prefix: str = "") -> None:
        transformers = _transformers()
        self.directory = directory
        self.prefix = prefix
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(str(directory), local_files_only=True)
            self._model = transformers.TFAutoModel.from_pretrained(str(directory), local_files_only=True)
        except (OSError, ValueError, ImportError) as error:
            raise BadEncoder(directory, f"cannot be loaded ({' '.join(str(error).split())[:200]})") from error
        self.hidden = int(self._model.config.hidden_size)
        depth = int(self._model.config.num_hidden_layers)
        self.layers = tuple(sorted({max(1, round(depth * _DEPTH)), depth}))
        self._most = min(MAX_TOKENS, int(getattr(self._model.config, "max_position_embeddings", MAX_TOKENS)) - 2)
        # What it was made from, not what was written: the same weights are not always written with the same bytes.
        source = (directory / _MARK).read_text(encoding="utf-8").partition("\n")[0]
        self.identity = _identity(source)

    def tokens(self, text: str) -> list[int]:
        """The token ids of a text with the model's prefix, as many as the model takes."""
        return shortened(self._tokenizer(self.prefix + text, verbose=False)["input_ids"], self._most)

    def pieces(self, text: str) -> list[int]:
        """The pieces of a text, without prefix and marks."""
        ids: list[int] = self._tokenizer(text, verbose=False, add_special_tokens=False)["input_ids"]
        return ids[:MAX_TOKENS]

    def pools(self, text: str) -> npt.NDArray[np.float32]:
        """The mean over the tokens of each of :attr:`layers`: shape (layers, hidden)."""
        ids = np.array([self.tokens(text)], np.int32)
        states = self._model(input_ids=ids, output_hidden_states=True, training=False).hidden_states
        return np.asarray(np.stack([states[layer].numpy()[0].mean(axis=0) for layer in self.layers]), np.float32)

    def pools_of(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """:meth:`pools` of many texts."""
        if not texts:
            return np.zeros((0, len(self.layers), self.hidden), np.float32)
        return np.stack([self.pools(text) for text in texts])

    def sentence(self, text: str) -> npt.NDArray[np.float32]:
        """The sentence embedding: the last layer's mean, of length one; shape (hidden,)."""
        return unit(self.pools(text)[-1])
