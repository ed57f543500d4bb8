"""After lost notices a console is told what has come, has changed and has ended: all of it, and nothing twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from handoff import callbacks
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.errors import StoreUnavailable
from handoff.gateway import agent as gateway
from handoff.gateway.agent import AgentSocket
from handoff.privacy.audit import COMMAND_LINE
from handoff.queue.assignment import Choice
from handoff.queue.offers import Offers
from handoff.requests.desk import Duties, book_callback
from handoff.wire.desk import AskHelp, CallbackTake
from handoff.wire.visitor import Callback
from tests.handoff.gateway.peers import RecordingPeer, hello
from tests.handoff.parts import AINO, MIKKEL, Parts, new_conversation, uid
from tests.helpers.waiting import until


@pytest.fixture
async def console(parts: Parts, socket: tuple[AgentSocket, RecordingPeer]) -> AsyncIterator[AgentSocket]:
    """Aino's console, which has been welcomed. The waiting room hears of what is lost, like in a hub."""
    parts.fanout.first = (parts.hub.room.noticed,)
    agent, peer = socket
    await hello(parts, agent)
    peer.frames.clear()
    yield agent
    agent.close()


async def reconnect(parts: Parts, console: AgentSocket) -> None:
    """What was written since was told by notices that were lost; the connection is there again."""
    for watcher in (parts.hub.room.noticed, console.noticed):
        watcher({"reconnected": True})
    refresh = console._refresh
    assert refresh is not None
    await asyncio.wait_for(refresh, 10)


def told(console: AgentSocket) -> list[tuple[str, str]]:
    """Type and subject of each frame, in order; the console is then as if it had been told nothing."""
    peer: Any = console._peer
    found = [
        (frame["type"], str(frame.get("id") or frame.get("conversation") or frame["task"]["conversation"]))
        for frame in peer.frames
    ]
    peer.frames.clear()
    return found


async def called_back(parts: Parts) -> Conversation:
    new = new_conversation()
    await book_callback(parts.hub, new, Callback(uid(), None, "maija@example.com", None, None))
    return await parts.state(new.id)


async def offer_to(parts: Parts, conversation: str, agent: str = AINO.id) -> None:
    await Offers(parts.store).give(Choice(conversation, agent, ("skill",)), capacity=100, lease_s=60)


def alert(id: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": id, "kind": "growth", "conversation": None, "for_agent": None, "values": {"count": 3},
        "at": stamp(now_ms()), "ended": False, **fields,
    }  # fmt: skip


async def raise_alert(parts: Parts, one: Mapping[str, Any]) -> None:
    await parts.redis.hset(parts.keys.alerts, str(one["id"]), json.dumps(one))


async def test_a_call_that_was_booked_meanwhile_is_told_once(parts: Parts, console: AgentSocket) -> None:
    state = await called_back(parts)
    await reconnect(parts, console)
    assert told(console) == [("callback", state.id)]
    await reconnect(parts, console)
    assert told(console) == []


async def test_a_call_that_was_taken_or_done_meanwhile_is_told_as_it_is_now(parts: Parts, console: AgentSocket) -> None:
    taken, done = await called_back(parts), await called_back(parts)
    await reconnect(parts, console)
    told(console)
    await Duties(parts.hub).request(MIKKEL, CallbackTake(uid(), str((taken.callback or {})["id"])))
    await parts.hub.visitors.cancel_callback(done.id, id=uid())
    await reconnect(parts, console)
    peer: Any = console._peer
    tasks = {frame["task"]["conversation"]: frame["task"] for frame in peer.of("callback")}
    assert tasks[taken.id]["assignee"]["id"] == MIKKEL.id
    assert tasks[done.id]["state"] == "cancelled"
    told(console)
    await reconnect(parts, console)
    assert told(console) == []


