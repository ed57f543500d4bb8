"""Whether a Redis keeps what it is given: asked before anything is written, and again and again while Silta runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError, ResponseError

from handoff.errors import StartRefused, StoreUnavailable
from handoff.store import Store

__all__ = ["FSYNC", "WriteProbe", "check_redis"]

log = logging.getLogger("silta.redis")

FSYNC = ("always", "everysec")
"""When Redis flushes to disk. ``always``: before it answers, so that what is acknowledged survives a power cut.
``everysec``: once a second. Acknowledgements come faster and the disk rests, and a power cut takes back up to two
seconds of acknowledged messages; a crash of Redis alone takes nothing."""

PROBE_KEPT_S = 1.0
"""How long a look at Redis holds: strangers may ask for the hub's health as often as they like."""

PROBE_TTL_S = 60

LEAST_VERSION = (6, 2)
"""The scripts use XAUTOCLAIM and XPENDING with IDLE."""


async def check_redis(redis: Redis, *, fsync: str = "always") -> None:
    """Refuse a Redis that would lose what was acknowledged.

    Args:
        fsync: what the operator has asked for, one of :data:`FSYNC`.

    Raises:
        StartRefused: with the setting, its value, and what it must be; never with the address.
    """
    try:
        info: Mapping[str, Any] = await redis.info("everything")
    except (RedisError, OSError, TimeoutError) as error:
        raise StartRefused(f"Redis does not answer ({type(error).__name__})") from error
    problem = _problem(info) or await _flushes_too_late(redis, fsync)
    if problem is not None:
        raise StartRefused(problem)


def _problem(info: Mapping[str, Any]) -> str | None:
    version = tuple(int(part) for part in str(info.get("redis_version", "0")).split(".")[:2])
    policy = info.get("maxmemory_policy")
    if version < LEAST_VERSION:
        return f"Redis is too old: {info.get('redis_version')}, at least 6.2 is needed"
    if info.get("role") != "master":
        return "Redis is a replica, and would refuse every write: give the primary's address, or Sentinel's"
    if policy != "noeviction":
        return f"Redis would drop conversations when memory is full: maxmemory-policy is {policy}, set noeviction"
    if not int(info.get("aof_enabled", 0)):
        return "Redis would lose acknowledged messages in a crash: set appendonly yes and appendfsync always"
    if info.get("aof_last_write_status", "ok") != "ok":
        return "Redis cannot write its file: is the disk full?"
    return None


async def _flushes_too_late(redis: Redis, wanted: str) -> str | None:
    try:
        answer: Any = await redis.config_get("appendfsync")
    except NoPermissionError:
        # A user as it should be (handoff.redis_users): who made it has set the rest, too, or reads of it in the docs.
        log.info("Redis does not tell this user appendfsync: %s is taken for granted", wanted)
        return None
    except (ResponseError, OSError, TimeoutError):
        # A hosted Redis: nobody can see it from here.
        log.warning("Redis does not tell appendfsync: make sure that it is %s", wanted)
        return None
    found = answer.get("appendfsync", answer.get(b"appendfsync"))
    if isinstance(found, bytes):
        found = found.decode()
    if found in FSYNC[: FSYNC.index(wanted) + 1]:
        return None
    return (
        f"Redis would lose acknowledged messages in a power cut: appendfsync is {found}, set {wanted}"
        + (" (or SILTA_FSYNC=everysec, which risks two seconds of messages)" if found == "everysec" else "")
    )


class WriteProbe:
    """Whether Redis takes writes right now: a full disk or a full memory answers PING all the same."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asking = asyncio.Lock()
        self._until = 0.0
        self._state = "down"
        self.torn = False
        """Whether Redis has cut a torn end off its file lately (R29): no reason not to serve, and one to look."""

    async def state(self) -> str:
        """``up``, ``down`` (no answer), or ``refuses writes``; not older than :data:`PROBE_KEPT_S`."""
        async with self._asking:
            loop = asyncio.get_running_loop()
            if loop.time() >= self._until:
                self._state = await self._look()
                self._until = loop.time() + PROBE_KEPT_S
            return self._state

    async def _look(self) -> str:
        store = self._store
        try:
            await store.call(store.redis.set(store.keys.probe, "1", ex=PROBE_TTL_S))
            self.torn = bool(await store.call(store.redis.exists(store.keys.torn)))
        except StoreUnavailable as error:
            return "refuses writes" if isinstance(error.__cause__, ResponseError) else "down"
        return "up"
