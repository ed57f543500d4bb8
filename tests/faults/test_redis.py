"""Redis in trouble under load: dead, without power, on a slow disk, on a full one, out of memory, hanging, torn."""

from __future__ import annotations

import asyncio
import math
import signal
import time
import uuid
from collections.abc import Callable

import httpx
import pytest
import redis

from tests.faults.busy import Busy
from tests.faults.checker import check, clients_breaches
from tests.faults.crowd import Crowd, quantile, rss_mib
from tests.faults.redis_in_trouble import NO_MOUNT, NO_STRACE, TroubledRedis
from tests.faults.truth import read_truth
from tests.faults.world import World
from tests.helpers.visitor import Visitor
from tests.helpers.waiting import until

with_strace = pytest.mark.skipif(bool(NO_STRACE), reason=NO_STRACE)
SLOW_DISK_S = 0.2
"""Longer for each sync (R4)."""

with_mount = pytest.mark.skipif(bool(NO_MOUNT), reason=NO_MOUNT)


@pytest.mark.lasts(30)
@pytest.mark.parametrize("away_s", [0.0, 3.0, 10.0])
async def test_r2_a_dead_redis_acknowledges_nothing_and_service_is_back_five_seconds_after_it(
    away_s: float, record: Callable[[str], None]
) -> None:
    async with World(hubs=2, bots=1) as world:
        crowd = Crowd(world, 12)
        await asyncio.sleep(2)
        world.redis_held = True
        await asyncio.to_thread(world.redis.kill)
        died = time.monotonic()
        await asyncio.sleep(away_s)
        world.redis_held = False

        async def back() -> bool:
            return bool(await asyncio.to_thread(world.redis.answers))

        await until(back, "Redis is back", timeout_s=10)
        returned = time.monotonic()
        await asyncio.sleep(6)
        await crowd.stop()
        truth = await world.settled()
    # What Redis had answered before its death may still have been on its way for a moment.
    assert not crowd.answered(after=died + 0.25, before=died + away_s), "nothing is acknowledged without Redis"
    first = crowd.answered(after=max(returned - 0.1, died + 0.25))
    assert first, "service is back"
    took_s = max(0.0, min(op.ended_s or math.inf for op in first) - returned)
    record(f"Redis away {away_s:g} s, first answer {took_s:.2f} s after it, {len(crowd.history.ops)} requests")
    assert took_s <= 5
    assert not check(crowd.history, truth)


@with_strace
@pytest.mark.lasts(25)
async def test_r3_a_power_loss_takes_nothing_that_was_acknowledged(record: Callable[[str], None]) -> None:
    lost, breaches, acked = await power_loss("always")
    record(f"always: {lost} bytes cut off, {acked} acknowledged, {len(breaches)} breaches")
    assert acked > 50 and not breaches, breaches


@with_strace
@pytest.mark.lasts(25)
async def test_r3_the_same_power_loss_without_a_sync_for_each_write_is_noticed(record: Callable[[str], None]) -> None:
    """The contrast: ``everysec`` loses up to two seconds, and this very test must see it."""
    lost, breaches, acked = await power_loss("everysec")
    record(f"everysec: {lost} bytes cut off, {acked} acknowledged, {len(breaches)} breaches, as {breaches[:1]}")
    assert lost > 0 and any(breach.startswith("I1") for breach in breaches)


async def power_loss(fsync: str) -> tuple[int, list[str], int]:
    """Bytes lost, breaches of what had been promised before, and messages acknowledged."""
    server = TroubledRedis(fsync=fsync, traced=True)
    # A hub that is not told so refuses a Redis that does not sync each write.
    async with World(hubs=1, bots=1, redis=server, SILTA_FSYNC=fsync) as world:
        crowd = Crowd(world, 12, pause_s=0.02)
        await asyncio.sleep(4.6)
        world.redis_held = True
        lost = await asyncio.to_thread(server.cut_power)
        world.hubs[0].held = True
        world.hubs[0].kill()
        for visitor in crowd.visitors:
            visitor.closing.set()
            visitor.stopping.set()
        await crowd.stop()
        await asyncio.to_thread(server.start)
        truth = await asyncio.to_thread(read_truth, server.url)
        return lost, list(clients_breaches(crowd.history, truth)), crowd.history.count("ok")