@pytest.mark.parametrize("lost", [False, True])
async def test_a_call_that_the_visitor_has_exchanged_for_an_email_is_told_as_over(
    parts: Parts, console: AgentSocket, lost: bool
) -> None:
    state = await called_back(parts)
    await Duties(parts.hub).request(AINO, CallbackTake(uid(), str((state.callback or {})["id"])))
    before = (await parts.state(state.id)).callback or {}
    console.noticed({"callback": callbacks.task(await parts.state(state.id))})
    told(console)
    window = parts.hub.room.windows("en", datetime.now(UTC))[0]
    await book_callback(parts.hub, state, Callback(uid(), "+358 40 123 4567", None, None, window.id))
    if lost:
        await reconnect(parts, console)
    else:
        console.noticed({"callback": callbacks.task(await parts.state(state.id))})
    peer: Any = console._peer
    frames = [(frame["task"]["id"] == before["id"], frame["task"]["state"]) for frame in peer.of("callback")]
    assert frames == [(True, "cancelled"), (False, "booked")]


async def test_i10_a_call_of_a_conversation_that_was_erased_meanwhile_is_forgotten(
    parts: Parts, console: AgentSocket
) -> None:
    state = await called_back(parts)
    await reconnect(parts, console)
    told(console)
    await parts.hub.erasure.erase(state.id, COMMAND_LINE, "asked")
    await reconnect(parts, console)
    assert told(console) == [("erased", state.id)]


async def test_p8_who_is_shown_where_to_call_after_a_break_is_in_the_audit_log(
    parts: Parts, console: AgentSocket
) -> None:
    state = await called_back(parts)
    await Duties(parts.hub).request(AINO, CallbackTake(uid(), str((state.callback or {})["id"])))
    await reconnect(parts, console)
    assert told(console) == [("callback", state.id)]
    rows: Any = await parts.redis.xrange(parts.keys.audit)
    assert [json.loads(row[1][b"l"])["action"] for row in rows].count("clear.shown") == 1


async def test_an_offer_that_was_made_meanwhile_is_told_before_its_line_and_once(
    parts: Parts, console: AgentSocket
) -> None:
    waiting = await parts.queued()
    await offer_to(parts, waiting.id)
    await reconnect(parts, console)
    assert told(console) == [("offer", waiting.id), ("queue", waiting.id)]
    # Its own notice may come after all.
    (offer,) = parts.hub.room.offers.values()
    console.noticed({"offer": offer})
    await reconnect(parts, console)
    assert {type for type, _ in told(console)} == {"queue"}


async def test_an_offer_that_ended_meanwhile_is_taken_back_and_a_new_one_is_told(
    parts: Parts, console: AgentSocket
) -> None:
    waiting = await parts.queued()
    await offer_to(parts, waiting.id)
    await reconnect(parts, console)
    told(console)
    await parts.redis.delete(parts.keys.offers)
    await reconnect(parts, console)
    assert ("offer.gone", waiting.id) in told(console)
    await offer_to(parts, waiting.id)
    await reconnect(parts, console)
    assert ("offer", waiting.id) in told(console)


async def test_alerts_of_the_meantime_are_raised_and_ended_once_each(parts: Parts, console: AgentSocket) -> None:
    over, stays, fresh = alert("growth"), alert("nobody:fi"), alert("nobody:da")
    for one in (over, stays):
        await raise_alert(parts, one)
        console.noticed({"alert": one})
    told(console)
    await parts.redis.hdel(parts.keys.alerts, "growth")
    await raise_alert(parts, fresh)
    await reconnect(parts, console)
    peer: Any = console._peer
    assert {frame["id"]: frame["ended"] for frame in peer.of("alert")} == {"growth": True, "nobody:da": False}
    told(console)
    console.noticed({"alert": fresh})  # its notice comes after all
    await reconnect(parts, console)
    assert told(console) == []


async def test_a_reminder_is_its_agents_alone(parts: Parts, console: AgentSocket) -> None:
    by = {"by": stamp(now_ms())}
    others = alert("snooze:c1:due", kind="snooze", for_agent="mikkel", values=by)
    for one in (others, alert("promise:c2:due", kind="promise", for_agent="mikkel", values=by)):
        console.noticed({"alert": one})
    assert told(console) == [("alert", "promise:c2:due")], "a promise to a visitor concerns who leads the shift"
    console.noticed({"alert": alert("snooze:c3:due", kind="snooze", for_agent=AINO.id, values=by)})
    assert told(console) == [("alert", "snooze:c3:due")]


