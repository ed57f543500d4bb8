from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.callbacks import checked_email, checked_phone, windows
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.errors import BadRequest, Conflict, Forbidden, NotFound
from handoff.owner.hours import Hours, Schedule
from handoff.owner.rules import CallbackRules, Rules
from handoff.requests.desk import Duties, book_callback
from handoff.wire.desk import CallbackDone, CallbackMove, CallbackRelease, CallbackTake
from handoff.wire.visitor import Callback
from tests.handoff.parts import AINO, MIKKEL, Parts, new_conversation, uid

NINE_TO_FOUR = Hours([Schedule(ZoneInfo("Europe/Helsinki"), dict.fromkeys(range(5), ((540, 960),)))])
FREJA = replace(MIKKEL, id="freja", name="Freja")
MONDAY = datetime(2026, 11, 23, 8, 40, tzinfo=UTC)  # 10.40 in Helsinki


@pytest.mark.parametrize(
    ("typed", "language", "called"),
    [
        ("040 123 4567", "fi", "+358401234567"),
        ("+45 20 12 34 56", "fi", "+4520123456"),
        ("20 12 34 56", "da", "+4520123456"),
        ("0045 20123456", "fi", "+4520123456"),
        ("(09) 4245 0110", "en", "+358942450110"),
    ],
)
def test_a_number_is_one_of_the_languages_country_if_it_names_none(typed: str, language: str, called: str) -> None:
    assert checked_phone(typed, language) == called


@pytest.mark.parametrize("typed", ["112", "12", "hello", "+358", "040 123 4567 8901 2345", "+999 123 456", ""])
def test_what_nobody_can_call_is_refused_by_its_field(typed: str) -> None:
    with pytest.raises(BadRequest) as refused:
        checked_phone(typed, "fi")
    assert refused.value.extra == {"field": "phone"}


@pytest.mark.parametrize("typed", ["x", "x@y", "@y.fi", "a b@y.fi", "x@y.fi\n<z@y.fi>", "x" * 65 + "@y.fi"])
def test_an_address_that_is_none_is_refused_by_its_field(typed: str) -> None:
    with pytest.raises(BadRequest) as refused:
        checked_email(typed)
    assert refused.value.extra == {"field": "email"}
    assert checked_email(" Liisa.Ä@posti.example ") == "Liisa.Ä@posti.example"


def test_windows_lie_within_the_hours_after_the_notice_and_have_room() -> None:
    rules = CallbackRules(window_min=60, per_window=2, notice_min=30, days_ahead=1)
    found = windows(MONDAY, NINE_TO_FOUR, rules, {})
    local = [window.start.astimezone(ZoneInfo("Europe/Helsinki")) for window in found]
    assert [f"{start:%a %H}" for start in local] == [
        "Mon 12", "Mon 13", "Mon 14", "Mon 15", "Tue 09", "Tue 10", "Tue 11", "Tue 12", "Tue 13", "Tue 14", "Tue 15",
    ]  # fmt: skip
    first_ms = round(found[0].start.timestamp() * 1000)
    assert windows(MONDAY, NINE_TO_FOUR, rules, {first_ms: 1})[0] == found[0]
    assert windows(MONDAY, NINE_TO_FOUR, rules, {first_ms: 2})[0] == found[1]
    assert windows(MONDAY, NINE_TO_FOUR, replace(rules, per_window=0), {}) == []


@given(st.integers(0, 7 * 365 * 24 * 60), st.sampled_from((15, 30, 45, 60, 120)))
def test_every_window_is_open_from_its_begin_to_its_end(minute: int, length: int) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    found = windows(now, NINE_TO_FOUR, CallbackRules(window_min=length), {})
    assert found
    for window in found:
        assert window.start >= now + timedelta(minutes=30)
        assert NINE_TO_FOUR.open_at(window.start) and NINE_TO_FOUR.open_at(window.end - timedelta(seconds=1))
        assert window.end - window.start == timedelta(minutes=length)


