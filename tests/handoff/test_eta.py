from __future__ import annotations

import random

import pytest

from handoff.eta import MEASURED_MIN, Handling, estimate


def test_nothing_is_told_before_enough_was_measured_or_while_nobody_answers() -> None:
    handling = Handling()
    for _ in range(MEASURED_MIN - 1):
        handling.ended("orders", 300)
    assert handling.measured("orders") == []
    assert estimate(0, 3, []) is None
    handling.ended("billing", 300)
    assert len(handling.measured("orders")) == MEASURED_MIN, "too few of its own, enough of all"
    assert estimate(0, 0, handling.measured("orders")) is None
    assert estimate(1000, 1, handling.measured("orders")) is None, "so far ahead nobody knows"


@pytest.mark.parametrize("places", [1, 4, 20])
@pytest.mark.parametrize("before", [0, 3, 10])
def test_the_range_covers_the_truth_of_eight_in_ten_waits(places: int, before: int) -> None:
    seed = random.Random(places * 100 + before)
    mean = 240.0
    told = estimate(before, places, [seed.expovariate(1 / mean) for _ in range(200)])
    assert told is not None
    low, high = told
    covered = 0
    for _ in range(500):
        waited = sum(seed.expovariate(places / mean) for _ in range(before + 1))
        covered += low <= waited <= high
    assert covered >= 400
