"""What Meta told of its allowance, kept for the figures of every hub."""

from __future__ import annotations

import time

from handoff.channels.messenger.keys import MessengerKeys
from handoff.channels.messenger.usage import STALE_S, Usage
from handoff.store import Store

__all__ = ["Usages"]

TELL_EVERY_S = 10.0
"""A figure that changes with every call is written so often at most."""


class Usages:
    """Writes it down, and reads it."""

    def __init__(self, store: Store, keys: MessengerKeys) -> None:
        self._store = store
        self._keys = keys
        self._told = float("-inf")

    async def tell(self, usage: Usage) -> None:
        """Write it down, unless that was done a moment ago.

        Raises:
            StoreUnavailable: Redis is away.
        """
        now = time.monotonic()
        if usage.percent and now - self._told >= TELL_EVERY_S:
            self._told = now
            redis = self._store.redis
            await self._store.call(redis.set(self._keys.usage, f"{usage.percent:g}", ex=round(STALE_S)))

    async def percent(self) -> float:
        """Percent of the allowance that is used, 0 when nobody has told lately.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return float(await self._store.call(self._store.redis.get(self._keys.usage)) or 0)
