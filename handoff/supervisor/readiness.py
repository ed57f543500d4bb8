"""How each part shows that it is ready. A probe answers yes or no and never raises for a part that is not there yet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis.asyncio
from redis.asyncio.connection import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from handoff.channels.messenger.keys import MessengerKeys
from handoff.events import Keys
from handoff.keys import HubKeys
from handoff.redis_address import pool

__all__ = ["POLL_S", "bot_reads", "client_of", "courier_lives", "http_ok", "redis_answers"]

POLL_S = 0.1
"""Between two questions to a part that is starting."""

PROBE_TIMEOUT_S = 2.0
"""One question to one part: a busy machine takes a while, a dead part must not hold us up."""


@asynccontextmanager
async def client_of(url: str, *, timeout_s: float = PROBE_TIMEOUT_S) -> AsyncIterator[redis.asyncio.Redis]:
    """A client without retries of its own: who waits for readiness asks again anyway.

    On Python 3.11 redis-py loses a cancellation now and then (its ``asyncio.wait_for`` does, around every command
    sent), and who cancelled would wait for ever. So a cancellation that was lost inside is raised when this is left.
    """
    connections = pool(
        url,
        ConnectionPool,
        key=Keys().inbox,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    client: redis.asyncio.Redis = redis.asyncio.Redis.from_pool(connections)
    try:
        yield client
    finally:
        await client.aclose()
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError


async def redis_answers(url: str) -> bool:
    """Whether Redis answers PING: not while it still reads its file."""
    async with client_of(url) as client:
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False


async def bot_reads(url: str, pid: int) -> bool:
    """Whether the Rasa process with this number reads the inbox: signs of life of others do not count."""
    async with client_of(url) as client:
        try:
            async for key in client.scan_iter(match=Keys().alive("*"), count=1000):
                if _pid_of(await client.get(key)) == pid:
                    return True
            return False
        except (RedisError, OSError):
            return False


async def courier_lives(url: str, pid: int) -> bool:
    """Whether the Messenger process with this number has given a sign of life."""
    async with client_of(url) as client:
        try:
            return _pid_of(await client.get(MessengerKeys(HubKeys()).courier)) == pid
        except (RedisError, OSError):
            return False


def _pid_of(sign: str | bytes | None) -> int | None:
    try:
        value = json.loads(sign or "null")
    except ValueError:
        return None
    pid = value.get("pid") if isinstance(value, dict) else None
    return pid if isinstance(pid, int) else None


async def http_ok(host: str, port: int, path: str) -> bool:
    """Whether ``GET path`` is answered with 200."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    words = status.split()
    return len(words) > 1 and words[1] == b"200"
