"""What keeps a whole page from sending: a token that is no good, a restriction by Meta. Kept in Redis for all hubs.

What Meta only warns of is told, and kept nowhere: sending goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from handoff.channels.messenger.failures import Cure, Failure
from handoff.channels.messenger.keys import MessengerKeys
from handoff.clock import now_ms, stamp
from handoff.fanout import Fanout
from handoff.store import Store

__all__ = ["PROBE_S", "Alarms"]

log = logging.getLogger("silta.messenger")

PROBE_S = 3.0
"""How long nothing is sent before one message tries again: an owner who has renewed the token need not tell us, and a
call in three seconds costs nothing."""

LOOK_S = 1.0
"""How often sending looks whether there was trouble, which another hub may have found."""


_REMEDY = {
    Cure.TOKEN: "renew the page's token",
    Cure.PAUSED: "Meta writes why under Page Quality in Business Suite",
}

RESTRICTED = "restricted"

REASON_MAX = 300
"""Characters of Meta's reason that go to the log: one line."""


class Alarms:
    """One trouble at a time; sending anything ends it."""

    def __init__(self, store: Store, fanout: Fanout, keys: MessengerKeys, *, probe_s: float = PROBE_S) -> None:
        self._store = store
        self._fanout = fanout
        self._keys = keys
        self._probe_ms = round(probe_s * 1000)
        self._looked = 0.0
        """When this process last saw that there is no trouble."""

    async def raised(self, failure: Failure) -> float:
        """Graph has refused the page. Seconds until the next attempt."""
        self._looked = 0.0
        redis, call = self._store.redis, self._store.call
        await call(redis.set(self._keys.gate, failure.code, px=self._probe_ms))
        new = await call(redis.hsetnx(self._keys.trouble, "code", failure.code))
        if new:
            at = stamp(now_ms())
            await call(redis.hset(self._keys.trouble, mapping={"at": at, "detail": failure.detail}))
            remedy = _REMEDY.get(failure.cure, "it is tried again")
            log.error("Messenger: nothing can be sent (%s, %s): %s", failure.code, failure.detail, remedy)
            await self._fanout.publish({"alarm": {"code": failure.code, "at": at, "ended": False}})
        return self._probe_ms / 1000

    async def over(self) -> None:
        """Something was sent."""
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        found = await self.trouble()
        if found:
            await self._end(found)

    async def enforced(self, action: str, reason: str) -> None:
        """Meta enforces its policy on the page: it blocks or unblocks it, or warns. Other actions are only written
        down: where one forbids to send, Graph says so."""
        why = " ".join(reason.split())[:REASON_MAX] or "no reason given"
        match action.lower():
            case "block":
                await self.raised(Failure(Cure.PAUSED, RESTRICTED, f"policy_enforcement: {why}"))
            case "unblock":
                found = await self.trouble()
                if found.get("code") == RESTRICTED:  # any other trouble stays
                    await self._end(found)
            case "warning":
                await self._warned(why)
            case _:
                log.warning("Messenger: Meta enforces its policy in a way that is not known: %s", why)

    async def _warned(self, why: str) -> None:
        """Tell those who are there, unless they see something worse."""
        log.error("Messenger: Meta has warned the page (%s): %s", why, _REMEDY[Cure.PAUSED])
        if not await self.trouble():
            await self._fanout.publish({"alarm": {"code": "warned", "at": stamp(now_ms()), "ended": False}})

    async def _end(self, found: Mapping[str, str]) -> None:
        await self._store.call(self._store.redis.delete(self._keys.trouble, self._keys.gate))
        log.warning("Messenger: sending works again")
        await self._fanout.publish({"alarm": {"code": found["code"], "at": stamp(now_ms()), "ended": True}})

    async def pause_s(self) -> float:
        """Seconds for which nothing must be sent."""
        left = await self._store.call(self._store.redis.pttl(self._keys.gate))
        return max(int(left), 0) / 1000

    async def trouble(self) -> Mapping[str, str]:
        """``code``, ``at`` and ``detail`` of what keeps the page from sending; empty when nothing does."""
        raw = await self._store.call(self._store.redis.hgetall(self._keys.trouble))
        return {name.decode(): value.decode() for name, value in raw.items()}
