"""The Redis of a running Silta, for commands beside it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from handoff.errors import StartRefused
from handoff.keys import HubKeys
from handoff.redis_client import connect
from handoff.store import Store
from handoff.supervisor import redis_passwords, redis_server
from handoff.supervisor.settings import UpSettings
from handoff.writer import Writer

__all__ = ["running_redis", "running_store"]

TIMEOUT_S = 10.0
"""For one operation: a person waits, and nothing else depends on it."""


@asynccontextmanager
async def running_redis() -> AsyncIterator[Redis]:
    """A client of the embedded Redis, or of the one that ``SILTA_REDIS_URL`` names.

    Raises:
        StartRefused: it does not answer.
        SettingsError: the environment is wrong.
    """
    settings = UpSettings.read(os.environ)
    url = settings.redis_url or redis_passwords.address(
        settings.var, redis_server.socket_path(settings.run), "admin"
    )
    client = connect(url, timeout_s=TIMEOUT_S)
    try:
        try:
            await client.ping()
        except (RedisError, OSError) as error:
            hint = "check SILTA_REDIS_URL" if settings.redis_url else "start it with 'silta up'"
            raise StartRefused(f"Silta is not running, or its Redis does not answer: {hint}") from error
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def running_store() -> AsyncIterator[Store]:
    """The conversations in :func:`running_redis`, for commands that write.

    Raises:
        StartRefused: Redis does not answer.
        SettingsError: the environment is wrong.
    """
    async with running_redis() as redis:
        writer = Writer(redis, timeout_s=TIMEOUT_S)
        writer.start()
        try:
            yield Store(redis, writer, HubKeys(), bot_timeout_ms=5_000, timeout_s=TIMEOUT_S)
        finally:
            await writer.stop()
