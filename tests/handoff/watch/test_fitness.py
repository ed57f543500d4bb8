from __future__ import annotations

import os
import signal

import pytest
from redis.asyncio import Redis

from handoff.errors import StartRefused
from handoff.redis_client import connect
from handoff.supervisor.redis_server import note_torn
from handoff.watch.fitness import WriteProbe, check_redis
from tests.handoff.parts import new_conversation, parts_on
from tests.helpers.redis_server import RedisServer


async def test_a_redis_as_silta_brings_it_along_is_fit(redis_server: RedisServer) -> None:
    redis = connect(redis_server.url, timeout_s=5)
    await check_redis(redis)
    await redis.aclose()


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [("maxmemory-policy", "allkeys-lru", "noeviction"), ("appendonly", "no", "appendonly")],
)
async def test_r6_a_redis_that_would_lose_conversations_is_refused(
    redis_server: RedisServer, setting: str, value: str, named: str
) -> None:
    redis: Redis = connect(redis_server.url, timeout_s=5)
    await redis.config_set(setting, value)
    with pytest.raises(StartRefused, match=named):
        await check_redis(redis)
    redis_server.kill()
    with pytest.raises(StartRefused, match="does not answer"):
        await check_redis(redis)
    await redis.aclose()


async def test_a_redis_that_flushes_once_a_second_is_fit_only_for_those_who_ask_for_it(
    redis_server: RedisServer,
) -> None:
    redis = connect(redis_server.url, timeout_s=5)
    await redis.config_set("appendfsync", "everysec")
    with pytest.raises(StartRefused, match="SILTA_FSYNC=everysec"):
        await check_redis(redis)
    await check_redis(redis, fsync="everysec")
    await redis.config_set("appendfsync", "no")
    with pytest.raises(StartRefused, match="appendfsync is no, set everysec"):
        await check_redis(redis, fsync="everysec")
    await redis.aclose()


async def test_that_redis_does_not_tell_its_settings_to_this_user_is_noted(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "silta.redis")
    redis = connect(redis_server.url, timeout_s=5)
    await redis.execute_command("ACL", "SETUSER", "default", "-config")
    await check_redis(redis)
    assert "does not tell this user appendfsync" in caplog.text
    await redis.aclose()


async def test_a_replica_is_refused(redis_server: RedisServer) -> None:
    redis = connect(redis_server.url, timeout_s=5)
    await redis.execute_command("REPLICAOF", "127.0.0.1", "1")  # of nobody who answers: a replica all the same
    with pytest.raises(StartRefused, match="is a replica"):
        await check_redis(redis)
    await redis.aclose()


async def test_r6_a_full_memory_refuses_what_it_cannot_keep_and_readiness_says_so(redis_server: RedisServer) -> None:
    async with parts_on(redis_server.url) as parts:
        await parts.say(new_conversation())
        await parts.redis.config_set("maxmemory", "1mb")
        with pytest.raises(Exception, match="try_later"):
            await parts.say(new_conversation())
        assert await WriteProbe(parts.store).state() == "refuses writes"
        await parts.redis.config_set("maxmemory", "0")
        assert await parts.say(new_conversation()) == 1
        assert await WriteProbe(parts.store).state() == "up"


async def test_r7_a_hung_redis_is_down_within_the_timeout_and_a_look_is_shared(redis_server: RedisServer) -> None:
    async with parts_on(redis_server.url, timeout_s=0.3) as parts:
        probe = WriteProbe(parts.store)
        redis_server.signal(signal.SIGSTOP)
        try:
            assert await probe.state() == "down"
        finally:
            redis_server.signal(signal.SIGCONT)
        assert await probe.state() == "down", "not looked at again within a second"


async def test_r29_a_torn_file_costs_only_what_was_torn(redis_server: RedisServer) -> None:
    new = new_conversation()
    async with parts_on(redis_server.url) as parts:
        for text in ("kept", "torn"):
            await parts.say(new, text)
    redis_server.kill()
    (file,) = (redis_server.folder / "appendonlydir").glob("*.incr.aof")
    os.truncate(file, file.stat().st_size - 37)
    redis_server.start()
    await note_torn(redis_server.url)
    async with parts_on(redis_server.url) as parts:
        probe = WriteProbe(parts.store)
        assert (await probe.state(), probe.torn) == ("up", True)
        assert [event["text"] for event in await parts.store.events(new.id)] == ["kept"]
        await parts.assert_numbered(new.id)
        assert await parts.say(new, "goes on") == 2


