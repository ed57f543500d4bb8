"""Looks at how large the numbers inside the encoder get, in single precision, on a few texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from bot.encoder.encoder import session
from bot.encoder.graph import Numbers, encoder_graph
from bot.encoder.ranges import Range

__all__ = ["fitted_graph", "ranges"]


def fitted_graph(numbers: Numbers, layers: Sequence[int], precision: str, texts: Iterable[Sequence[int]]) -> bytes:
    """The encoder as a file's content; where the precision has fixed scales, they fit the texts.

    Args:
        numbers: the encoder's.
        layers, precision: see :func:`bot.encoder.graph.encoder_graph`.
        texts: see :func:`ranges`.
    """
    seen = ranges(numbers, texts) if precision == "int8" else None
    return bytes(encoder_graph(numbers, layers, precision, seen).SerializeToString())


def ranges(numbers: Numbers, texts: Iterable[Sequence[int]]) -> dict[str, Range]:
    """Run texts through all layers and see what goes into each linear one.

    Args:
        numbers: the encoder's.
        texts: the token ids of each; at least one. What the encoder is to be used on, in all its kinds.
    """
    graph = encoder_graph(numbers, (numbers.shape.layers,), "fp32", watched=True)
    watched = session(graph.SerializeToString())
    names = [output.name for output in watched.get_outputs() if output.name.endswith((".least", ".most"))]
    found: dict[str, npt.NDArray[np.float32]] = {}
    for ids in texts:
        for name, value in zip(names, watched.run(names, {"input_ids": np.array([ids], np.int64)}), strict=True):
            known = found.get(name, value)
            found[name] = np.minimum(known, value) if name.endswith(".least") else np.maximum(known, value)
    layers = sorted({name.rpartition(".")[0] for name in names})
    return {layer: Range(found[f"{layer}.least"], found[f"{layer}.most"]) for layer in layers}
