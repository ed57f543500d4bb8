"""A TCP proxy in user space that does to a line what bad networks do to it."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

__all__ = ["Proxy", "Weather"]

CHUNK_BYTES = 16 * 1024
QUEUED_CHUNKS = 64
"""Chunks of one direction that may be under way at once; then the proxy stops reading, as a full router would."""


@dataclass
class Weather:
    """What the proxy does to everything that passes. Change its fields at any time; the default is a clear sky."""

    delay_s: float = 0.0
    jitter_s: float = 0.0
    """Added or taken off at random; order is kept, as TCP keeps it."""
    bytes_per_s: float | None = None
    slice_bytes: int | None = None
    """Pieces in which data is passed on."""
    reset_share: float = 0.0
    """The chance for each chunk to end its connection with a reset instead."""
    black_hole: bool = False
    """Nothing passes and nothing is said about it; connections stand."""
    refuse: bool = False
    """New connections are reset at once."""
    slow_close_s: float = 0.0
    """How long the end of a connection is kept from the other side."""


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@dataclass(eq=False)
class _Connection:
    inside: asyncio.StreamWriter
    outside: asyncio.StreamWriter
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def reset(self) -> None:
        for writer in (self.inside, self.outside):
            _reset(writer)


class Proxy:
    """Passes connections of ``port`` on to ``target``, both on loopback, through :attr:`weather`."""

    def __init__(self, port: int, target: int, *, seed: int = 0) -> None:
        self.port = port
        self.target = target
        self.weather = Weather()
        self.accepted = 0
        self._random = random.Random(seed)
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._handlers: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=2048)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.reset_all()
        for task in tuple(self._handlers):
            task.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    def reset_all(self) -> int:
        """Reset every connection there is; how many there were."""
        found = tuple(self._connections)
        for connection in found:
            connection.reset()
        return len(found)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not a coroutine: the stream server would report its cancellation as an error.
        task = asyncio.create_task(self._serve(reader, writer), name="proxied")
        self._handlers.add(task)
        task.add_done_callback(self._handlers.discard)
        self.accepted += 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.weather.refuse:
                raise ConnectionRefusedError
            there, onward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            return
        connection = _Connection(writer, onward)
        self._connections.add(connection)
        try:
            await asyncio.gather(
                self._pass(reader, onward, connection), self._pass(there, writer, connection), return_exceptions=True
            )
        finally:
            self._connections.discard(connection)
            connection.reset()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: _Connection
    ) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        clock = asyncio.get_running_loop().time
        passing = asyncio.create_task(self._deliver(under_way, writer, connection))
        due = clock()
        try:
            while data := await reader.read(CHUNK_BYTES):
                weather = self.weather
                jitter = self._random.uniform(-weather.jitter_s, weather.jitter_s)
                due = max(due, clock() + max(0.0, weather.delay_s + jitter))
                under_way.put_nowait((due, data))
                # Not a bounded queue: its put would wait for ever once the other side is gone.
                while under_way.qsize() >= QUEUED_CHUNKS and not passing.done():
                    await asyncio.sleep(0.01)
        except OSError:
            pass
        except asyncio.CancelledError:
            passing.cancel()
            raise
        under_way.put_nowait((clock() + self.weather.slow_close_s, b""))
        await passing

    async def _deliver(
        self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, connection: _Connection
    ) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(0.0, due - clock()))
            while self.weather.black_hole:
                await asyncio.sleep(0.05)
            if not data:
                with suppress(OSError, RuntimeError):
                    writer.write_eof()
                return
            if self._random.random() < self.weather.reset_share:
                connection.reset()
                return
            try:
                await self._write(writer, data)
            except OSError:
                connection.reset()
                return

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        weather = self.weather
        piece = weather.slice_bytes or len(data)
        if weather.slice_bytes:
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), piece):
            part = data[start : start + piece]
            writer.write(part)
            await writer.drain()
            if weather.bytes_per_s:
                await asyncio.sleep(len(part) / weather.bytes_per_s)
            elif weather.slice_bytes:
                await asyncio.sleep(0)
