from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handoff.errors import StoreUnavailable
from handoff.gateway.agent import AgentSocket
from handoff.queue.assignment import Choice
from handoff.queue.offers import Offers
from tests.handoff.gateway.peers import RecordingPeer, hello, queue_notice
from tests.handoff.parts import AINO, Parts, uid
from tests.helpers.waiting import until


async def test_after_lost_notices_a_console_is_told_what_has_gone_and_what_has_changed(
    parts: Parts, socket: tuple[AgentSocket, RecordingPeer]
) -> None:
    agent, peer = socket
    stays, taken, gone = [await parts.queued() for _ in range(3)]
    await hello(parts, agent)
    resolved = await parts.assigned()
    agent.noticed(queue_notice(resolved.id, {"status": "assigned", "reason": None}))
    await parts.hub.agents.claim(AINO, taken.id, id=uid())
    await parts.hub.visitors.end(gone.id, id=uid())
    await parts.hub.visitors.end(resolved.id, id=uid())
    fresh = await parts.queued()
    peer.frames.clear()
    agent.noticed({"reconnected": True})
    agent.noticed({"reconnected": True})

    async def done() -> bool:
        return len(peer.of("queue")) == 5

    await until(done, "five lines")
    told = {frame["conversation"]: (frame["entry"] or {}).get("status") for frame in peer.of("queue")}
    assert told == {
        stays.id: "queued", fresh.id: "queued", taken.id: "assigned", gone.id: None, resolved.id: None,
    }  # fmt: skip
    agent.close()


async def test_a_refresh_without_redis_waits_for_the_next(
    parts: Parts, socket: tuple[AgentSocket, RecordingPeer], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, peer = socket
    await hello(parts, agent)
    peer.frames.clear()

    async def away() -> Any:
        raise StoreUnavailable

    monkeypatch.setattr(parts.hub.lists, "queue", away)
    await agent.queue.refresh()
    assert peer.frames == []
    agent.noticed({"reconnected": True})
    agent.close()


async def test_an_offer_says_how_long_it_holds_from_now_by_the_clock_that_ends_it(
    parts: Parts, socket: tuple[AgentSocket, RecordingPeer]
) -> None:
    """R19: an agent's machine counts the seconds; its own clock, and the hub's, may be anywhere."""
    agent, peer = socket
    await hello(parts, agent)
    waiting = await parts.queued()
    await Offers(parts.store).give(Choice(waiting.id, AINO.id, ()), capacity=5, lease_s=20)
    room = parts.hub.room
    await room.fill()
    await asyncio.sleep(0.2)  # the room's look grows old
    agent.queue.offered_now()
    (told,) = peer.of("offer")
    assert 5 < told["left_s"] <= 19.8, "what has gone by since the look counts"
    room.now_ms += 60_000
    assert room.left_s(room.offers[waiting.id]) == 0, "never less than nothing"
    agent.close()
