"""Visitors who talk on while one primary of Redis after the other is killed, and what must hold afterwards."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable

from tests.handoff.clients import Talker
from tests.handoff.fake_bot import FakeBot
from tests.handoff.hub_process import HubProcess
from tests.helpers.redis_cluster import Cluster, Node, Sentinels
from tests.helpers.waiting import until, until_sync

__all__ = ["primaries_die_under_load"]

VISITORS = 20
BACK_WITHIN_S = 90.0
"""For everybody to be acknowledged again after a kill: a second until the primary counts as failed, the election, and
the clients' own pauses. On a quiet machine that is five seconds; three hubs, six servers and twenty people on two cores
that are busy with other work have taken more than thirty."""


async def primaries_die_under_load(
    redis: Cluster | Sentinels, *, kills: int, healthy: Callable[[], bool], say: Callable[[str], None] = print
) -> None:
    """Kill ``kills`` primaries under talking visitors on one hub; assert that nothing acknowledged is lost (I1),
    doubled (I2) or out of order (I3)."""
    hub = HubProcess(redis.url, SILTA_REDIS_REPLICAS="1")
    try:
        await asyncio.to_thread(hub.start)
        async with FakeBot(redis.url):
            talkers = [Talker(hub.address, f"visitor {n}") for n in range(VISITORS)]
            stop = asyncio.Event()
            talking = [asyncio.create_task(talker.talk(stop, pause_s=0.02)) for talker in talkers]
            for _ in range(kills):
                await _all_say_more(talkers)
                victim = redis.primary()
                begun = time.monotonic()
                victim.kill()
                elected = functools.partial(_another_serves, redis, victim)
                await asyncio.to_thread(until_sync, elected, "another is primary", timeout_s=BACK_WITHIN_S)
                say(f"another is primary {time.monotonic() - begun:.1f} s after the death")
                # The new one has no replica, so nothing is acknowledged until the dead one is back and follows it.
                await asyncio.to_thread(victim.start)
                await _all_say_more(talkers)
                say(f"everybody is acknowledged again {time.monotonic() - begun:.1f} s after the death")
                await asyncio.to_thread(until_sync, healthy, "the dead one follows the new primary", timeout_s=30)
            stop.set()
            await asyncio.gather(*talking)
        for talker in talkers:
            last = max(talker.acked.values())
            await talker.catch_up(last)
            newcomer = talker.elsewhere()
            await newcomer.catch_up(last)
            _same("logged", newcomer.shown(), "acknowledged", talker.acked)
            _same("shown", talker.shown(), "logged", newcomer.shown())
        say(f"{sum(len(talker.acked) for talker in talkers)} messages acknowledged, none lost or doubled")
    finally:
        hub.close()


def _same(one: str, these: dict[str, int], other: str, those: dict[str, int]) -> None:
    differ = sorted(text for text, _ in these.items() ^ those.items())
    assert not differ, f"{one} and {other}: " + str({text: (these.get(text), those.get(text)) for text in differ})


def _another_serves(redis: Cluster | Sentinels, victim: Node) -> bool:
    found = redis.primary()
    return found is not victim and found.answers()


async def _all_say_more(talkers: list[Talker]) -> None:
    said = {talker: len(talker.acked) for talker in talkers}

    async def all_do() -> bool:
        return all(len(talker.acked) > said[talker] + 2 for talker in talkers)

    await until(all_do, "all are acknowledged again", timeout_s=BACK_WITHIN_S)
