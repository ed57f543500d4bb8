"""The encoder at work: text in, mean-pooled layers out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.encoder.manifest import Manifest

__all__ = ["MAX_TOKENS", "PIECES", "Encoder", "shortened", "unit"]

PIECES = "sentencepiece.bpe.model"
"""The tokenizer's file in an encoder's directory."""

MAX_TOKENS = 256
"""Longer texts keep their first and last half of this: a story's point stands at one of its ends, and the cost of a
message stays bounded (about 0.1 s)."""

_MARK = "<"
"""Every mark of the tokenizer's own ("<s>") begins with it."""
_SHIFT = 1
"""The tokenizer's ids lie so far above those of its SentencePiece model; unknown pieces have one of their own."""


class Encoder:
    """A loaded encoder. Cheap to call from one thread; several threads may share it.

    Raises:
        BadEncoder: the directory is missing, damaged or of another format (see :mod:`bot.encoder.build`).
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.manifest = Manifest.read(directory)
        self.layers = self.manifest.layers
        self.hidden = self.manifest.hidden
        self._tokenizer = _tokenizer(directory, self.manifest.files[PIECES])
        self._marks = int(self._tokenizer.bos_token_id), int(self._tokenizer.eos_token_id)
        self._unknown = int(self._tokenizer.unk_token_id)
        self._session = _session(directory / "model.onnx")
        self._outputs = [f"layer_{layer}" for layer in self.layers]

    @property
    def identity(self) -> str:
        """Changes whenever the numbers it gives could."""
        return self.manifest.files["model.onnx"]

    def tokens(self, text: str, prefix: str | None = None) -> list[int]:
        """The token ids of a text with the model's prefix, or another one, at most :data:`MAX_TOKENS`."""
        before = self.manifest.prefix if prefix is None else prefix
        start, end = self._marks
        return shortened([start, *self._plain(before + text), end], MAX_TOKENS)

    def pieces(self, text: str) -> list[int]:
        """The pieces of a text, without prefix and marks: a vocabulary of sub-words for other features."""
        return self._plain(text)[:MAX_TOKENS]

    def _plain(self, text: str) -> list[int]:
        """The ids of a text without marks, as the tokenizer gives them. What it does beside SentencePiece is to look
        for its own marks, and takes far longer than SentencePiece itself."""
        if _MARK in text:
            ids: list[int] = self._tokenizer(text, verbose=False, add_special_tokens=False)["input_ids"]
            return ids
        return [number + _SHIFT if number else self._unknown for number in self._tokenizer.sp_model.encode(text)]

    def pools(self, text: str) -> npt.NDArray[np.float32]:
        """The mean over the tokens of each of :attr:`layers`: shape (layers, hidden)."""
        ids = np.array([self.tokens(text)], dtype=np.int64)
        outputs = self._session.run(self._outputs, {"input_ids": ids})
        return np.asarray(np.stack([output[0] for output in outputs]), np.float32)

    def pools_of(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """:meth:`pools` of many texts, one by one, so that each gets exactly the numbers it gets alone."""
        if not texts:
            return np.zeros((0, len(self.layers), self.hidden), np.float32)
        return np.stack([self.pools(text) for text in texts])

    def sentence(self, text: str) -> npt.NDArray[np.float32]:
        """The sentence embedding: the last layer's mean, of length one; shape (hidden,)."""
        return unit(self.pools(text)[-1])


def shortened(ids: list[int], most: int) -> list[int]:
    """The first and the last half of ``most`` ids where there are more."""
    return ids if len(ids) <= most else ids[: most - most // 2] + ids[-(most // 2) :]


def unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Vectors along the last axis brought to length one."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread: a message is small, and several Rasa processes share the cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


_TOKENIZERS: dict[str, Any] = {}


def _tokenizer(directory: Path, content: str) -> Any:
    """The tokenizer in a directory, by its checksum: every build of the encoder has the same, and one takes a second
    and 100 MB."""
    if content in _TOKENIZERS:
        return _TOKENIZERS[content]
    # The tokenizer needs no deep-learning framework; unless one is loaded already, none is.
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("USE_TF", "0")
    from transformers import XLMRobertaTokenizer

    _TOKENIZERS[content] = XLMRobertaTokenizer(str(directory / PIECES))
    return _TOKENIZERS[content]
