from __future__ import annotations

import pytest

from handoff import lists
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
