"""Two graphs in one."""

from __future__ import annotations

import numpy as np

from bot.deep.beside import BESIDE, side_by_side
from bot.deep.numbers import Tuned
from bot.encoder.encoder import session
from bot.encoder.watch import fitted_graph
from tests.bot.deep.tiny import TinyNumbers


def test_both_compute_what_they_compute_alone_and_share_the_words() -> None:
    first = TinyNumbers()
    other = Tuned(first, {"l1.fo.w": first.values("l1.fo.w") * np.float32(0.5)})
    samples = [[0, 17, 90, 2], [0, 5, 2]]
    graphs = [fitted_graph(other, (2,), "int8", samples), fitted_graph(first, (1, 2), "int8", samples)]
    both = side_by_side(*graphs)
    ids = {"input_ids": np.array([[0, 17, 5, 2]]), f"{BESIDE}input_ids": np.array([[0, 90, 7, 17, 5, 2]])}
    found = session(both).run(["layer_2", f"{BESIDE}layer_1", f"{BESIDE}layer_2"], ids)
    (alone,) = session(graphs[0]).run(["layer_2"], {"input_ids": ids["input_ids"]})
    beside = session(graphs[1]).run(["layer_1", "layer_2"], {"input_ids": ids[f"{BESIDE}input_ids"]})
    for one, another in zip(found, (alone, *beside), strict=True):
        assert np.array_equal(one, another)
    assert not np.allclose(found[0], found[2], atol=1e-3)
    # The table of words is by far the most of a file.
    assert len(both) < 0.6 * sum(map(len, graphs))
