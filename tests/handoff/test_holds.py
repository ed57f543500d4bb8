"""Messages that wait for more, on a real Redis with a bot that counts its turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from handoff.conversation import Status
from handoff.holds import Holds
from handoff.owner.manners import NeverMind
from handoff.pause import Pause
from handoff.tasks import end
from tests.handoff.fake_bot import FakeBot
from tests.handoff.parts import Parts, new_conversation, uid
from tests.handoff.test_bridge import bridge_of
from tests.helpers.waiting import until

QUICK = Pause(0.15, 0.05, 2.0)


@pytest.fixture
async def patient(parts: Parts) -> AsyncIterator[Parts]:
    """Parts whose hub waits for more, with its bridge running."""
    parts.hub.manners = replace(
        parts.hub.manners, pause=QUICK, never_mind=NeverMind.of(["never mind"], ["thanks", "oh"])
    )
    parts.hub.holds = Holds(parts.store, QUICK)
    task = asyncio.create_task(bridge_of(parts, "hub-1").read())
    yield parts
    await end(task)


async def turns(bot: FakeBot, conversation: str, count: int) -> list[str]:
    async def heard() -> bool:
        return len(bot.texts(conversation)) >= count

    await until(heard, f"{count} turns of the bot")
    return bot.texts(conversation)


async def answered(parts: Parts, conversation: str) -> None:
    async def nothing_owed() -> bool:
        return not (await parts.state(conversation)).bot_pending

    await until(nothing_owed, "the bot owes nothing")


async def test_short_messages_in_a_row_are_answered_once(patient: Parts, url: str) -> None:
    async with FakeBot(url) as bot:
        new = new_conversation()
        for text in ("hi", "my order", "has not come"):
            await patient.say(new, text)
        assert await turns(bot, new.id, 1) == ["hi\nmy order\nhas not come"]
        await answered(patient, new.id)
        kinds = await patient.kinds(new.id)
        assert kinds == ["message", "message", "message", "nlu", "notice", "message"]
        await patient.assert_numbered(new.id)


async def test_r22_the_second_of_two_quick_messages_is_answered_after_its_turn(patient: Parts, url: str) -> None:
    async with FakeBot(url) as bot:
        new = new_conversation()
        await patient.say(new, "Where is my order?")
        await turns(bot, new.id, 1)
        await patient.say(new, "And when are you open?")
        assert await turns(bot, new.id, 2) == ["Where is my order?", "And when are you open?"]
        await answered(patient, new.id)


async def test_the_bot_does_not_interrupt_who_types_and_not_for_ever(patient: Parts, url: str) -> None:
    async with FakeBot(url) as bot:
        new = new_conversation()
        await patient.say(new, "hi")
        patient.hub.holds.typing(new.id, True)
        other = new_conversation()
        await patient.say(other, "hello")
        await turns(bot, other.id, 1)
        assert bot.texts(new.id) == [], "said before the other, and still typing"
        patient.hub.holds.typing(new.id, False)
        assert await turns(bot, new.id, 1) == ["hi"]
        last = new_conversation()
        await patient.say(last, "hi")
        patient.hub.holds.typing(last.id, True)
        assert await turns(bot, last.id, 1) == ["hi"], "the bound"


async def test_r1_what_a_dead_hub_held_back_reaches_the_bot(patient: Parts, url: str) -> None:
    async with FakeBot(url) as bot:
        new = new_conversation()
        patient.hub.holds = Holds(patient.store, Pause(60, 60, 60))  # its timer dies with it
        await patient.say(new, "hi")
        assert await patient.redis.zscore(patient.keys.due, new.id) is not None, "a deadline stands"
        await patient.redis.zadd(patient.keys.due, {new.id: 1})
        bridge = bridge_of(patient, "hub-2")
        sweeping = asyncio.create_task(bridge.keep_deadlines())
        assert await turns(bot, new.id, 1) == ["hi"]
        await answered(patient, new.id)
        await end(sweeping)
        assert "bot_late" not in str(await patient.store.events(new.id))


async def test_who_says_never_mind_leaves_the_queue_kindly_and_is_with_the_bot(patient: Parts, url: str) -> None:
    async with FakeBot(url) as bot:
        waiting = await patient.queued()
        await patient.say(waiting, "my name is Anna")
        await patient.say(waiting, "Oh never mind, thanks!")
        state = await patient.state(waiting.id)
        assert state.status is Status.BOT
        assert (await patient.kinds(waiting.id))[-2:] == ["message", "returned_to_bot"]
        await patient.say(waiting, "When are you open?")
        assert (await turns(bot, waiting.id, 1))[-1] == "When are you open?"


async def test_somebody_in_danger_is_not_taken_out_of_the_queue_by_a_word(patient: Parts, url: str) -> None:
    async with FakeBot(url):
        new = new_conversation()
        await patient.say(new, "person: human/self_harm")
        await answered(patient, new.id)
        state = await patient.state(new.id)
        assert state.status is Status.QUEUED
        await patient.redis.hset(
            patient.keys.state(new.id), "state", replace(state, priority="urgent").to_json()
        )
        patient.store._recent.forget(new.id)
        await patient.say(new, "never mind")
        assert (await patient.state(new.id)).status is Status.QUEUED
        await patient.hub.visitors.cancel_handoff(new.id, id=uid())
        assert (await patient.state(new.id)).status is Status.BOT
