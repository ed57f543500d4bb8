"""Logistic regression over features of two kinds: many and mostly zero beside few and never zero.

A library's takes them only as one sparse matrix, where the never-zero ones cost three quarters of the time. Kept apart
they are one small dense product. The optimiser is L-BFGS in single precision: with as many weights as words and parts
of words, a library's, in double, takes as long for its own arithmetic as the loss takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["fit_logistic"]

Floats = npt.NDArray[np.float32]
Loss = Callable[[Floats], tuple[float, Floats]]

_REMEMBERED = 8
"""Steps whose slopes tell how the loss is curved: more of them take longer and find no more."""
_GAIN = 1e-6
"""A step that gains a smaller share of the loss is the last: single precision tells no finer."""
_DESCENT = 1e-4
"""Share of what its slope promises that a step must gain; one that gains less is shortened …"""
_SHORTEST = 1e-4
"""… to this at most."""


def fit_logistic(
    sparse: Any, dense: Floats, truth: npt.NDArray[np.int64], classes: int, *, strength: float, steps: int
) -> tuple[Floats, Floats]:
    """Fit by L-BFGS, from zero.

    Args:
        sparse: a CSR matrix (examples, features); may have no column.
        dense: (examples, more features).
        truth: (examples,), from 0 to ``classes`` - 1.
        classes: how many there are.
        strength: the inverse of the regularisation, as everywhere; intercepts are not regularised.
        steps: of the optimiser, at most; it stops before when a step hardly gains anything.

    Returns:
        Weights (features + more features, classes) and intercepts (classes,).
    """
    counted, width, rows = sparse.shape[1], sparse.shape[1] + dense.shape[1], np.arange(len(truth))
    turned = sparse.T.tocsr()
    dense = np.ascontiguousarray(dense, np.float32)

    def loss(table: Floats) -> tuple[float, Floats]:
        chances = sparse @ table[:counted] + dense @ table[counted:width] + table[width]
        chances -= chances.max(axis=1, keepdims=True)
        np.exp(chances, out=chances)
        chances /= chances.sum(axis=1, keepdims=True)
        cost = -float(np.log(np.maximum(chances[rows, truth], 1e-12)).sum(dtype=np.float64))
        chances[rows, truth] -= 1.0
        slope = np.empty_like(table)
        slope[:counted] = turned @ chances
        slope[counted:width] = dense.T @ chances
        slope[width] = chances.sum(axis=0)
        slope[:width] += table[:width] / np.float32(strength)
        size = float(np.vdot(table[:width], table[:width]))
        return cost + 0.5 / strength * size, slope

    table = _least(loss, np.zeros((width + 1, classes), np.float32), steps)
    return table[:width], table[width]


def _least(loss: Loss, place: Floats, steps: int) -> Floats:
    """Where a convex loss is smallest, as far as so many steps from ``place`` lead."""
    cost, slope = loss(place)
    moves: deque[tuple[Floats, Floats, float]] = deque(maxlen=_REMEMBERED)
    for _ in range(steps):
        direction = _direction(slope, moves)
        promised = float(np.vdot(direction, slope))
        share = 1.0
        while True:
            there = place + np.float32(share) * direction
            reached, tilt = loss(there)
            if reached <= cost + _DESCENT * share * promised or share < _SHORTEST:
                break
            # Where the parabola through both costs and the slope has its bottom.
            share *= float(np.clip(-0.5 * share * promised / (reached - cost - share * promised), 0.1, 0.5))
        gained = cost - reached
        if gained <= 0.0:
            break
        move, turn = there - place, tilt - slope
        bend = float(np.vdot(move, turn))
        if bend > 0.0:
            moves.append((move, turn, bend))
        place, cost, slope = there, reached, tilt
        if gained < _GAIN * abs(cost):
            break
    return place


def _direction(slope: Floats, moves: deque[tuple[Floats, Floats, float]]) -> Floats:
    """Downhill, as the last moves and the turns of the slope on them tell."""
    if not moves:
        return -slope / np.float32(max(1.0, float(np.linalg.norm(slope))))
    direction = -slope
    weights = []
    for move, turn, bend in reversed(moves):
        weights.append(float(np.vdot(move, direction)) / bend)
        direction -= np.float32(weights[-1]) * turn
    _, turn, bend = moves[-1]
    direction *= np.float32(bend / float(np.vdot(turn, turn)))
    for (move, turn, bend), weight in zip(moves, reversed(weights), strict=True):
        direction += np.float32(weight - float(np.vdot(turn, direction)) / bend) * move
    return direction
