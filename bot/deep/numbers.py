"""The encoder's numbers on their way into a deep training and out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.encoder.graph import Numbers
from bot.encoder.weights import Blocks, Shape

__all__ = ["Tuned", "tensors"]

Floats = npt.NDArray[np.float32]


def tensors(numbers: Numbers, rows: npt.NDArray[Any], positions: int) -> dict[str, Floats]:
    """What :class:`bot.deep.job.Job` wants, with the embeddings of the tokens ``rows`` and of the first ``positions``
    places alone: most of the weights belong to words that no example has."""
    hidden, inner = numbers.shape.hidden, numbers.shape.inner
    blocks = numbers.blocks("emb.word")
    each = hidden // 32
    nibbles = blocks.nibbles.reshape(-1, each, 16)[rows].reshape(-1, 16)
    scales = blocks.scales.reshape(-1, each)[rows].reshape(-1)
    first_type = numbers.values("emb.type")[:hidden]
    result = {
        "emb.word": Blocks(nibbles, scales).values().reshape(-1, hidden),
        "emb.pos": numbers.values("emb.pos").reshape(-1, hidden)[:positions] + first_type,
        "emb.ln.w": numbers.values("emb.ln.w"),
        "emb.ln.b": numbers.values("emb.ln.b"),
    }
    shapes = {"fi": (inner, hidden), "fo": (hidden, inner)}
    for number in range(numbers.shape.layers):
        for part in ("q", "k", "v", "ao", "fi", "fo"):
            name = f"l{number}.{part}"
            result[f"{name}.w"] = numbers.values(f"{name}.w").reshape(shapes.get(part, (hidden, hidden)))
            result[f"{name}.b"] = numbers.values(f"{name}.b")
        for part in ("aln", "oln"):
            for kind in "wb":
                result[f"l{number}.{part}.{kind}"] = numbers.values(f"l{number}.{part}.{kind}")
    return result


class Tuned:
    """Numbers for :func:`bot.encoder.graph.encoder_graph`: trained tensors where there are any, else the first ones.

    Its linear weights are no blocks of four bits, so ``int4`` cannot be built of it.
    """

    def __init__(self, first: Numbers, trained: Mapping[str, Floats]) -> None:
        self._first = first
        self._trained = trained

    @property
    def shape(self) -> Shape:
        """The sizes, which training leaves as they are."""
        return self._first.shape

    def blocks(self, name: str) -> Blocks:
        """A tensor as it was stored at first.

        Raises:
            ValueError: it has been trained since.
        """
        if name in self._trained:
            raise ValueError(f"{name} was trained, and is no longer in blocks")
        return self._first.blocks(name)

    def values(self, name: str) -> Floats:
        """Any tensor's numbers, flat."""
        found = self._trained.get(name)
        return self._first.values(name) if found is None else np.asarray(found, np.float32).reshape(-1)
