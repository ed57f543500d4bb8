"""The waiting room beside its notices: what they tell while it reads is not lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from handoff import decisions
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.decisions import Decision
from handoff.owner.rules import Rules
from handoff.queue.assignment import Choice
from handoff.queue.dispatch import Dispatcher
from handoff.queue.offers import Offers
from handoff.queue.room import WaitingRoom
from handoff.requests.desk import Duties
from handoff.tasks import end
from handoff.wire.desk import Decline, Snooze
from tests.handoff.parts import AINO, MIKKEL, Parts, uid
from tests.handoff.texts_for_tests import texts
from tests.helpers.waiting import until

MINUTE_MS = 60_000


@pytest.fixture
async def room(parts: Parts) -> AsyncIterator[WaitingRoom]:
    """The room, filled, and told by notices."""
    room = parts.hub.room
    parts.fanout.first = (room.noticed,)
    listening = asyncio.create_task(parts.fanout.listen())
    await parts.fanout.listening.wait()
    await room.fill()
    yield room
    await end(listening)


def meanwhile(parts: Parts, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[None]]) -> None:
    """Let something happen between the next read of the store and the use of what it brought."""
    call = parts.store.call

    async def slow(command: Awaitable[Any]) -> Any:
        read = await call(command)
        monkeypatch.setattr(parts.store, "call", call)
        await happens()
        return read

    monkeypatch.setattr(parts.store, "call", slow)


async def told(seen: Callable[[], bool]) -> None:
    async def happened() -> bool:
        return seen()

    await until(happened, "the notice has come")


async def test_who_begins_to_wait_while_the_room_is_filled_is_in_it(
    parts: Parts, room: WaitingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, came = await parts.queued(), []

    async def somebody_asks() -> None:
        came.append((await parts.queued()).id)
        await told(lambda: came[0] in room.lines)

    meanwhile(parts, monkeypatch, somebody_asks)
    await room.fill()
    assert {one.id for one in room.waiting()} == {there.id, *came}
    assert {one.id for one in room.to_offer(set())} == {there.id, *came}, "and can be offered"


async def test_who_is_taken_or_leaves_while_the_room_is_filled_waits_no_more(
    parts: Parts, room: WaitingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, left = await parts.queued(), await parts.queued()
    await told(lambda: len(room.waiting()) == 2)
    read = room._read_lines

    async def then_they_go() -> dict[str, Any]:
        lines = dict(await read())
        await parts.hub.agents.claim(MIKKEL, taken.id, id=uid())
        await parts.hub.visitors.cancel_handoff(left.id, id=uid())
        await told(lambda: left.id not in room.lines)
        return lines

    monkeypatch.setattr(room, "_read_lines", then_they_go)
    await room.fill()
    assert room.waiting() == []
    assert room.lines.keys() == {taken.id}


async def test_a_connection_that_was_lost_while_the_room_was_filled_has_it_filled_again(
    parts: Parts, room: WaitingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost() -> None:
        room.noticed({"reconnected": True})

    meanwhile(parts, monkeypatch, lost)
    await room.fill()
    assert not room.filled, "notices may have been lost"
    await room.fill()
    assert room.filled


async def test_offers_of_which_notices_tell_during_a_look_stand(
    parts: Parts, room: WaitingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers, first, second = Offers(parts.store), await parts.queued(), await parts.queued()
    await offers.give(Choice(first.id, "mikkel", ()), capacity=5, lease_s=20)
    await told(lambda: first.id in room.offers)

    async def one_is_declined_and_another_made() -> None:
        await offers.decline(first.id, "mikkel", pause_s=30)
        await offers.give(Choice(second.id, "aino", ()), capacity=5, lease_s=20)
        await told(lambda: second.id in room.offers)

    meanwhile(parts, monkeypatch, one_is_declined_and_another_made)
    await room.look()
    assert {id: offer["agent"] for id, offer in room.offers.items()} == {second.id: "aino"}
    assert room.passed[first.id].keys() == {"mikkel"}
    await room.look()
    assert room.passed[first.id].keys() == {"mikkel"}, "as Redis has it"


async def test_who_declines_is_not_asked_again_before_the_next_look(parts: Parts, room: WaitingRoom) -> None:
    parts.hub.owner.now = replace(parts.hub.owner.now, rules=Rules(mode="offer", lease_s=20, accept_pause_s=30))
    await parts.arrive(MIKKEL, AINO)
    await room.look()
    waiting = await parts.queued()
    await told(lambda: waiting.id in room.lines)
    dispatcher = Dispatcher(parts.hub)
    asked: list[str] = []
    for account in (MIKKEL, AINO):
        assert await dispatcher.once() == 1
        await told(lambda: waiting.id in room.offers)
        asked.append(room.offers[waiting.id]["agent"])
        holder = MIKKEL if asked[-1] == "mikkel" else AINO
        if account is MIKKEL:
            await Duties(parts.hub).request(holder, Decline(uid(), waiting.id))
            await told(lambda: waiting.id not in room.offers)
    assert sorted(asked) == ["aino", "mikkel"]


async def begun(parts: Parts, ago_ms: int) -> Conversation:
    """A conversation that Mikkel has had for so long."""
    waiting = await parts.queued()

    def taken(state: Conversation) -> Decision:
        at = stamp(now_ms() - ago_ms)
        return decisions.claim(replace(state, waiting_since=at), texts(), at=at, agent=MIKKEL.assignee)

    await parts.store.request(waiting.id, taken)
    return await parts.state(waiting.id)


async def test_how_long_somebody_waited_is_counted_from_the_transfer_and_not_from_the_first_wish(
    parts: Parts, room: WaitingRoom
) -> None:
    talked = await begun(parts, 45 * MINUTE_MS)
    await told(lambda: talked.id in room.lines)
    await parts.hub.agents.transfer(MIKKEL, talked.id, id=uid(), to=None, skill="orders", note=None)
    await told(lambda: room.lines[talked.id]["status"] == "queued")
    room.waits.clear()
    await room.look()
    await parts.hub.agents.claim(AINO, talked.id, id=uid())
    await told(lambda: bool(room.waits))
    [waited_s] = room.waits
    assert waited_s < 60, "not the 45 minutes of talk"


async def test_a_wait_told_by_a_hub_that_does_not_know_when_it_began_is_that_from_the_first_wish(
    parts: Parts, room: WaitingRoom
) -> None:
    waiting = await parts.queued()
    await told(lambda: waiting.id in room.lines)
    line = {name: value for name, value in room.lines[waiting.id].items() if name not in ("queued_at", "passed_by")}
    room.noticed({"conversation": "old", "queue": {**line, "conversation": "old"}})
    assert room.lineup.get("old") == replace(room.waiting()[0], id="old", queued_ms=0)
    room.now_ms += MINUTE_MS
    taken = {**line, "conversation": "old", "status": "assigned", "assignee": {"id": "a", "name": "A"}}
    room.noticed({"conversation": "old", "queue": taken})
    assert room.waits[-1] >= 59


async def test_handling_is_measured_on_every_hub_but_not_of_what_was_put_off(parts: Parts, room: WaitingRoom) -> None:
    plain, put_off = await begun(parts, 5 * MINUTE_MS), await begun(parts, 480 * MINUTE_MS)
    later = stamp(now_ms() + 60 * MINUTE_MS)
    await Duties(parts.hub).request(MIKKEL, Snooze(uid(), put_off.id, later, None))
    await parts.hub.agents.message(MIKKEL, put_off.id, id=uid(), text="here I am again")
    for one in (put_off, plain):
        await parts.hub.agents.resolve(MIKKEL, one.id, id=uid(), outcome=None)
    await told(lambda: bool(room.handling.times))
    [seconds] = room.handling.times["general"]
    assert 299 <= seconds <= 360
    assert await parts.redis.lrange(parts.keys.handled, 0, -1) == [f"{seconds:.0f} general".encode()]
    assert "mikkel" in room._free_since, "free all the same"


async def test_what_one_agent_put_off_says_nothing_of_the_next(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    await Duties(parts.hub).request(MIKKEL, Snooze(uid(), mine.id, stamp(now_ms() + 60 * MINUTE_MS), None))
    assert (await parts.state(mine.id)).put_off
    await parts.hub.agents.message(MIKKEL, mine.id, id=uid(), text="here I am again")
    assert (await parts.state(mine.id)).put_off, "it was"
    await parts.hub.agents.transfer(MIKKEL, mine.id, id=uid(), to=None, skill="general", note=None)
    await parts.hub.agents.claim(AINO, mine.id, id=uid())
    assert not (await parts.state(mine.id)).put_off
