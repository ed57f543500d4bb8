"""Signs of life of the courier, and what the house is told when there are none."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Mapping

from handoff.channels.messenger.keys import MessengerKeys
from handoff.clock import now_ms, stamp
from handoff.errors import StoreUnavailable
from handoff.fanout import Fanout
from handoff.store import Store

__all__ = ["AWAY", "SIGN_S", "SignsOfLife"]

log = logging.getLogger("silta.messenger")

AWAY = "courier_away"
"""The trouble of a page whose courier gives no sign of life."""

SIGN_EVERY_S = 3.0
SIGN_S = 15.0
"""A sign holds for so long: a courier that the machine serves last may be late, and one that died is there again
sooner."""

LOOK_EVERY_S = 5.0


class SignsOfLife:
    """A courier gives them, hubs look for them."""

    def __init__(
        self,
        store: Store,
        fanout: Fanout,
        keys: MessengerKeys,
        *,
        sign_s: float = SIGN_S,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._store = store
        self._fanout = fanout
        self._keys = keys
        self._sign_s = sign_s
        self._look_every_s = look_every_s

    async def keep_giving(self, process: str) -> None:
        """Run for ever: this process lives, by its name and number."""
        sign = json.dumps({"process": process, "pid": os.getpid()})
        while True:
            try:
                await self._store.call(self._store.redis.set(self._keys.courier, sign, px=round(self._sign_s * 1000)))
            except StoreUnavailable:
                pass  # the next one comes soon
            await asyncio.sleep(min(SIGN_EVERY_S, self._sign_s / 3))

    async def keep_looking(self) -> None:
        """Run for ever: tell the consoles when the courier goes away and when it is back, one hub for all."""
        while True:
            # The first look comes after a while as well: whoever starts all at once starts the courier in it.
            await asyncio.sleep(self._look_every_s)
            try:
                await self._look()
            except StoreUnavailable:
                pass  # Redis is away: more is missing than the courier

    async def _look(self) -> None:
        redis, call, at = self._store.redis, self._store.call, stamp(now_ms())
        if await call(redis.exists(self._keys.courier)):
            if await call(redis.delete(self._keys.courier_away)):
                log.warning("Messenger: the courier works again")
                await self._fanout.publish({"alarm": {"code": AWAY, "at": at, "ended": True}})
        elif await call(redis.set(self._keys.courier_away, at, nx=True)):
            log.error("Messenger: the courier gives no sign of life; what came and what is to be sent waits")
            await self._fanout.publish({"alarm": {"code": AWAY, "at": at, "ended": False}})

    async def trouble(self) -> Mapping[str, str]:
        """``code`` and ``at`` while there is no courier; empty while there is one.

        Raises:
            StoreUnavailable: Redis is away.
        """
        pipe = self._store.redis.pipeline(transaction=False)
        pipe.exists(self._keys.courier)
        pipe.get(self._keys.courier_away)
        there, since = await self._store.call(pipe.execute())
        return {} if there else {"code": AWAY, "at": since.decode() if since else stamp(now_ms()), "detail": ""}
