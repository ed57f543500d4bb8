from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.gateway import follows
from handoff.gateway.agent import AgentSocket
from handoff.wire import agent as wire
from handoff.wire import desk
from tests.handoff.gateway.peers import RecordingPeer, hello, some
from tests.handoff.parts import AINO, MIKKEL, Parts, new_conversation, uid
from tests.helpers.waiting import until


async def test_a_socket_follows_only_so_many_conversations_and_drops_the_oldest(
    parts: Parts, socket: tuple[AgentSocket, RecordingPeer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follows, "OPEN_MAX", 3)
    agent, _ = socket
    await hello(parts, agent)
    conversations = [new_conversation() for _ in range(5)]
    for new in conversations:
        await parts.say(new)
        await agent.answer(wire.Open(uid(), new.id, 0))
    await agent.answer(wire.Open(uid(), conversations[2].id, 0))
    assert [bool(parts.fanout.of(new.id)) for new in conversations] == [False, False, True, True, True]
    assert len(parts.fanout.of(conversations[2].id)) == 1
    agent.close()
    assert not any(parts.fanout.of(new.id) for new in conversations)


async def test_what_the_agent_has_is_followed_however_long_ago_it_was_opened(
    parts: Parts,
    socket: tuple[AgentSocket, RecordingPeer],
    listening: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follows, "OPEN_MAX", 3)
    agent, peer = socket
    await hello(parts, agent)
    own: list[Conversation] = []

    async def take() -> None:
        own.append(await parts.queued())
        await agent.answer(wire.Claim(uid(), own[-1].id))

        async def known() -> bool:
            return bool(parts.hub.room.lines.get(own[-1].id, {}).get("assignee"))

        await until(known, "the waiting room has heard who has it")

    await take()
    await take()
    await agent.answer(desk.Snooze(uid(), own[0].id, stamp(now_ms() + 3_600_000), None))
    colleagues = await parts.assigned(MIKKEL)
    others = [new_conversation() for _ in range(3)]
    for new in others:
        await parts.say(new)
    for new in (colleagues, *others):
        await agent.answer(wire.Open(uid(), new.id, 0))
    assert all(parts.fanout.of(new.id) for new in own), "both are still heard"
    assert [bool(parts.fanout.of(new.id)) for new in (colleagues, *others)] == [False, False, False, True]
    await take()
    await take()
    assert all(parts.fanout.of(new.id) for new in own), "who has more than that hears all of them"
    assert not any(parts.fanout.of(new.id) for new in others)
    await parts.say(own[0], "Are you there?")

    async def heard() -> bool:
        return "Are you there?" in [frame.get("text") for frame in peer.of("event")]

    await until(heard, "the visitor of the snoozed one is heard")
    agent.close()
    assert not any(parts.fanout.of(new.id) for new in own)


async def test_a_claim_that_is_repeated_after_a_reconnect_brings_what_was_written_since(
    parts: Parts, socket: tuple[AgentSocket, RecordingPeer]
) -> None:
    agent, peer = socket
    waiting = await parts.queued()
    await parts.hub.agents.claim(AINO, waiting.id, id="c1")
    await parts.say(waiting, "since then")
    await hello(parts, agent)
    agent.follows.drop(waiting.id)  # as if the hello had come before the claim
    answer = await agent.frames.request(wire.Claim("c1", waiting.id))
    assert answer["status"] == "assigned"

    async def told() -> bool:
        return [frame["text"] for frame in peer.of("event")] == ["since then"]

    await until(told, "what was written since is told")
    agent.close()


async def test_a_long_history_on_a_slow_line_holds_up_nothing_that_the_agent_writes_meanwhile(
    parts: Parts, socket: tuple[AgentSocket, RecordingPeer], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, peer = socket
    mine, long = await parts.assigned(), new_conversation()
    await parts.fill(long, 300)
    await hello(parts, agent)
    reads = asyncio.Event()

    async def flushed() -> None:
        await reads.wait()

    monkeypatch.setattr(peer, "flushed", flushed)

    def shown() -> list[int]:
        return [frame["seq"] for frame in peer.of("event") if frame["conversation"] == long.id]

    async def ask(type: str, **fields: Any) -> None:
        await agent.handle(json.dumps({"type": type, "id": uid(), **fields}))

    await ask("open", conversation=long.id)
    await until(lambda: some(shown()), "the replay has begun")
    said = [f"message {number}" for number in range(5)]
    for text in said:
        await ask("message", conversation=mine.id, text=text)
    assert len(peer.of("ack")) == 1 + len(said), "each is answered while the history waits for the line"
    assert len(shown()) < 300
    log = await parts.store.events(mine.id)
    assert [event["text"] for event in log if event["author"]["role"] == "agent" and event["kind"] == "message"] == said
    reads.set()

    async def whole() -> bool:
        return shown() == list(range(1, 301))

    await until(whole, "the whole history has come, in order")
    agent.close()


async def test_a_console_that_is_closed_in_the_middle_of_a_history_leaves_no_task(
    parts: Parts, socket: tuple[AgentSocket, RecordingPeer], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, peer = socket
    new = new_conversation()
    await parts.fill(new, 200)
    await hello(parts, agent)

    async def never() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(peer, "flushed", never)
    await agent.handle(json.dumps({"type": "open", "id": uid(), "conversation": new.id}))
    await until(lambda: some(peer.of("event")), "the replay has begun")
    agent.close()

    async def none() -> bool:
        return not agent.follows.replaying

    await until(none, "the replay has ended")
    assert not parts.fanout.of(new.id)
