"""Two encoders in one graph: the tuned one, and the untuned one beside it.

A network that was tuned on topics has learnt to see nothing else, and forgets along the way what would help it with a
message unlike all examples. What the untuned layers know of such a message is put beside it. Both look up the same
word embeddings, most of either file, so these are there once.
"""

from __future__ import annotations

import onnx

__all__ = ["BESIDE", "side_by_side"]

BESIDE = "beside."
"""What the names of the second graph begin with, those of its inputs and outputs too."""


def side_by_side(first: bytes, second: bytes) -> bytes:
    """One graph that computes both, as a file's content.

    Args:
        first: a graph of :func:`bot.encoder.graph.encoder_graph`; its inputs and outputs keep their names.
        second: another; the names of its inputs and outputs get :data:`BESIDE` put before them. Constants that are the
            same in both, by name and value, are stored once.
    """
    whole, other = onnx.load_from_string(first), onnx.load_from_string(second)
    known = {each.name: each for each in whole.graph.initializer}
    shared = {each.name for each in other.graph.initializer if known.get(each.name) == each}

    def named(name: str) -> str:
        return name if not name or name in shared else BESIDE + name

    for node in other.graph.node:
        node.name = named(node.name)
        node.input[:] = [named(name) for name in node.input]
        node.output[:] = [named(name) for name in node.output]
    for each in (*other.graph.initializer, *other.graph.input, *other.graph.output):
        each.name = named(each.name)
    whole.graph.node.extend(other.graph.node)
    whole.graph.initializer.extend(each for each in other.graph.initializer if each.name not in shared)
    whole.graph.input.extend(other.graph.input)
    whole.graph.output.extend(other.graph.output)
    return bytes(whole.SerializeToString())
