"""Visitors who are connected and silent: what each costs the hub, and how long it takes all of them to come back.

They are sockets with just enough protocol to say hello and to answer pings, so that ten thousand fit beside the hub.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from typing import cast

import uvloop

from bench.house import House, house
from bench.measure import Latencies

__all__ = ["Silent", "arrive", "gather", "main"]

COUNTS = (1000, 10_000)
AT_ONCE = 200
"""Handshakes under way at the same time while the crowd gathers."""

RETURNING = 2000
"""Visitors who come back at the same moment."""

LOAD_S = 5.0
"""With the crowd there, one visitor says something over and over."""


class Silent(asyncio.Protocol):
    """A visitor's socket; ``welcomed`` is done with the first frame, ``lost`` when the connection ends."""

    transport: asyncio.Transport

    def __init__(self, origin: str, token: str | None) -> None:
        loop = asyncio.get_running_loop()
        self.welcomed: asyncio.Future[dict[str, object]] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self._origin = origin
        self._token = token
        self._raw = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        head = (
            f"GET /ws/visitor HTTP/1.1\r\nHost: x\r\nOrigin: {self._origin}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        self.transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        self._raw += data
        if not self._open:
            if b"\r\n\r\n" not in self._raw:
                return
            head, _, self._raw = self._raw.partition(b"\r\n\r\n")
            if b" 101 " not in head.splitlines()[0]:
                self._fail(head.decode())
                return
            self._open = True
            hello: dict[str, object] = {"type": "hello", "after": 0, "language": "en"}
            self.send(0x1, json.dumps(hello | ({"token": self._token} if self._token else {})).encode())
        while (frame := self._frame()) is not None:
            opcode, payload = frame
            if opcode == 0x9:
                self.send(0xA, payload)
            elif opcode == 0x1 and not self.welcomed.done():
                self.welcomed.set_result(json.loads(payload))

    def _frame(self) -> tuple[int, bytes] | None:
        raw = self._raw
        if len(raw) < 2:
            return None
        size, start = raw[1], 2
        if size == 126:
            size, start = int.from_bytes(raw[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(raw[2:10], "big"), 10
        if len(raw) < start + size:
            return None
        self._raw = raw[start + size :]
        return raw[0] & 0x0F, raw[start : start + size]

    def send(self, opcode: int, payload: bytes) -> None:
        """A frame, masked with zeros so that the payload is as it is."""
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
        self.transport.write(bytes([0x80 | opcode]) + length + bytes(4) + payload)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
        self._fail(f"closed: {error}")

    def _fail(self, why: str) -> None:
        if not self.welcomed.done():
            self.welcomed.set_exception(ConnectionError(why))


async def arrive(address: str, token: str | None = None, *, origin: str | None = None) -> Silent:
    """A visitor's socket with its first frame; ``origin`` is the address itself unless it is given.

    Raises:
        OSError: the hub is not there, or has closed.
        TimeoutError: it says nothing.
    """
    host, _, port = address.removeprefix("http://").partition(":")
    loop = asyncio.get_running_loop()
    _, made = await loop.create_connection(lambda: Silent(origin or address, token), host, int(port))
    async with asyncio.timeout(60):
        await made.welcomed
    return made


async def gather(address: str, count: int, *, origin: str | None = None) -> list[Silent]:
    """So many visitors who have been welcomed; ``origin`` is the address itself unless it is given."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> Silent:
        async with gate:
            return await arrive(address, origin=origin)

    return await asyncio.gather(*(one() for _ in range(count)))


async def _say(address: str) -> Latencies:
    """One more visitor talks to nobody while the crowd is there."""
    visitor, took = await arrive(address), []
    began = time.perf_counter()
    number = 0
    while time.perf_counter() - began < LOAD_S:
        number += 1
        asked = time.perf_counter()
        visitor.welcomed = asyncio.get_running_loop().create_future()
        visitor.send(0x1, json.dumps({"type": "ping", "id": str(number)}).encode())
        await visitor.welcomed
        took.append(1000 * (time.perf_counter() - asked))
        await asyncio.sleep(0.01)
    return Latencies(took, None, time.perf_counter() - began)


async def _measure(house: House) -> None:
    empty = house.hub_rss_mib()
    print(f"hub without anybody: {empty:.1f} MiB", flush=True)
    crowd: list[Silent] = []
    for count in COUNTS:
        began = time.perf_counter()
        crowd += await gather(house.address, count - len(crowd))
        took = time.perf_counter() - began
        await asyncio.sleep(2)
        rss = house.hub_rss_mib()
        cpu = house.hub_cpu_s()
        await asyncio.sleep(5)
        print(
            f"{count:>6} idle visitors: {rss:6.1f} MiB, {1024 * (rss - empty) / count:5.1f} KiB each; gathered in "
            f"{took:.1f} s; the hub is busy {100 * (house.hub_cpu_s() - cpu) / 5:.0f} % with them",
            flush=True,
        )
        print((await _say(house.address)).line(f"a ping beside {count} idle"), flush=True)
    tokens = [str((await one.welcomed)["token"]) for one in crowd[:RETURNING]]
    for one in crowd[:RETURNING]:
        one.transport.abort()
    await asyncio.sleep(0.5)
    began = time.perf_counter()

    async def back(token: str) -> float:
        await arrive(house.address, token)
        return 1000 * (time.perf_counter() - began)

    took_ms = await asyncio.gather(*(back(token) for token in tokens))
    print(Latencies(took_ms, None, max(took_ms) / 1000).line(f"{RETURNING} come back at once"), flush=True)


def main() -> None:
    """Print the table."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(COUNTS) + 2000
    if soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            print(f"bench: idle needs {wanted} file descriptors, the limit is {hard}: skipped", file=sys.stderr)
            return
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    with house() as running:
        uvloop.run(_measure(running))
