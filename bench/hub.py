"""Visitor to agent through the hub, beside the floor: an echo with one XADD and the same fsync.

A real hub process, a real Redis (``appendfsync always``), no bot: the conversations are with a person. At each rate the
same load goes to both, one after the other, so that the ratio means something on a machine that is never quiet.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection

import uvloop
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from bench.measure import Latencies
from handoff.accounts import Accounts
from handoff.settings import ROOT
from handoff.supervisor import redis_server
from handoff.supervisor.ports import free_ports

__all__ = ["SECONDS", "load", "main", "tasks", "website"]

VISITORS = 50
RATES = (50.0, 200.0, 500.0, None)
SECONDS = 8.0
LIMIT_MESSAGES = 8000

Answered = dict[str, asyncio.Future[float]]
Say = Callable[[int, str], Awaitable[None]]


@dataclass(frozen=True)
class Processes:
    """What is running: ports of hub and floor, Redis' address, the hub's process id."""

    hub_port: int
    floor_port: int
    redis_url: str
    hub_pid: int

    def hub_rss_mib(self) -> float:
        status = Path(f"/proc/{self.hub_pid}/status").read_text("ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


@contextmanager
def _processes() -> Iterator[Processes]:
    folder = Path(tempfile.mkdtemp(prefix="silta-b-"))
    socket = folder / "redis.sock"
    url = f"unix://{socket}"
    hub_port, floor_port = free_ports(2)
    env = {
        **os.environ,
        "SILTA_REDIS_URL": url,
        "SILTA_PORT": str(hub_port),
        "SILTA_VAR": str(folder / "var"),
        "PYTHONPATH": str(ROOT),
    }
    python = sys.executable
    running: list[subprocess.Popen[bytes]] = []
    try:
        redis = redis_server.command(redis_server.binary(), folder, socket)
        running.append(subprocess.Popen(redis, stdout=subprocess.DEVNULL))
        _until(lambda: Redis.from_url(url).ping())
        running.append(subprocess.Popen([python, "-m", "handoff"], env=env))
        running.append(subprocess.Popen([python, "-m", "bench.floor", str(floor_port), url], env=env))
        for port in (hub_port, floor_port):
            _until(lambda port=port: create_connection(("127.0.0.1", port)).close())  # type: ignore[misc]  # early bound
        yield Processes(hub_port, floor_port, url, running[1].pid)
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _until(look: Callable[[], object]) -> None:
    for _ in range(200):
        try:
            look()
            return
        except (OSError, RedisError):
            time.sleep(0.05)
    raise SystemExit("bench: a process did not come up")


async def load(say: Say, answered: Answered, rate: float | None) -> Latencies:
    """Send at a rate (open loop), or with one message under way for each visitor; wait for every answer."""
    loop = asyncio.get_running_loop()
    began: dict[str, float] = {}
    waits: list[asyncio.Future[float]] = []
    start = time.perf_counter()

    def prepare() -> str:
        key = uuid.uuid4().hex
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


async def _floor(port: int) -> tuple[Say, Answered, list[ClientConnection]]:
    answered: Answered = {}
    sockets = [await connect(f"ws://127.0.0.1:{port}/", compression=None, proxy=None) for _ in range(VISITORS)]

    async def listen(socket: ClientConnection) -> None:
        async for raw in socket:
            _settle(answered, json.loads(raw)["text"])

    tasks.extend(asyncio.create_task(listen(socket)) for socket in sockets)

    async def say(visitor: int, key: str) -> None:
        await sockets[visitor].send(json.dumps({"type": "message", "id": key, "text": key}))

    return say, answered, sockets


tasks: list[asyncio.Task[None]] = []


async def website(port: int, redis: AsyncRedis) -> tuple[Say, Answered, list[ClientConnection]]:
    """Visitors on the website who talk to one agent: how to say something, what was heard, what to close."""
    answered: Answered = {}
    origin = Origin(f"http://127.0.0.1:{port}")
    accounts = Accounts(redis)
    account = await accounts.add("bench@havu.example", password=uuid.uuid4().hex)
    agent = await connect(f"ws://127.0.0.1:{port}/ws/agent", origin=origin, compression=None, proxy=None)
    await agent.send(json.dumps({"type": "hello", "token": await accounts.socket_token(account)}))
    sockets, conversations = [], []
    for _ in range(VISITORS):
        socket = await connect(f"ws://127.0.0.1:{port}/ws/visitor", origin=origin, compression=None, proxy=None)
        await socket.send(json.dumps({"type": "hello"}))
        conversations.append(json.loads(await socket.recv())["conversation"])
        await socket.send(json.dumps({"type": "request_handoff", "id": uuid.uuid4().hex}))
        while json.loads(await socket.recv())["type"] != "ack":
            pass
        sockets.append(socket)
    for conversation in conversations:
        await agent.send(json.dumps({"type": "claim", "id": uuid.uuid4().hex, "conversation": conversation}))

    async def drop(socket: ClientConnection) -> None:
        async for _ in socket:
            pass

    async def listen() -> None:
        async for raw in agent:
            frame = json.loads(raw)
            if frame["type"] == "event" and frame["kind"] == "message":
                _settle(answered, frame["text"])

    tasks.append(asyncio.create_task(listen()))
    tasks.extend(asyncio.create_task(drop(socket)) for socket in sockets)
    await asyncio.sleep(1)  # the claims' own events settle

    async def say(visitor: int, key: str) -> None:
        await sockets[visitor].send(json.dumps({"type": "message", "id": key, "text": key}))

    return say, answered, [agent, *sockets]


async def _run(processes: Processes) -> None:
    redis: AsyncRedis = AsyncRedis.from_url(processes.redis_url)
    say_floor, floor_answers, floor_sockets = await _floor(processes.floor_port)
    say_hub, hub_answers, hub_sockets = await website(processes.hub_port, redis)
    for rate in RATES:
        floor = await load(say_floor, floor_answers, rate)
        hub = await load(say_hub, hub_answers, rate)
        print(floor.line("echo + XADD (the floor)"), flush=True)
        print(hub.line("visitor → agent, the hub", floor), flush=True)
    print(f"hub process: {processes.hub_rss_mib():.0f} MiB with {VISITORS} visitors and one agent")
    for socket in (*floor_sockets, *hub_sockets):
        await socket.close()
    for task in tasks:
        task.cancel()
    await redis.aclose()


def main() -> None:
    """Print the table."""
    with _processes() as processes:
        uvloop.run(_run(processes))
