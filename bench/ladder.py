"""What a message costs step by step, from one bare write to the hub, so that the ratio to the floor is no riddle.

Each step is the one before it and one thing more, at the same rates, in the same run, on the same Redis (``appendfsync
always``). The first four run in the load's own process, without a server; then the floor of ``python -m bench hub``,
which is a server that only writes; then the hub. Beside them, in microseconds of processor time, what the hub does to a
message that the floor does not.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import uvloop
from redis.asyncio import Redis

from bench import hub as hub_bench
from bench.house import House, house
from bench.hub import Answered, Say, load
from bench.measure import Latencies
from handoff.access.accounts import Account, Accounts
from handoff.conversation import Conversation
from handoff.decisions import visitor_wrote
from handoff.errors import StoreUnavailable
from handoff.fanout import Fanout
from handoff.hub import Hub
from handoff.keys import HubKeys
from handoff.owner.files import LiveOwner, OwnerSettings
from handoff.owner.hours_file import OpeningHours
from handoff.owner.rules import Rules
from handoff.owner.service_texts import read_service_texts
from handoff.owner.texts import load_texts
from handoff.privacy.masking import mask
from handoff.queue.presence import Presence
from handoff.redis_client import connect
from handoff.settings import ROOT
from handoff.store import Store
from handoff.tasks import end
from handoff.wire import visitor
from handoff.wire.codec import dump
from handoff.writer import Script, Writer

__all__ = ["main"]

RATES = (100.0, 500.0)
TIMES = 2000
AGENT = Account(id="ladder", email="ladder@havu.example", name="Ladder", capacity=10**6)


class _Ear:
    """Hears what was said, as an agent's socket does."""

    crowded = False

    def __init__(self, answered: Answered) -> None:
        self._answered = answered

    def deliver(self, conversation: str, event: Mapping[str, Any]) -> None:
        if event["kind"] == "message" and event["author"]["role"] == "visitor":
            _settle(self._answered, event["text"])

    def resync(self, conversation: str, start: int) -> None: ...

    def typing(self, conversation: str, who: Mapping[str, Any]) -> None: ...

    def erased(self, conversation: str) -> None: ...

    async def flushed(self) -> None: ...


class _Inside:
    """The hub's parts without a server, and conversations that an agent has."""

    def __init__(self, url: str) -> None:
        folder = ROOT / "data" / "owner"
        owner = OwnerSettings(OpeningHours.always(), Rules(), read_service_texts(folder / "texts" / "service"))
        self.redis, listening = connect(url, timeout_s=30), connect(url, timeout_s=30, blocking_s=3)
        self._clients = (self.redis, listening)
        self.writer = Writer(self.redis, timeout_s=30)
        self.store = Store(self.redis, self.writer, HubKeys(), bot_timeout_ms=5000, timeout_s=30)
        self.fanout = Fanout(listening, self.store)
        self.hub = Hub(self.store, self.fanout, Presence(self.store), load_texts(folder), LiveOwner(owner))
        self.conversations = [uuid.uuid4().hex for _ in range(hub_bench.VISITORS)]
        self.answered: Answered = {}
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.writer.start()
        self.fanout.first = (self.hub.room.noticed,)
        self._listening = asyncio.create_task(self.fanout.listen())
        await self.fanout.listening.wait()
        for conversation in self.conversations:
            await self.hub.visitors.request_handoff(Conversation(id=conversation, language="en"), id=uuid.uuid4().hex)
            await self.hub.agents.claim(AGENT, conversation, id=uuid.uuid4().hex)

    async def stop(self) -> None:
        if self._listening is not None:
            await end(self._listening)
        await self.writer.stop()
        for client in self._clients:
            await client.aclose()

    def steps(self) -> dict[str, tuple[Say, Answered]]:
        """The first steps by name."""
        return {
            "one XADD": self._step(self._bare),
            "the same, many in one flush": self._step(self._together),
            "masked, decided, committed": self._step(self._committed),
            "… and heard of by the fan-out": (self._step(self._committed)[0], self.answered),
        }

    def follow(self) -> None:
        for conversation in self.conversations:
            self.fanout.subscribe(conversation, 0, _Ear(self.answered))

    async def catch_up(self) -> None:
        for conversation in self.conversations:
            for subscription in self.fanout.of(conversation):
                await subscription.catch_up()

    def leave(self) -> None:
        for conversation in self.conversations:
            for subscription in self.fanout.of(conversation):
                subscription.close()

    async def _bare(self, _: int, key: str) -> None:
        await self.redis.xadd("floor", {"e": json.dumps({"type": "message", "id": key, "text": key})})

    async def _together(self, _: int, key: str) -> None:
        await self.store.run(_XADD, ["floor"], [json.dumps({"type": "message", "id": key, "text": key})])

    async def _committed(self, number: int, key: str) -> None:
        new = Conversation(id=self.conversations[number], language="en")
        await self.hub.visitors.message(new, id=key, text=key, button=None)

    def _step(self, do: Callable[[int, str], Awaitable[None]]) -> tuple[Say, Answered]:
        answered: Answered = {}

        async def then(number: int, key: str) -> None:
            with suppress(StoreUnavailable):  # then the step is not done, and that is what is said
                await do(number, key)
                _settle(answered, key)

        return self._later(then), answered

    @staticmethod
    def _later(do: Callable[[int, str], Awaitable[None]]) -> Say:
        async def say(number: int, key: str) -> None:
            hub_bench.tasks.append(asyncio.ensure_future(do(number, key)))

        return say


