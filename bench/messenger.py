"""200 webhook posts a second while Graph takes two seconds a call: how long Meta waits, and what the website feels.

A real hub process, a real Redis (``appendfsync always``), the strict Graph of :mod:`handoff.demo.messenger` in a
process of its own, no bot: people on Messenger are told that it is late, and the website's visitors talk to an agent.
The website is measured alone, and again beside the flood; rounds take turns, since no machine is quiet.

Nothing is pinned: hub, Redis and this load run as the machine likes, the courier at its own niceness, and the Graph,
which stands for machines elsewhere, at 19. What each process used of a core is printed with every round. With
``SILTA_MESSENGER_COURIER=0`` the hub does the work itself. It takes about a minute and a half, on a busy machine three.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median

import httpx
import uvloop
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from bench import hub
from bench.measure import Latencies
from handoff.channels.messenger.keys import MessengerKeys
from handoff.keys import HubKeys
from handoff.settings import ROOT
from handoff.supervisor import redis_server
from handoff.supervisor.demo import messenger_settings
from handoff.supervisor.ports import free_ports

__all__ = ["main"]

POSTS_PER_S = 200.0
ROUNDS = 3
WEBSITE_PER_S = 50.0
GRAPH_DELAY_S = 2.0
PEOPLE = 400
"""So many write, each every two seconds: a page on a very bad day."""

COURIER = os.environ.get("SILTA_MESSENGER_COURIER", "1") == "1"
"""As ``silta up`` has it; 0 measures how it is without, with the work in the hub."""

SETTLED_S = 30
"""How long a flood may go on being applied before the next round begins."""

LIMIT_P99_MS = 100.0
LIMIT_SLOWER = 1.10


@dataclass(frozen=True)
class Place:
    """What is running, and the settings that hub and Graph share."""

    hub_port: int
    redis_url: str
    settings: dict[str, str]
    people: tuple[str, ...]
    pids: dict[str, int]

    def cpu_s(self) -> dict[str, float]:
        """Seconds of a core that each process has used."""
        found = {}
        for name, pid in self.pids.items():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found[name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return found

    def post(self, person: str) -> tuple[bytes, dict[str, str]]:
        """A signed delivery with one new message."""
        now = time.time_ns() // 1_000_000
        page = self.settings["SILTA_MESSENGER_PAGE_ID"]
        message = {"mid": f"m_{uuid.uuid4().hex}", "text": "Missä tilaukseni on?"}
        event = {"sender": {"id": person}, "recipient": {"id": page}, "timestamp": now, "message": message}
        body = json.dumps({"object": "page", "entry": [{"id": page, "time": now, "messaging": [event]}]}).encode()
        signature = hmac.new(self.settings["SILTA_MESSENGER_APP_SECRET"].encode(), body, sha256).hexdigest()
        return body, {"content-type": "application/json", "x-hub-signature-256": f"sha256={signature}"}


def _until(look: object) -> None:
    for _ in range(400):
        try:
            look()  # type: ignore[operator]
            return
        except (OSError, RedisError, httpx.HTTPError):
            time.sleep(0.05)
    raise SystemExit("bench: a process did not come up")


def _courier_there(url: str) -> None:
    if not Redis.from_url(url).exists(MessengerKeys(HubKeys()).courier):
        raise OSError


@contextmanager
def _place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="silta-b-"))
    socket = folder / "redis.sock"
    hub_port, graph_port, health_port = free_ports(3)
    settings = messenger_settings(f"http://127.0.0.1:{graph_port}")
    env = {
        **os.environ,
        **settings,
        "SILTA_REDIS_URL": f"unix://{socket}",
        "SILTA_PORT": str(hub_port),
        "SILTA_HEALTH_PORT": str(health_port),
        "SILTA_VAR": str(folder / "var"),
        "PYTHONPATH": str(ROOT),
        "SILTA_MESSENGER_COURIER": "1" if COURIER else "0",
    }
    running: list[subprocess.Popen[bytes]] = []
    try:
        redis = redis_server.command(redis_server.binary(), folder, socket)
        running.append(subprocess.Popen(redis, stdout=subprocess.DEVNULL))
        _until(lambda: Redis.from_url(f"unix://{socket}").ping())
        # Meta's machines are not this one: what stands for them takes only what nobody else wants.
        demo = subprocess.Popen([sys.executable, "-m", "handoff.demo.messenger"], env=env, stderr=subprocess.DEVNULL)
        os.setpriority(os.PRIO_PROCESS, demo.pid, 19)
        running.append(demo)
        hub_process = subprocess.Popen([sys.executable, "-m", "handoff"], env=env)
        running.append(hub_process)
        pids = {"hub": hub_process.pid, "redis": running[0].pid, "graph": demo.pid, "load": os.getpid()}
        if COURIER:
            courier = subprocess.Popen([sys.executable, "-m", "handoff.channels.messenger"], env=env)
            running.append(courier)
            pids["courier"] = courier.pid
        graph = settings["SILTA_MESSENGER_GRAPH_URL"]
        slow = {"graph_delay_s": GRAPH_DELAY_S}
        _until(lambda: httpx.post(f"{graph}/control/set", json=slow, trust_env=False).raise_for_status())
        with httpx.Client(base_url=graph, trust_env=False) as client:
            joined = [client.post("/control/people", json={"wrote": True}).json() for _ in range(PEOPLE)]
        _until(lambda: httpx.get(f"http://127.0.0.1:{hub_port}/healthz", trust_env=False).raise_for_status())
        if COURIER:
            _until(lambda: _courier_there(f"unix://{socket}"))
        yield Place(hub_port, f"unix://{socket}", settings, tuple(person["psid"] for person in joined), pids)
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(15)
        shutil.rmtree(folder, ignore_errors=True)


class _Webhook:
    """Posts over a few kept connections, as Meta does; HTTP by hand, so that the load costs little of the machine."""

    CONNECTIONS = 32

    def __init__(self, place: Place) -> None:
        self._place = place
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter] | None] = asyncio.Queue()
        for _ in range(self.CONNECTIONS):
            self._free.put_nowait(None)
        self.refused = 0

    async def flood(self, seconds: float) -> Latencies:
        """Post at the rate for so long (an open loop: what waits counts); wait for every answer."""
        start, posts = time.perf_counter(), []
        for number in range(int(POSTS_PER_S * seconds)):
            due = start + number / POSTS_PER_S
            pause = due - time.perf_counter()
            if pause > 0:
                await asyncio.sleep(pause)
            posts.append(asyncio.create_task(self._post(self._place.people[number % PEOPLE], due)))
        took_ms = await asyncio.gather(*posts)
        return Latencies(took_ms, POSTS_PER_S, time.perf_counter() - start)

    async def _post(self, person: str, due: float) -> float:
        body, headers = self._place.post(person)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST /webhooks/messenger HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
        line = await self._free.get()
        if line is None or line[1].is_closing() or line[0].at_eof():
            line = await asyncio.open_connection("127.0.0.1", self._place.hub_port)
        reader, writer = line
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(lengths[0].partition(b":")[2]))
        self.refused += b" 200 " not in answer[:16]
        self._free.put_nowait(line)
        return 1000 * (time.perf_counter() - due)


async def _settled(redis: AsyncRedis) -> None:
    """Wait until the flood before is applied: what is measured alone is alone."""
    keys = MessengerKeys(HubKeys())
    for _ in range(SETTLED_S * 10):
        if not await redis.zcard(keys.due_in):
            return
        await asyncio.sleep(0.1)
    print(f"(the flood before was not applied within {SETTLED_S} s)")


def _busy(before: dict[str, float], after: dict[str, float]) -> str:
    shares = (f"{name} {100 * (after[name] - before[name]) / hub.SECONDS:.0f} %" for name in before)
    return "   of a core: " + ", ".join(shares)


async def _run(place: Place) -> bool:
    redis: AsyncRedis = AsyncRedis.from_url(place.redis_url)
    say, answered, sockets = await hub.website(place.hub_port, redis)
    webhook = _Webhook(place)
    await webhook.flood(1.0)  # connections and code are warm
    alone, beside, posts = [], [], []
    for number in range(1, ROUNDS + 1):
        await _settled(redis)
        start = place.cpu_s()
        quiet = await hub.load(say, answered, WEBSITE_PER_S)
        middle = place.cpu_s()
        busy, flood = await asyncio.gather(hub.load(say, answered, WEBSITE_PER_S), webhook.flood(hub.SECONDS))
        end = place.cpu_s()
        print(quiet.line(f"{number}. website alone"))
        print(_busy(start, middle))
        print(busy.line(f"{number}. website beside the flood", quiet))
        print(flood.line(f"{number}. webhook posts"))
        print(_busy(middle, end), flush=True)
        alone.append(quiet.p50)
        beside.append(busy.p50)
        posts.append(flood.quantile(0.99))
    graph = place.settings["SILTA_MESSENGER_GRAPH_URL"]
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        calls = (await client.get(f"{graph}/control/calls")).json()
    slower = median(beside) / median(alone)
    print(f"{len(calls)} calls to Graph, {GRAPH_DELAY_S:g} s each; posts not answered with 200: {webhook.refused}")
    print(f"medians: webhook p99 {median(posts):.1f} ms (limit {LIMIT_P99_MS:g}), website {slower:.2f} × alone")
    for socket in sockets:
        await socket.close()
    for task in hub.tasks:
        task.cancel()
    await redis.aclose()
    return median(posts) <= LIMIT_P99_MS and slower <= LIMIT_SLOWER and not webhook.refused


def main() -> None:
    """Print the table, and whether both limits hold."""
    with _place() as place:
        held = uvloop.run(_run(place))
    print("both limits hold" if held else "NOT within the limits")
