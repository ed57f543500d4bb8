"""All that a Redis holds, as text: for tests that look for what must not be there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis

__all__ = ["contents"]


async def contents(redis: Redis) -> dict[str, str]:
    """Every key with its value."""
    client: Any = redis
    reads: dict[bytes, Callable[[bytes], Awaitable[Any]]] = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"set": client.smembers,
        b"stream": client.xrange,
    }
    found = {}
    async for name in client.scan_iter(count=1000):
        read = reads.get(await client.type(name))
        if read is not None:
            found[name.decode()] = str(await read(name))
    return found