def _settle(answered: Answered, key: str) -> None:
    future = answered.get(key)
    if future is not None and not future.done():
        future.set_result(time.perf_counter())


def _script(text: str) -> Script:
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


_XADD = _script("return redis.call('XADD', KEYS[1], '*', 'e', ARGV[1])")


def _microseconds(inside: _Inside) -> dict[str, float]:
    """Processor time of what is done to each message in Python, sockets and Redis' client apart."""
    raw = json.dumps({"type": "message", "id": "a" * 32, "text": "Where is my order? It was promised for today."})
    frame: Any = visitor.decode(raw)
    state = Conversation(id="a" * 22, version=1, language="en", created_at="2026-01-01T00:00:00.000Z")
    made = visitor_wrote(state, inside.hub.texts, at="2026-01-01T00:00:00.000Z", text=frame.text, client_id=frame.id)
    event = {"type": "event", **made.entries[-1].for_agent()}
    parts: dict[str, Callable[[], object]] = {
        "read and check the frame": lambda: visitor.decode(raw),
        "mask personal numbers": lambda: mask(frame.text),
        "decide what follows": lambda: visitor_wrote(
            state, inside.hub.texts, at="2026-01-01T00:00:00.000Z", text=frame.text, client_id=frame.id
        ),
        "word the write and its notice": lambda: inside.store.plans.plan(made, "k"),
        "read the notice": lambda: json.loads(json.dumps(event)),
        "word a frame (three a message)": lambda: dump(event),
    }
    took = {}
    for name, part in parts.items():
        part()
        began = time.process_time()
        for _ in range(TIMES):
            part()
        took[name] = 1e6 * (time.process_time() - began) / TIMES
    return took


async def _run(house: House) -> None:
    print(f"load before: {', '.join(f'{one:.1f}' for one in os.getloadavg())}", flush=True)
    inside = _Inside(house.redis_url)
    await inside.start()
    redis: Redis = Redis.from_url(house.redis_url)
    say_floor, floor_answers, floor_sockets = await hub_bench.floor_of(house.floor_port)
    say_hub, reply_hub, hub_answers, hub_sockets = await hub_bench.both_ways(house.hub_port, Accounts(redis))
    try:
        await _climb(house, inside, (say_floor, floor_answers), (say_hub, reply_hub, hub_answers))
    except TimeoutError:
        print("this machine, with what else it does now, does not keep up: no more steps", flush=True)
    for name, us in _microseconds(inside).items():
        print(f"{name:<42} {us:6.1f} µs")
    print(f"load after: {', '.join(f'{one:.1f}' for one in os.getloadavg())}", flush=True)
    for socket in (*floor_sockets, *hub_sockets):
        await socket.close()
    for task in hub_bench.tasks:
        task.cancel()
    await inside.stop()
    await redis.aclose()


async def _climb(
    house: House, inside: _Inside, floor: tuple[Say, Answered], hub: tuple[Say, Say, Answered]
) -> None:
    """Print a line for each step at each rate.

    Raises:
        TimeoutError: a step is not done a minute after it was begun.
    """
    say_hub, reply_hub, hub_answers = hub
    steps = inside.steps()
    last = list(steps)[-1]
    for rate in RATES:
        first: Latencies | None = None
        for name, (say, answered) in steps.items():
            if name == last:
                inside.follow()
                await inside.catch_up()
            done = await load(say, answered, rate)
            first = first or done
            print(_line(name, done, first), flush=True)
        inside.leave()
        assert first is not None  # noqa: S101 - there are steps
        print(_line("a server: echo and one XADD (the floor)", await load(*floor, rate), first))
        for name, say in (("visitor → agent, the hub", say_hub), ("agent → visitor, the hub", reply_hub)):
            before = house.hub_cpu_s()
            done = await load(say, hub_answers, rate)
            busy = 1e6 * (house.hub_cpu_s() - before) / len(done.ms)
            print(f"{_line(name, done, first)}; {busy:.0f} µs of the hub's processor time a message", flush=True)


def _line(name: str, done: Latencies, first: Latencies) -> str:
    wanted = done.wanted_per_s or 0
    return (
        f"{name:<42} {wanted:4.0f}/s  p50 {done.p50:6.1f}  p99 {done.quantile(0.99):6.1f} ms"
        f"  {done.p50 / first.p50:5.2f} × one XADD"
    )


def main() -> None:
    """Print the ladder."""
    with house(floor=True) as running:
        uvloop.run(_run(running))
