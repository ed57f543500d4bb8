"""Words and pieces of words as TF-IDF weights: what carries inflection, compounds and typing errors."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from bot.nlu.cleaning import words

__all__ = ["Counted", "SparseFeatures", "counts"]

_LONGEST = 5
"""Characters in the longest piece of a word."""

Pieces = Callable[[str], Sequence[int]]


def counts(text: str, pieces: Sequence[int]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How often each feature occurs: pieces of words (1–5 characters, word ends marked), words and pairs of words,
    SentencePiece ids and pairs of them. Each block is weighed and scaled by itself."""
    low = text.lower()
    parts: list[str] = []  # counted at once: a hundred small counts take twice as long
    for word in low.split():
        marked = f" {word} "
        length = len(marked)
        for size in range(1, _LONGEST + 1):
            if length <= size:
                parts.append(marked)
                break
            parts += [marked[start : start + size] for start in range(length - size + 1)]
    said = words(low)
    whole = [f"w{word}" for word in said]
    whole += [f"w{first} {second}" for first, second in pairwise(said)]
    ids = [f"p{piece}" for piece in pieces]
    ids += [f"p{first} {second}" for first, second in pairwise(pieces)]
    return Counter(parts), Counter(whole), Counter(ids)


@dataclass
class SparseFeatures:
    """A fitted vocabulary: feature → column, with its inverse document frequency."""

    columns: dict[str, int]
    idf: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, documents: Iterable[tuple[Counter[str], ...]], least: int = 2) -> SparseFeatures:
        """Learn the vocabulary of documents as :func:`counts` gives them; features in fewer than ``least`` of them
        are left out."""
        seen: Counter[str] = Counter()
        total = 0
        for blocks in documents:
            total += 1
            for block in blocks:
                seen.update(block.keys())
        kept = sorted(feature for feature, number in seen.items() if number >= least)
        idf = np.array([math.log((1 + total) / (1 + seen[feature])) + 1.0 for feature in kept], np.float32)
        return cls({feature: column for column, feature in enumerate(kept)}, idf)

    def row(self, blocks: tuple[Counter[str], ...]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Columns and weights of one document; each block has length one."""
        places: list[npt.NDArray[np.int32]] = []
        weights: list[npt.NDArray[np.float32]] = []
        find = self.columns.get
        for block in blocks:
            found = [(column, number) for feature, number in block.items() if (column := find(feature)) is not None]
            if not found:
                continue
            column_list, numbers = zip(*found, strict=True)
            columns = np.array(column_list, np.int32)
            values = (1.0 + np.log(np.array(numbers, np.float32))) * self.idf[columns]
            places.append(columns)
            weights.append((values / np.linalg.norm(values)).astype(np.float32))
        if not places:
            return np.zeros(0, np.int32), np.zeros(0, np.float32)
        return np.concatenate(places), np.concatenate(weights)

    def matrix(self, documents: Iterable[tuple[Counter[str], ...]]) -> csr_matrix:
        """The rows of many documents, as :meth:`row` gives them: shape (documents, features)."""
        columns, numbers = array("i"), array("f")
        ends, blocks_end = [0], [0]
        find = self.columns.get
        for blocks in documents:
            for block in blocks:
                for feature, number in block.items():
                    if (column := find(feature)) is not None:
                        columns.append(column)
                        numbers.append(number)
                if len(columns) > blocks_end[-1]:
                    blocks_end.append(len(columns))
            ends.append(len(columns))
        places = np.frombuffer(columns, np.int32) if columns else np.zeros(0, np.int32)
        weights = (1.0 + np.log(np.frombuffer(numbers, np.float32))) * self.idf[places] if columns else np.zeros(0)
        if len(weights):
            squares = np.add.reduceat(weights.astype(np.float64) ** 2, blocks_end[:-1])
            weights = weights / np.repeat(np.sqrt(squares), np.diff(blocks_end))
        shape = len(ends) - 1, len(self.columns)
        return csr_matrix((weights.astype(np.float32), places, np.array(ends)), shape=shape, dtype=np.float32)


@dataclass(frozen=True)
class Counted:
    """Documents to learn from: the vocabulary of them all, and their rows."""

    sparse: SparseFeatures
    matrix: csr_matrix

    @classmethod
    def of(cls, documents: Sequence[tuple[Counter[str], ...]], least: int) -> Counted:
        """See :meth:`SparseFeatures.fit`."""
        sparse = SparseFeatures.fit(documents, least)
        return cls(sparse, sparse.matrix(documents))
