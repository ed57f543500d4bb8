from __future__ import annotations

import asyncio
import json

import pytest

from handoff.conversation import Status
from handoff.watch import metrics
from handoff.watch.orphans import Orphans
from tests.handoff.parts import AINO, Parts, new_conversation, parts_on, uid


def found(where: str) -> float:
    return metrics.REGISTRY.get_sample_value("silta_orphans_total", {"where": where}) or 0.0


async def test_i5_where_all_is_in_its_place_nothing_is_found_and_nothing_changes(parts: Parts) -> None:
    await parts.queued()
    await parts.assigned()
    new = new_conversation()
    await parts.say(new)
    resolved = await parts.assigned()
    await parts.hub.agents.resolve(AINO, resolved.id, id=uid(), outcome=None)
    before = await parts.everything()
    assert await Orphans(parts.hub, process="hub-1").look() == []
    assert await parts.everything() == before


async def test_i5_a_waiting_visitor_who_is_in_no_queue_is_put_back_in_place_and_counted(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = await parts.queued(), await parts.queued()
    place = await parts.redis.zscore(parts.keys.queue, first.id)
    await parts.redis.zrem(parts.keys.queue, first.id)
    count = found("queue")
    assert await Orphans(parts.hub, process="hub-1").look() == [first.id]
    assert await parts.redis.zscore(parts.keys.queue, first.id) == place
    assert await parts.redis.zrange(parts.keys.queue, 0, -1) == [first.id.encode(), second.id.encode()]
    assert found("queue") == count + 1
    assert first.id in caplog.text
    await parts.hub.agents.claim(AINO, first.id, id=uid())
    await parts.assert_numbered(first.id)


async def test_i5_an_assignment_that_is_noted_nowhere_or_of_another_is_put_right(parts: Parts) -> None:
    lost, wrong = await parts.assigned(), await parts.assigned()
    await parts.redis.hdel(parts.keys.assigned, lost.id)
    await parts.redis.hset(parts.keys.assigned, wrong.id, "somebody else")
    assert set(await Orphans(parts.hub, process="hub-1").look()) == {lost.id, wrong.id}
    assert await parts.redis.hget(parts.keys.assigned, lost.id) == b"aino"
    assert await parts.redis.hget(parts.keys.assigned, wrong.id) == b"aino"


async def test_i5_a_message_that_no_deadline_watches_gets_one_that_has_passed(parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new)
    await parts.redis.zrem(parts.keys.due, new.id)
    assert await Orphans(parts.hub, process="hub-1").look() == [new.id]
    assert await parts.redis.zscore(parts.keys.due, new.id) <= await parts.presence.now_ms()


async def test_a_conversation_that_was_erased_leaves_every_list(parts: Parts) -> None:
    gone = await parts.queued()
    await parts.redis.delete(parts.keys.state(gone.id))
    parts.store.forget(gone.id)
    assert await Orphans(parts.hub, process="hub-1").look() == [gone.id]
    assert await parts.redis.zcard(parts.keys.queue) == 0


async def test_old_conversations_come_round_in_parts(parts: Parts) -> None:
    """More than one look sees: the forgotten one is the oldest of many."""
    old = await parts.queued()
    await asyncio.gather(*(parts.say(new_conversation()) for _ in range(450)))
    await parts.redis.zrem(parts.keys.queue, old.id)
    orphans = Orphans(parts.hub, process="hub-1")
    seen = [conversation for _ in range(8) for conversation in await orphans.look()]
    assert seen == [old.id]
    assert (await parts.state(old.id)).status is Status.QUEUED


async def test_of_two_hubs_one_looks_at_a_time(url: str, parts: Parts) -> None:
    async with parts_on(url) as other:
        one, two = Orphans(parts.hub, process="hub-1"), Orphans(other.hub, process="hub-2")
        assert [await one._is_mine(), await two._is_mine(), await one._is_mine()] == [True, False, False]


async def test_what_this_version_cannot_read_is_left_where_it_is(parts: Parts) -> None:
    newer, lost = await parts.queued(), await parts.queued()
    kept = {**json.loads(newer.to_json()), "status": "asleep"}
    await parts.redis.hset(parts.keys.state(newer.id), "state", json.dumps(kept))
    await parts.redis.zrem(parts.keys.queue, newer.id, lost.id)
    assert await Orphans(parts.hub, process="hub-1").look() == [lost.id]
    assert await parts.redis.zrange(parts.keys.queue, 0, -1) == [lost.id.encode()]
