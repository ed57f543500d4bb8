"""The same id gets the same answer, and has its effect once."""

from __future__ import annotations

import asyncio

import pytest

from handoff.clock import now_ms, stamp
from handoff.errors import BadRequest, Conflict, NotFound
from handoff.queue.assignment import Choice
from handoff.queue.offers import Offers
from handoff.requests.desk import Duties
from handoff.wire.desk import Announce, AnnounceEnd, Decline
from tests.handoff.parts import AINO, MIKKEL, Parts, uid

TEXTS = {"fi": "Toimituksissa on viivettä.", "da": "Der er forsinkelser.", "en": "Deliveries are late."}


def soon(minutes: float) -> str:
    return stamp(now_ms() + round(minutes * 60_000))


async def offer(parts: Parts, conversation: str) -> None:
    assert await Offers(parts.store).give(Choice(conversation, MIKKEL.id, ()), capacity=5, lease_s=60)


async def test_a_decline_that_is_sent_again_declines_no_new_offer(parts: Parts) -> None:
    waiting, desk, frame = await parts.queued(), Duties(parts.hub), uid()
    await parts.arrive(MIKKEL)
    await offer(parts, waiting.id)
    assert await desk.request(MIKKEL, Decline(frame, waiting.id)) == {}
    assert await desk.request(MIKKEL, Decline(frame, waiting.id)) == {}
    await offer(parts, waiting.id)
    assert await desk.request(MIKKEL, Decline(frame, waiting.id)) == {}
    assert await Offers(parts.store).of(waiting.id, MIKKEL.id), "the new one stands"
    assert await desk.request(MIKKEL, Decline(uid(), waiting.id)) == {}
    with pytest.raises(Conflict):
        await Offers(parts.store).of(waiting.id, MIKKEL.id)


async def test_a_decline_that_was_refused_stays_refused(parts: Parts) -> None:
    waiting, desk, frame = await parts.queued(), Duties(parts.hub), uid()
    await parts.arrive(MIKKEL)
    for _ in range(2):
        with pytest.raises(Conflict) as refused:
            await desk.request(MIKKEL, Decline(frame, waiting.id))
        assert refused.value.extra == {"reason": "gone"}
        await parts.redis.hdel(parts.keys.offers, waiting.id)
        await offer(parts, waiting.id)
    assert await Offers(parts.store).of(waiting.id, MIKKEL.id)


async def test_the_same_decline_twice_at_once_is_answered_twice_alike(parts: Parts) -> None:
    waiting, desk, frame = await parts.queued(), Duties(parts.hub), uid()
    await parts.arrive(MIKKEL)
    await offer(parts, waiting.id)
    asked = [desk.request(MIKKEL, Decline(frame, waiting.id)) for _ in range(5)]
    assert await asyncio.gather(*asked) == [{}] * 5


async def test_an_announcement_that_is_sent_again_after_its_end_is_not_made_again(parts: Parts) -> None:
    desk, made = Duties(parts.hub), Announce(uid(), TEXTS, None, soon(5), ())
    ended = AnnounceEnd(uid(), made.id)
    with pytest.raises(NotFound):
        await desk.request(AINO, early := AnnounceEnd(uid(), made.id))
    assert await desk.request(AINO, made) == await desk.request(AINO, made) == {"announcement": made.id}
    with pytest.raises(NotFound):
        await desk.request(AINO, early)
    assert [one.id for one in parts.hub.board.current()] == [made.id], "what was refused stays refused"
    assert await desk.request(AINO, ended) == await desk.request(AINO, ended) == {"announcement": made.id}
    assert await desk.request(AINO, made) == {"announcement": made.id}
    await parts.hub.board.read()
    assert parts.hub.board.current() == []


async def test_an_announcement_that_is_sent_again_after_its_time_was_made(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, made = Duties(parts.hub), Announce(uid(), TEXTS, None, soon(5), ())
    assert await desk.request(AINO, made) == {"announcement": made.id}
    later = now_ms() + 10 * 60_000
    monkeypatch.setattr("handoff.requests.desk.now_ms", lambda: later)
    assert await desk.request(AINO, made) == {"announcement": made.id}
    with pytest.raises(BadRequest, match="to"):
        await desk.request(AINO, Announce(uid(), TEXTS, None, made.end, ()))
