"""``silta up --hubs 2 --bots 2``, the whole of it, while its processes are killed one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.handoff.clients import Talker
from tests.helpers.agent import Agent
from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.stack import Stack
from tests.helpers.visitor import Visitor
from tests.helpers.waiting import until

pytestmark = [pytest.mark.lasts(35), pytest.mark.timeout(600)]

VISITORS = 8


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    made = Stack("--hubs", "2", "--bots", "2")
    try:
        made.start()
        added = made.silta("agent", "add", AGENTS["Aino"], "--capacity", "50", "--password-stdin", given=PASSWORD)
        assert added.returncode == 0, added.stderr
        yield made
    finally:
        made.close()


async def test_two_hubs_and_two_bots_serve_visitors_and_agents(stack: Stack) -> None:
    for name in ("hub-1", "hub-2", "bot-1", "bot-2", "actions", "redis"):
        assert stack.pid(name) > 0
    agent = await Agent.arrive(stack.address, AGENTS["Aino"], PASSWORD)
    async with agent:
        visitors = [await Visitor.arrive(stack.address, language="en") for _ in range(VISITORS)]
        for visitor in visitors:
            await visitor.say("Where is my order?")
        for visitor in visitors:
            await visitor.hear("bot")
        for visitor in visitors:
            await visitor.ask("request_handoff")
            await agent.sees_queued(visitor.conversation)
            await agent.claim(visitor.conversation)
            await agent.say(visitor.conversation, "Hello, I am Aino")
            await visitor.hear("agent")
            visitor.assert_no_gap()
            await visitor.close()


async def test_r1_r20_nothing_acknowledged_is_lost_while_each_process_is_killed_once(stack: Stack) -> None:
    stop = asyncio.Event()
    talkers = [Talker(stack.address, f"visitor {n}") for n in range(VISITORS)]
    talking = [asyncio.create_task(talker.talk(stop, pause_s=0.2)) for talker in talkers]
    for name in ("hub-1", "bot-1", "hub-2", "bot-2", "redis"):
        said = {talker: len(talker.acked) for talker in talkers}
        before = stack.returns(name)
        stack.kill(name)

        async def all_go_on(said: dict[Talker, int] = said) -> bool:
            return all(len(talker.acked) > said[talker] for talker in talkers)

        await until(all_go_on, f"all talk on without {name}", timeout_s=30)
        await asyncio.to_thread(stack.wait_back, name, before)
    stop.set()
    await asyncio.gather(*talking)
    for talker in talkers:
        await talker.catch_up(max(talker.acked.values()))
        assert talker.shown() == talker.acked, "I1, I2"
