"""Logistic regression over features of two kinds: many and mostly zero beside few and never zero.

A library's takes them only as one sparse matrix, where the never-zero ones cost three quarters of the time. Kept apart
they are one small dense product.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["fit_logistic"]

Floats = npt.NDArray[np.float32]

ENOUGH = 1e-6
"""The optimiser ends with a step that makes the loss smaller by less than this share of it. The library's own limit, a
five-hundredth of it, takes twice as many steps and moves a probability by a thousandth."""


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
        steps: of the optimiser, at most.

    Returns:
        Weights (features + more features, classes) and intercepts (classes,).
    """
    from scipy.optimize import minimize

    width, rows = sparse.shape[1] + dense.shape[1], np.arange(len(truth))
    turned = sparse.T.tocsr()
    dense = np.asarray(dense, np.float32)

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        table = flat.reshape(width + 1, classes)
        narrow = table.astype(np.float32)
        scores = sparse @ narrow[: sparse.shape[1]] + dense @ narrow[sparse.shape[1] : width] + narrow[width]
        scores -= scores.max(axis=1, keepdims=True)
        # In its place: to find room for a new table takes as long as to fill it.
        chances = np.exp(scores, out=scores)
        chances /= chances.sum(axis=1, keepdims=True)
        cost = -float(np.log(np.maximum(chances[rows, truth], 1e-12)).sum(dtype=np.float64))
        chances[rows, truth] -= 1.0
        slope = np.empty_like(table)
        slope[: sparse.shape[1]] = turned @ chances
        slope[sparse.shape[1] : width] = dense.T @ chances
        slope[width] = chances.sum(axis=0)
        slope[:width] += table[:width] / strength
        return cost + 0.5 / strength * float((table[:width] ** 2).sum()), slope.ravel()

    limits = {"maxiter": steps, "ftol": ENOUGH}
    found = minimize(loss, np.zeros((width + 1) * classes), jac=True, method="L-BFGS-B", options=limits)
    table = found.x.reshape(width + 1, classes).astype(np.float32)
    return table[:width], table[width]
