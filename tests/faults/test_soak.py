"""R26: a crowd that is silent and some who talk, for a long time: nothing in the hub grows. ``SILTA_SOAK_MINUTES`` (5)
and ``SILTA_SOAK_IDLE`` (2000) scale it; the matrix' own run is 60 minutes with 10,000."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.idle import gather
from tests.faults.checker import check
from tests.faults.crowd import Crowd, rss_mib
from tests.faults.world import World

MINUTES = float(os.environ.get("SILTA_SOAK_MINUTES", "5"))
IDLE = int(os.environ.get("SILTA_SOAK_IDLE", "2000"))
WARM_UP_SHARE = 0.4
"""Buffers, caches and the allocator's arenas fill in the first part of the run."""


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.mark.lasts(MINUTES * 60 + 60)
async def test_r26_nothing_grows_while_people_come_and_talk(record: Callable[[str], None]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, IDLE + 4000)), hard))
    async with World(hubs=1, bots=1) as world:
        hub = world.hubs[0]
        silent = await gather(f"http://127.0.0.1:{hub.port}", IDLE, origin=world.addresses[0])
        crowd = Crowd(world, 20, pause_s=0.08)
        await asyncio.sleep(MINUTES * 60 * WARM_UP_SHARE)
        rss, fds = [rss_mib(hub.pid)], [descriptors(hub.pid)]
        for _ in range(10):
            await asyncio.sleep(MINUTES * 6 * (1 - WARM_UP_SHARE))
            rss.append(rss_mib(hub.pid))
            fds.append(descriptors(hub.pid))
        await crowd.stop(patience_s=60)
        assert all(not one.transport.is_closing() for one in silent), "nobody who answers pings is dropped"
        for one in silent:
            one.transport.abort()
        truth = await world.settled()
    record(
        f"{MINUTES:g} minutes with {IDLE} idle, {crowd.history.count('ok') / MINUTES / 60:.0f} messages a second: "
        f"{rss[0]:.1f} -> {rss[-1]:.1f} MiB ({100 * (rss[-1] / rss[0] - 1):+.1f} %), descriptors {fds[0]} -> {fds[-1]}"
    )
    assert rss[-1] <= 1.02 * rss[0] and max(fds) - min(fds) <= 5
    assert not check(crowd.history, truth)
