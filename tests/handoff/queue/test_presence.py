from __future__ import annotations

import asyncio

import pytest

from handoff.errors import StoreUnavailable
from handoff.keys import AGENT_SEEN_GRACE_S
from handoff.queue import presence as module
from handoff.queue.presence import TOUCH_EVERY_S, Presence
from handoff.tasks import end
from tests.handoff.parts import AINO, MIKKEL, Parts, parts_on, uid
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until


async def last_seen(parts: Parts, agent: str, ago_s: float) -> None:
    """As if the agent's last socket had been noted so long ago."""
    at = await parts.presence.now_ms() - ago_s * 1000
    await parts.redis.zadd(parts.keys.seen, {agent: at})


async def test_an_agent_is_online_at_first_and_afterwards_what_it_was(parts: Parts) -> None:
    assert await parts.presence.arrived("aino") == "online"
    assert await parts.presence.online() == 1
    await parts.presence.set("aino", "away")
    assert await parts.presence.online() == 0
    assert await parts.presence.arrived("aino") == "away", "a second socket changes nothing"
    await parts.presence.set("aino", "offline")
    assert not await parts.presence.is_there("aino")
    assert await parts.presence.arrived("aino") == "online", "who comes back from offline is online"
    assert await parts.presence.is_there("aino")


async def test_only_agents_with_a_socket_count_as_there(parts: Parts) -> None:
    assert not await parts.presence.is_there("aino")
    await parts.presence.set("aino", "online")
    assert not await parts.presence.is_there("aino")
    assert await parts.presence.online() == 0
    await parts.presence.arrived("aino")
    await last_seen(parts, "aino", 3 * TOUCH_EVERY_S + 1)
    assert not await parts.presence.is_there("aino")
    assert await parts.presence.online() == 0


async def test_an_agent_is_noted_while_any_socket_is_open(parts: Parts) -> None:
    await parts.presence.arrived("aino")
    await parts.presence.arrived("aino")
    parts.presence.left("aino")
    await last_seen(parts, "aino", 100)
    await parts.presence.touch()
    assert await parts.presence.is_there("aino")
    parts.presence.left("aino")
    await last_seen(parts, "aino", 100)
    await parts.presence.touch()
    assert not await parts.presence.is_there("aino"), "nobody is connected here any more"


async def test_another_process_sees_who_is_there(url: str, parts: Parts) -> None:
    async with parts_on(url) as other:
        await other.presence.arrived("aino")
        assert await parts.presence.is_there("aino")
        assert await parts.presence.online() == 1


async def test_conversations_are_lost_when_their_agent_was_away_for_longer_than_the_grace(parts: Parts) -> None:
    assert await parts.presence.lost() == ()
    mine = await parts.assigned(AINO)
    assert await parts.presence.lost() == [(mine.id, "aino")], "never seen at all"
    await last_seen(parts, "aino", 59)
    assert await parts.presence.lost() == []
    await last_seen(parts, "aino", 61)
    other = await parts.assigned(MIKKEL)
    await last_seen(parts, "mikkel", 1)
    assert await parts.presence.lost() == [(mine.id, "aino")]
    await parts.hub.agents.resolve(AINO, mine.id, id=uid(), outcome=None)
    assert await parts.presence.lost() == []
    assert (await parts.state(other.id)).assignee == MIKKEL.assignee


async def test_touching_goes_on_when_redis_was_away(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOUCH_EVERY_S", 0.02)
    async with parts_on(redis_server.url) as parts:
        await parts.presence.arrived("aino")
        touching = asyncio.create_task(parts.presence.keep_touching())
        redis_server.kill()
        await asyncio.sleep(0.1)
        redis_server.start()
        await last_seen(parts, "aino", 100)

        async def noted() -> bool:
            at = await parts.redis.zscore(parts.keys.seen, "aino")
            return at is not None and at > await parts.presence.now_ms() - 1000

        await until(noted, "the agent is noted again")
        assert not touching.done()
        await end(touching)


async def test_an_arrival_that_redis_did_not_hear_of_can_be_taken_back(redis_server: RedisServer) -> None:
    async with parts_on(redis_server.url) as parts:
        redis_server.kill()
        with pytest.raises(StoreUnavailable):
            await parts.presence.arrived("aino")
        parts.presence.left("aino")
        redis_server.start()
        await parts.presence.touch()
        assert await parts.redis.zcard(parts.keys.seen) == 0


def test_the_grace_is_far_longer_than_a_missed_note() -> None:
    assert AGENT_SEEN_GRACE_S > 6 * TOUCH_EVERY_S
    assert Presence.lost.__kwdefaults__ == {"grace_s": AGENT_SEEN_GRACE_S}


async def test_the_last_agent_may_leave_while_the_time_is_asked_for(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    presence = parts.presence
    agent = uid()
    await presence.arrived(agent)
    now = await presence.now_ms()

    async def leaves() -> int:
        presence.left(agent)
        return now

    monkeypatch.setattr(presence, "now_ms", leaves)
    await presence.touch()
    assert not presence._here


async def test_when_somebody_was_last_there_is_known_of_those_who_ever_were(parts: Parts) -> None:
    await last_seen(parts, "aino", 3600)
    now = await parts.presence.now_ms()
    seen = await parts.presence.last_seen({"aino", "mikkel"})
    assert seen.keys() == {"aino"} and abs(now - 3_600_000 - seen["aino"]) < 5_000
    assert await parts.presence.last_seen(()) == {}
