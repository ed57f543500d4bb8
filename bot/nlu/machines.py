"""Linear SVMs, one a topic, each fitted on the examples that have a say in it.

To a topic's SVM nine in ten examples of other topics mean nothing: they lie so far beyond its border that it would be
the same without them. So each is fitted on its own examples and the nearest others; then all are looked at, those that
lie too near after all are added, and it is fitted again, until hardly any is left. What comes out is what all examples
together give, about as exactly as the library's own tolerance, in a quarter of the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack

__all__ = ["Fitted", "Machines"]

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

TOLERANCE = 0.1
"""Finer takes longer and is no better on messages held out."""
FIRST = 1000
"""Examples of other topics, at random, with which the search for the nearest ones begins …"""
NEAREST = 0.2
"""… and the share of all examples that is taken for the nearest ones then, or so many as above where that is more."""
BORDER = -1.0
"""An example of another topic whose decision value is below this has no say."""
AROUND = 0.1
"""So far beyond the border of SVMs fitted on nearly the same examples is looked for those that have a say."""
SLIGHT = 0.02
"""A topic's SVM is fitted again when more than this share of the examples that had a say would have to be added."""
ROUNDS = 6
"""At most; one is seldom needed."""
NO = -1.0
"""The decision value of a topic that none of the examples has."""


@dataclass(frozen=True)
class Fitted:
    """``weights`` (features, topics), ``intercept`` (topics,), and the ``decisions`` (examples, topics) that they give
    for all examples, chosen or not."""

    weights: Floats
    intercept: Floats
    decisions: Floats


class Machines:
    """Fits SVMs on parts of the same examples.

    Args:
        counted: (examples, features), mostly zero.
        dense: (examples, more features), never zero.
        truth: (examples,), the topic of each, from 0 to ``topics`` - 1.
        topics: how many there are.
        strength: the inverse of the regularisation, C.
        seed: of what is chosen at random.
        threads: so many topics at a time.
    """

    def __init__(
        self,
        counted: csr_matrix,
        dense: Floats,
        truth: Numbers,
        topics: int,
        *,
        strength: float,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        self._counted = counted
        self._dense = np.ascontiguousarray(dense, np.float32)
        # In double precision, which the library would make of it for every SVM.
        self._all = hstack([counted, csr_matrix(self._dense)], format="csr", dtype=np.float64)
        self._all.sort_indices()  # once, or the library does it for every SVM, which takes as long as fitting it
        self._own = truth[:, None] == np.arange(topics)
        self._strength = strength
        self._seed = seed
        self._threads = threads

    def fit(self, chosen: Flags, like: Fitted | None = None) -> Fitted:
        """One SVM a topic on the ``chosen`` (examples,), which have at least two topics.

        Args:
            chosen: the examples that may be learnt from.
            like: SVMs fitted on about the same examples; they only tell where the search begins.
        """
        with ThreadPoolExecutor(max_workers=self._threads) as pool:
            return self._fit(chosen, like, pool)

    def fit_each(self, parts: Sequence[Flags], like: Fitted) -> Iterator[Fitted]:
        """:meth:`fit` on several parts, in their order: what one of them does on one core goes on beside the others."""
        if not parts:
            return
        with ThreadPoolExecutor(len(parts)) as leaders, ThreadPoolExecutor(max_workers=self._threads) as pool:
            yield from leaders.map(lambda chosen: self._fit(chosen, like, pool), parts)

    def _fit(self, chosen: Flags, like: Fitted | None, pool: ThreadPoolExecutor) -> Fitted:
        topics = self._own.shape[1]
        weights = np.zeros((self._all.shape[1], topics), np.float32)
        intercept = np.full(topics, NO, np.float32)
        known = np.flatnonzero(self._own[chosen].any(axis=0))

        def fit(near: Flags, which: Sequence[int] | Numbers) -> Floats:
            for topic, (coefficients, shift) in zip(
                which, pool.map(lambda topic: self._one(chosen, near[:, topic], topic), which), strict=True
            ):
                weights[:, topic], intercept[topic] = coefficients, shift
            return self._decided(weights, intercept, pool)

        near = self._random(chosen) if like is None else like.decisions > BORDER - AROUND
        decisions = fit(near, known)
        if like is None and not near[chosen].all():
            near = self._nearest(chosen, decisions)
            decisions = fit(near, known)
        for _ in range(ROUNDS):
            missed = chosen[:, None] & ~self._own & ~near & (decisions > BORDER + TOLERANCE)
            enough = SLIGHT * (near & chosen[:, None]).sum(axis=0)
            again = known[(missed.sum(axis=0) > enough)[known]]
            if not len(again):
                break
            near |= decisions > BORDER
            decisions = fit(near, again)
        return Fitted(weights, intercept, decisions)

    def _one(self, chosen: Flags, near: Flags, topic: int) -> tuple[Floats, float]:
        from sklearn import config_context
        from sklearn.svm import LinearSVC

        own = self._own[:, topic]
        rows = np.flatnonzero(chosen & (near | own))
        if own[rows].all():
            rows = np.flatnonzero(chosen)
        machine = LinearSVC(C=self._strength, tol=TOLERANCE, random_state=self._seed)
        with config_context(assume_finite=True):
            machine.fit(self._all[rows], own[rows])
        return machine.coef_[0].astype(np.float32), float(machine.intercept_[0])

    def _random(self, chosen: Flags) -> Flags:
        """:data:`FIRST` of the chosen for each topic."""
        share = FIRST / max(1, int(chosen.sum()))
        return np.asarray(np.random.default_rng(self._seed).random(self._own.shape) < share)

    def _nearest(self, chosen: Flags, decisions: Floats) -> Flags:
        """The share :data:`NEAREST` of the chosen, by topic. Fitted on a few, an SVM puts its border in a wrong place,
        but the order in which examples lie to it is about right."""
        number = int(chosen.sum())
        far = 1.0 - min(1.0, max(NEAREST, FIRST / number))
        strange = np.where(self._own, decisions.max() + 1.0, decisions)
        edge = np.quantile(strange[chosen], far, axis=0)
        return np.asarray(strange >= edge)

    def _decided(self, weights: Floats, intercept: Floats, pool: ThreadPoolExecutor) -> Floats:
        width = self._counted.shape[1]

        def part(columns: Numbers) -> Floats:
            mine = np.ascontiguousarray(weights[:, columns])
            return np.asarray(self._counted @ mine[:width] + self._dense @ mine[width:], np.float32)

        parts = [columns for columns in np.array_split(np.arange(weights.shape[1]), self._threads) if len(columns)]
        return np.asarray(np.concatenate(list(pool.map(part, parts)), axis=1) + intercept, np.float32)
