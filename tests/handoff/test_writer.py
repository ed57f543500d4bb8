from __future__ import annotations

import asyncio
import hashlib
import signal
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from handoff.errors import StoreUnavailable
from handoff.redis_client import connect
from handoff.writer import READ_BYTES, Script, Writer, load_script
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until


def script(text: str) -> Script:
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def unknown_script() -> Script:
    """One that no Redis has seen yet."""
    return script(f"-- {uuid.uuid4()}\nreturn redis.call('RPUSH', KEYS[1], ARGV[1])")


APPEND = script("return redis.call('RPUSH', KEYS[1], ARGV[1])")
WRONG = script("return redis.call('NO_SUCH_COMMAND')")


class Counting:
    """A client that counts the batches sent through it, and can be told to lose its scripts."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.batches: list[int] = []
        self.forgetful = False
        self.held: asyncio.Event | None = None
        """The next batch waits for it before it is sent."""

    def pipeline(self, *, transaction: bool) -> Any:
        assert not transaction
        pipe: Any = self._redis.pipeline(transaction=False)
        batches = self.batches
        execute = pipe.execute

        async def counted(**fields: Any) -> Any:
            batches.append(sum(command[0] == "EVALSHA" for command, _ in pipe.command_stack))
            held, self.held = self.held, None
            if held is not None:
                await held.wait()
            return await execute(**fields)

        pipe.execute = counted
        return pipe

    async def script_load(self, text: str) -> None:
        if not self.forgetful:
            await self._redis.script_load(text)


async def all_of(*calls: Awaitable[Any]) -> list[Any]:
    """What each of them brings, errors included."""
    return list(await asyncio.gather(*calls, return_exceptions=True))


@asynccontextmanager
async def writer_on(url: str, *, timeout_s: float = 5.0, **limits: int) -> AsyncIterator[tuple[Writer, Counting]]:
    redis = connect(url, timeout_s=timeout_s)
    counting = Counting(redis)
    # One at a time, so that what goes into which batch does not depend on how quick the machine is.
    writer = Writer(counting, timeout_s=timeout_s, **{"under_way_max": 1, **limits})  # type: ignore[arg-type]
    writer.start()
    try:
        yield writer, counting
    finally:
        await writer.stop()
        await redis.aclose()


async def test_calls_that_wait_at_the_same_moment_go_in_one_batch_and_in_order(url: str) -> None:
    new = unknown_script()
    async with writer_on(url) as (writer, counting):
        replies = await asyncio.gather(*(writer.run(new, ["list"], [n]) for n in range(100)))
    assert replies == list(range(1, 101))
    assert sum(counting.batches) == 100 + 100, "once in vain: the script was not known yet"
    assert len(counting.batches) <= 4


async def test_a_batch_has_a_limit(url: str) -> None:
    async with writer_on(url, batch_max=8) as (writer, counting):
        await writer.run(APPEND, ["list"], [0])
        counting.batches.clear()
        replies = await asyncio.gather(*(writer.run(APPEND, ["list"], [n]) for n in range(20)))
    assert replies == list(range(2, 22))
    assert counting.batches == [8, 8, 4]


async def test_r4_a_batch_that_takes_long_does_not_hold_up_the_next(url: str) -> None:
    async with writer_on(url, timeout_s=20.0, under_way_max=2) as (writer, counting):
        await writer.run(APPEND, ["list"], [0])
        counting.held = held = asyncio.Event()
        first = asyncio.create_task(writer.run(APPEND, ["list"], ["slow"]))
        await until(_is(lambda: counting.held is None), "the first batch is under way")
        assert await writer.run(APPEND, ["list"], ["quick"]) == 2
        assert not first.done()
        held.set()
        assert await first == 3


async def test_r4_so_many_batches_are_under_way_and_no_more(url: str) -> None:
    async with writer_on(url, timeout_s=20.0, under_way_max=1) as (writer, counting):
        await writer.run(APPEND, ["list"], [0])
        counting.held = held = asyncio.Event()
        first = asyncio.create_task(writer.run(APPEND, ["list"], ["slow"]))
        await until(_is(lambda: counting.held is None), "the first batch is under way")
        second = asyncio.create_task(writer.run(APPEND, ["list"], ["behind it"]))
        await asyncio.wait([second], timeout=0.05)
        assert not second.done()
        held.set()
        assert (await first, await second) == (2, 3)


async def test_r4_a_long_batch_behind_another_goes_in_parts_of_what_redis_reads_at_once(url: str) -> None:
    sixth = "x" * (READ_BYTES // 6)
    async with writer_on(url, timeout_s=20.0, under_way_max=8) as (writer, counting):
        await writer.run(APPEND, ["list"], [0])
        counting.batches.clear()
        counting.held = held = asyncio.Event()
        first = asyncio.create_task(writer.run(APPEND, ["list"], ["slow"]))
        await until(_is(lambda: counting.held is None), "the first batch is under way")
        replies = await asyncio.gather(*(writer.run(APPEND, ["list"], [sixth]) for _ in range(12)))
        held.set()
        assert await first == 14
    assert sorted(replies) == list(range(2, 14)), "each of them once"
    assert counting.batches == [1, 4, 4, 4]


async def test_r4_parts_keep_to_the_number_that_may_be_under_way(url: str) -> None:
    async with writer_on(url, timeout_s=20.0, under_way_max=3) as (writer, counting):
        await writer.run(APPEND, ["list"], [0])
        counting.batches.clear()
        counting.held = held = asyncio.Event()
        first = asyncio.create_task(writer.run(APPEND, ["list"], ["slow"]))
        await until(_is(lambda: counting.held is None), "the first batch is under way")
        await asyncio.gather(*(writer.run(APPEND, ["list"], ["x" * READ_BYTES]) for _ in range(8)))
        held.set()
        await first
    assert counting.batches == [1, 4, 4]


async def test_a_long_batch_stays_whole_while_no_other_is_under_way(url: str) -> None:
    async with writer_on(url, timeout_s=20.0, under_way_max=8) as (writer, counting):
        await writer.run(APPEND, ["list"], [0])
        counting.batches.clear()
        await asyncio.gather(*(writer.run(APPEND, ["list"], ["x" * READ_BYTES]) for _ in range(8)))
    assert counting.batches == [8]


def _is(look: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def looked() -> bool:
        return look()

    return looked


async def test_a_script_that_fails_fails_alone(url: str) -> None:
    async with writer_on(url) as (writer, _):
        good, bad, more = await all_of(
            writer.run(APPEND, ["list"], ["a"]),
            writer.run(WRONG, [], []),
            writer.run(APPEND, ["list"], ["b"]),
        )
    assert (good, more) == (1, 2)
    assert isinstance(bad, StoreUnavailable)


async def test_an_argument_that_cannot_be_sent_fails_alone_and_the_writer_lives(url: str) -> None:
    async with writer_on(url) as (writer, _):
        good, bad, more = await all_of(
            writer.run(APPEND, ["list"], ["a"]),
            writer.run(APPEND, ["list"], ["half a character \ud800"]),
            writer.run(APPEND, ["list"], ["b"]),
        )
        assert (good, more) == (1, 2)
        assert isinstance(bad, UnicodeEncodeError)
        assert await asyncio.wait_for(writer.run(APPEND, ["list"], ["c"]), 2) == 3


async def test_whatever_happens_in_a_batch_the_writer_goes_on(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with writer_on(url) as (writer, counting):
        with monkeypatch.context() as broken:
            broken.setattr(counting, "pipeline", lambda **_: 1 / 0)
            with pytest.raises(StoreUnavailable):
                await writer.run(APPEND, ["list"], ["a"])
        assert await asyncio.wait_for(writer.run(APPEND, ["list"], ["b"]), 2) == 1


async def test_scripts_that_redis_has_forgotten_are_loaded_again_and_run_once(redis_server: RedisServer) -> None:
    async with writer_on(redis_server.url) as (writer, _):
        assert await writer.run(APPEND, ["list"], ["before"]) == 1
        redis_server.kill()
        redis_server.start()
        replies = await asyncio.gather(*(writer.run(APPEND, ["list"], [n]) for n in range(5)))
        assert replies == [2, 3, 4, 5, 6]


async def test_a_script_that_redis_does_not_keep_is_given_up(url: str) -> None:
    unknown = unknown_script()
    async with writer_on(url) as (writer, counting):
        counting.forgetful = True
        with pytest.raises(StoreUnavailable):
            await writer.run(unknown, ["list"], ["x"])
        counting.forgetful = False
        assert await writer.run(unknown, ["list"], ["y"]) == 1


@pytest.mark.parametrize("forgetful", [False, True])
async def test_a_caller_that_gave_up_takes_nobody_with_it(url: str, forgetful: bool) -> None:
    async with writer_on(url) as (writer, counting):
        counting.forgetful = forgetful
        impatient = asyncio.create_task(writer.run(unknown_script(), ["gone"], ["x"]))
        await asyncio.sleep(0)  # asked, not yet answered
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        while forgetful and len(counting.batches) < 2:
            await asyncio.sleep(0.01)
        counting.forgetful = False
        assert await asyncio.wait_for(writer.run(APPEND, ["list"], ["y"]), 2) == 1


async def test_r7_a_hung_redis_fails_the_batch_in_time_and_later_answers_are_the_right_ones(
    redis_server: RedisServer,
) -> None:
    async with writer_on(redis_server.url, timeout_s=0.3) as (writer, _):
        await writer.run(APPEND, ["a"], ["0"])
        redis_server.signal(signal.SIGSTOP)
        calls = [writer.run(APPEND, ["a"], [str(n)]) for n in range(10)]
        started = asyncio.get_running_loop().time()
        replies = await asyncio.gather(*calls, return_exceptions=True)
        assert asyncio.get_running_loop().time() - started < 1.5
        assert all(isinstance(reply, StoreUnavailable) for reply in replies)
        redis_server.signal(signal.SIGCONT)

        async def answers() -> bool:
            try:
                return int(await writer.run(APPEND, ["b"], ["first"])) > 0
            except StoreUnavailable:
                return False

        await until(answers, "Redis goes on")
        assert await writer.run(APPEND, ["fresh"], ["x"]) == 1, "no answer of the hung batch is taken for this one's"


async def test_when_too_many_wait_the_next_is_refused_at_once(redis_server: RedisServer) -> None:
    async with writer_on(redis_server.url, timeout_s=1.0, batch_max=1, waiting_max=3) as (writer, _):
        await writer.run(APPEND, ["list"], ["0"])
        redis_server.signal(signal.SIGSTOP)
        running = asyncio.create_task(writer.run(APPEND, ["list"], ["1"]))
        await asyncio.sleep(0.01)
        waiting = [asyncio.create_task(writer.run(APPEND, ["list"], [str(n)])) for n in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable) as refused:
            await asyncio.wait_for(writer.run(APPEND, ["list"], ["one too many"]), 0.2)
        assert "too many" in refused.value.cause
        redis_server.signal(signal.SIGCONT)
        assert await running == 2
        assert await asyncio.gather(*waiting) == [3, 4, 5]


async def test_stopping_fails_what_still_waits_and_what_comes_after(redis_server: RedisServer) -> None:
    async with writer_on(redis_server.url, batch_max=1) as (writer, _):
        await writer.run(APPEND, ["list"], ["0"])
        redis_server.signal(signal.SIGSTOP)
        calls = [asyncio.create_task(writer.run(APPEND, ["list"], [str(n)])) for n in range(3)]
        await asyncio.sleep(0.01)
        await writer.stop()
        for result in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(result, StoreUnavailable)
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(writer.run(APPEND, ["list"], ["later"]), 0.5)
        await writer.stop()
        redis_server.signal(signal.SIGCONT)


def test_a_script_is_known_by_its_own_digest() -> None:
    commit = load_script("commit")
    assert commit.sha == script(commit.text).sha
