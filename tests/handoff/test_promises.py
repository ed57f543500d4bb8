from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.errors import BadRequest, Conflict, Forbidden, NotFound
from handoff.owner.announcements import Announcement, Board
from handoff.owner.rules import Rules
from handoff.requests.desk import Duties, book_callback
from handoff.watch.alerts import Watch, worded
from handoff.wire.desk import (
    Announce,
    AnnounceEnd,
    AskHelp,
    Decide,
    Join,
    Leave,
    RequestApproval,
    Snooze,
    SnoozeEnd,
)
from handoff.wire.visitor import Callback
from tests.handoff.parts import AINO, MIKKEL, Parts, uid

TEXTS = {"fi": "Toimituksissa on viivettä.", "da": "Der er forsinkelser.", "en": "Deliveries are late."}


def soon(minutes: float) -> str:
    return stamp(now_ms() + round(minutes * 60_000))


async def alerts(parts: Parts) -> dict[str, dict[str, Any]]:
    await parts.hub.room.fill()
    await Watch(parts.hub).once()
    return {alert["id"]: alert for alert in await parts.hub.lists.alerts()}


async def test_a_promise_is_told_reminds_alarms_and_is_kept_by_an_answer(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    desk = Duties(parts.hub)
    await desk.request(MIKKEL, Snooze(uid(), mine.id, soon(3), ""))
    told = (await parts.store.events(mine.id))[-1]
    assert told["text"].startswith("You’ll hear from us by ") and told["promise"]["by"]
    (line,) = (await parts.hub.lists.lines([mine.id])).values()
    assert line is not None and line["promise"]["text"] == told["text"]
    due = (await alerts(parts))[f"promise:{mine.id}:due"]
    assert due["for_agent"] == "mikkel" and "was promised" in worded(due, parts.hub.owner.now, "en")["text"]
    await parts.redis.zadd(parts.keys.promises, {mine.id: 1})
    state = await parts.state(mine.id)
    past = replace(state, snooze={**(state.snooze or {}), "until": stamp(now_ms() - 1000)})
    await parts.redis.hset(parts.keys.state(mine.id), "state", past.to_json())
    assert set(await alerts(parts)) == {f"promise:{mine.id}:late"}, "the reminder has become an alarm"
    parts.store._recent.forget(mine.id)
    await parts.hub.agents.message(MIKKEL, mine.id, id=uid(), text="Here I am")
    assert await alerts(parts) == {}
    assert (await parts.state(mine.id)).snooze is None


async def test_snoozing_without_a_promise_tells_the_visitor_nothing(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    before = await parts.kinds(mine.id)
    await Duties(parts.hub).request(MIKKEL, Snooze(uid(), mine.id, soon(60), None))
    assert await parts.kinds(mine.id) == before
    for until in (soon(-1), soon(60 * 24 * 40)):
        with pytest.raises(BadRequest, match="until") as refused:
            await Duties(parts.hub).request(MIKKEL, Snooze(uid(), mine.id, until, None))
        assert refused.value.extra == {"field": "until"}
    other = replace(MIKKEL, id="other")
    with pytest.raises(Forbidden):
        await Duties(parts.hub).request(other, Snooze(uid(), mine.id, soon(5), None))


async def promised(parts: Parts, minutes: float = 60 * 24) -> Conversation:
    mine = await parts.assigned(MIKKEL)
    await Duties(parts.hub).request(MIKKEL, Snooze(uid(), mine.id, soon(minutes), ""))
    return await parts.state(mine.id)


async def test_what_is_said_meanwhile_does_not_end_a_promise_that_is_far_ahead(parts: Parts) -> None:
    mine = await promised(parts)
    desk = Duties(parts.hub)
    await parts.say(mine, "Thanks!")
    await parts.hub.agents.message(MIKKEL, mine.id, id=uid(), text="You’re welcome!")
    assert (await parts.state(mine.id)).snooze == mine.snooze
    await desk.request(AINO, Join(uid(), mine.id, seen=True))
    await parts.hub.agents.message(AINO, mine.id, id=uid(), text="We are on it.")
    assert (await parts.state(mine.id)).snooze == mine.snooze
    await desk.request(MIKKEL, SnoozeEnd(uid(), mine.id))
    assert (await parts.state(mine.id)).snooze is None, "the agent's own word"
    assert await parts.redis.zcard(parts.keys.promises) == 0


async def test_the_word_that_a_promise_is_kept_is_its_agents_or_a_supervisors(parts: Parts) -> None:
    mine = await promised(parts)
    with pytest.raises(Forbidden):
        await Duties(parts.hub).request(replace(MIKKEL, id="other"), SnoozeEnd(uid(), mine.id))
    assert (await parts.state(mine.id)).snooze == mine.snooze
    before = await parts.kinds(mine.id)
    await Duties(parts.hub).request(AINO, SnoozeEnd(uid(), mine.id))
    assert (await parts.state(mine.id)).snooze is None
    assert await parts.kinds(mine.id) == before, "the visitor sees nothing of it"


async def test_a_reminder_takes_no_promises_place_but_a_later_promise_does(parts: Parts) -> None:
    mine = await promised(parts)
    desk = Duties(parts.hub)
    with pytest.raises(Conflict, match="was promised") as refused:
        await desk.request(MIKKEL, Snooze(uid(), mine.id, soon(60), None))
    assert mine.snooze is not None and refused.value.extra["promise"] == {"by": mine.snooze["until"]}
    assert (await parts.state(mine.id)).snooze == mine.snooze
    await desk.request(MIKKEL, Snooze(uid(), mine.id, soon(60 * 48), "It takes until the day after."))
    snooze = (await parts.state(mine.id)).snooze
    assert snooze is not None and snooze["promise"] == "It takes until the day after."
    await desk.request(MIKKEL, SnoozeEnd(uid(), mine.id))
    await desk.request(MIKKEL, Snooze(uid(), mine.id, soon(60), None))


async def test_a_reminder_without_a_promise_ends_with_the_next_answer(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    await Duties(parts.hub).request(MIKKEL, Snooze(uid(), mine.id, soon(60), None))
    await parts.hub.agents.message(MIKKEL, mine.id, id=uid(), text="Here I am")
    assert (await parts.state(mine.id)).snooze is None


async def test_what_was_promised_in_the_agents_own_words_is_kept_and_not_said_again(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    before = await parts.kinds(mine.id)
    words = "I’ll write tomorrow, 131052-308T."
    await Duties(parts.hub).request(MIKKEL, Snooze(uid(), mine.id, soon(60 * 24), None, words))
    assert await parts.kinds(mine.id) == before
    (line,) = (await parts.hub.lists.lines([mine.id])).values()
    assert line is not None and line["promise"]["text"].startswith("I’ll write tomorrow")
    assert "131052" not in str(line), "I11"


async def test_a_promise_that_was_passed_on_is_brought_up_to_who_has_it_then(parts: Parts) -> None:
    given, queued = await promised(parts, 4), await promised(parts, 4)
    await parts.presence.arrived("aino")
    await parts.hub.agents.transfer(MIKKEL, given.id, id=uid(), to=AINO, skill=None, note=None)
    await parts.hub.agents.transfer(MIKKEL, queued.id, id=uid(), to=None, skill="orders", note=None)
    stand = (await alerts(parts)).values()
    found = {alert["conversation"]: alert["for_agent"] for alert in stand if alert["kind"] == "promise"}
    assert found == {given.id: "aino", queued.id: None}, "of one that nobody has those who lead are told"


async def test_a_supervisor_joins_unseen_and_then_steps_in(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    desk = Duties(parts.hub)
    await desk.request(MIKKEL, AskHelp(uid(), mine.id, "What now? 131052-308T"))
    asked = (await alerts(parts))[f"help:{mine.id}"]
    assert worded(asked, parts.hub.owner.now, "da")["text"] == "Mikkel beder om hjælp."
    with pytest.raises(Forbidden):
        await desk.request(MIKKEL, Join(uid(), mine.id, seen=True))
    await desk.request(AINO, Join(uid(), mine.id, seen=False))
    assert f"help:{mine.id}" not in await alerts(parts)
    events = await parts.store.events(mine.id)
    assert [event["kind"] for event in events[-2:]] == ["note", "note"], "the visitor sees none of it"
    assert "131052" not in str(events), "I11"
    await desk.request(AINO, Join(uid(), mine.id, seen=True))
    await desk.request(AINO, Join(uid(), mine.id, seen=True))
    assert (await parts.state(mine.id)).helpers == ("aino",)
    assert (await parts.store.events(mine.id))[-1]["text"] == "Aino has joined the conversation."
    await desk.request(AINO, Leave(uid(), mine.id))
    assert (await parts.store.events(mine.id))[-1]["text"] == "Aino has left the conversation."
    state = await parts.state(mine.id)
    assert state.assignee == MIKKEL.assignee, "I4: one assignee all the time"


async def test_an_approval_is_asked_for_decided_once_and_stays_in_the_log(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    desk, id = Duties(parts.hub), uid()
    await desk.request(MIKKEL, RequestApproval(id, mine.id, "voucher", "10 € for the delay", "10 €"))
    with pytest.raises(Forbidden):
        await desk.request(MIKKEL, Decide(uid(), mine.id, id, True, None))
    with pytest.raises(NotFound):
        await desk.request(AINO, Decide(uid(), mine.id, "another", True, None))
    decided = await desk.request(AINO, Decide(uid(), mine.id, id, False, "five will do"))
    assert decided["state"] == "refused"
    with pytest.raises(Conflict, match="decided"):
        await desk.request(AINO, Decide(uid(), mine.id, id, True, None))
    log = [event for event in await parts.store.events(mine.id) if event["kind"] == "approval"]
    told = [(one["approval"]["state"], one["author"]["name"]) for one in log]
    assert told == [("asked", "Mikkel"), ("refused", "Aino")]
    own = await parts.assigned(AINO)
    await desk.request(AINO, RequestApproval(id := uid(), own.id, "other", "for myself", None))
    with pytest.raises(Forbidden, match="Another supervisor"):
        await desk.request(AINO, Decide(uid(), own.id, id, True, None))


async def test_waits_past_the_target_and_languages_that_nobody_answers_are_said_and_end(parts: Parts) -> None:
    parts.hub.owner.now = replace(parts.hub.owner.now, rules=Rules(target_s=60))
    waiting = await parts.queued(language="da")
    assert set(await alerts(parts)) == {"nobody:da"}
    nobody = (await alerts(parts))["nobody:da"]
    said = worded(nobody, parts.hub.owner.now, "fi")["text"]
    assert said == "Kukaan paikalla oleva ei palvele tanskaksi. Odottajia: 1."
    await parts.hub.room.fill()
    parts.hub.room.now_ms += 61_000
    await Watch(parts.hub).once()
    told = {alert["id"] for alert in await parts.hub.lists.alerts()}
    assert told == {"nobody:da", f"wait:{waiting.id}"}
    await parts.arrive(MIKKEL)
    await parts.hub.agents.claim(MIKKEL, waiting.id, id=uid())
    assert await alerts(parts) == {}


async def test_a_queue_that_grows_too_fast_is_said_once(parts: Parts) -> None:
    parts.hub.owner.now = replace(parts.hub.owner.now, rules=Rules(growth_per_min=3))
    await parts.arrive(MIKKEL)
    watch = Watch(parts.hub)
    await parts.hub.room.fill()
    await watch.once()
    for _ in range(3):
        await parts.queued()
    await parts.hub.room.fill()
    await watch.once()
    assert [alert["kind"] for alert in await parts.hub.lists.alerts()] == ["growth"]
    parts.hub.room.now_ms += 120_000
    await watch.once()
    assert "growth" not in {alert["kind"] for alert in await parts.hub.lists.alerts()}, "it is no growth any more"


async def test_a_call_back_reminds_and_alarms(parts: Parts) -> None:
    new = await parts.queued()
    window = parts.hub.room.windows("en", datetime.now(UTC))[0]
    await book_callback(parts.hub, new, Callback(uid(), "+358401234567", None, None, window.id))
    assert await alerts(parts) == {}, "there is time"
    await parts.hub.room.fill()
    parts.hub.room.now_ms = round((window.start - timedelta(minutes=5)).timestamp() * 1000)
    await Watch(parts.hub).once()
    assert [alert["id"] for alert in await parts.hub.lists.alerts()] == [f"callback:{new.id}:due"]
    parts.hub.room.now_ms = round(window.end.timestamp() * 1000)
    await Watch(parts.hub).once()
    (late,) = await parts.hub.lists.alerts()
    assert late["id"] == f"callback:{new.id}:late"
    assert worded(late, parts.hub.owner.now, "en")["text"].startswith("A call-back is late")


async def test_files_that_were_refused_are_an_alert_with_their_lines(parts: Parts) -> None:
    parts.hub.owner.problems = ("hours.yml:3: chat.zone: 'X' is no time zone",)
    (alert,) = (await alerts(parts)).values()
    assert "hours.yml:3" in worded(alert, parts.hub.owner.now, "en")["text"]
    parts.hub.owner.problems = ()
    assert await alerts(parts) == {}


async def test_only_one_hub_keeps_the_watch(parts: Parts) -> None:
    await alerts(parts)
    other = Watch(replace(parts.hub, process="hub-2"))
    assert not await other._leads()
    await parts.redis.delete(parts.keys.watch)
    assert await other._leads() and await other._leads()


async def test_an_announcement_begins_and_ends_by_the_clock_and_is_told_to_listeners(parts: Parts) -> None:
    told: list[tuple[str, bool]] = []
    board = parts.hub.board
    board.listeners.add(lambda one, holds: told.append((one.id, holds)))
    await board.post(Announcement("now", TEXTS, soon(-1), soon(10)))
    await board.post(Announcement("later", TEXTS, soon(5), soon(10)))
    board.tell()
    board.tell()
    assert told == [("now", True)]
    await board.end("now")
    board.tell()
    assert told == [("now", True), ("now", False)]
    other = Board(parts.store, parts.fanout)
    await other.read()
    assert set(other.posted) == {"later"}, "another hub reads the same"
    await parts.redis.hset(parts.keys.announcements, "old", json.dumps({**json.loads(
        (await parts.redis.hgetall(parts.keys.announcements))[b"later"]), "id": "old", "end": soon(-60 * 24 * 8)}))
    await other.read()
    assert await parts.redis.hkeys(parts.keys.announcements) == [b"later"], "a week after its end it is removed"


async def test_the_bot_begins_with_an_announcement_of_the_topic_once(parts: Parts) -> None:
    await parts.hub.board.post(Announcement("a", TEXTS, soon(-1), soon(10), ("faq/track_order",)))
    state = await parts.queued(language="da")
    assert parts.hub.moment.announced(state, {"topic": "faq/track_order"}) == [("a", TEXTS["da"])]
    assert parts.hub.moment.announced(state, {"topic": "faq/get_invoice"}) == []
    assert parts.hub.moment.announced(replace(state, announced=("a",)), {"topic": "faq/track_order"}) == []
    assert parts.hub.moment.announced(replace(state, channel="messenger"), None) == [("a", TEXTS["da"])]


async def test_only_supervisors_announce_and_the_end_comes_after_the_start(parts: Parts) -> None:
    desk = Duties(parts.hub)
    with pytest.raises(Forbidden):
        await desk.request(MIKKEL, Announce(uid(), TEXTS, None, soon(5), ()))
    with pytest.raises(BadRequest, match="to"):
        await desk.request(AINO, Announce(uid(), TEXTS, soon(10), soon(5), ()))
    made = await desk.request(AINO, Announce(uid(), TEXTS, None, soon(5), ()))
    assert [one.id for one in parts.hub.board.current()] == [made["announcement"]]
    await desk.request(AINO, AnnounceEnd(uid(), made["announcement"]))
    with pytest.raises(NotFound):
        await desk.request(AINO, AnnounceEnd(uid(), made["announcement"]))


async def test_telling_of_announcements_goes_on_by_itself(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    board, told = parts.hub.board, asyncio.Event()
    board.listeners.add(lambda one, holds: told.set())
    task = asyncio.create_task(board.keep_telling())
    try:
        await asyncio.sleep(0)
        await board.post(Announcement("now", TEXTS, soon(-1), soon(10)))
        board.noticed({"announced": "now"})
        async with asyncio.timeout(5):
            await told.wait()
    finally:
        task.cancel()
