"""Replay equals fetch, for every kind of event: who followed live, who came back at any point, and who reads the log
from the beginning end with the same events; and what those events say is what the state says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from handoff import bridge, decisions
from handoff.access.accounts import Account
from handoff.channels.messenger import decisions as messenger
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.entry import Kind
from handoff.events import HandoffRequest, Inbound, Outcome
from handoff.queue.routing import Routing
from handoff.requests.desk import Duties, book_callback
from handoff.tasks import end
from handoff.wire.desk import Decide, RequestApproval
from handoff.wire.visitor import Callback
from tests.faults.checker import truth_breaches
from tests.faults.truth import read_truth
from tests.handoff.fake_bot import outcome_for
from tests.handoff.parts import AINO, Parts, Recorder, new_conversation, parts_on, uid
from tests.handoff.texts_for_tests import texts
from tests.helpers.waiting import until

LEADER = Account(id="sanna", email="sanna@test.example", name="Sanna", role="supervisor", capacity=100)
"""Nobody approves what they have asked for themselves."""

Story = Callable[[Parts, Conversation], Awaitable[None]]


async def _settle(parts: Parts, outcome: Outcome) -> None:
    await parts.publish(outcome)
    reading = asyncio.create_task(
        bridge.BotBridge(parts.hub, parts.blocking, Routing({}), process="hub-1", block_ms=50).read()
    )

    async def settled() -> bool:
        return not await parts.redis.xlen(parts.keys.events)

    await until(settled, "the result is settled")
    await end(reading)


async def _asked(parts: Parts, new: Conversation) -> Inbound:
    await parts.say(new, "hello")
    return (await parts.inbox())[-1]


async def message(parts: Parts, new: Conversation) -> None:
    await parts.say(new)


async def handoff(parts: Parts, new: Conversation) -> None:
    await parts.hub.visitors.request_handoff(new, id=uid())


async def assigned(parts: Parts, new: Conversation) -> None:
    await handoff(parts, new)
    await parts.hub.agents.claim(AINO, new.id, id=uid())


async def agent_lost(parts: Parts, new: Conversation) -> None:
    await assigned(parts, new)
    await parts.store.request(new.id, lambda state: decisions.agent_lost(state, texts(), at=stamp(now_ms())))


async def transferred(parts: Parts, new: Conversation) -> None:
    await assigned(parts, new)
    await parts.hub.agents.transfer(AINO, new.id, id=uid(), to=None, skill="billing", note="please")


async def returned_to_bot(parts: Parts, new: Conversation) -> None:
    await assigned(parts, new)
    await parts.hub.agents.return_to_bot(AINO, new.id, id=uid(), note="over to you")


async def resolved(parts: Parts, new: Conversation) -> None:
    await assigned(parts, new)
    await parts.hub.agents.resolve(AINO, new.id, id=uid(), outcome="done")


async def reopened(parts: Parts, new: Conversation) -> None:
    await resolved(parts, new)
    await parts.say(new, "one more thing")


async def language(parts: Parts, new: Conversation) -> None:
    await parts.hub.visitors.set_language(new, id=uid(), language="da")


async def rating(parts: Parts, new: Conversation) -> None:
    await resolved(parts, new)
    await parts.hub.visitors.rate(new.id, id=uid(), score=5, comment="kiitos")


async def note(parts: Parts, new: Conversation) -> None:
    await assigned(parts, new)
    await parts.hub.agents.note(AINO, new.id, id=uid(), text="called twice")


async def nlu(parts: Parts, new: Conversation) -> None:
    inbound = await _asked(parts, new)
    reason = {"code": "emotion", "topic": None, "evidence": ["hello"], "of": inbound.of}
    await _settle(parts, outcome_for(inbound, "I am sorry.", handoff=HandoffRequest((reason,), "high")))


async def edited(parts: Parts, new: Conversation) -> None:
    of = await parts.say(new, "hallo")
    await parts.store.request(
        new.id, lambda state: messenger.visitor_edited(state, at=stamp(now_ms()), of=of, text="hello", masked=0)
    )


def known(kind: Kind) -> Story:
    """Something is known about a message."""

    async def story(parts: Parts, new: Conversation) -> None:
        of = await parts.say(new)
        await parts.store.request(new.id, lambda state: messenger.said_of(state, at=stamp(now_ms()), kind=kind, of=of))

    return story


async def agreed(parts: Parts, new: Conversation) -> None:
    await parts.say(new)
    await parts.hub.visitors.agree(new, id=uid())


async def channel(parts: Parts, new: Conversation) -> None:
    await parts.say(new)
    await parts.store.request(new.id, lambda state: messenger.trouble(state, at=stamp(now_ms()), code="window"))


async def callback(parts: Parts, new: Conversation) -> None:
    await handoff(parts, new)
    window = parts.hub.room.windows("en", datetime.now(UTC))[0]
    await book_callback(parts.hub, new, Callback(uid(), "+358 40 123 4567", None, "Liisa", window.id))


async def approval(parts: Parts, new: Conversation) -> None:
    await assigned(parts, new)
    desk, id = Duties(parts.hub), uid()
    await desk.request(AINO, RequestApproval(id, new.id, "voucher", "10 € for the delay", "10 €"))
    await desk.request(LEADER, Decide(uid(), new.id, id, True, "gladly"))


STORIES: dict[Kind, Story] = {
    Kind.MESSAGE: message,
    Kind.HANDOFF: handoff,
    Kind.ASSIGNED: assigned,
    Kind.AGENT_LOST: agent_lost,
    Kind.TRANSFERRED: transferred,
    Kind.RETURNED_TO_BOT: returned_to_bot,
    Kind.RESOLVED: resolved,
    Kind.REOPENED: reopened,
    Kind.LANGUAGE: language,
    Kind.RATING: rating,
    Kind.NOTE: note,
    Kind.NLU: nlu,
    Kind.EDITED: edited,
    Kind.UNSENT: known(Kind.UNSENT),
    Kind.REACTION: known(Kind.REACTION),
    Kind.DELIVERED: known(Kind.DELIVERED),
    Kind.READ: known(Kind.READ),
    Kind.CHANNEL: channel,
    Kind.AGREED: agreed,
    Kind.NOTICE: nlu,  # the bot's first message is introduced
    Kind.CALLBACK: callback,
    Kind.APPROVAL: approval,
}


def test_every_kind_has_a_story() -> None:
    assert set(STORIES) == set(Kind), "a new kind needs a story here"


@pytest.mark.parametrize("kind", STORIES, ids=lambda kind: kind.value)
async def test_i3_r24_replay_equals_fetch(kind: Kind, url: str) -> None:
    async with parts_on(url) as parts, parts_on(url) as other:
        new, live, elsewhere = new_conversation(), Recorder(), Recorder()
        listening = [asyncio.create_task(hub.fanout.listen()) for hub in (parts, other)]
        for hub in (parts, other):
            await hub.fanout.listening.wait()
        parts.fanout.subscribe(new.id, 0, live)
        other.fanout.subscribe(new.id, 0, elsewhere)
        await STORIES[kind](parts, new)
        fetched = await parts.store.events(new.id)

        async def heard() -> bool:
            return len(live.events) == len(elsewhere.events) == len(fetched)

        await until(heard, "both hubs have told it")
        assert kind.value in [event["kind"] for event in fetched]
        assert live.events == elsewhere.events == fetched
        for seen in range(len(fetched) + 1):
            back: Any = Recorder()
            await other.fanout.subscribe(new.id, seen, back).catch_up()
            assert fetched[:seen] + back.events == fetched, f"come back after {seen}"
        assert not list(truth_breaches(await asyncio.to_thread(read_truth, url))), "what the log says is the state"
        await end(*listening)
