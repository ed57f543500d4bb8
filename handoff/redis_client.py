"""The hub's client of Redis."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from handoff.errors import StoreUnavailable
from handoff.events import Keys
from handoff.redis_address import pool

__all__ = ["connect", "guarded"]

Answer = TypeVar("Answer")

CONNECTIONS = 64
"""Connections of one client to Redis. Two thousand visitors who come back at once share them; a connection each would
cost Redis more than the reads do."""


def connect(url: str, *, timeout_s: float, blocking_s: float = 0.0) -> Redis:
    """A client without retries of its own: redis-py repeats a write whose reply was late, and so writes it twice.

    Who finds all :data:`CONNECTIONS` in use waits for one, within the operation's timeout.

    Args:
        url: as :func:`handoff.redis_address.parse` reads it: one server, Sentinel or a cluster.
        timeout_s: for one operation.
        blocking_s: added for connections that read streams with BLOCK, else the read races its timeout.
    """
    made = pool(
        url,
        BlockingConnectionPool,
        key=Keys().inbox,
        socket_timeout=timeout_s + blocking_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        max_connections=CONNECTIONS,
        timeout=timeout_s,
        driver_info=None,  # a name nobody reads, for a step more before the first command: on a slow disk a flush more
    )
    return Redis.from_pool(made)


async def guarded(call: Awaitable[Answer]) -> Answer:
    """What a call to Redis outside the store brings; its errors are those of the store.

    Raises:
        StoreUnavailable: Redis is away or slow.
    """
    try:
        return await call
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreUnavailable(type(error).__name__) from error
