"""The same id gets the same answer, and has its effect once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from handoff.clock import now_ms, stamp
from handoff.errors import BadRequest, Conflict, Forbidden, NotFound, StoreUnavailable
from handoff.queue.assignment import Choice
from handoff.queue.offers import Offers
from handoff.requests.desk import Duties
from handoff.wire.desk import Announce, AnnounceEnd, AskHelp, Decide, Decline, Join, RequestApproval
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
    with pytest.raises(BadRequest, match="to") as refused:
        await desk.request(AINO, Announce(uid(), TEXTS, None, made.end, ()))
    assert refused.value.extra == {"field": "to"}


CALLS: tuple[Callable[[str, str], Any], ...] = (
    lambda id, conversation: AskHelp(id, conversation, "What now?"),
    lambda id, conversation: RequestApproval(id, conversation, "voucher", "10 € for the delay", "10 €"),
)


@pytest.mark.parametrize("call", CALLS, ids=["help", "approval"])
async def test_a_call_for_help_whose_reply_was_lost_is_raised_once_and_not_again_when_it_has_ended(
    parts: Parts, call: Callable[[str, str], Any]
) -> None:
    desk, mine = Duties(parts.hub), await parts.assigned(MIKKEL)
    frame = call(uid(), mine.id)
    with parts.blip(), pytest.raises(StoreUnavailable):
        await desk.request(MIKKEL, frame)
    (alert,) = await parts.hub.lists.alerts()
    assert (alert["id"], alert["kind"], alert["values"]) == (f"help:{mine.id}", "help", {"name": "Mikkel"})
    async with parts.notices() as told:
        await desk.request(MIKKEL, frame)
        assert await told() == [{"alert": alert}], "nobody may have heard of it the first time"
        assert await parts.hub.lists.alerts() == [alert]
        await desk.request(AINO, Join(uid(), mine.id, False))
        await told()
        await desk.request(MIKKEL, frame)
        assert await told() == []
    assert await parts.hub.lists.alerts() == []


async def test_a_call_for_help_and_its_end_are_told_with_the_write_itself(parts: Parts) -> None:
    desk, mine, id = Duties(parts.hub), await parts.assigned(MIKKEL), uid()
    async with parts.notices() as told:
        await desk.request(MIKKEL, RequestApproval(id, mine.id, "voucher", "10 €", "10 €"))
        (notice,) = await told()
        assert (notice["conversation"], notice["alerts"]) == (mine.id, await parts.hub.lists.alerts())
        await desk.request(AINO, Decide(uid(), mine.id, id, True, None))
        (notice,) = await told()
        assert notice["alerts"] == [{"id": f"help:{mine.id}", "ended": True}]


async def test_the_end_of_a_call_for_help_whose_reply_was_lost_holds(parts: Parts) -> None:
    desk, mine = Duties(parts.hub), await parts.assigned(MIKKEL)
    await desk.request(MIKKEL, AskHelp(uid(), mine.id, None))
    with parts.blip(), pytest.raises(StoreUnavailable):
        await desk.request(AINO, Join(uid(), mine.id, True))
    assert await parts.hub.lists.alerts() == []


async def test_a_call_for_help_that_is_refused_raises_nothing(parts: Parts) -> None:
    desk, others = Duties(parts.hub), await parts.assigned(AINO)
    with pytest.raises(Forbidden):
        await desk.request(MIKKEL, AskHelp(uid(), others.id, None))
    assert await parts.hub.lists.alerts() == []
