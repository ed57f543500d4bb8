"""Visitor to agent and back through the hub, beside two floors, in one run.

A real hub process, a real Redis (``appendfsync always``), no bot: the conversations are with a person. The floor is a
bare ``websockets`` echo that answers after one XADD with the same fsync; the lower floor is one process less, the load
itself doing the XADD. At each rate the same load goes to all, one after the other, so that the ratio means something
on a machine that is never quiet. At the end fifty agents race for one conversation, again and again.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress

import uvloop
from redis.asyncio import Redis as AsyncRedis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from bench.house import House, house
from bench.measure import Latencies
from handoff.access.accounts import Account, Accounts

__all__ = ["SECONDS", "both_ways", "floor_of", "load", "main", "tasks", "website"]

VISITORS = 50
AGENTS = 10
"""Each has a tenth of the visitors. One socket's requests are done one after the other, each with its flush, so that
what an agent says arrives in the order it was said; a single agent for all would measure that."""
RATES = (50.0, 200.0, 500.0, None)
SECONDS = 8.0
LIMIT_MESSAGES = 8000
RACERS = 50
RACES = 40

_NO_DIGITS = str.maketrans("0123456789", "ghijklmnop")

Answered = dict[str, asyncio.Future[float]]
Say = Callable[[int, str], Awaitable[None]]

tasks: list[asyncio.Task[None]] = []


async def load(say: Say, answered: Answered, rate: float | None) -> Latencies:
    """Send at a rate (open loop), or with one message under way for each visitor; wait for every answer."""
    loop = asyncio.get_running_loop()
    began: dict[str, float] = {}
    waits: list[asyncio.Future[float]] = []
    start = time.perf_counter()

    def prepare() -> str:
        # Letters alone: every now and then digits look like a personal number, are covered, and are waited for in vain.
        key = uuid.uuid4().hex.translate(_NO_DIGITS)
        answered[key] = loop.create_future()
        waits.append(answered[key])
        began[key] = time.perf_counter()
        return key

    if rate is None:

        async def one(visitor: int) -> None:
            for _ in range(LIMIT_MESSAGES // VISITORS):
                key = prepare()
                await say(visitor, key)
                await answered[key]

        await asyncio.gather(*(one(visitor) for visitor in range(VISITORS)))
    else:
        for number in range(int(rate * SECONDS)):
            pause = start + number / rate - time.perf_counter()
            if pause > 0:
                await asyncio.sleep(pause)
            await say(number % VISITORS, prepare())
    await asyncio.wait_for(asyncio.gather(*waits), 60)
    took = time.perf_counter() - start
    return Latencies([1000 * (answered[key].result() - at) for key, at in began.items()], rate, took)


def _settle(answered: Answered, key: str) -> None:
    future = answered.get(key)
    if future is not None and not future.done():
        future.set_result(time.perf_counter())


async def floor_of(port: int) -> tuple[Say, Answered, list[ClientConnection]]:
    answered: Answered = {}
    sockets = [await connect(f"ws://127.0.0.1:{port}/", compression=None, proxy=None) for _ in range(VISITORS)]

    async def listen(socket: ClientConnection) -> None:
        async for raw in socket:
            _settle(answered, json.loads(raw)["text"])

    tasks.extend(asyncio.create_task(listen(socket)) for socket in sockets)

    async def say(visitor: int, key: str) -> None:
        await sockets[visitor].send(json.dumps({"type": "message", "id": key, "text": key}))

    return say, answered, sockets


async def _lower_floor(url: str) -> tuple[Say, Answered]:
    """No server at all: the load writes to Redis itself."""
    answered: Answered = {}
    redis: AsyncRedis = AsyncRedis.from_url(url, max_connections=128)

    async def say(visitor: int, key: str) -> None:
        async def write() -> None:
            await redis.xadd("floor", {"e": json.dumps({"type": "message", "id": key, "text": key})})
            _settle(answered, key)

        tasks.append(asyncio.create_task(write()))

    return say, answered


async def _agent(port: int, accounts: Accounts, account: Account) -> ClientConnection:
    origin = Origin(f"http://127.0.0.1:{port}")
    agent = await connect(
        f"ws://127.0.0.1:{port}/ws/agent", origin=origin, compression=None, proxy=None, max_size=2**24
    )
    await agent.send(json.dumps({"type": "hello", "token": await accounts.socket_token(account)}))
    while json.loads(await agent.recv())["type"] != "welcome":
        pass
    return agent


async def _ask(socket: ClientConnection, frame: dict[str, object]) -> dict[str, object]:
    """Send, and read until the answer."""
    await socket.send(json.dumps(frame))
    while True:
        answer: dict[str, object] = json.loads(await socket.recv())
        if answer.get("id") == frame["id"]:
            return answer


async def _visitor(port: int) -> tuple[ClientConnection, str]:
    """A visitor who waits for a person, and the conversation."""
    socket = await connect(
        f"ws://127.0.0.1:{port}/ws/visitor", origin=Origin(f"http://127.0.0.1:{port}"), compression=None, proxy=None
    )
    await socket.send(json.dumps({"type": "hello"}))
    conversation = str(json.loads(await socket.recv())["conversation"])
    await _ask(socket, {"type": "request_handoff", "id": uuid.uuid4().hex})
    return socket, conversation


async def website(port: int, redis: AsyncRedis) -> tuple[Say, Answered, list[ClientConnection]]:
    """Visitors on the website who talk to agents: how to say something, what was heard, what to close."""
    say, _, answered, sockets = await both_ways(port, Accounts(redis))
    return say, answered, sockets


async def both_ways(port: int, accounts: Accounts) -> tuple[Say, Say, Answered, list[ClientConnection]]:
    """Saying something to the agents, and to the visitors."""
    answered: Answered = {}
    agents = []
    for number in range(AGENTS):
        email = f"bench{number}@havu.example"
        account = await accounts.add(email, name="Bench", password=uuid.uuid4().hex, capacity=2 * VISITORS)
        agents.append(await _agent(port, accounts, account))
    sockets, conversations = [], []
    for _ in range(VISITORS):
        socket, conversation = await _visitor(port)
        sockets.append(socket)
        conversations.append(conversation)
    for number, conversation in enumerate(conversations):
        agent = agents[number % AGENTS]
        claimed = await _ask(agent, {"type": "claim", "id": uuid.uuid4().hex, "conversation": conversation})
        if claimed["type"] != "ack":
            raise SystemExit(f"bench: a conversation could not be claimed: {claimed}")

    async def listen(socket: ClientConnection, role: str) -> None:
        with suppress(ConnectionClosed):
            async for raw in socket:
                frame = json.loads(raw)
                if frame["type"] == "event" and frame["kind"] == "message" and frame["author"]["role"] == role:
                    _settle(answered, frame["text"])

    tasks.extend(asyncio.create_task(listen(agent, "visitor")) for agent in agents)
    tasks.extend(asyncio.create_task(listen(socket, "agent")) for socket in sockets)
    await asyncio.sleep(1)  # the claims' own events settle

    async def say(visitor: int, key: str) -> None:
        await sockets[visitor].send(json.dumps({"type": "message", "id": key, "text": key}))

    async def reply(visitor: int, key: str) -> None:
        frame = {"type": "message", "id": key, "text": key, "conversation": conversations[visitor]}
        await agents[visitor % AGENTS].send(json.dumps(frame))

    return say, reply, answered, [*agents, *sockets]


async def _race(port: int, accounts: Accounts) -> None:
    """All claim the same conversation at once; how long until the winner knows, and the last loser."""
    agents = []
    for number in range(RACERS):
        account = await accounts.add(
            f"racer{number}@havu.example", name=f"Racer {number}", password=uuid.uuid4().hex, capacity=2 * RACES
        )
        agents.append(await _agent(port, accounts, account))
    won_ms, last_ms, winners = [], [], []
    began = time.perf_counter()
    for _ in range(RACES):
        socket, conversation = await _visitor(port)
        start = time.perf_counter()

        async def claim(agent: ClientConnection, conversation: str, start: float) -> tuple[bool, float]:
            answer = await _ask(agent, {"type": "claim", "id": uuid.uuid4().hex, "conversation": conversation})
            return answer["type"] == "ack", 1000 * (time.perf_counter() - start)

        ends = await asyncio.gather(*(claim(agent, conversation, start) for agent in agents))
        winners.append(sum(won for won, _ in ends))
        won_ms += [took for won, took in ends if won]
        last_ms.append(max(took for _, took in ends))
        await socket.close()
    lasted = time.perf_counter() - began
    print(Latencies(won_ms, None, lasted).line(f"{RACERS} claim one: the winner"))
    print(Latencies(last_ms, None, lasted).line(f"{RACERS} claim one: the last loser"))
    print(f"winners in each of {RACES} races: {min(winners)} to {max(winners)}", flush=True)
    for agent in agents:
        await agent.close()


async def _run(house: House) -> None:
    redis: AsyncRedis = AsyncRedis.from_url(house.redis_url)
    accounts = Accounts(redis)
    say_lower, lower_answers = await _lower_floor(house.redis_url)
    say_floor, floor_answers, floor_sockets = await floor_of(house.floor_port)
    say_hub, reply_hub, hub_answers, hub_sockets = await both_ways(house.hub_port, accounts)
    for rate in RATES:
        lower = await load(say_lower, lower_answers, rate)
        floor = await load(say_floor, floor_answers, rate)
        cpu, began = house.hub_cpu_s(), time.perf_counter()
        hub = await load(say_hub, hub_answers, rate)
        busy = (house.hub_cpu_s() - cpu) / (time.perf_counter() - began)
        back = await load(reply_hub, hub_answers, rate)
        print(lower.line("XADD alone (one process less)"))
        print(floor.line("echo + XADD (the floor)", lower))
        ratio = f", {hub.p50 / lower.p50:.2f} × XADD; hub busy {100 * busy:.0f} %"
        print(hub.line("visitor → agent, the hub", floor) + ratio)
        print(back.line("agent → visitor, the hub", floor), flush=True)
    print(f"hub process: {house.hub_rss_mib():.0f} MiB with {VISITORS} visitors and {AGENTS} agents")
    await _race(house.hub_port, accounts)
    for socket in (*floor_sockets, *hub_sockets):
        await socket.close()
    for task in tasks:
        task.cancel()
    await redis.aclose()


def main() -> None:
    """Print the table."""
    with house(floor=True) as running:
        uvloop.run(_run(running))
