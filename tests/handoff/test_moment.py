from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.handoff.parts import ALWAYS_OPEN, Parts, closed_but


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
