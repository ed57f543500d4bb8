"""The scripts against a real Redis: what is written, and when nothing is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.exceptions import ConnectionError, ResponseError

from bot.seam.inbox import Inbox
from bot.seam.link import Link
from bot.seam.replay import Loaded
from handoff.events import Keys
from tests.bot.seam.harness import KEYS, Hub, RedisServer

OLD = "events of before"


@pytest_asyncio.fixture
async def entry(hub: Hub, link: Link) -> AsyncIterator[str]:
    """An inbox entry of conversation c that ``link``'s process has taken; another message waits behind it."""
    await Inbox(link).join()
    await hub.say("c", "one", "m1")
    await hub.say("c", "two", "m2")
    (delivery,) = await Inbox(link).read(9)
    yield delivery.entry


async def test_a_commit_saves_publishes_acknowledges_and_lets_the_next_message_on(
    hub: Hub, link: Link, entry: str
) -> None:
    said = await link.commit("c", entry=entry, length=0, events=["1", "2"], checkpoint='{"at":1}', outcome="out")
    assert said == "done"
    assert await link.load("c") == Loaded(2, b'{"at":1}', [b"2"])
    assert [fields[b"data"] for _, fields in await hub.redis.xrange(KEYS.events)] == [b"out"]
    ((following, fields),) = await hub.redis.xrange(KEYS.inbox)
    assert json.loads(fields[b"data"])["message_id"] == "m2"
    assert await hub.redis.get(KEYS.busy("c")) == following
    assert await hub.redis.llen(KEYS.wait("c")) == 0
    assert (await hub.redis.xpending(KEYS.inbox, Keys.GROUP))["pending"] == 0


async def test_after_the_last_message_the_conversation_is_not_busy(hub: Hub, link: Link, entry: str) -> None:
    await link.commit("c", entry=entry)
    (delivery,) = await Inbox(link).read(9)
    await link.commit("c", entry=delivery.entry)
    assert await hub.resting()


@pytest.mark.parametrize(
    ("taken_by", "length", "said"), [("bot-b", 0, "stolen"), (None, 0, "gone"), ("bot-a", 7, "conflict")]
)
async def test_a_refused_commit_changes_nothing(
    hub: Hub, link: Link, entry: str, taken_by: str | None, length: int, said: str
) -> None:
    if taken_by is None:
        await hub.redis.xack(KEYS.inbox, Keys.GROUP, entry)
    else:
        await hub.redis.xclaim(KEYS.inbox, Keys.GROUP, taken_by, 0, [entry])
    await hub.redis.delete(KEYS.wait("c"))
    answer = await link.commit("c", entry=entry, length=length, events=["1"], checkpoint="x", outcome="out")
    assert answer == said
    assert await hub.redis.exists(KEYS.tracker("c"), KEYS.checkpoint("c"), KEYS.events) == 0
    assert await hub.redis.xlen(KEYS.inbox) == 1
    assert await hub.redis.get(KEYS.busy("c")) == entry.encode()


async def test_a_commit_whose_answer_was_lost_is_known_again(hub: Hub, link: Link, entry: str) -> None:
    commit = {"length": 0, "events": ["1", "2"], "outcome": "out"}
    assert await link.commit("c", entry=entry, **commit) == "done"  # type: ignore[arg-type]
    assert await link.commit("c", entry=entry, **commit) == "already"  # type: ignore[arg-type]
    assert await hub.redis.llen(KEYS.tracker("c")) == 2
    assert await hub.redis.xlen(KEYS.events) == 1


async def test_so_is_one_outside_a_turn(hub: Hub, link: Link) -> None:
    assert await link.commit("c", length=0, events=["1"]) == "done"
    assert await link.commit("c", length=0, events=["1"]) == "already"
    assert await link.commit("c", length=0, events=["other"]) == "conflict"
    assert await hub.redis.lrange(KEYS.tracker("c"), 0, -1) == [b"1"]


async def test_a_checkpoint_does_not_outlive_its_tracker(hub: Hub, link: Link) -> None:
    await link.commit("c", length=0, events=["1", "2"], checkpoint='{"at":2}')
    await hub.redis.delete(KEYS.tracker("c"))
    await link.commit("c", length=0, events=["new"])
    assert await link.load("c") == Loaded(1, b"", [b"new"])


async def test_a_load_for_an_entry_that_is_anothers_by_now_brings_nothing(hub: Hub, link: Link, entry: str) -> None:
    assert await link.load("c", entry) == Loaded(0, b"", [])
    await hub.redis.xclaim(KEYS.inbox, Keys.GROUP, "bot-b", 0, [entry])
    assert await link.load("c", entry) is None


async def test_thousands_of_events_go_in_at_once(link: Link) -> None:
    assert await link.commit("c", length=0, events=[str(n) for n in range(20_000)]) == "done"
    loaded = await link.load("c")
    assert loaded is not None
    assert (loaded.length, loaded.events[-1]) == (20_000, b"19999")


async def test_a_commit_outlasts_a_redis_that_dies_and_comes_back(
    server: RedisServer, hub: Hub, link: Link, entry: str
) -> None:
    server.kill()
    commit = asyncio.create_task(link.commit("c", entry=entry, length=0, events=["1"], outcome="out"))
    await asyncio.sleep(0.3)
    assert not commit.done()
    server.start()
    assert await commit == "done"
    assert await hub.redis.lrange(KEYS.tracker("c"), 0, -1) == [b"1"]


async def test_patience_has_an_end(server: RedisServer, link: Link) -> None:
    server.kill()
    with pytest.raises((ConnectionError, OSError)):
        await link.patiently(lambda: link.script("load", ["t", "c", "i"], ["", "", ""]), 0.1)


async def test_a_redis_without_memory_counts_as_away_and_a_wrong_type_does_not(hub: Hub, link: Link) -> None:
    keys = link.keys
    names = [keys.inbox, keys.events, *(make("t") for make in (keys.tracker, keys.checkpoint, keys.busy, keys.wait))]
    await hub.redis.config_set("maxmemory", "1")
    with pytest.raises(ConnectionError):
        await link.script("commit", names, ["g", "me", "", 0, "", "", "1"])
    await hub.redis.config_set("maxmemory", "0")
    await hub.redis.set(names[2], "no list")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await link.script("commit", names, ["g", "me", "", 0, "", "", "1"])
