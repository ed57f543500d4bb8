from __future__ import annotations

from typing import Any

import pytest

from handoff.conversation import Status
from handoff.errors import Conflict
from tests.handoff.parts import AINO, Parts, new_conversation, uid


async def test_a_status_tells_the_place_only_while_there_is_one(parts: Parts) -> None:
    new = new_conversation()
    assert await parts.hub.visitors.status(new.id) == {"type": "status", "status": "bot"}, "nothing is written yet"
    first, second = await parts.queued(), await parts.queued()
    await parts.arrive(AINO)
    status = await parts.hub.visitors.status(second.id)
    assert status == {
        "type": "status", "status": "queued", "position": 2, "ahead": 1, "eta_s": None, "agents": 1,
        "open": True, "opens_at": None, "choices": [],
    }  # fmt: skip
    await parts.redis.zrem(parts.keys.queue, first.id)  # as between two reads
    assert await parts.hub.visitors.status(first.id) == {"type": "status", "status": "queued"}
    await parts.hub.agents.claim(AINO, second.id, id=uid())
    assert await parts.hub.visitors.status(second.id) == {"type": "status", "status": "assigned"}


async def test_a_button_for_a_person_pressed_when_one_has_the_conversation_is_only_said(parts: Parts) -> None:
    mine = await parts.assigned()
    await parts.redis.hset(parts.keys.buttons(mine.id), "b", '{"title": "A person", "topic": "handoff"}')
    answer: Any = await parts.hub.visitors.message(mine, id=uid(), text=None, button="b")
    assert "status" not in answer
    assert (await parts.state(mine.id)).assignee == AINO.assignee
    with pytest.raises(Conflict):
        await parts.hub.visitors.request_handoff(mine, id=uid())


async def test_an_end_of_what_had_ended_closes_nothing_that_is_opened_again_when_it_is_sent_once_more(
    parts: Parts,
) -> None:
    mine, again = await parts.assigned(), uid()
    await parts.hub.agents.resolve(AINO, mine.id, id=uid(), outcome="refunded")
    assert await parts.hub.visitors.end(mine.id, id=again) == {"status": "resolved"}
    assert (await parts.state(mine.id)).outcome == "refunded"
    assert (await parts.kinds(mine.id)).count("resolved") == 1, "the visitor is told once"
    await parts.say(mine, "one thing more")
    assert await parts.hub.visitors.end(mine.id, id=again) == {"status": "resolved"}, "as it was answered"
    assert (await parts.state(mine.id)).status is Status.BOT
    await parts.assert_numbered(mine.id)
