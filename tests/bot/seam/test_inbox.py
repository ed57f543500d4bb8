"""Taking, keeping and handing back entries, with two processes on one real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from bot.seam.inbox import HANDED_BACK, Inbox
from bot.seam.limits import Limits
from bot.seam.link import Link
from handoff.events import Keys, decode_inbound
from tests.bot.seam.harness import KEYS, Hub, RedisServer

IDLE = 0.4
"""The limit ``takeover`` of these tests."""


@pytest_asyncio.fixture
async def inboxes(server: RedisServer, link: Link, limits: Limits) -> AsyncIterator[tuple[Inbox, Inbox]]:
    other = Link(server.bot_url, limits=limits, name="bot-b")
    yield Inbox(link), Inbox(other)
    await other.close()


async def consumers(hub: Hub) -> dict[str, int]:
    found: list[Any] = await hub.redis.xinfo_consumers(KEYS.inbox, Keys.GROUP)
    return {one["name"].decode(): one["pending"] for one in found}


async def test_joining_twice_is_joining_once_and_earlier_messages_are_read(
    hub: Hub, inboxes: tuple[Inbox, Inbox]
) -> None:
    await hub.say("c", "before", "m1")
    for inbox in inboxes:
        await inbox.join()
    (delivery,) = await inboxes[0].read(9)
    assert decode_inbound(delivery.data).message_id == "m1"
    assert delivery.attempt == 1


async def test_no_more_is_read_than_asked_for_and_the_rest_is_left_to_others(
    hub: Hub, inboxes: tuple[Inbox, Inbox]
) -> None:
    await inboxes[0].join()
    for number in range(5):
        await hub.say(f"c{number}", "hi")
    assert len(await inboxes[0].read(2)) == 2
    assert len(await inboxes[1].read(9)) == 3


async def test_only_one_message_of_a_conversation_can_be_read(hub: Hub, inboxes: tuple[Inbox, Inbox]) -> None:
    await inboxes[0].join()
    for _ in range(3):
        await hub.say("c", "hi")
    assert len(await inboxes[0].read(9)) == 1
    assert await inboxes[1].read(9) == []


async def test_an_entry_that_is_not_renewed_is_taken_over_and_counted(hub: Hub, inboxes: tuple[Inbox, Inbox]) -> None:
    one, other = inboxes
    await one.join()
    await hub.say("c", "hi")
    (delivery,) = await one.read(9)
    assert await other.claim(9, [], own=False, others=True) == []
    await asyncio.sleep(IDLE + 0.05)
    (taken,) = await other.claim(9, [], own=False, others=True)
    assert (taken.entry, taken.data, taken.attempt) == (delivery.entry, delivery.data, 2)
    assert await one.renew([delivery.entry]) == [delivery.entry]
    assert await one.fail(delivery.entry) == -1


async def test_an_entry_that_is_renewed_is_not_taken_over(hub: Hub, inboxes: tuple[Inbox, Inbox]) -> None:
    one, other = inboxes
    await one.join()
    await hub.say("c", "hi")
    (delivery,) = await one.read(9)
    for _ in range(4):
        await asyncio.sleep(IDLE / 2)
        assert await one.renew([delivery.entry]) == []
        assert await other.claim(9, [], own=False, others=True) == []
    assert await one.fail(delivery.entry) == 2  # renewing does not count as an attempt


async def test_an_entry_in_flight_is_not_taken_from_oneself(hub: Hub, inboxes: tuple[Inbox, Inbox]) -> None:
    one, _ = inboxes
    await one.join()
    await hub.say("c", "hi")
    (delivery,) = await one.read(9)
    await asyncio.sleep(IDLE + 0.05)
    assert await one.claim(9, [delivery.entry], own=True, others=True) == []


async def test_an_entry_whose_delivery_was_never_heard_of_is_found_at_once(
    hub: Hub, inboxes: tuple[Inbox, Inbox]
) -> None:
    one, other = inboxes
    await one.join()
    await hub.say("c", "hi")
    (lost,) = await one.read(9)
    assert await other.claim(9, [], own=True, others=False) == []
    (found,) = await one.claim(9, [], own=True, others=False)
    assert (found.entry, found.attempt) == (lost.entry, 1)


async def test_what_is_handed_back_is_taken_at_once_and_costs_no_attempt(
    hub: Hub, inboxes: tuple[Inbox, Inbox]
) -> None:
    one, other = inboxes
    await one.join()
    await hub.say("c", "hi")
    await hub.say("d", "hi")
    assert len(await one.read(9)) == 2
    assert await one.release() == 2
    assert await consumers(hub) == {HANDED_BACK: 2}
    taken = await other.claim(9, [], own=False, others=False)
    assert [delivery.attempt for delivery in taken] == [1, 1]
    assert await other.release() == 2


async def test_no_more_is_taken_over_than_asked_for(hub: Hub, inboxes: tuple[Inbox, Inbox]) -> None:
    one, other = inboxes
    await one.join()
    for number in range(5):
        await hub.say(f"c{number}", "hi")
    await one.read(9)
    await one.release()
    assert len(await other.claim(2, [], own=True, others=True)) == 2
    assert len(await other.claim(9, [], own=False, others=True)) == 3


async def test_an_entry_that_someone_deleted_is_dropped(hub: Hub, inboxes: tuple[Inbox, Inbox]) -> None:
    one, other = inboxes
    await one.join()
    await hub.say("c", "hi")
    (delivery,) = await one.read(9)
    await hub.redis.xdel(KEYS.inbox, delivery.entry)
    await one.release()
    taken = await other.claim(9, [], own=False, others=True)
    assert [one.data for one in taken] in ([], [b""])
    assert await other.claim(9, [], own=False, others=True) == []


async def test_names_of_the_dead_are_swept_unless_something_is_pending(
    server: RedisServer, hub: Hub, inboxes: tuple[Inbox, Inbox]
) -> None:
    one, other = inboxes
    await one.join()
    await hub.say("c", "hi")
    await one.read(9)
    await other.read(9)
    third = Link(server.bot_url, limits=Limits(forget=0.05, block=0.01), name="bot-c")
    await Inbox(third).read(9)
    await asyncio.sleep(0.1)
    await Inbox(third).sweep()
    assert await consumers(hub) == {"bot-a": 1, "bot-c": 0}
    await third.close()


async def test_the_sign_of_life_ends_by_itself(hub: Hub, server: RedisServer) -> None:
    link = Link(server.bot_url, limits=Limits(alive=0.1), name="bot-d")
    await Inbox(link).beat()
    assert b"pid" in (await hub.redis.get(KEYS.alive("bot-d")) or b"")
    await asyncio.sleep(0.15)
    assert await hub.redis.get(KEYS.alive("bot-d")) is None
    await link.close()