def wish(parts: Parts, index: int = 0, **fields: Any) -> Callback:
    window = parts.hub.room.windows("en", datetime.now(UTC))[index]
    return Callback(fields.get("id", uid()), "+358 40 123 4567", None, fields.get("name"), window.id)


async def test_who_waits_and_wants_a_call_leaves_the_queue_and_the_log_tells_all(parts: Parts) -> None:
    waiting = await parts.queued()
    frame = wish(parts, name="Liisa, 131052-308T")
    answer = await book_callback(parts.hub, waiting, frame)
    assert await book_callback(parts.hub, waiting, frame) == answer, "sent again: the same answer"
    assert answer["status"] == "bot"
    state = await parts.state(waiting.id)
    assert state.callback is not None and state.callback["phone"] == "+358401234567"
    assert "131052" not in str(state.callback["name"]), "I11"
    (task,) = await parts.hub.lists.tasks()
    assert (task["conversation"], task["kind"], task["state"], task["late"]) == (waiting.id, "phone", "booked", False)

    desk = Duties(parts.hub)
    await desk.request(MIKKEL, CallbackTake(uid(), task["id"]))
    with pytest.raises(Conflict, match="Mikkel has this"):
        await desk.request(FREJA, CallbackTake(uid(), task["id"]))
    later = parts.hub.room.windows("en", datetime.now(UTC))[3]
    moved = await desk.request(MIKKEL, CallbackMove(uid(), task["id"], later.id))
    assert moved["from"] == later.frame()["from"]
    await desk.request(MIKKEL, CallbackDone(uid(), task["id"], "reached", "will return the lamp"))
    with pytest.raises(Conflict, match="is done"):
        await desk.request(MIKKEL, CallbackDone(uid(), task["id"], "reached", None))
    assert await parts.hub.lists.tasks() == []

    events = await parts.store.events(waiting.id)
    told = [(event["callback"]["state"], event["callback"]["outcome"]) for event in events if "callback" in event]
    assert told == [("booked", None), ("moved", None), ("done", "reached")]
    assert "+358401234567" not in str(events), "the number is with the task alone"
    transcript = await parts.hub.visitors.transcript(waiting.id)
    for words in ("We’ll call you", "Your call has moved", "We called you and talked"):
        assert words in transcript
    assert "lamp" not in transcript, "notes are for agents"


async def test_a_window_that_fills_meanwhile_is_refused_and_never_overbooked(parts: Parts) -> None:
    parts.hub.owner.now = replace(parts.hub.owner.now, rules=Rules(callbacks=CallbackRules(per_window=3)))
    frames = [wish(parts) for _ in range(10)]
    calls = (book_callback(parts.hub, new_conversation(), frame) for frame in frames)
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(end, dict) for end in ends) == 3
    assert all(isinstance(end, (dict, Conflict, BadRequest)) for end in ends), ends
    await parts.hub.room.look()
    assert wish(parts).window != frames[0].window, "it is not offered any more"


async def test_an_email_is_promised_by_a_time_and_answered(parts: Parts) -> None:
    new = new_conversation()
    answer = await book_callback(parts.hub, new, Callback(uid(), None, "liisa@posti.example", None, None))
    assert answer["callback"]["kind"] == "email" and answer["callback"]["by"] > stamp(now_ms())
    (task,) = await parts.hub.lists.tasks()
    desk = Duties(parts.hub)
    with pytest.raises(BadRequest, match="only a call"):
        later = parts.hub.room.windows("en", datetime.now(UTC))[0]
        await desk.request(MIKKEL, CallbackMove(uid(), task["id"], later.id))
    await desk.request(MIKKEL, CallbackDone(uid(), task["id"], "answered_by_email", None))
    assert "We answered you by email." in await parts.hub.visitors.transcript(new.id)