@with_strace
@pytest.mark.lasts(25)
async def test_r4_a_slow_disk_makes_answers_later_and_nothing_else(record: Callable[[str], None]) -> None:
    # Without a bot: the tests' own settles one message after the other, with a flush for each.
    async with World(hubs=1, bots=0, redis=TroubledRedis(slow_ms=round(SLOW_DISK_S * 1000))) as world:
        idle = await Visitor.arrive(world.addresses[0], language="en")
        # No multiple of a flush, or everybody would always come just after one has begun.
        crowd = Crowd(world, 10, pause_s=0.33, with_people=True)
        beats = []
        async with idle:
            with Busy(world.hubs[0].pid) as busy:
                for _ in range(80):
                    began = time.monotonic()
                    await idle.send("ping")
                    await idle.expect("pong")
                    beats.append(time.monotonic() - began)
                    await asyncio.sleep(0.1)
            assert idle.is_open
        await crowd.stop()
        truth = await asyncio.to_thread(read_truth, world.redis.url)
    took = [op.ended_s - op.invoked_s for op in crowd.history.ops[40:] if op.ended_s is not None]
    record(
        f"acks p50 {quantile(took, 0.5) * 1000:.0f}, p99 {quantile(took, 0.99) * 1000:.0f} ms; "
        f"heartbeats p95 {quantile(beats, 0.95) * 1000:.1f}, max {max(beats) * 1000:.0f} ms; {busy}"
    )
    assert crowd.history.reconnections == 0, "nobody is disconnected"
    # A write waits for the flush under way and for its own; what is left of the half second is the machine's.
    assert quantile(took, 0.99) <= 2 * SLOW_DISK_S + (0.5 - 2 * SLOW_DISK_S) * busy.stretch
    assert quantile(beats, 0.95) < 0.05 * busy.stretch, "the hub itself waits for no disk"
    assert not check(crowd.history, truth)


@with_mount
@pytest.mark.lasts(40)
async def test_r5_a_full_disk_acknowledges_nothing_that_is_not_written(record: Callable[[str], None]) -> None:
    server = TroubledRedis(disk_mib=2)
    async with World(hubs=1, bots=1, redis=server) as world:
        world.redis_held = True  # it ends by itself, and comes back when there is room again
        crowd = Crowd(world, 10, pause_s=0.01)

        async def full() -> bool:
            return server.ended()

        await until(full, "the disk is full", timeout_s=60)
        ended = time.monotonic()

        async def red() -> bool:
            async with httpx.AsyncClient(trust_env=False, timeout=3) as http:
                return (await http.get(world.hubs[0].health_address + "/readyz")).status_code == 503

        await until(red, "/readyz is red", timeout_s=5)
        record(f"/readyz red {time.monotonic() - ended:.1f} s after Redis had ended; {crowd.history.count('ok')} acks")
        assert "No space left" in server.log or "Short write" in server.log
        world.redis_held = False
        await asyncio.sleep(1)
        await crowd.stop()
        truth = await world.settled()
    assert not check(crowd.history, truth)


@pytest.mark.lasts(15)
async def test_r6_a_redis_out_of_memory_refuses_with_try_later_and_goes_on_when_there_is_room() -> None:
    async with World(hubs=1, bots=1) as world:
        with redis.Redis.from_url(world.redis.url) as client:
            async with await Visitor.arrive(world.addresses[0], language="en") as visitor:
                await visitor.say("before")
                client.config_set("maxmemory", "1mb")
                id = str(uuid.uuid4())
                await visitor.send("message", id=id, text="into the full memory")
                assert (await visitor.expect("error", id=id))["code"] == "try_later"
                client.config_set("maxmemory", "0")
                again = await visitor.say("into the full memory", id=id)
                await visitor.hear("bot")
            async with await visitor.again() as back:
                assert back.texts("visitor").count("into the full memory") == 1
                assert back.log[again["seq"]]["text"] == "into the full memory"


@pytest.mark.lasts(30)
async def test_r7_a_redis_that_hangs_for_ten_seconds_fills_no_memory_and_moves_nothing_twice(
    record: Callable[[str], None],
) -> None:
    async with World(hubs=1, bots=1) as world:
        crowd = Crowd(world, 50, pause_s=0.05)
        await asyncio.sleep(3)
        before = rss_mib(world.hubs[0].pid)
        world.redis.signal(signal.SIGSTOP)
        stopped = time.monotonic()
        await asyncio.sleep(10)
        grown = rss_mib(world.hubs[0].pid) - before
        world.redis.signal(signal.SIGCONT)
        went_on = time.monotonic()
        await asyncio.sleep(3)
        await crowd.stop()
        truth = await world.settled()
    record(f"the hub grew by {grown:.1f} MiB in ten seconds without an answer")
    assert not crowd.answered(after=stopped + 0.25, before=went_on)
    assert grown <= 20
    assert not check(crowd.history, truth)


@pytest.mark.lasts(15)
async def test_r29_a_torn_end_of_the_file_is_cut_and_said_and_all_before_it_kept() -> None:
    server = TroubledRedis()
    async with World(hubs=1, bots=0, redis=server) as world:
        async with await Visitor.arrive(world.addresses[0], language="en") as visitor:
            kept = await visitor.say("long before")
            await visitor.say("the last write of all")
        world.hubs[0].held = True
        world.hubs[0].kill()
        world.redis_held = True
        await asyncio.to_thread(server.kill)
        server.tear(37)
        await asyncio.to_thread(server.start)
        world.hubs[0].held = False
        await world.ready()
        assert "truncat" in server.log.lower()
        async with await Visitor.arrive(world.addresses[0], token=visitor.token) as back:
            await back.expect("event", seq=kept["seq"])
            assert back.log[kept["seq"]]["text"] == "long before"
            # No bot answers here, so word that it is late may come between.
            assert (await back.say("and on"))["seq"] > back.welcome["last"]
