"""Is a message about anything we know at all? A number of its own beside the topic's probability.

Three views are added up, each standardised on the training examples held out: how far the best topic's decision value
stands above the others, how near the nearest known examples lie, and how far the message lies from every topic's
centre (Mahalanobis distance with one covariance for all). No example of the unknown is needed.

Neighbours are sought along the directions in which the examples differ most: all of the embedding would cost more than
everything else that follows the encoder.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from bot.encoder.encoder import unit

__all__ = ["Scope"]

Floats = npt.NDArray[np.float32]
_NEIGHBOURS = 3
_SHRINK = 0.2
"""Share of the identity in the covariance: few examples a topic make a shaky estimate."""
_STEPS = 201
_AXES = 96
"""Directions that are compared with the known examples. The look-up reads every example, so its time is that of
reading this many numbers of each."""
_AT_A_TIME = 1000
"""Messages compared with all known examples at once: with 30,000 of these that is 120 MB; all would be gigabytes."""


@dataclass
class Scope:
    """Fitted on the training examples. ``known`` are their sentence embeddings along ``axes``, ``centres`` the topics'
    means in the whitened space, ``marks`` the score's quantiles over held-out examples."""

    known: Floats
    axes: Floats
    shift: Floats
    whiten: Floats
    centres: Floats
    middle: Floats
    spread: Floats
    marks: Floats

    @classmethod
    def fit(
        cls,
        vectors: Floats,
        truth: npt.NDArray[np.int64],
        decisions: Floats,
        fold: npt.NDArray[np.int64],
        threads: int = 1,
    ) -> Scope:
        """Learn from sentence embeddings (examples, hidden), topics, out-of-fold decision values and folds. Examples of
        a fold below 0 are never taken for unknown ones: the encoder itself was trained on them. Of the others, so many
        folds as there are ``threads`` are looked at at a time."""
        views = np.zeros((len(vectors), 3))
        judged = fold >= 0
        axes = _widest(vectors)
        near = _along(vectors, vectors.mean(axis=0), axes)

        def look(number: int) -> None:
            chosen = fold == number
            if chosen.all():
                return
            shift, whiten, centres = _whitened(vectors[~chosen], truth[~chosen])
            views[chosen] = _views(
                vectors[chosen], near[chosen], decisions[chosen], near[~chosen], shift, whiten, centres
            )

        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(max_workers=threads) as pool:
            list(pool.map(look, np.unique(fold[judged]).tolist()))
        views = views[judged]
        middle = views.mean(axis=0)
        spread = np.maximum(views.std(axis=0), 1e-6)
        totals = ((views - middle) / spread).sum(axis=1)
        shift, whiten, centres = _whitened(vectors, truth)
        return cls(
            known=near,
            axes=axes,
            shift=shift,
            whiten=whiten,
            centres=centres,
            middle=middle.astype(np.float32),
            spread=spread.astype(np.float32),
            marks=np.quantile(totals, np.linspace(0, 1, _STEPS)).astype(np.float32),
        )

    def raw(self, vectors: Floats, decisions: Floats) -> Floats:
        """The sum of the three views for messages: (messages,); higher is more at home."""
        near = _along(vectors, self.shift, self.axes)
        views = _views(vectors, near, decisions, self.known, self.shift, self.whiten, self.centres)
        return np.asarray(((views - self.middle) / self.spread).sum(axis=1), np.float32)

    def share(self, vector: Floats, decisions: Floats) -> float:
        """The share of genuine messages that look stranger than this one, 0 to 1: below 0.05 it looks stranger than
        95 of 100 of them."""
        total = self.raw(vector[None], decisions[None])[0]
        return float(np.interp(total, self.marks, np.linspace(0, 1, _STEPS)))

    def save(self, directory: Path) -> None:
        """Write it as plain arrays."""
        np.savez(directory / "scope.npz", **{name: getattr(self, name) for name in self.__dataclass_fields__})

    @classmethod
    def load(cls, directory: Path) -> Scope:
        """Read what :meth:`save` wrote."""
        with np.load(directory / "scope.npz", allow_pickle=False) as stored:
            return cls(**{name: stored[name] for name in cls.__dataclass_fields__})


def _whitened(vectors: Floats, truth: npt.NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    topics = np.unique(truth)
    means = np.stack([vectors[truth == topic].mean(axis=0) for topic in topics])
    inside = vectors - means[np.searchsorted(topics, truth)]
    covariance = inside.T @ inside / len(vectors)
    size = np.trace(covariance) / len(covariance)
    covariance = (1 - _SHRINK) * covariance + _SHRINK * size * np.eye(len(covariance))
    values, axes = np.linalg.eigh(covariance)
    whiten = (axes / np.sqrt(values)).astype(np.float32)
    shift = vectors.mean(axis=0).astype(np.float32)
    return shift, whiten, ((means - shift) @ whiten).astype(np.float32)


def _widest(vectors: Floats) -> Floats:
    """The orthogonal directions of largest variance: (hidden, at most :data:`_AXES`)."""
    _, directions = np.linalg.eigh(np.cov(vectors.T))
    return np.ascontiguousarray(directions[:, ::-1][:, :_AXES], np.float32)


def _along(vectors: Floats, shift: Floats, axes: Floats) -> Floats:
    return unit((vectors - shift) @ axes)


def _views(
    vectors: Floats, near: Floats, decisions: Floats, known: Floats, shift: Floats, whiten: Floats, centres: Floats
) -> npt.NDArray[np.float64]:
    margin = decisions.max(axis=1)
    rows = range(0, max(1, len(near)), _AT_A_TIME)
    closest = np.concatenate([_closest(near[start : start + _AT_A_TIME] @ known.T) for start in rows])
    white = (vectors - shift) @ whiten
    distance = (white**2).sum(axis=1)[:, None] - 2 * white @ centres.T + (centres**2).sum(axis=1)[None]
    far = np.sqrt(np.maximum(distance.min(axis=1), 0))
    return np.asarray(np.stack([margin, closest, -far], axis=1), np.float64)


def _closest(similar: Floats) -> Floats:
    """The mean of each row's :data:`_NEIGHBOURS` largest numbers. ``similar`` is used up.

    One search a neighbour: to put the rows partly in order takes several times as long."""
    rows, count = np.arange(len(similar)), min(_NEIGHBOURS, similar.shape[1])
    total = np.zeros(len(similar), np.float32)
    for _ in range(count):
        places = similar.argmax(axis=1)
        total += similar[rows, places]
        similar[rows, places] = -np.inf
    return total / np.float32(count)