async def test_what_a_hub_says_again_is_no_news(parts: Parts, console: AgentSocket) -> None:
    one = alert("settings:hub-1", kind="settings", values={"text": "hours.yml: …"})
    console.noticed({"alert": one})
    told(console)
    await raise_alert(parts, {**one, "said": stamp(now_ms())})
    await reconnect(parts, console)
    assert told(console) == []


async def test_a_colleague_who_asks_for_help_anew_is_heard_anew(parts: Parts, console: AgentSocket) -> None:
    mine = await parts.assigned(MIKKEL)
    for _ in range(2):
        await Duties(parts.hub).request(MIKKEL, AskHelp(uid(), mine.id, None))
        await asyncio.sleep(0.002)  # a moment of its own
        await reconnect(parts, console)
        assert ("alert", f"help:{mine.id}") in told(console)


async def test_new_figures_of_an_alert_call_nobody_and_a_new_alert_of_its_name_does(
    parts: Parts, console: AgentSocket
) -> None:
    peer: Any = console._peer
    one = alert("growth")
    two = {**one, "values": {"count": 12}}
    for now in (one, two):
        console.noticed({"alert": now})
    assert [(frame["text"][-3:], frame.get("quiet", False)) for frame in peer.of("alert")] == [
        (" 3.", False),
        ("12.", True),
    ]
    told(console)
    await raise_alert(parts, {**two, "values": {"count": 13}})
    await reconnect(parts, console)
    assert [frame.get("quiet") for frame in peer.of("alert")] == [True], "what was changed meanwhile, too"
    console.noticed({"alert": {**two, "at": "2099-01-01T00:00:00.000Z"}})
    assert "quiet" not in peer.of("alert")[-1]
    console.noticed({"alert": {**two, "ended": True}})
    assert (peer.of("alert")[-1]["ended"], "quiet" in peer.of("alert")[-1]) == (True, False)


async def test_an_alert_that_is_anothers_by_now_is_over_for_who_had_it(parts: Parts, console: AgentSocket) -> None:
    peer: Any = console._peer
    one = alert("snooze:c1:due", kind="snooze", for_agent=AINO.id, values={"by": stamp(now_ms())})
    for now in (one, {**one, "for_agent": MIKKEL.id}, {**one, "for_agent": MIKKEL.id}):
        console.noticed({"alert": now})
    assert [frame["ended"] for frame in peer.of("alert")] == [False, True]


async def test_alerts_come_with_the_write_that_raises_them_and_end_where_they_were_told(
    parts: Parts, console: AgentSocket
) -> None:
    peer: Any = console._peer
    mine, others = alert("help:c1", kind="help", values={"name": "Mikkel"}), alert("mention:c1:mikkel", kind="mention")
    for notice in ([mine, others], [{"id": one["id"], "ended": True} for one in (mine, others)]):
        console.noticed({"conversation": "c1", "status": "assigned", "last": 4, "events": [], "alerts": notice})
    frames = peer.of("alert")
    assert [(frame["id"], frame["kind"], frame["ended"]) for frame in frames] == [
        ("help:c1", "help", False),
        ("help:c1", "help", True),
    ]


async def test_a_channel_that_could_not_send_meanwhile_is_told_and_its_end_too(
    parts: Parts, console: AgentSocket
) -> None:
    trouble: dict[str, str] = {"code": "token", "at": stamp(now_ms())}

    async def asked() -> Mapping[str, str]:
        return trouble

    parts.hub.trouble = asked
    await reconnect(parts, console)
    await reconnect(parts, console)
    assert told(console) == [("alert", "messenger")]
    trouble.clear()
    await reconnect(parts, console)
    peer: Any = console._peer
    assert [frame["ended"] for frame in peer.of("alert")] == [True]


