"""The queue's cost with ten, a thousand and a hundred thousand waiting: it must not grow with them.

The hub's own parts on a real Redis (``appendfsync always``), without sockets: what joining, claiming, offering and
accepting, looking up a place and the first lines of a console cost. They go one after the other, so each pays its own
flush; the floor beside them is one bare XADD.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import cast

import uvloop

from bench.house import House, house
from bench.measure import Latencies
from handoff.access.accounts import Account
from handoff.conversation import Conversation
from handoff.fanout import Fanout
from handoff.hub import Hub
from handoff.keys import HubKeys
from handoff.owner.files import LiveOwner, OwnerSettings
from handoff.owner.hours_file import OpeningHours
from handoff.owner.rules import Rules
from handoff.owner.service_texts import read_service_texts
from handoff.owner.texts import load_texts
from handoff.queue.dispatch import Dispatcher
from handoff.queue.presence import Presence
from handoff.redis_client import connect
from handoff.requests.desk import Duties
from handoff.settings import ROOT
from handoff.store import Store
from handoff.tasks import end
from handoff.wire.desk import Accept
from handoff.writer import Writer

__all__ = ["Figures", "main", "measure"]

WAITING = (10, 1000, 100_000)
ROUNDS = 200
AT_ONCE = 256
PRESENT_S = 24 * 3600
"""Visitors of the measurement count as there for so long: they have no sockets."""

AGENT = Account(id="bench", email="bench@havu.example", name="Bench", capacity=10**9)
OFFERED_TO = Account(id="asked", email="asked@havu.example", name="Asked", capacity=1, languages=("en",))

Step = Callable[[], Awaitable[object]]
Figures = dict[tuple[int, str], Latencies]


class _Desk:
    """A hub's parts, with its room kept filled by notices as in earnest."""

    def __init__(self, url: str) -> None:
        folder = ROOT / "data" / "owner"
        rules = Rules(mode="offer", away_after_s=PRESENT_S)
        owner = OwnerSettings(OpeningHours.always(), rules, read_service_texts(folder / "texts" / "service"))
        redis, listening, keys = connect(url, timeout_s=30), connect(url, timeout_s=30, blocking_s=3), HubKeys()
        self.writer = Writer(redis, timeout_s=30)
        store = Store(redis, self.writer, keys, bot_timeout_ms=5000, timeout_s=30)
        fanout = Fanout(listening, store)
        self.hub = Hub(store, fanout, Presence(store), load_texts(folder), LiveOwner(owner))
        self.dispatcher = Dispatcher(self.hub)
        self.duties = Duties(self.hub)
        self._clients = (redis, listening)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self.writer.start()
        self.hub.fanout.first = (self.hub.room.noticed,)
        self._tasks = [asyncio.create_task(self.hub.fanout.listen()), asyncio.create_task(self._keep_present())]
        await self.hub.fanout.listening.wait()

    async def _keep_present(self) -> None:
        """The agent is there."""
        while True:
            await self.hub.presence.arrived(OFFERED_TO.id)
            await asyncio.sleep(5)

    async def stop(self) -> None:
        await end(*self._tasks)
        await self.writer.stop()
        for client in self._clients:
            await client.aclose()


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
            await hub.visitors.request_handoff(Conversation(id=name, language="en"), id=uuid.uuid4().hex)

    await asyncio.gather(*(one(name) for name in names))
    now = await hub.presence.now_ms()
    for start in range(0, len(names), 10_000):
        seen = dict.fromkeys(names[start : start + 10_000], now + PRESENT_S * 1000)
        await hub.store.redis.zadd(hub.store.keys.visitors_seen, seen)


async def _claim_first(hub: Hub) -> None:
    (head,) = cast("list[bytes]", await hub.store.redis.zrange(hub.store.keys.queue, 0, 0))
    await hub.agents.claim(AGENT, head.decode(), id=uuid.uuid4().hex)


async def _offer_and_accept(desk: _Desk) -> tuple[float, float]:
    """One free agent: the dispatcher's decision and its write, then the accept; milliseconds of each."""
    hub = desk.hub
    began = time.perf_counter()
    made = await desk.dispatcher.once()
    offered = time.perf_counter()
    if made != 1:
        raise SystemExit(f"bench: {made} offers were made to the one who is free")
    rows = await hub.store.call(hub.store.redis.hgetall(hub.store.keys.offers))
    (conversation,) = (name.decode() for name, raw in rows.items() if json.loads(raw)["agent"] == OFFERED_TO.id)
    asked = time.perf_counter()
    await desk.duties.request(OFFERED_TO, Accept(uuid.uuid4().hex, conversation))
    accepted = time.perf_counter()
    await hub.agents.resolve(OFFERED_TO, conversation, id=uuid.uuid4().hex, outcome=None)
    while conversation in hub.room.lines or conversation in hub.room.offers:  # noqa: ASYNC110  # its notice is on the way
        await asyncio.sleep(0.001)
    return 1000 * (offered - began), 1000 * (accepted - asked)


async def _offers(desk: _Desk, rounds: int) -> dict[str, Latencies]:
    hub = desk.hub
    await hub.room.fill()
    began = time.perf_counter()
    both = [await _offer_and_accept(desk) for _ in range(rounds)]
    lasted = time.perf_counter() - began
    return {
        "decide and offer": Latencies([one for one, _ in both], None, lasted),
        "accept an offer": Latencies([one for _, one in both], None, lasted),
    }


async def measure(
    house: House, counts: tuple[int, ...] = WAITING, *, rounds: int = ROUNDS, quiet: bool = False
) -> Figures:
    """Figures by how many wait and what is done; printed unless ``quiet``."""
    desk = _Desk(house.redis_url)
    await desk.start()
    hub = desk.hub
    redis, keys = hub.store.redis, hub.store.keys
    await redis.hset(keys.agents, OFFERED_TO.id, json.dumps(asdict(OFFERED_TO)))
    names: list[str] = []
    figures: Figures = {}
    for count in counts:
        more = [f"w{number}" for number in range(len(names), count)]
        await _join(hub, more)
        names += more
        waiting = await redis.zcard(keys.queue)
        measured = {
            "one XADD (the floor)": await _timed([lambda: redis.xadd("floor", {"e": "x"})] * rounds),
            "a visitor's place": await _timed([partial(hub.visitors.status, names[-1])] * min(rounds, 20)),
            "join": await _timed([partial(_join, hub, [uuid.uuid4().hex]) for _ in range(2 * rounds)]),
            **await _offers(desk, rounds),
            "claim the first": await _timed([partial(_claim_first, hub)] * rounds),
            "a console's first lines": await _timed([hub.lists.queue] * 20),
        }
        if not quiet:
            print(f"-- {waiting} waiting", flush=True)
        for name, figure in measured.items():
            figures[count, name] = figure
            grown = figure.p50 / figures[counts[0], name].p50
            if not quiet:
                print(f"{figure.line(name)}  {grown:.2f} × with {counts[0]}", flush=True)
    await desk.stop()
    return figures


def main() -> None:
    """Print the table."""
    with house(hub=False) as running:
        uvloop.run(measure(running))
