from __future__ import annotations

import random
from dataclasses import replace

import pytest

from handoff import decisions
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.decisions import Decision
from handoff.queue.eta import MEASURED_MIN, Handling, estimate
from tests.handoff.parts import AINO, Parts, parts_on, uid
from tests.handoff.texts_for_tests import texts


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


async def test_a_hub_that_starts_knows_what_was_measured_before_it(url: str, parts: Parts) -> None:
    waiting = await parts.queued()

    def an_hour_ago(state: Conversation) -> Decision:
        made = decisions.claim(state, texts(), at=stamp(now_ms() - 3_600_000), agent=AINO.assignee)
        return replace(made, after=replace(made.after, skill="orders"))

    await parts.store.request(waiting.id, an_hour_ago)
    await parts.hub.agents.resolve(AINO, waiting.id, id=uid(), outcome=None)
    async with parts_on(url) as other:
        await other.hub.room.fill()
        [seconds] = other.hub.room.handling.times["orders"]
        assert 3599 <= seconds <= 3700
        await other.hub.room.fill()
        assert len(other.hub.room.handling.times["orders"]) == 1, "taken over once"


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
