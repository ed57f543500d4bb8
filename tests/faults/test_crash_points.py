"""R1: hubs that die by kill -9 at eight named points, again and again, while people talk. ``SILTA_CRASHES`` (1000) is
how many deaths are asked for over all runs."""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.crashing import POINTS
from tests.faults.trial import trial
from tests.faults.world import Hub, World

CRASHES = int(os.environ.get("SILTA_CRASHES", "1000"))
PER_SECOND = 1.5
"""Deaths that two crashing hubs of three bring about, roughly; a slower machine takes longer for the same number."""

MOST_S = max(300.0, 6.0 * CRASHES)
"""Until so many have died; with other work on both cores a life begins ten times as slowly. (Was 2 s for each.)"""


def crashes(hubs: list[Hub]) -> Counter[str]:
    return Counter(re.findall(r"^crash: (\w+)", "".join(hub.log for hub in hubs), re.MULTILINE))


@pytest.mark.timeout(MOST_S + 300)
@pytest.mark.lasts(CRASHES / PER_SECOND + 30)
async def test_r1_hubs_that_die_at_every_point_lose_and_double_nothing(record: Callable[[str], None]) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    async with World(hubs=3, bots=1, seed=seed) as world:
        for number, hub in enumerate(world.hubs[1:]):
            hub.module = ("tests.faults.crashing", str(seed + number))
            hub.kill()
        done = asyncio.Event()

        async def count() -> None:
            deadline = time.monotonic() + MOST_S
            while crashes(world.hubs).total() < CRASHES and time.monotonic() < deadline:
                await asyncio.sleep(0.5)
            for hub in world.hubs[1:]:
                hub.module = ("handoff",)
                hub.kill()
            done.set()

        counting = asyncio.create_task(count())
        report = await trial(
            world, seed=seed, seconds=MOST_S + 60, visitors=16, faults=("reset_all",), pause_s=0.1, until=done
        )
        await counting
        deaths = crashes(world.hubs)
    record(f"{deaths.total()} deaths: {dict(deaths)}; {report.line()}")
    assert not report.breaches, "\n".join([report.line(), *report.breaches])
    assert set(deaths) == set(POINTS) and deaths.total() >= CRASHES
