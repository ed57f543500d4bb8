"""Eight bits for numbers of very different sizes."""

from __future__ import annotations

import numpy as np
import pytest

from bot.encoder.graph import encoder_graph
from bot.encoder.ranges import Range, Scale
from bot.encoder.watch import ranges
from tests.bot.deep.tiny import TinyNumbers

CHANCE = np.random.default_rng(5)


@pytest.mark.parametrize(("least", "most"), [(-3.0, 5.0), (0.2, 4.0), (-7.0, -1.0), (0.0, 0.0)])
def test_nothing_is_exactly_a_step_and_the_ends_are_reached(least: float, most: float) -> None:
    scale = Scale.of(least, most)

    def coarse(value: float) -> float:
        level = np.clip(round(value / float(scale.step)) + int(scale.zero), 0, 255)
        return float((level - int(scale.zero)) * scale.step)

    assert coarse(0.0) == 0.0
    for value in np.linspace(min(least, 0.0), max(most, 0.0), 97):
        assert abs(coarse(value) - value) <= 1.01 * float(scale.step)


def test_a_product_of_divided_numbers_is_the_same_and_far_finer() -> None:
    numbers = CHANCE.normal(0, 1, (500, 64)).astype(np.float32)
    numbers[:, 7] *= 40
    weights = CHANCE.normal(0, 0.1, (64, 16)).astype(np.float32)
    seen = Range(numbers.min(axis=0), numbers.max(axis=0))
    factors = seen.factors(weights)
    assert factors[7] > 5 * np.median(factors)
    exact = numbers @ weights
    assert np.allclose((numbers / factors) @ (weights * factors[:, None]), exact, atol=1e-4)

    def error(scale: Scale, by: np.ndarray) -> float:
        levels = np.clip(np.rint(numbers / by / scale.step) + int(scale.zero), 0, 255) - int(scale.zero)
        return float(np.abs((levels * scale.step) @ (weights * by[:, None]) - exact).mean())

    assert error(seen.scale(factors), factors) < 0.25 * error(seen.scale(), np.ones(64, np.float32))


def test_a_place_that_was_silent_is_taken_for_a_usual_one() -> None:
    size = np.array([1.0, 1.2, 0.8, 0.0, 30.0], np.float32)
    factors = Range(-size, size).factors(np.ones((5, 3), np.float32))
    assert factors[3] == pytest.approx(factors[0]), "another text may be larger there"


def test_the_numbers_of_every_linear_layer_are_watched() -> None:
    numbers = TinyNumbers()
    texts = [[0, *CHANCE.integers(4, 1000, length).tolist(), 2] for length in (1, 5, 9)]
    found = ranges(numbers, texts)
    assert sorted(found) == [f"l{layer}.{part}" for layer in (0, 1) for part in ("ao", "fi", "fo", "qkv")]
    assert found["l0.fo"].most.shape == (64,) and found["l0.fi"].most.shape == (32,)
    for each in found.values():
        assert (each.least <= each.most).all()
    alone = ranges(numbers, texts[:1])
    assert (found["l1.qkv"].most >= alone["l1.qkv"].most).all(), "of all texts, not of the last"


def test_eight_bits_want_ranges_and_others_none() -> None:
    numbers = TinyNumbers()
    with pytest.raises(ValueError, match="ranges"):
        encoder_graph(numbers, (2,), "int8")
    with pytest.raises(ValueError, match="ranges"):
        encoder_graph(numbers, (2,), "fp32", ranges(numbers, [[0, 5, 2]]))
