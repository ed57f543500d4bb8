"""The Redis of a running Silta, for commands beside it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from handoff.errors import StartRefused
from handoff.store import connect
from handoff.supervisor import redis_passwords, redis_server
from handoff.supervisor.settings import UpSettings

__all__ = ["running_redis"]

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
