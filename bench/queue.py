"""The queue's cost with ten, a thousand and a hundred thousand waiting: it must not grow with them.

The hub's own parts on a real Redis (``appendfsync always``), without sockets: what joining, claiming, looking up a
place and the first lines of a console cost. Claims go one after the other, so each pays its own flush; the floor beside
them is one bare XADD.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

import uvloop
import yaml

from bench.house import House, house
from bench.measure import Latencies
from handoff.accounts import Account
from handoff.conversation import Conversation
from handoff.fanout import Fanout
from handoff.hours import read_hours
from handoff.hub import Hub
from handoff.keys import HubKeys
from handoff.presence import Presence
from handoff.settings import ROOT
from handoff.store import Store, connect
from handoff.texts import load_texts
from handoff.writer import Writer

__all__ = ["main"]

WAITING = (10, 1000, 100_000)
ROUNDS = 200
AT_ONCE = 256
AGENT = Account(id="bench", email="bench@havu.example", name="Bench", capacity=10**9)

Step = Callable[[], Awaitable[object]]


def _hub(url: str) -> tuple[Hub, Writer]:
    owner = ROOT / "data" / "owner"
    company = yaml.safe_load((owner / "company.yml").read_text("utf-8"))
    redis, keys = connect(url, timeout_s=30), HubKeys()
    writer = Writer(redis, timeout_s=30)
    store = Store(redis, writer, keys, bot_timeout_ms=5000, timeout_s=30)
    hours = read_hours("company.yml", (company.get("hours") or {}).get("chat"))
    return Hub(store, Fanout(redis, store), Presence(store), load_texts(owner), hours), writer


async def _timed(steps: list[Step]) -> Latencies:
    took = []
    began = time.perf_counter()
    for step in steps:
        asked = time.perf_counter()
        await step()
        took.append(1000 * (time.perf_counter() - asked))
    return Latencies(took, None, time.perf_counter() - began)


async def _join(hub: Hub, names: list[str]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> None:
        async with gate:
            await hub.request_handoff(Conversation(id=name, language="en"), id=uuid.uuid4().hex)

    await asyncio.gather(*(one(name) for name in names))


async def _claim_first(hub: Hub) -> None:
    (head,) = cast("list[bytes]", await hub.store.redis.zrange(hub.store.keys.queue, 0, 0))
    await hub.claim(AGENT, head.decode(), id=uuid.uuid4().hex)


async def _measure(house: House) -> None:
    hub, writer = _hub(house.redis_url)
    writer.start()
    redis, keys = hub.store.redis, hub.store.keys
    names: list[str] = []
    first: dict[str, float] = {}
    for count in WAITING:
        more = [f"w{number}" for number in range(len(names), count)]
        await _join(hub, more)
        names += more
        waiting = await redis.zcard(keys.queue)

        measured = {
            "one XADD (the floor)": await _timed([lambda: redis.xadd("floor", {"e": "x"})] * ROUNDS),
            "a visitor's place": await _timed([partial(hub.visitor_status, names[-1])] * ROUNDS),
            "join": await _timed([partial(_join, hub, [uuid.uuid4().hex]) for _ in range(ROUNDS)]),
            "claim the first": await _timed([partial(_claim_first, hub)] * ROUNDS),
            "a console's first lines": await _timed([hub.queue] * 20),
        }
        print(f"-- {waiting} waiting", flush=True)
        for name, figure in measured.items():
            grown = figure.p50 / first.setdefault(name, figure.p50)
            print(f"{figure.line(name)}  {grown:.2f} × with {WAITING[0]}", flush=True)
    await writer.stop()
    await redis.aclose()


def main() -> None:
    """Print the table."""
    with house(hub=False) as running:
        uvloop.run(_measure(running))