@pytest.mark.parametrize("kind", ["phone", "email"])
async def test_what_is_not_needed_any_more_is_named_as_what_it_was(parts: Parts, kind: str) -> None:
    new = new_conversation()
    email = Callback(uid(), None, "liisa@posti.example", None, None)
    await book_callback(parts.hub, new, wish(parts) if kind == "phone" else email)
    gone = await parts.hub.visitors.cancel_callback(new.id, id=uid())
    assert (gone["callback"]["kind"], gone["callback"]["state"]) == (kind, "cancelled")
    told = (await parts.store.events(new.id))[-1]["text"]
    assert told == {"phone": "Your call is cancelled.", "email": "All right, we won’t answer you by email."}[kind]
    with pytest.raises(Conflict):
        await parts.hub.visitors.cancel_callback(new.id, id=uid())


async def test_a_call_back_that_is_none_is_not_found(parts: Parts) -> None:
    new = await parts.queued()
    desk = Duties(parts.hub)
    for id in ("nothing", f"{new.id}.x", "unknown.x"):
        with pytest.raises(NotFound):
            await desk.request(MIKKEL, CallbackTake(uid(), id))


async def test_the_language_of_the_conversation_says_whose_number_it_is(parts: Parts) -> None:
    new = new_conversation(language="da")
    window = parts.hub.room.windows("da", datetime.now(UTC))[0]
    await book_callback(parts.hub, new, Callback(uid(), "20 12 34 56", None, None, window.id))
    state = await parts.state(new.id)
    assert state.callback is not None and state.callback["phone"] == "+4520123456"


EMAIL = "liisa@posti.example"


async def booked(parts: Parts) -> tuple[Conversation, str]:
    """A conversation with a call, and the call's id."""
    new = new_conversation()
    answer = await book_callback(parts.hub, new, wish(parts))
    return new, str(answer["callback"]["id"])


async def holder(parts: Parts, conversation: str) -> str | None:
    callback = (await parts.state(conversation)).callback
    assert callback is not None
    return callback["assignee"]["id"] if callback["assignee"] is not None else None


async def test_who_leads_takes_a_call_over(parts: Parts) -> None:
    new, call = await booked(parts)
    desk = Duties(parts.hub)
    await desk.request(MIKKEL, CallbackTake(uid(), call))
    await desk.request(AINO, CallbackTake(uid(), call))
    assert await holder(parts, new.id) == "aino"
    with pytest.raises(Conflict, match="Aino has this") as refused:
        await desk.request(MIKKEL, CallbackTake(uid(), call))
    assert refused.value.extra["assignee"] == {"id": "aino", "name": "Aino"}


async def test_who_has_a_call_gives_it_back_and_another_takes_it(parts: Parts) -> None:
    new, call = await booked(parts)
    desk = Duties(parts.hub)
    with pytest.raises(Conflict, match="Nobody has"):
        await desk.request(MIKKEL, CallbackRelease(uid(), call))
    await desk.request(MIKKEL, CallbackTake(uid(), call))
    with pytest.raises(Forbidden) as refused:
        await desk.request(FREJA, CallbackRelease(uid(), call))
    assert refused.value.extra["assignee"] == {"id": "mikkel", "name": "Mikkel"}
    answer = await desk.request(MIKKEL, CallbackRelease(id := uid(), call))
    assert await holder(parts, new.id) is None
    await desk.request(FREJA, CallbackTake(uid(), call))
    assert await desk.request(MIKKEL, CallbackRelease(id, call)) == answer, "sent again: the same answer"
    assert await holder(parts, new.id) == "freja"
    await desk.request(AINO, CallbackRelease(uid(), call))
    assert await holder(parts, new.id) is None, "who leads gives back for others, too"
    await desk.request(FREJA, CallbackTake(uid(), call))
    await desk.request(FREJA, CallbackDone(uid(), call, "reached", None))
    with pytest.raises(Conflict, match="is done"):
        await desk.request(FREJA, CallbackRelease(uid(), call))


