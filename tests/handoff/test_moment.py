from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handoff.access.accounts import Account
from handoff.clock import parse_ms, stamp
from handoff.owner.hours import Schedule
from handoff.queue import order as queue
from handoff.queue.eta import MEASURED_MIN
from tests.handoff.parts import ALWAYS_OPEN, MIKKEL, Parts, closed_but, new_conversation


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


async def test_who_waits_for_a_skill_is_told_the_hours_of_that_skill(parts: Parts) -> None:
    opens = (datetime.now(UTC) + timedelta(days=3)).date()
    settings, chat = ALWAYS_OPEN, ALWAYS_OPEN.hours.services["chat"]
    billing = Schedule(chat.usual.zone, {}, (), {opens.isoformat(): ((540, 600),)})
    services = {**settings.hours.services, "chat": replace(chat, skills={"billing": billing})}
    parts.hub.owner.now = replace(settings, hours=replace(settings.hours, services=services))
    waits = parts.hub.moment.waits
    assert waits(new_conversation()).open
    told = waits(new_conversation(), "billing")
    assert not told.open
    assert told.text == settings.texts.say("en", "queue.closed_until", opens=f"on {opens:%A} at 9 am")


@pytest.mark.parametrize(
    ("account", "skill", "key"),
    [
        (MIKKEL, "general", None),
        (MIKKEL, "billing", "nobody_skilled"),
        (replace(MIKKEL, skills=("billing",)), "billing", None),
        (replace(MIKKEL, skills=("billing",), languages=("da",)), "billing", "nobody"),
    ],
)
async def test_while_nobody_with_the_skill_is_here_who_waits_is_told_so(
    parts: Parts, account: Account, skill: str, key: str | None
) -> None:
    await parts.arrive(account)
    await parts.hub.room.fill()
    told = parts.hub.moment.waits(new_conversation(), skill)
    texts = ALWAYS_OPEN.texts
    said = texts.say("en", f"queue.{key}", language=texts.say("en", "names.en")) if key else None
    assert told.open and told.text == said


async def test_the_usual_wait_is_told_from_this_wait_and_not_from_talks_before_a_transfer(parts: Parts) -> None:
    room = parts.hub.room
    await room.fill()
    line = queue.entry(await parts.queued()) or {}
    taken = {**line, "status": "assigned", "assignee": {"id": "aino", "name": "Aino"}}
    for _ in range(MEASURED_MIN):
        room.noticed({"conversation": line["conversation"], "queue": line})
        room.now_ms = parse_ms(line["queued_at"]) + 90_000
        passed_on = {**line, "waiting_since": stamp(room.now_ms - 45 * 60_000)}
        room.noticed({"conversation": line["conversation"], "queue": passed_on})
        room.noticed({"conversation": line["conversation"], "queue": taken})
    assert parts.hub.moment.response("en") == ALWAYS_OPEN.texts.say("en", "hours.answers_in", minutes=2)
