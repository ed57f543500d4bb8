"""Real bot processes that are killed, frozen and cut off from Redis while they work."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from redis.exceptions import RedisError

from handoff.events import Inbound, Keys
from tests.bot.seam.harness import KEYS, Actions, Bot, Hub, RedisServer, until

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
LONG = os.environ.get("SILTA_CHAOS") == "long"
"""600 messages and three deaths of Redis instead of 150 and two."""


@dataclass
class House:
    server: RedisServer
    hub: Hub
    actions: Actions
    bots: list[Bot]

    async def runs(self, message: Inbound) -> Bot:
        """The bot that has the message."""
        entry = await self.hub.redis.get(KEYS.busy(message.conversation))
        (pending,) = await self.hub.redis.xpending_range(KEYS.inbox, Keys.GROUP, entry, entry, 1)
        owner = pending["consumer"].decode()
        return next(bot for bot in self.bots if bot.process is not None and f"-{bot.process.pid}-" in owner)

    async def slow(self, conversation: str, seconds: float) -> tuple[Inbound, Inbound, Bot]:
        """A message whose action takes ``seconds`` and has begun, one that waits behind it, and who runs it."""
        self.actions.delays["action_slow"] = seconds
        before = len(self.actions.calls)
        one, two = await self.hub.say(conversation, "slow"), await self.hub.say(conversation, "hello")
        await self.actions.called(before + 1)
        return one, two, await self.runs(one)

    def times_run(self, message: Inbound) -> int:
        return self.actions.calls.count(("action_slow", message.message_id))

    async def both_once(self, one: Inbound, two: Inbound, limit: float) -> None:
        """Both messages have one outcome each, in order, and are in the tracker once."""
        await self.hub.outcome(one, limit)
        await self.hub.outcome(two, limit)
        outcomes = await self.hub.outcomes(one.conversation)
        assert [outcome.message_id for outcome in outcomes] == [one.message_id, two.message_id]
        assert [outcome.replies[0].text for outcome in outcomes] == ["action_slow is done", "Hello to you."]
        assert await self.hub.said(one.conversation) == ["slow", "hello"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(model: Path) -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory(prefix="silta-") as name:
        folder = Path(name)
        server, actions = RedisServer(folder), Actions()
        server.start()
        await actions.start()
        hub = Hub(server)
        bots = [Bot(model, server.url, actions.url, folder, f"bot-{number}") for number in (1, 2)]
        try:
            for bot in bots:
                bot.start()
            for bot in bots:
                await bot.reads(hub)
            yield House(server, hub, actions, bots)
        finally:
            for bot in bots:
                bot.kill()
            await hub.redis.close()
            await actions.stop()
            server.kill()


async def test_redis_dies_while_an_action_runs_and_the_action_is_not_run_again(house: House) -> None:
    one, two, _ = await house.slow("redis", 1.0)
    house.server.kill()
    await asyncio.sleep(2.0)
    house.server.start()
    await house.both_once(one, two, 8.0)
    assert house.times_run(one) == 1


async def test_a_process_that_was_frozen_does_nothing_twice(house: House) -> None:
    one, two, bot = await house.slow("zombie", 1.0)
    bot.signal(signal.SIGSTOP)
    frozen = time.monotonic()
    try:
        await house.both_once(one, two, 10.0)
        assert time.monotonic() - frozen < 7.0
    finally:
        bot.signal(signal.SIGCONT)
    await bot.reads(house.hub)
    await asyncio.sleep(1.0)  # for what it may still try
    await house.both_once(one, two, 1.0)
    assert house.times_run(one) == 2


async def test_a_process_is_killed_and_the_other_answers_within_the_hubs_patience(house: House) -> None:
    one, two, bot = await house.slow("killed", 1.0)
    bot.signal(signal.SIGKILL)
    killed = time.monotonic()
    await bot.ended()
    await house.hub.outcome(one, 10.0)
    assert time.monotonic() - killed < 5.0 + 1.0  # the takeover and the action itself, which is run again
    await house.both_once(one, two, 5.0)
    assert house.times_run(one) == 2
    bot.start()
    await bot.reads(house.hub)


async def test_of_hundreds_of_messages_none_is_lost_doubled_or_out_of_order_in_the_chaos(house: House) -> None:
    conversations, rounds = (30, 20) if LONG else (15, 10)
    house.actions.delays["action_slow"] = 0.3
    sent: dict[str, list[tuple[str, str]]] = {f"chaos-{number}": [] for number in range(conversations)}
    chooser = random.Random(3)
    faults = asyncio.create_task(_faults(house))
    began = time.monotonic()
    for turn in range(rounds):
        for conversation, said in sent.items():
            text = "slow" if chooser.random() < 0.1 else "hello"
            inbound = Inbound(conversation, f"{conversation}-{turn}", turn + 1, text=text)
            await _insist(house.hub, inbound)
            said.append((inbound.message_id, text))
        # The last messages come after the last fault has begun.
        await asyncio.sleep(max(0.0, began + 18.0 * (turn + 1) / rounds - time.monotonic()))
    await faults
    await until(house.hub.resting, 60, "all messages to be answered")
    outcomes = await house.hub.outcomes()
    for conversation, said in sent.items():
        found = [outcome.message_id for outcome in outcomes if outcome.conversation == conversation]
        assert found == [message_id for message_id, _ in said]
        stored = [event for event in await house.hub.tracker(conversation) if event["event"] == "user"]
        assert [(event["message_id"], event["text"]) for event in stored] == said
    assert not [outcome for outcome in outcomes if outcome.failure]
    assert (await house.hub.redis.xpending(KEYS.inbox, Keys.GROUP))["pending"] == 0


async def _insist(hub: Hub, inbound: Inbound) -> None:
    """Enqueue as the hub does, until Redis has it. The message may get in twice."""
    while True:
        try:
            await hub.put(inbound)
            return
        except (RedisError, OSError):
            await asyncio.sleep(0.05)


async def _faults(house: House) -> None:
    one, two = house.bots
    await asyncio.sleep(2)
    for pause in (1.5, 6.0, 0.2) if LONG else (1.5, 0.2):
        house.server.kill()
        await asyncio.sleep(pause)
        house.server.start()
        await asyncio.sleep(2)
    one.signal(signal.SIGKILL)
    await one.ended()
    one.start()
    await one.reads(house.hub)
    two.signal(signal.SIGTERM)
    assert await two.ended() == 0
    two.start()
    await two.reads(house.hub)
