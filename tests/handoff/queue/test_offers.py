"""Offers, capacity and the dispatcher, on a real Redis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from handoff.conversation import Status
from handoff.errors import Conflict, Forbidden, Refused
from handoff.owner.rules import Rules
from handoff.queue.assignment import Choice
from handoff.queue.dispatch import Dispatcher
from handoff.queue.offers import Offers
from handoff.requests.desk import Duties
from handoff.wire.desk import Accept, Decline
from tests.handoff.parts import AINO, MIKKEL, Parts, parts_on, uid

OFFERING = Rules(mode="offer", lease_s=20, accept_pause_s=30)


@pytest.fixture
async def desk(parts: Parts) -> AsyncIterator[Duties]:
    parts.hub.owner.now = replace(parts.hub.owner.now, rules=OFFERING)
    yield Duties(parts.hub)


async def offered(parts: Parts) -> dict[str, str]:
    """Agents by the conversation that is offered to them."""
    await parts.hub.room.fill()
    await Dispatcher(parts.hub).once()
    rows: Any = await parts.redis.hgetall(parts.keys.offers)
    return {conversation.decode(): json.loads(raw)["agent"] for conversation, raw in rows.items()}


async def attempts(calls: Sequence[Any]) -> tuple[int, list[Refused]]:
    """How many went well, and how the others were refused."""
    ends = await asyncio.gather(*calls, return_exceptions=True)
    refused = [end for end in ends if isinstance(end, Refused)]
    assert all(isinstance(end, (Refused, dict)) for end in ends), ends
    return len(ends) - len(refused), refused


async def test_an_offer_is_accepted_and_the_log_says_why_it_was_this_agent(parts: Parts, desk: Duties) -> None:
    await parts.arrive(replace(MIKKEL, languages=("en",), levels={"en": 3}), replace(AINO, languages=("fi",)))
    waiting = await parts.queued()
    assert await offered(parts) == {waiting.id: "mikkel"}, "only Mikkel speaks English"
    answer = await desk.request(MIKKEL, Accept(uid(), waiting.id))
    assert answer["status"] == "assigned"
    assigned = (await parts.store.events(waiting.id))[-1]
    assert assigned["kind"] == "assigned" and assigned["why"] == ["language", "idle_longest"]
    assert await parts.redis.hlen(parts.keys.offers) == 0
    with pytest.raises(Conflict):
        await desk.request(MIKKEL, Accept(uid(), waiting.id))


async def test_s19_nobody_accepts_without_an_offer_or_another_ones(parts: Parts, desk: Duties) -> None:
    waiting = await parts.queued()
    with pytest.raises(Conflict):
        await desk.request(MIKKEL, Accept(uid(), waiting.id))
    assert await Offers(parts.store).give(Choice(waiting.id, "mikkel", ()), capacity=5, lease_s=20)
    with pytest.raises(Conflict):
        await desk.request(AINO, Accept(uid(), waiting.id))
    assert "assigned" not in await parts.kinds(waiting.id)
    assert (await desk.request(MIKKEL, Accept(uid(), waiting.id)))["status"] == "assigned"


async def test_an_accept_sent_again_gets_the_same_answer(parts: Parts, desk: Duties) -> None:
    await parts.arrive(MIKKEL)
    waiting = await parts.queued()
    await offered(parts)
    frame = Accept(uid(), waiting.id)
    assert await desk.request(MIKKEL, frame) == await desk.request(MIKKEL, frame)
    assert (await parts.kinds(waiting.id)).count("assigned") == 1


async def test_who_declines_is_asked_last_and_the_next_is_asked(parts: Parts, desk: Duties) -> None:
    await parts.arrive(MIKKEL, AINO)
    waiting = await parts.queued()
    first = (await offered(parts))[waiting.id]
    account, other = (MIKKEL, AINO) if first == "mikkel" else (AINO, MIKKEL)
    await desk.request(account, Decline(uid(), waiting.id))
    assert (await offered(parts))[waiting.id] == other.id
    with pytest.raises(Conflict):
        await desk.request(account, Accept(uid(), waiting.id))


async def test_r19_a_lease_ends_by_redis_clock_and_the_next_is_asked(parts: Parts, desk: Duties) -> None:
    await parts.arrive(MIKKEL, AINO)
    waiting = await parts.queued()
    offers = Offers(parts.store)
    assert await offers.give(Choice(waiting.id, "mikkel", ("language",)), capacity=5, lease_s=0.05)
    raw = json.loads((await parts.redis.hgetall(parts.keys.offers))[waiting.id.encode()])
    assert not await offers.lapse({**raw, "id": "another"}, pause_s=1), "only the very offer"
    await asyncio.sleep(0.06)  # by Redis' clock, which no test can turn
    with pytest.raises(Conflict):
        await desk.request(MIKKEL, Accept(uid(), waiting.id))
    assert (await offered(parts))[waiting.id] == "aino"


async def test_r15_of_fifty_who_accept_one_offer_exactly_one_wins(parts: Parts, desk: Duties) -> None:
    crowd = [replace(MIKKEL, id=f"agent-{n}") for n in range(50)]
    for round in range(10):
        waiting = await parts.queued()
        holder = crowd[round]
        await Offers(parts.store).give(Choice(waiting.id, holder.id, ()), capacity=5, lease_s=20)
        calls: list[Any] = [desk.request(one, Accept(uid(), waiting.id)) for one in crowd]
        calls += [desk.request(holder, Accept(uid(), waiting.id)), parts.hub.agents.claim(AINO, waiting.id, id=uid())]
        won, refused = await attempts(calls)
        assert won == 1 and all(isinstance(one, Conflict) for one in refused)
        assert (await parts.kinds(waiting.id)).count("assigned") == 1
        await parts.assert_numbered(waiting.id)


async def test_i8_no_race_gives_an_agent_more_than_there_is_room_for(parts: Parts) -> None:
    busy = replace(MIKKEL, capacity=3)
    waiting = [await parts.queued() for _ in range(8)]
    won, refused = await attempts([parts.hub.agents.claim(busy, one.id, id=uid()) for one in waiting])
    assert won == 3 and all(one.extra["reason"] == "full" for one in refused)
    held: Any = await parts.redis.hvals(parts.keys.assigned)
    assert held.count(b"mikkel") == 3
    states = [await parts.state(one.id) for one in waiting]
    mine = next(state.id for state in states if state.status is Status.ASSIGNED)
    await parts.hub.agents.resolve(busy, mine, id=uid(), outcome=None)
    left = next(state.id for state in states if state.status is Status.QUEUED)
    assert (await parts.hub.agents.claim(busy, left, id=uid()))["status"] == "assigned", "there is room again"


async def test_i8_a_channel_has_its_own_limit(parts: Parts) -> None:
    parts.hub.owner.now = replace(parts.hub.owner.now, rules=Rules(channels={"web": 1}))
    first, second = await parts.queued(), await parts.queued()
    await parts.hub.agents.claim(MIKKEL, first.id, id=uid())
    with pytest.raises(Conflict, match="on this channel"):
        await parts.hub.agents.claim(MIKKEL, second.id, id=uid())
    with pytest.raises(Conflict, match="on this channel"):
        await parts.presence.arrived("mikkel")
        await parts.hub.agents.claim(AINO, second.id, id=uid())
        await parts.hub.agents.transfer(AINO, second.id, id=uid(), to=MIKKEL, skill=None, note=None)


async def test_i8_offers_count_too(parts: Parts, desk: Duties) -> None:
    await parts.arrive(replace(MIKKEL, capacity=2))
    for _ in range(4):
        await parts.queued()
    assert len(await offered(parts)) == 2


async def test_two_hubs_make_one_offer(url: str, parts: Parts, desk: Duties) -> None:
    await parts.arrive(MIKKEL, AINO)
    conversations = [await parts.queued() for _ in range(6)]
    async with parts_on(url) as other:
        other.hub.owner.now = parts.hub.owner.now
        await asyncio.gather(parts.hub.room.fill(), other.hub.room.fill())
        made = await asyncio.gather(Dispatcher(parts.hub).once(), Dispatcher(other.hub).once())
    assert sum(made) == len(conversations) == await parts.redis.hlen(parts.keys.offers)


async def test_r17_a_visitor_who_has_gone_is_offered_to_nobody(parts: Parts, desk: Duties) -> None:
    await parts.arrive(MIKKEL)
    waiting = await parts.queued()
    await parts.hub.room.fill()
    one = parts.hub.room.waiting()[0]
    assert parts.hub.room.present(one)
    parts.hub.room.now_ms += 61_000
    assert not parts.hub.room.present(one), "no socket for a minute"
    parts.hub.room.seen[waiting.id] = parts.hub.room.now_ms - 5_000
    assert parts.hub.room.present(one)


async def test_in_claim_mode_nothing_is_offered(parts: Parts) -> None:
    await parts.arrive(MIKKEL)
    await parts.queued()
    assert await offered(parts) == {}


async def test_a_claim_without_the_language_needs_time_and_consent_and_a_supervisor_may(parts: Parts) -> None:
    dane = replace(MIKKEL, languages=("da",))
    waiting = await parts.queued()
    with pytest.raises(Forbidden, match="do not speak"):
        await parts.hub.agents.claim(dane, waiting.id, id=uid())
    await parts.hub.visitors.consent(waiting.id, id=uid(), language="da")
    with pytest.raises(Forbidden, match="not time for that yet") as early:
        await parts.hub.agents.claim(dane, waiting.id, id=uid())
    assert 0 < early.value.extra["retry_after"] <= Rules().other_language_after_s
    parts.hub.owner.now = replace(parts.hub.owner.now, rules=Rules(other_language_after_s=0))
    assert (await parts.hub.agents.claim(dane, waiting.id, id=uid()))["status"] == "assigned"
    other = await parts.queued()
    lead = replace(AINO, languages=("da",))
    assert (await parts.hub.agents.claim(lead, other.id, id=uid()))["status"] == "assigned"


async def test_who_does_nothing_in_any_window_is_away_and_back_with_the_first_thing_done(parts: Parts) -> None:
    told: list[dict[str, Any]] = []

    async def tell(notice: dict[str, Any]) -> None:
        told.append(notice)

    await parts.arrive(MIKKEL, AINO)
    now = await parts.presence.now_ms()
    await parts.redis.zadd(parts.keys.active, {"mikkel": now - 901_000, "aino": now - 899_000})
    await parts.presence.note_idle(away_after_s=900, online=["mikkel", "aino"], tell=tell)
    await parts.presence.note_idle(away_after_s=900, online=["mikkel", "aino"], tell=tell)
    assert [notice["presence"]["agent"] for notice in told] == ["mikkel"]
    await parts.hub.room.fill()
    assert parts.hub.room.online == {"aino"}
    assert await parts.presence.did_something("mikkel") and not await parts.presence.did_something("mikkel")
    await parts.hub.room.fill()
    assert parts.hub.room.online == {"aino", "mikkel"}


async def test_away_by_ones_own_word_is_not_undone_by_doing_something(parts: Parts) -> None:
    await parts.arrive(MIKKEL)
    await parts.presence.set("mikkel", "away")
    assert not await parts.presence.did_something("mikkel")
    await parts.hub.room.fill()
    assert parts.hub.room.online == frozenset()
