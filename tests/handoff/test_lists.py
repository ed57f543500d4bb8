from __future__ import annotations

import json

import pytest

from handoff import lists
from handoff.desk.search import Search
from handoff.desk.transcripts import Transcripts
from handoff.errors import TryLater
from handoff.watch.alerts import Watch
from tests.handoff.parts import AINO, MIKKEL, Parts, uid


async def test_an_agents_conversations_are_those_it_has_now(parts: Parts) -> None:
    mine, others = await parts.assigned(AINO), await parts.assigned(MIKKEL)
    assert [state.id for state in await parts.hub.lists.mine(AINO.id)] == [mine.id]
    assert await parts.hub.lists.mine("nobody") == []
    await parts.hub.agents.resolve(MIKKEL, others.id, id=uid(), outcome=None)
    assert await parts.hub.lists.mine(MIKKEL.id) == []


async def test_a_console_gets_so_many_lines_of_the_queue_and_the_next_when_it_moves_up(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "QUEUE_SHOWN", 2)
    waiting = [await parts.queued() for _ in range(3)]
    shown = {line["conversation"] for line in await parts.hub.lists.queue()}
    assert len(shown) == 2 and shown < {state.id for state in waiting}
    await parts.hub.agents.claim(AINO, next(iter(shown)), id=uid())
    assert len(await parts.hub.lists.queue()) == 2


async def test_lines_of_some_conversations_are_told_with_nothing_for_those_that_need_no_person(parts: Parts) -> None:
    waiting, ended = await parts.queued(), await parts.queued()
    await parts.hub.visitors.end(ended.id, id=uid())
    lines = await parts.hub.lists.lines([waiting.id, ended.id, "nobody"])
    assert {id: (line or {}).get("status") for id, line in lines.items()} == {
        waiting.id: "queued",
        ended.id: None,
        "nobody": None,
    }
    assert await parts.hub.lists.lines([]) == {}


async def test_a_state_that_cannot_be_read_costs_its_conversation_and_no_other(parts: Parts) -> None:
    waiting, lost = await parts.queued(), await parts.queued()
    mine, gone = await parts.assigned(), await parts.assigned()
    for one in (lost, gone):
        parts.store.forget(one.id)
        newer = {**json.loads(one.to_json()), "status": "asleep"}
        await parts.redis.hset(parts.keys.state(one.id), "state", json.dumps(newer))
    hub = parts.hub
    assert [line["conversation"] for line in await hub.lists.queue()] == [waiting.id]
    assert [state.id for state in await hub.lists.mine(AINO.id)] == [mine.id]
    await hub.room.fill()
    assert set(hub.room.lines) == {waiting.id, mine.id}
    await Watch(hub).once()
    assert await Search(parts.store, lambda _: None).find(lost.id, lambda _: True) == []
    assert [line["conversation"] for line in await Transcripts(parts.redis, parts.keys).list()] == [mine.id, waiting.id]
    with pytest.raises(TryLater):
        await hub.agents.claim(AINO, lost.id, id=uid())
    kept = await parts.redis.hget(parts.keys.state(lost.id), "state")
    assert json.loads(kept or "{}")["status"] == "asleep", "it is left as it is"


async def test_a_conversation_of_a_newer_version_is_served_and_keeps_what_is_new_about_it(parts: Parts) -> None:
    waiting = await parts.queued()
    newer = {**json.loads(waiting.to_json()), "mood": "glad"}
    await parts.redis.hset(parts.keys.state(waiting.id), "state", json.dumps(newer))
    parts.store.forget(waiting.id)
    await parts.hub.room.fill()
    assert set(parts.hub.room.lines) == {waiting.id}
    await parts.hub.agents.claim(AINO, waiting.id, id=uid())
    await parts.hub.agents.message(AINO, waiting.id, id=uid(), text="Hello!")
    raw = json.loads(await parts.redis.hget(parts.keys.state(waiting.id), "state") or b"")
    assert (raw["status"], raw["mood"]) == ("assigned", "glad")
