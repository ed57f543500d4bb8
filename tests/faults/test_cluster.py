"""A Redis Cluster of three primaries with a replica each, of which primaries die."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.faults.failover import primaries_die_under_load
from tests.handoff.clients import Talker
from tests.helpers.redis_cluster import Cluster
from tests.helpers.stack import Stack
from tests.helpers.visitor import Visitor
from tests.helpers.waiting import until_sync


@pytest.mark.lasts(40)
async def test_a_primary_of_a_cluster_that_dies_under_load_loses_nothing_acknowledged(
    record: Callable[[str], None],
) -> None:
    with Cluster() as cluster:
        await primaries_die_under_load(cluster, kills=3, healthy=cluster.healthy, say=record)


@pytest.mark.lasts(75)
async def test_the_whole_of_silta_runs_on_a_cluster_and_outlives_a_primary() -> None:
    with Cluster() as cluster:
        stack = Stack(environ={"SILTA_REDIS_URL": cluster.url})
        try:
            await asyncio.to_thread(stack.start)
            assert not (stack.var / "run" / "redis.pid").exists(), "it brought no Redis of its own"
            async with await Visitor.arrive(stack.address, language="en") as guest:
                await guest.say("Where is my order?")
                await guest.hear("bot")
                victim = cluster.primary()
                victim.kill()
                await asyncio.to_thread(until_sync, lambda: cluster.primary() is not victim, "another", timeout_s=30)
                talker = Talker(stack.address, "visitor")
                await talker.say()
                await talker.close()
                again = await guest.again()
                await again.say("Where is my order?")
                await again.hear("bot", timeout_s=15)
                again.assert_no_gap()
                await again.close()
        finally:
            stack.close()
