from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from handoff.gateway import line as module
from handoff.gateway.line import WaitingLine
from handoff.tasks import end
from tests.handoff.parts import AINO, Parts, parts_on, uid
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOVES_EVERY_S", 0.02)


class Waiter:
    """A visitor's socket in the queue."""

    def __init__(self, conversation: str) -> None:
        self.conversation = conversation
        self.told: list[Mapping[str, Any]] = []

    def push_status(self, frame: Mapping[str, Any]) -> None:
        self.told.append(frame)

    @property
    def places(self) -> list[int]:
        return [frame["position"] for frame in self.told]


@asynccontextmanager
async def telling(parts: Parts, *waiters: Waiter) -> AsyncIterator[WaitingLine]:
    line = WaitingLine(parts.hub)
    for waiter in waiters:
        line.join(waiter)
    task = asyncio.create_task(line.keep_telling())
    try:
        yield line
        assert not task.done()
    finally:
        await end(task)


async def places(waiters: list[Waiter], *wanted: list[int]) -> None:
    async def there() -> bool:
        return [waiter.places for waiter in waiters] == list(wanted)

    await until(there, f"places {wanted}, told {[waiter.places for waiter in waiters]}")


async def test_everybody_is_told_a_new_place_when_the_queue_moves_and_only_then(parts: Parts) -> None:
    conversations = []
    for _ in range(3):
        conversations.append(await parts.queued())
        await asyncio.sleep(0.002)
    waiters = [Waiter(conversation.id) for conversation in conversations]
    async with telling(parts, *waiters) as line:
        line.noticed({"events": []})
        line.noticed({"conversation": "x", "queue": None})
        await places(waiters, [1], [2], [3])
        told = dict(waiters[2].told[0])
        choices = told.pop("choices")
        assert told == {
            "type": "status", "status": "queued", "position": 3, "ahead": 2, "eta_s": None, "agents": 0,
            "open": True, "opens_at": None,
        }  # fmt: skip
        assert [choice["kind"] for choice in choices] == ["wait", "callback", "email"], "nobody is there"
        line.noticed({"conversation": "x", "queue": None})
        await parts.hub.agents.claim(AINO, conversations[0].id, id=uid())
        line.noticed({"conversation": conversations[0].id, "queue": None})
        await places(waiters, [1], [2, 1], [3, 2])
        line.leave(waiters[1])
        line.leave(waiters[1])
        await parts.hub.visitors.end(conversations[1].id, id=uid())
        line.noticed({"reconnected": True})
        await places(waiters, [1], [2, 1], [3, 2, 1])


async def test_a_change_in_the_number_of_agents_is_told_too(parts: Parts) -> None:
    waiter = Waiter((await parts.queued()).id)
    async with telling(parts, waiter) as line:
        line.noticed({"reconnected": True})
        await places([waiter], [1])
        await parts.arrive(AINO)
        line.noticed({"presence": {}})
        await places([waiter], [1, 1])
    assert [frame["agents"] for frame in waiter.told] == [0, 1]


async def test_an_agent_who_vanished_without_a_word_is_noticed_too(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.05)
    await parts.arrive(AINO)
    waiter = Waiter((await parts.queued()).id)
    async with telling(parts, waiter):
        await places([waiter], [1])
        await parts.redis.delete(parts.keys.seen)
        await places([waiter], [1, 1])
    assert [frame["agents"] for frame in waiter.told] == [1, 0]


async def test_nobody_waits_and_nothing_is_asked(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(parts.hub.room, "refresh", lambda **_: asked.append(1))
    async with telling(parts) as line:
        line.noticed({"reconnected": True})
        await asyncio.sleep(0.05)
    assert asked == []


async def test_a_move_while_redis_is_away_is_told_when_it_is_back(redis_server: RedisServer) -> None:
    async with parts_on(redis_server.url) as parts:
        waiter = Waiter((await parts.queued()).id)
        async with telling(parts, waiter) as line:
            redis_server.kill()
            line.noticed({"reconnected": True})
            await asyncio.sleep(0.1)
            assert waiter.told == []
            redis_server.start()
            await places([waiter], [1])


async def test_who_leaves_while_places_are_looked_up_is_told_nothing(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiter = Waiter((await parts.queued()).id)
    line = WaitingLine(parts.hub)
    line.join(waiter)
    look = parts.hub.room.look

    async def leaving() -> None:
        line.leave(waiter)
        await look()

    monkeypatch.setattr(parts.hub.room, "look", leaving)
    await line._tell()
    assert waiter.told == []
