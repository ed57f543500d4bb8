"""Races over claims. ``SILTA_RACES`` (1000) is how many."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

import pytest

from handoff.access.accounts import Account
from handoff.errors import Conflict
from tests.faults.busy import Busy
from tests.faults.crowd import quantile
from tests.handoff.parts import parts_on, uid
from tests.helpers.redis_server import RedisServer

ROUNDS = int(os.environ.get("SILTA_RACES", "1000"))
AGENTS = 50
LOSERS_HEAR_S = 0.1


@pytest.mark.lasts(20 + 0.2 * ROUNDS)
async def test_r15_of_fifty_agents_exactly_one_wins_in_each_of_a_thousand_rounds(
    redis_server: RedisServer, record: Callable[[str], None]
) -> None:
    agents = [
        Account(id=f"a{number}", email=f"a{number}@test.example", name=f"A{number}", capacity=ROUNDS)
        for number in range(AGENTS)
    ]
    losers: list[float] = []
    alone: list[float] = []
    busy = Busy(redis_server.pid)
    async with parts_on(redis_server.url, timeout_s=10) as one, parts_on(redis_server.url, timeout_s=10) as other:
        with busy:
            for turn in range(ROUNDS):
                waiting = await one.queued()

                async def claim(number: int, agent: Account, conversation: str = waiting.id) -> bool:
                    hub = (one, other)[number % 2].hub
                    began, waited = time.monotonic(), busy.waited_s
                    try:
                        await hub.agents.claim(agent, conversation, id=uid())
                    except Conflict as lost:
                        assert lost.extra["assignee"]["id"] in {each.id for each in agents}
                        losers.append(time.monotonic() - began)
                        alone.append(losers[-1] - (busy.waited_s - waited))
                        return False
                    return True

                won = await asyncio.gather(*(claim(number, agent) for number, agent in enumerate(agents)))
                assert won.count(True) == 1, f"round {turn}"
                state = await one.state(waiting.id)
                assert state.assignee is not None and state.assignee.id == agents[won.index(True)].id
                kinds = await one.kinds(waiting.id)
                assert kinds.count("assigned") == 1
    record(
        f"{ROUNDS} rounds of {AGENTS} on two hubs; losers hear after p50 {quantile(losers, 0.5) * 1000:.0f}, "
        f"p99 {quantile(losers, 0.99) * 1000:.0f} ms, without what they waited "
        f"for a processor p99 {quantile(alone, 0.99) * 1000:.0f} ms; {busy}"
    )
    assert quantile(alone, 0.99) <= LOSERS_HEAR_S
