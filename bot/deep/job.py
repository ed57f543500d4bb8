"""What the bot's environment hands to the trainer's, and what it gets back: folders of plain arrays.

The two share no library but numpy. A job is written once and never changed; its name is a hash of its content, so the
same examples find the epochs that were trained before. A folder counts only with its ``manifest.json``, written last,
and with every file as its checksum says.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FORMAT", "RESULT", "BadFolder", "BadRecipe", "Batch", "Job", "Recipe", "read_folder", "write_folder"]

FORMAT = 3
"""Raised whenever the same job would be trained otherwise than before: what was trained earlier is then left."""
RESULT = "result"
"""The folder beside the epochs, in a job's folder, that the trainer leaves when it is done."""
_MANIFEST = "manifest.json"
Array = npt.NDArray[Any]


class BadFolder(RuntimeError):
    """A folder of arrays that is missing, damaged or of another format; the text says which file and why."""

    code = "deep.damaged"

    def __init__(self, folder: Path, what: str) -> None:
        super().__init__(f"{self.code}: {folder}: {what}")


class BadRecipe(ValueError):
    """A recipe that names what there is not; the text says what."""

    code = "deep.bad_recipe"

    def __init__(self, what: str) -> None:
        super().__init__(f"{self.code}: {what}")


@dataclass(frozen=True)
class Recipe:
    """How the network is trained; the defaults were chosen on public data (docs/understanding.md)."""

    epochs: int = 8
    batch: int = 32
    rate: float = 2e-4
    """Of the last layer; each layer below learns at ``decay`` times the rate of the one above."""
    decay: float = 0.9
    head_rate: float = 1e-3
    frozen: int = 0
    """So many of the lowest layers are left as they are. With half of them, training takes two thirds of the time, and
    Finnish most of all is learnt less well."""
    cut: float = 0.5
    """Share of the examples that are cut into other pieces than usual, others in each epoch: the words of a language
    that the encoder knows less well are not known by one way to write them alone."""
    agreement: float = 0.0
    """What it weighs that the network says the same of an example cut as usual and otherwise (multi-view subword
    regularisation, Wang, Ruder and Neubig 2021). Each step then sees both, and takes twice as long; 0 sees one."""
    warm_up: float = 0.06
    """Share of all steps in which the rate rises from zero; then it falls to zero."""
    weight_decay: float = 0.01
    smoothing: float = 0.1
    """Share of the truth that is spread over all topics: keeps the network from being too sure."""
    dropout: float = 0.1
    seed: int = 0

    @classmethod
    def read(cls, changes: Iterable[str]) -> Recipe:
        """The recipe with some of its values changed: ``epochs=2``.

        Raises:
            BadRecipe: no such value, or not a number of its kind.
        """
        defaults = asdict(cls())
        values = {}
        for change in changes:
            name, _, value = change.partition("=")
            try:
                values[name] = type(defaults[name])(value)
            except (KeyError, ValueError) as error:
                known = ", ".join(f"{name}={default}" for name, default in defaults.items())
                raise BadRecipe(f"{change!r} is none of {known}") from error
        return cls(**values)


@dataclass(frozen=True)
class Batch:
    """Tokenised examples. ``ids`` (all tokens,) are rows of the job's table of embeddings, ``ends`` (examples + 1,)
    where each example begins and ends, ``labels`` (examples,) positions in the topics, ``held_out`` (examples,) those
    that nothing is trained on. ``cuts`` and ``cut_ends`` (epochs × examples + 1,) are the same examples as they are cut
    in each epoch, one epoch after the other; none where they are cut as usual."""

    ids: Array
    ends: Array
    labels: Array
    held_out: Array
    cuts: Array
    cut_ends: Array

    def of(self, epoch: int) -> tuple[Array, Array]:
        """The ``ids`` and ``ends`` of an epoch."""
        if not len(self.cuts):
            return self.ids, self.ends
        ends = self.cut_ends[epoch * len(self.labels) : (epoch + 1) * len(self.labels) + 1]
        return self.cuts[ends[0] : ends[-1]], ends - ends[0]


@dataclass(frozen=True)
class Job:
    """Everything the trainer needs. ``tensors`` are single-precision: ``emb.word`` (rows in use, hidden), ``emb.pos``
    (positions, hidden) with the type added, and the others by their names in the weight file, in their shapes."""

    recipe: Recipe
    heads: int
    epsilon: float
    topics: int
    examples: Batch
    tensors: Mapping[str, Array]

    def write(self, beside: Path) -> Path:
        """Write it into a folder in ``beside`` that is named after its content, unless it lies there already."""
        arrays = {
            "examples": {name: getattr(self.examples, name) for name in Batch.__dataclass_fields__},
            "network": dict(self.tensors),
        }
        about = {"recipe": asdict(self.recipe), "heads": self.heads, "epsilon": self.epsilon, "topics": self.topics}
        folder = beside / f"job-{_content(about, arrays)[:16]}"
        try:
            read_folder(folder)
        except BadFolder:
            write_folder(folder, about, arrays)
        return folder

    @classmethod
    def read(cls, folder: Path) -> Job:
        """Read what :meth:`write` wrote.

        Raises:
            BadFolder: it is not there, or not as it was written.
        """
        about, arrays = read_folder(folder)
        try:
            return cls(
                recipe=Recipe(**about["recipe"]),
                heads=int(about["heads"]),
                epsilon=float(about["epsilon"]),
                topics=int(about["topics"]),
                examples=Batch(**arrays["examples"]),
                tensors=arrays["network"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadFolder(folder, f"holds no job ({type(error).__name__})") from error


def _content(about: Mapping[str, Any], arrays: Mapping[str, Mapping[str, Array]]) -> str:
    digest = hashlib.sha256(json.dumps([FORMAT, about], sort_keys=True).encode())
    for file, content in sorted(arrays.items()):
        for name, array in sorted(content.items()):
            digest.update(f"{file} {name} {array.dtype} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def write_folder(folder: Path, about: Mapping[str, Any], arrays: Mapping[str, Mapping[str, Array]]) -> None:
    """Put a folder with ``about`` and one ``.npz`` for each of ``arrays`` in place by one rename; one that is there
    is replaced."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        files = {}
        for name, content in arrays.items():
            path = work / f"{name}.npz"
            np.savez(path, **content)
            files[path.name] = _checksum(path)
        manifest = {"format": FORMAT, "about": about, "files": files}
        (work / _MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        for path in work.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        os.chmod(work, 0o755)  # noqa: S103 - holds no secret; a temporary directory starts as 0700
        if folder.exists():
            shutil.rmtree(folder)
        os.rename(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def read_folder(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Array]]]:
    """What :func:`write_folder` wrote.

    Raises:
        BadFolder: it is not there, or not as it was written.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        number, about, files = manifest["format"], dict(manifest["about"]), dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadFolder(folder, f"no readable {_MANIFEST} ({type(error).__name__})") from error
    if number != FORMAT:
        raise BadFolder(folder, f"of format {number}, this version wants {FORMAT}")
    arrays = {}
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            raise BadFolder(folder, f"{name} is missing")
        if _checksum(path) != expected:
            raise BadFolder(folder, f"{name} does not match its checksum")
        with np.load(path, allow_pickle=False) as stored:
            arrays[path.stem] = {key: stored[key] for key in stored.files}
    return about, arrays


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
