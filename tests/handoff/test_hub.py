from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handoff import lists
from handoff.errors import Conflict, NotFound
from handoff.events import InboundKind
from handoff.owner.files import OwnerSettings
from handoff.owner.hours import Schedule, ServiceHours, Span
from handoff.requests import parts as request_parts
from tests.handoff.parts import AINO, ALWAYS_OPEN, MIKKEL, Parts, new_conversation, uid
from tests.handoff.texts_for_tests import texts


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


async def test_what_an_agent_opens_has_packet_status_and_holder(parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new)
    opened = await parts.hub.agents.opened(new.id, "fi")
    assert (opened["status"], opened["assignee"], opened["last"], opened["handoff"]) == ("bot", None, 1, None)
    mine = await parts.assigned()
    opened = await parts.hub.agents.opened(mine.id, "fi")
    assert opened["assignee"] == {"id": "aino", "name": "Aino"}
    assert opened["handoff"]["reasons"][0]["explanation"] == texts().explain("fi", {"code": "asked"})
    with pytest.raises(NotFound):
        await parts.hub.agents.opened("nobody", "fi")


async def test_the_bot_learns_the_human_stretch_and_only_that(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_parts, "HISTORY_LINES", 3)
    new = new_conversation()
    await parts.say(new, "to the bot")
    await parts.hub.visitors.request_handoff(new, id=uid())
    await parts.hub.agents.claim(AINO, new.id, id=uid())
    for n in range(2):
        await parts.say(new, f"v{n}")
        await parts.hub.agents.message(AINO, new.id, id=uid(), text=f"a{n}")
    await parts.hub.agents.note(AINO, new.id, id=uid(), text="for us")
    await parts.hub.agents.return_to_bot(AINO, new.id, id=uid(), note="also for us")
    resume = (await parts.behind(new.id))[-1]
    assert resume.kind is InboundKind.RESUME
    assert [(line.role, line.text) for line in resume.history] == [("agent", "a0"), ("visitor", "v1"), ("agent", "a1")]


async def test_out_of_hours_the_visitor_is_told_when_people_are_there(parts: Parts) -> None:
    now = datetime.now(UTC)
    opens = (now + timedelta(days=3)).date()
    late = {opens.isoformat(): ((540, 600),)}
    parts.hub.owner.now = closed_but(late)
    told = parts.hub.moment.opening("en")
    assert (told["open"], told["opens_at"]) == (False, f"{opens}T09:00:00.000Z")
    waiting = await parts.queued()
    said = (await parts.store.events(waiting.id))[0]["text"]
    assert said == ALWAYS_OPEN.texts.say("en", "queue.closed_until", opens=f"on {opens:%A} at 9 am")
    parts.hub.owner.now = closed_but({})
    waiting = await parts.queued()
    assert (await parts.store.events(waiting.id))[0]["text"] == ALWAYS_OPEN.texts.say("en", "queue.closed")


def closed_but(days: dict[str, tuple[Span, ...]]) -> OwnerSettings:
    """The owner's settings with a chat that is open on these days only."""
    chat = ServiceHours(Schedule(ZoneInfo("UTC"), {}, (), days))
    hours = ALWAYS_OPEN.hours
    return replace(ALWAYS_OPEN, hours=replace(hours, services={**hours.services, "chat": chat}))


async def test_answers_about_hours_and_response_times_say_what_holds_right_now(parts: Parts) -> None:
    hub = parts.hub
    hub.owner.now = closed_but({})
    answered = {"decision": "answer", "topic": "faq/opening_hours"}
    assert hub.moment.additions("da", answered) == ("Kundeservice har lukket lige nu.",)
    (said,) = hub.moment.additions("en", {**answered, "topic": "faq/response_time"})
    assert "If you email us now, we’ll answer by" in said
    both = hub.moment.additions("fi", {**answered, "topic": "faq/get_invoice", "also": ["faq/opening_hours"]})
    assert both == ("", "Asiakaspalvelu on nyt kiinni.")
    assert hub.moment.additions("da", {**answered, "decision": "clarify"}) == () == hub.moment.additions("da", None)


async def test_a_button_for_a_person_pressed_when_one_has_the_conversation_is_only_said(parts: Parts) -> None:
    mine = await parts.assigned()
    await parts.redis.hset(parts.keys.buttons(mine.id), "b", '{"title": "A person", "topic": "handoff"}')
    answer: Any = await parts.hub.visitors.message(mine, id=uid(), text=None, button="b")
    assert "status" not in answer
    assert (await parts.state(mine.id)).assignee == AINO.assignee
    with pytest.raises(Conflict):
        await parts.hub.visitors.request_handoff(mine, id=uid())


async def test_a_supervisor_may_end_what_another_has_and_an_agent_may_not(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    other = replace(MIKKEL, id="other", name="Other")
    with pytest.raises(Exception, match="Only the agent"):
        await parts.hub.agents.resolve(other, mine.id, id=uid(), outcome=None)
    done = await parts.hub.agents.resolve(AINO, mine.id, id=uid(), outcome="helped")
    assert done["status"] == "resolved"
