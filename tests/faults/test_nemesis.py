"""R25: visitors and agents through random faults; the history is held against I1–I9.

``SILTA_NEMESIS_MINUTES`` (22; with those of test_crash_points.py more than 30) is the time under faults over all runs,
``SILTA_NEMESIS_SEED`` repeats a run of which the seed was printed. Other seeds are taken each time: what holds must
hold for all of them.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable

import pytest

from tests.faults.nemesis import FAULTS
from tests.faults.trial import trial
from tests.faults.world import AGENT_CAPACITY, World

MINUTES = float(os.environ.get("SILTA_NEMESIS_MINUTES", "22"))
FIRST_SEED = int(os.environ.get("SILTA_NEMESIS_SEED") or random.SystemRandom().randrange(1, 1_000_000))
RUN_S = 150.0
"""One run: long enough for dozens of faults, short enough to look at its history when it fails."""

PROCESSES = ("hub_kill", "hub_stop", "hub_term", "reset_all")
REDIS = ("redis_kill", "redis_stop", "redis_pause", "reset_all")
LINES = ("slow", "slices", "trickle", "resets", "reset_all", "black_hole", "refuse", "slow_close")
BOTS = ("bot_kill", "bot_stop", "hub_kill")
EVERYTHING = tuple(FAULTS)

KINDS: dict[str, tuple[tuple[str, ...], bool]] = {
    "everything": (EVERYTHING, False),
    "redis, offers": (REDIS, True),
    "processes, offers": (PROCESSES, True),
    "everything, offers": (EVERYTHING, True),
    "lines": (LINES, False),
    "bots": (BOTS, False),
}
"""Faults, and whether conversations are offered to agents who have room for two and reach for more."""

RUNS = max(1, math.ceil(MINUTES * 60 / RUN_S))
SECONDS = min(RUN_S, MINUTES * 60 / RUNS)


@pytest.mark.lasts(SECONDS + 25)
@pytest.mark.parametrize("run", range(RUNS))
async def test_r25_r1_r2_r7_r8_r9_r13_r14_r15_random_faults_break_no_promise(
    run: int, record: Callable[[str], None]
) -> None:
    seed = FIRST_SEED + run
    kind = list(KINDS)[seed % len(KINDS)]
    record(f"{kind}, seed {seed} begins")
    faults, offers = KINDS[kind]
    async with World(hubs=2, bots=2, seed=seed, offers=offers, capacity=2 if offers else AGENT_CAPACITY) as world:
        report = await trial(
            world,
            seed=seed,
            seconds=SECONDS,
            faults=faults,
            nemeses=2 if "every" in kind else 1,
            pause_s=0.35,
            holds=4 if offers else 5,
        )
    record(f"{kind}, {report.line()}")
    assert not report.breaches, "\n".join([report.line(), *report.faults, *report.breaches])
    assert report.history.count("ok") > 20, "a run in which nothing was asked proves nothing"
    assert "Traceback" not in "".join(hub.log for hub in world.hubs)


async def test_r25_i7_i8_a_short_run_with_offers_and_a_kill_of_each_part_breaks_no_promise() -> None:
    """For every day: the same, in ten seconds."""
    async with World(hubs=2, bots=1, agents=2, seed=1, offers=True, capacity=2) as world:
        faults = ("hub_kill", "redis_kill", "bot_kill", "resets")
        report = await trial(world, seed=1, seconds=6, visitors=6, faults=faults, calm=(0.1, 0.3))
    assert not report.breaches, "\n".join([report.line(), *report.faults, *report.breaches])
    assert report.history.count("ok") > 20
    assert set(report.witness.fullest.values()) <= {1, 2}, "the witness has seen who had what"
