"""Looks at how large the numbers inside the encoder get, in single precision, on a few texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from bot.encoder.graph import Numbers, encoder_graph
from bot.encoder.ranges import Range

__all__ = ["ranges"]


def ranges(numbers: Numbers, texts: Iterable[Sequence[int]]) -> dict[str, Range]:
    """Run texts through all layers and see what goes into each linear one.

    Args:
        numbers: the encoder's.
        texts: the token ids of each; at least one. What the encoder is to be used on, in all its kinds.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    graph = encoder_graph(numbers, (numbers.shape.layers,), "fp32", watched=True)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs() if output.name.endswith((".least", ".most"))]
    found: dict[str, npt.NDArray[np.float32]] = {}
    for ids in texts:
        for name, value in zip(names, session.run(names, {"input_ids": np.array([ids], np.int64)}), strict=True):
            known = found.get(name, value)
            found[name] = np.minimum(known, value) if name.endswith(".least") else np.maximum(known, value)
    layers = sorted({name.rpartition(".")[0] for name in names})
    return {layer: Range(found[f"{layer}.least"], found[f"{layer}.most"]) for layer in layers}