async def test_what_a_notice_tells_while_the_rest_is_read_is_not_told_as_it_was_before(
    parts: Parts, console: AgentSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised, waiting = alert("growth"), await parts.queued()
    await called_back(parts)
    await raise_alert(parts, raised)
    lists = parts.hub.lists
    alerts, tasks, queue = lists.alerts, lists.tasks, lists.queue
    task = (await tasks())[0]

    async def alerts_late() -> list[dict[str, Any]]:
        found = await alerts()
        console.noticed({"alert": {**raised, "ended": True}})
        return found

    async def tasks_late() -> list[dict[str, Any]]:
        found = await tasks()
        console.noticed({"callback": {**task, "state": "done"}})
        return found

    async def queue_late() -> list[dict[str, Any]]:
        found = await queue()
        console.noticed({"conversation": waiting.id, "queue": {**found[0], "visitor": "newer"}})
        return found

    for name, late in (("alerts", alerts_late), ("tasks", tasks_late), ("queue", queue_late)):
        monkeypatch.setattr(lists, name, late)
    await reconnect(parts, console)
    peer: Any = console._peer
    assert [frame["ended"] for frame in peer.of("alert")] == [True]
    assert [frame["task"]["state"] for frame in peer.of("callback")] == ["done"]
    assert [frame["entry"]["visitor"] for frame in peer.of("queue")] == ["newer"]


async def test_when_redis_goes_away_again_it_is_told_as_soon_as_it_is_there(
    parts: Parts, console: AgentSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "ANEW_S", 0.01)
    state, lists, failed = await called_back(parts), parts.hub.lists, []
    queue, tasks = lists.queue, lists.tasks

    async def away_once(read: Any) -> Any:
        if read not in failed:
            failed.append(read)
            raise StoreUnavailable
        return await read()

    monkeypatch.setattr(lists, "queue", lambda: away_once(queue))
    monkeypatch.setattr(lists, "tasks", lambda: away_once(tasks))
    await reconnect(parts, console)
    assert len(failed) == 2
    assert told(console) == [("callback", state.id)]


async def test_notices_lost_while_it_is_told_are_made_good_too(
    parts: Parts, console: AgentSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = parts.hub.lists
    booked: list[Conversation] = []
    tasks = lists.tasks

    async def then_lost() -> list[dict[str, Any]]:
        found = await tasks()
        if not booked:
            booked.append(await called_back(parts))
            console.noticed({"reconnected": True})
        return found

    monkeypatch.setattr(lists, "tasks", then_lost)
    await reconnect(parts, console)
    assert told(console) == [("callback", booked[0].id)]


async def test_many_consoles_fill_the_waiting_room_once(
    parts: Parts, console: AgentSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, filled = parts.hub.room, []
    fill = room.fill

    async def counted() -> None:
        filled.append(1)
        await fill()

    monkeypatch.setattr(room, "fill", counted)
    room.noticed({"reconnected": True})
    await asyncio.gather(*(console._gateway.fill_room() for _ in range(5)))
    assert len(filled) == 1


async def test_a_notice_that_was_lost_by_the_line_reaches_the_console_all_the_same(
    parts: Parts, console: AgentSocket
) -> None:
    """The whole way: the connection of the notices breaks, a call is booked, and the console has it all the same."""
    listening = asyncio.create_task(parts.fanout.listen())
    peer: Any = console._peer
    try:
        await asyncio.wait_for(parts.fanout.listening.wait(), 10)
        state = await called_back(parts)

        async def there() -> bool:
            return any(frame["task"]["conversation"] == state.id for frame in peer.of("callback"))

        await until(there, "the call")
        parts.fanout.watchers.discard(console.noticed)  # what comes now is lost
        lost = await called_back(parts)
        await parts.redis.client_kill_filter(_type="pubsub")
        parts.fanout.watchers.add(console.noticed)

        async def made_good() -> bool:
            return any(frame["task"]["conversation"] == lost.id for frame in peer.of("callback"))

        await until(made_good, "the call that nobody told of")
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    assert len(peer.of("callback")) == 2
