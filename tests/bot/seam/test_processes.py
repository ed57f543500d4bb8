"""Two real bot processes on one Redis: the ways of messages and commands through Rasa itself."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from handoff.events import Button, Failure, HandoffRequest, Inbound, InboundKind, Line, Reply, encode
from tests.bot.seam.harness import KEYS, Actions, Bot, Hub, RedisServer, until

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
HELLO = Reply("Hello to you.", (Button("Track", "faq/track_order"),))
PERSON = {
    "responses": [
        {"text": "A colleague takes over."},
        {"custom": {"handoff": {"reasons": [{"code": "asked"}], "priority": "high", "skill": "orders"}}},
    ],
    "events": [
        {"event": "slot", "name": "order", "value": "7"},
        {"event": "action", "name": "action_listen"},
        {"event": "pause"},
    ],
}


@dataclass
class House:
    hub: Hub
    actions: Actions
    bots: list[Bot]


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
            yield House(hub, actions, bots)
        finally:
            for bot in bots:
                bot.kill()
            await hub.redis.close()
            await actions.stop()
            server.kill()


async def test_many_conversations_are_answered_in_order_by_both(house: House) -> None:
    hub = house.hub
    sent: dict[str, list[str]] = {}
    for number in range(120):
        sent.setdefault(f"many-{number % 12}", []).append(f"hello {number}")
    for number in range(120):
        await hub.say(f"many-{number % 12}", f"hello {number}")
    await until(hub.resting, 30)
    for conversation, texts in sent.items():
        outcomes = await hub.outcomes(conversation)
        assert [outcome.of for outcome in outcomes] == sorted({outcome.of for outcome in outcomes})
        assert [outcome.replies for outcome in outcomes] == [(HELLO,)] * len(texts)
        assert await hub.said(conversation) == texts


async def test_what_was_understood_and_said_is_told(house: House) -> None:
    inbound = await house.hub.say("told", "hello", language="da")
    outcome = await house.hub.outcome(inbound)
    assert (outcome.language, outcome.replies, outcome.failure) == ("da", (HELLO,), None)
    assert outcome.nlu is not None
    assert (outcome.nlu["topic"], outcome.nlu["decision"]) == ("hello", "answer")


@pytest.mark.parametrize(
    "text", ["/restart", "/session_start", '/hello{"order": "9"}', "\u200b/restart", "\uff0fhello"]
)
async def test_a_typed_command_is_plain_text(house: House, text: str) -> None:
    conversation = f"typed-{text}"
    await house.hub.outcome(await house.hub.say(conversation, "hello"))
    outcome = await house.hub.outcome(await house.hub.say(conversation, text))
    assert outcome.failure is None
    assert outcome.slots == {}
    stored = await house.hub.tracker(conversation)
    assert not {"restart", "session_started"} & {event["event"] for event in stored[5:]}


async def test_a_handoff_silences_the_bot_until_it_is_resumed_and_is_not_made_again(house: House) -> None:
    hub, actions = house.hub, house.actions
    actions.answers["action_person"] = PERSON
    asked = await hub.outcome(await hub.say("handoff", "a person please"))
    assert asked.replies == (Reply("A colleague takes over."),)
    assert asked.handoff == HandoffRequest(({"code": "asked"},), "high", "orders")
    assert asked.slots == {"order": "7"}
    assert (await hub.outcome(await hub.say("handoff", "hello"))).replies == ()
    calls = len(actions.calls)
    lines = (Line("visitor", "my parcel", 10.0), Line("agent", "it is here", 11.0), Line("visitor", "thanks", 12.0))
    back = await hub.outcome(await hub.command("handoff", InboundKind.RESUME, *lines))
    assert (back.kind, back.replies, back.nlu, back.handoff) == (InboundKind.RESUME, (), None, None)
    answered = await hub.outcome(await hub.say("handoff", "hello"))
    assert answered.replies == (HELLO,)
    assert answered.slots == {"order": "7"}
    assert len(actions.calls) == calls
    assert (await hub.said("handoff"))[-3:] == ["my parcel", "thanks", "hello"]


async def test_a_person_may_step_in_before_and_after_the_first_message(house: House) -> None:
    hub = house.hub
    paused = await hub.outcome(await hub.command("step", InboundKind.PAUSE))
    assert (paused.kind, paused.replies) == (InboundKind.PAUSE, ())
    assert (await hub.outcome(await hub.say("step", "hello"))).replies == ()
    await hub.outcome(await hub.command("step", InboundKind.RESUME))
    assert (await hub.outcome(await hub.say("step", "hello"))).replies == (HELLO,)
    await hub.outcome(await hub.command("step", InboundKind.PAUSE))
    assert (await hub.outcome(await hub.say("step", "hello"))).replies == ()


async def test_a_command_that_comes_twice_is_obeyed_once(house: House) -> None:
    inbound = await house.hub.command("twice", InboundKind.PAUSE)
    await house.hub.outcome(inbound)
    await house.hub.put(inbound)
    await house.hub.outcome(await house.hub.say("twice", "hello"))
    events = [event["event"] for event in await house.hub.tracker("twice")]
    assert events.count("pause") == 1
    assert len(await house.hub.outcomes("twice")) == 2


async def test_a_message_that_comes_twice_is_answered_once(house: House) -> None:
    first = await house.hub.say("double", "hello", "same-id")
    await house.hub.put(first)
    await house.hub.outcome(await house.hub.say("double", "thanks"))
    assert [outcome.replies[0].text for outcome in await house.hub.outcomes("double")] == [
        "Hello to you.",
        "You are welcome.",
    ]
    assert await house.hub.said("double") == ["hello", "thanks"]


async def test_an_action_that_fails_is_told_by_name_and_the_next_message_answered(house: House) -> None:
    house.actions.answers["action_broken"] = 500
    outcome = await house.hub.outcome(await house.hub.say("broken", "broken"))
    assert (outcome.failure, outcome.failed_action) == (Failure.ACTION, "action_broken")
    assert (await house.hub.outcome(await house.hub.say("broken", "hello"))).replies == (HELLO,)


async def test_so_is_an_action_server_that_is_away(house: House) -> None:
    await house.actions.stop()
    try:
        outcome = await house.hub.outcome(await house.hub.say("away", "slow"))
        assert (outcome.failure, outcome.failed_action) == (Failure.ACTION, "action_slow")
        assert (await house.hub.outcome(await house.hub.say("away", "hello"))).replies == (HELLO,)
    finally:
        await house.actions.start()


async def test_a_conversation_that_cannot_be_answered_is_given_up_in_time_and_disturbs_no_other(house: House) -> None:
    await house.hub.redis.rpush(KEYS.tracker("poison"), "not an event")
    bad = await house.hub.say("poison", "hello")
    assert (await house.hub.outcome(await house.hub.say("healthy", "hello"))).replies == (HELLO,)
    assert (await house.hub.outcome(bad, 5.0)).failure is Failure.POISON
    again = await house.hub.outcome(await house.hub.say("poison", "hello"), 5.0)
    assert again.failure is Failure.POISON


async def test_a_long_conversation_is_answered_as_fast_as_a_short_one_and_loads_no_more(house: House) -> None:
    hub = house.hub
    for _ in range(50):
        last = await hub.say("long", "hello")
    await hub.outcome(last, 20)
    assert await hub.redis.exists(KEYS.checkpoint("long"))
    loop = asyncio.get_running_loop()

    async def seconds(conversation: str) -> float:
        began = loop.time()
        await hub.outcome(await hub.say(conversation, "hello"))
        return loop.time() - began

    await seconds("short")
    long = min([await seconds("long") for _ in range(5)])
    short = min([await seconds("short") for _ in range(5)])
    assert long < short * 3 + 0.05


async def test_the_envelope_of_another_version_is_refused_aloud(house: House) -> None:
    envelope = encode(Inbound("version", "v1", 1)).replace('"v":1', '"v":2')
    entry = await house.hub.redis.xadd(KEYS.inbox, {"data": envelope})
    await house.hub.redis.set(KEYS.busy("version"), entry)

    async def refused() -> bool:
        return [outcome.failure for outcome in await house.hub.outcomes("version")] == [Failure.POISON]

    await until(refused)
