"""The tests' own test: hubs that break one promise on purpose are caught, each by the promise that it breaks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.broken import MUTATIONS
from tests.faults.trial import trial
from tests.faults.world import World

CASES = {
    "drop_compare_and_set": (("slow",), {"I3", "I4"}),
    "ack_before_the_write": (("redis_kill", "redis_stop"), {"I1"}),
    "forget_the_dedupe": (("reset_all", "resets"), {"I2"}),
    "overlook_the_capacity": (("slow",), {"I8"}),
}
"""Faults to run under, and promises of which at least one must be seen broken."""


@pytest.mark.lasts(40)
@pytest.mark.parametrize("mutation", sorted(MUTATIONS))
async def test_a_hub_that_breaks_a_promise_is_caught(mutation: str, record: Callable[[str], None]) -> None:
    faults, promises = CASES[mutation]
    async with World(hubs=2, bots=1, module=("tests.faults.broken", mutation), capacity=2, offers=True) as world:
        report = await trial(world, seed=7, seconds=12, faults=faults, settle_s=5)
    caught = {breach.partition(":")[0] for breach in report.breaches}
    record(f"{report.line()}; caught by {sorted(caught)}")
    for breach in report.breaches[:3]:
        record(breach[:300])
    assert caught & promises, f"{mutation} was not caught: {report.line()}"


@pytest.mark.lasts(25)
async def test_the_same_runs_find_nothing_in_the_hub_as_it_is(record: Callable[[str], None]) -> None:
    faults = sorted({fault for faults, _ in CASES.values() for fault in faults})
    async with World(hubs=2, bots=1, capacity=2, offers=True) as world:
        report = await trial(world, seed=7, seconds=12, faults=faults)
    record(report.line())
    assert not report.breaches, "\n".join([report.line(), *report.breaches])
