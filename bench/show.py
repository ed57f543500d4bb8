"""The figures that are promised, in one run, each with its promise: ``python -m bench show``, about eight minutes.

For a quiet machine: whatever else runs is measured, too. Each part takes the same steps as the benchmark of its name.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

import uvloop
from redis.asyncio import Redis

from bench import hub as hub_bench
from bench import idle, queue
from bench.house import House, house
from bench.measure import Latencies
from handoff.access.accounts import Accounts

__all__ = ["Figure", "main"]

IDLE = 10_000
STORM = 2000
RATE = 500.0
WAITING = (10, 1000, 100_000)
ROUNDS = 150
SETTLED_S = 2.0
BACK_OFF_S = (0.5, 30.0)
"""The widget's: full jitter, doubling from the first to the last."""


@dataclass(frozen=True)
class Figure:
    """One line of the table; without ``most`` it is there to be compared with."""

    name: str
    value: float
    unit: str
    most: float | None = None

    def line(self) -> str:
        wanted = "" if self.most is None else f"≤ {self.most:g} {self.unit}"
        met = "" if self.most is None else "met" if self.value <= self.most else "NOT MET"
        return f"{self.name:<62} {self.value:9.1f} {self.unit:<8} {wanted:<14} {met}"


def _say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


async def _idle(house: House) -> list[Figure]:
    """Ten thousand who are silent, then two thousand of them who come back at the same moment."""
    empty = house.hub_rss_mib()
    crowd = await idle.gather(house.address, IDLE)
    await asyncio.sleep(SETTLED_S)
    rss = house.hub_rss_mib()
    tokens = [str((await one.welcomed)["token"]) for one in crowd[:STORM]]
    for one in crowd[:STORM]:
        one.transport.abort()
    await asyncio.sleep(0.5)
    began = time.perf_counter()

    async def back(token: str) -> float:
        await idle.arrive(house.address, token)
        return time.perf_counter() - began

    took = sorted(await asyncio.gather(*(back(token) for token in tokens)))
    for one in crowd:
        one.transport.abort()
    return [
        Figure(f"hub memory with {IDLE:,} idle visitors", rss, "MiB", 300),
        Figure("  of it without anybody", empty, "MiB"),
        Figure(f"resume, {STORM:,} at the same moment: p95", took[int(0.95 * len(took))], "s", 2),
    ]


async def _storm(house: House) -> list[Figure]:
    """The hub is killed under two thousand visitors and started again at once; they come back as the widget does."""
    crowd = await idle.gather(house.address, STORM)
    tokens = [str((await one.welcomed)["token"]) for one in crowd]
    began = time.perf_counter()
    house.restart_hub()

    async def back(number: int, token: str) -> float:
        chance, pause = random.Random(number), BACK_OFF_S[0]
        while True:
            await asyncio.sleep(chance.uniform(0, pause))
            pause = min(2 * pause, BACK_OFF_S[1])
            with suppress(OSError, TimeoutError):
                line = await idle.arrive(house.address, token)
                welcome = await line.welcomed
                if welcome["type"] == "welcome":
                    at = time.perf_counter() - began
                    line.transport.abort()
                    return at
                line.transport.abort()

    took = await asyncio.gather(*(back(number, token) for number, token in enumerate(tokens)))
    return [
        Figure(f"{STORM:,} back after a kill and restart: the last", max(took), "s", 30),
        Figure("  the first", min(took), "s"),
    ]


async def _messages(house: House) -> list[Figure]:
    """Visitor to agent at the promised rate, the floor beside it."""
    redis: Redis = Redis.from_url(house.redis_url)
    say_floor, floor_answers, floor_sockets = await hub_bench.floor_of(house.floor_port)
    say, reply, answers, sockets = await hub_bench.both_ways(house.hub_port, Accounts(redis))
    await hub_bench.load(say, answers, 100.0)  # warm
    floor = await hub_bench.load(say_floor, floor_answers, RATE)
    there = await hub_bench.load(say, answers, RATE)
    back = await hub_bench.load(reply, answers, RATE)
    limit = await hub_bench.load(say, answers, None)
    for socket in (*floor_sockets, *sockets):
        await socket.close()
    for task in hub_bench.tasks:
        task.cancel()
    await redis.aclose()
    return [
        Figure(f"visitor → agent at {RATE:g}/s: p99", there.quantile(0.99), "ms", 100),
        Figure("  p50", there.p50, "ms", 15),
        Figure("  p50 to the floor (echo and one XADD, same rate)", there.p50 / floor.p50, "×", 3),
        Figure("  done a second, of those wanted", 100 * len(there.ms) / there.took_s / RATE, "%"),
        Figure(f"agent → visitor at {RATE:g}/s: p99", back.quantile(0.99), "ms", 100),
        Figure("  p50", back.p50, "ms", 15),
        Figure("  p50 to the floor", back.p50 / floor.p50, "×", 3),
        Figure("as fast as it goes, visitor → agent", len(limit.ms) / limit.took_s, "/s"),
    ]


async def _queue(house: House) -> list[Figure]:
    figures = await queue.measure(house, WAITING, rounds=ROUNDS, quiet=True)
    shown: list[Figure] = []
    few, many = WAITING[0], WAITING[1]
    for name in ("decide and offer", "accept an offer", "claim the first"):
        at: dict[int, Latencies] = {count: figures[count, name] for count in WAITING}
        shown.append(Figure(f"{name}, {many:,} waiting: p99", at[many].quantile(0.99), "ms", 50))
        for count in WAITING[1:]:
            grown = at[count].p50 / at[few].p50
            shown.append(Figure(f"  p50 with {count:,} waiting to that with {few}", grown, "×"))
    return shown


def main() -> None:
    """Print the table; says on standard error what it is at."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, IDLE + 4000), hard))
    print(f"load before: {', '.join(f'{one:.1f}' for one in os.getloadavg())}", flush=True)
    figures: list[Figure] = []
    for name, part, options in (
        ("messages", _messages, {"floor": True}),
        ("idle", _idle, {}),
        ("storm", _storm, {}),
        ("queue", _queue, {"hub": False}),
    ):
        _say(name)
        try:
            with house(**options) as running:
                figures += uvloop.run(part(running))
        except (Exception, SystemExit) as error:
            _say(f"{name} failed: {error!r}")
            figures.append(Figure(f"{name}: FAILED", float("nan"), "", 0))
        gc.collect()
    for figure in figures:
        print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