async def test_a_call_that_is_booked_again_is_the_same_at_another_time(parts: Parts) -> None:
    new, call = await booked(parts)
    desk = Duties(parts.hub)
    await desk.request(MIKKEL, CallbackTake(uid(), call))
    later = parts.hub.room.windows("en", datetime.now(UTC))[2]
    answer = await book_callback(parts.hub, new, Callback(uid(), "+45 20 12 34 56", None, None, later.id))
    assert (answer["callback"]["id"], answer["callback"]["state"]) == (call, "moved")
    assert answer["callback"]["from"] == later.frame()["from"]
    callback = (await parts.state(new.id)).callback
    assert callback is not None and (callback["phone"], callback["assignee"]["id"]) == ("+4520123456", "mikkel")
    told = (await parts.store.events(new.id))[-1]["text"]
    assert told.startswith("Your call has moved. ")
    (task,) = await parts.hub.lists.tasks()
    assert task["from"] == later.frame()["from"]
    await desk.request(MIKKEL, CallbackDone(uid(), call, "reached", None))


async def test_another_number_for_the_same_time_takes_no_second_place_in_a_full_window(parts: Parts) -> None:
    parts.hub.owner.now = replace(parts.hub.owner.now, rules=Rules(callbacks=CallbackRules(per_window=1)))
    new, frame = new_conversation(), wish(parts)
    first = await book_callback(parts.hub, new, frame)
    again = await book_callback(parts.hub, new, replace(frame, id=uid(), phone="+45 20 12 34 56"))
    assert again["callback"]["from"] == first["callback"]["from"]
    told = (await parts.store.events(new.id))[-1]["text"]
    assert told.startswith("We’ll call you "), "nothing has moved"
    with pytest.raises(BadRequest, match="is full"):
        await book_callback(parts.hub, new_conversation(), replace(frame, id=uid()))


async def test_an_email_that_is_asked_for_again_goes_to_the_new_address(parts: Parts) -> None:
    new = new_conversation()
    first = await book_callback(parts.hub, new, Callback(uid(), None, EMAIL, "Liisa", None))
    await Duties(parts.hub).request(MIKKEL, CallbackTake(uid(), first["callback"]["id"]))
    again = await book_callback(parts.hub, new, Callback(uid(), None, "liisa@work.example", None, None))
    assert again["callback"]["id"] == first["callback"]["id"]
    callback = (await parts.state(new.id)).callback
    assert callback is not None and callback["assignee"]["id"] == "mikkel"
    assert (callback["email"], callback["name"]) == ("liisa@work.example", "Liisa")


async def test_an_email_instead_of_a_call_says_that_the_call_is_off(parts: Parts) -> None:
    new, call = await booked(parts)
    desk = Duties(parts.hub)
    await desk.request(MIKKEL, CallbackTake(uid(), call))
    answer = await book_callback(parts.hub, new, Callback(uid(), None, EMAIL, None, None))
    assert answer["callback"]["id"] != call and answer["callback"]["kind"] == "email"
    events = [event for event in await parts.store.events(new.id) if event["kind"] == "callback"]
    told = [(event["callback"]["id"] == call, event["callback"]["state"], event["text"][:22]) for event in events[1:]]
    assert told == [(True, "cancelled", "Your call is cancelled"), (False, "booked", "We’ll email you an ans")]
    assert await holder(parts, new.id) is None
    callback = (await parts.state(new.id)).callback
    assert callback is not None and "phone" not in callback
    with pytest.raises(NotFound):
        await desk.request(MIKKEL, CallbackDone(uid(), call, "reached", None))
    assert await parts.redis.zcard(parts.keys.callbacks) == 0, "its place in the window is free"


async def test_p8_a_new_number_that_is_shown_to_who_calls_is_written_down_first(parts: Parts) -> None:
    new, call = await booked(parts)
    await parts.arrive(MIKKEL, FREJA)
    await Duties(parts.hub).request(MIKKEL, CallbackTake(uid(), call))

    async def looks() -> list[str]:
        rows: Any = await parts.redis.xrange(parts.keys.audit)
        lines = [json.loads(fields[b"l"]) for _, fields in rows]
        return [line["actor"]["id"] for line in lines if line["action"] == "clear.shown"]

    assert await looks() == []
    await book_callback(parts.hub, new, wish(parts, 1))
    assert await looks() == ["mikkel"]
    await book_callback(parts.hub, new, Callback(uid(), None, EMAIL, None, None))
    assert await looks() == ["mikkel"], "the e-mail is nobody's yet"
