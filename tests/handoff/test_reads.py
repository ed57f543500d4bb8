from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from handoff.errors import StoreUnavailable
from handoff.reads import BATCH_MAX, Reads
from handoff.redis_client import connect
from tests.handoff.parts import Parts


@pytest.fixture
def redis(parts: Parts) -> Redis:
    return parts.store.redis


class Counting:
    """A client whose batches are counted."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.batches = 0

    def pipeline(self, **options: Any) -> Any:
        self.batches += 1
        return self._redis.pipeline(**options)


async def test_what_is_asked_in_one_step_goes_in_one_batch_and_everybody_gets_their_own(redis: Redis) -> None:
    for number in range(20):
        await redis.set(f"reads:{number}", number, ex=60)
    counting = Counting(redis)
    reads = Reads(counting, timeout_s=5)  # type: ignore[arg-type]
    asked = (reads.ask(("GET", f"reads:{number}"), ("EXISTS", f"reads:{number + 1}")) for number in range(20))
    got = await asyncio.gather(*asked)
    assert got == [[str(number).encode(), number < 19] for number in range(20)]
    assert counting.batches == 1
    assert await reads.ask(("GET", "reads:none")) == [None]


async def test_more_than_a_batch_holds_are_shared_over_several(redis: Redis) -> None:
    counting = Counting(redis)
    reads = Reads(counting, timeout_s=5)  # type: ignore[arg-type]
    await asyncio.gather(*(reads.ask(("EXISTS", "reads:none")) for _ in range(BATCH_MAX + 1)))
    assert counting.batches == 2


async def test_a_command_that_redis_refuses_fails_its_own_asker_alone(redis: Redis) -> None:
    await redis.set("reads:text", "x", ex=60)
    reads = Reads(redis, timeout_s=5)
    wrong, right = await asyncio.gather(
        reads.ask(("HGET", "reads:text", "a")), reads.ask(("GET", "reads:text")), return_exceptions=True
    )
    assert isinstance(wrong, StoreUnavailable) and right == [b"x"]


async def test_who_gives_up_takes_nobody_along(redis: Redis) -> None:
    reads = Reads(redis, timeout_s=5)
    gone, there = (asyncio.create_task(reads.ask(("EXISTS", "reads:none"))) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await there == [0] and gone.cancelled()


async def test_without_redis_everybody_is_told_so() -> None:
    away = connect("unix:///nowhere/redis.sock", timeout_s=1)
    reads = Reads(away, timeout_s=1)
    with pytest.raises(StoreUnavailable):
        await reads.ask(("GET", "x"))
    await away.aclose()
