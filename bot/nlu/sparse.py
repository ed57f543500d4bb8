"""Words and pieces of words as TF-IDF weights: what carries inflection, compounds and typing errors."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise, repeat

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from bot.nlu.cleaning import words

__all__ = ["Counted", "SparseFeatures", "counts"]

_UNKNOWN = -1
"""The column of a feature that there is none for."""
_LONGEST = 5
"""Characters in the longest piece of a word."""
_WORDS, _USUAL = 2048, 24
"""So many words, of at most so many characters, keep their pieces: most words of a message are among those that
everybody uses. About 10 MB at most, whatever is written."""

Pieces = Callable[[str], Sequence[int]]


def counts(text: str, pieces: Sequence[int]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How often each feature occurs: pieces of words (1–5 characters, word ends marked), words and pairs of words,
    SentencePiece ids and pairs of them. Each block is weighed and scaled by itself."""
    low = text.lower()
    parts: list[str] = []  # counted at once: a hundred small counts take twice as long
    for word in low.split():
        parts += _known_parts(word) if len(word) <= _USUAL else _parts(word)
    said = words(low)
    whole = [f"w{word}" for word in said]
    whole += [f"w{first} {second}" for first, second in pairwise(said)]
    ids = [f"p{piece}" for piece in pieces]
    ids += [f"p{first} {second}" for first, second in pairwise(pieces)]
    return Counter(parts), Counter(whole), Counter(ids)


def _parts(word: str) -> tuple[str, ...]:
    marked = f" {word} "
    length = len(marked)
    found: list[str] = []
    for size in range(1, _LONGEST + 1):
        if length <= size:
            found.append(marked)
            break
        found += [marked[start : start + size] for start in range(length - size + 1)]
    return tuple(found)


_known_parts = lru_cache(maxsize=_WORDS)(_parts)


@dataclass
class SparseFeatures:
    """A fitted vocabulary: feature → column, with its inverse document frequency."""

    columns: dict[str, int]
    idf: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, documents: Iterable[tuple[Counter[str], ...]], least: int = 2) -> SparseFeatures:
        """Learn the vocabulary of documents as :func:`counts` gives them; features in fewer than ``least`` of them
        are left out."""
        documents = list(documents)
        total = len(documents)
        seen = Counter(chain.from_iterable(block for blocks in documents for block in blocks))
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
        documents = list(documents)
        lengths = [len(block) for blocks in documents for block in blocks]
        for block in chain.from_iterable(documents):
            columns.extend(map(self.columns.get, block, repeat(_UNKNOWN)))
            numbers.extend(block.values())
        places, counted = np.array(columns, np.int32), np.array(numbers, np.float32)
        known = places != _UNKNOWN
        document = np.repeat(np.arange(len(documents)), [sum(map(len, blocks)) for blocks in documents])[known]
        block_of = np.repeat(np.arange(len(lengths)), lengths)[known]
        places = places[known]
        weights = (1.0 + np.log(counted[known])) * self.idf[places]
        squares = np.bincount(block_of, weights.astype(np.float64) ** 2, minlength=len(lengths))
        weights = weights / np.sqrt(squares[block_of])
        ends = np.concatenate([[0], np.cumsum(np.bincount(document, minlength=len(documents)))])
        shape = len(ends) - 1, len(self.columns)
        return csr_matrix((weights.astype(np.float32), places, ends), shape=shape, dtype=np.float32)


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
