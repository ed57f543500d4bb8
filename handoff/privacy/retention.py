"""Nothing is kept for ever: what is older than the owner's limits goes by itself (P4), and erasures are finished.

One hub at a time does it, by a lease of Redis' clock; a sweep that was cut short is made again.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

from handoff.callbacks import is_open
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.errors import NotFound, Refused, StoreUnavailable
from handoff.hub import Hub
from handoff.privacy.audit import HUB
from handoff.privacy.rules import PrivacyRules
from handoff.tasks import nudged

__all__ = ["LOOK_EVERY_S", "SWEEP_EVERY_S", "Retention", "lightened"]

log = logging.getLogger("silta.privacy")

LOOK_EVERY_S = 5.0
"""How often the rest of erasures is looked for: a minute is promised for all of one."""

SWEEP_EVERY_S = 6 * 3600
"""Old things go within a quarter of a day of their limit; a day is promised."""

LEASE_MS = 120_000
"""For so long a hub that finishes erasures may be silent: longer than one rewrite of Redis' file."""

PAGE = 100
"""Conversations looked at in one go."""

PAUSE_S = 0.02
"""Between two conversations that are erased: visitors come first."""

DAY_MS = 86_400_000

CONTACT = ("phone", "email", "name")
"""What a call-back keeps of the person."""


class Retention:
    """Run :meth:`keep_forgetting` for ever."""

    def __init__(self, hub: Hub, rules: PrivacyRules, *, process: str, look_every_s: float = LOOK_EVERY_S) -> None:
        self._hub = hub
        self._rules = rules
        self._process = process
        self._look_every_s = look_every_s

    async def keep_forgetting(self) -> None:
        """Finish erasures, and sweep when it is time."""
        while True:
            await nudged(self._hub.erasure.woken, self._look_every_s)
            try:
                await self._look()
            except StoreUnavailable:
                pass  # what is to be done stands in Redis
            except Exception:
                log.exception("a sweep failed and is made again")

    async def _look(self) -> None:
        store, keys = self._hub.store, self._hub.store.keys
        if not await store.call(store.redis.set(keys.sweeping, self._process, nx=True, px=LEASE_MS)):
            return
        try:
            await self._hub.erasure.finish()
            if await store.call(store.redis.set(keys.swept, self._process, nx=True, ex=SWEEP_EVERY_S)):
                try:
                    await self.sweep(await self._hub.presence.now_ms())
                except BaseException:
                    await store.call(store.redis.delete(keys.swept))
                    raise
        finally:
            await store.call(store.redis.delete(keys.sweeping))

    async def sweep(self, now_ms: int) -> int:
        """Let go of what is past its limit at ``now_ms`` (Redis' clock); how many conversations were erased.

        Raises:
            StoreUnavailable: Redis is away; the next sweep does the rest.
        """
        keep = self._rules.keep
        erased = await self._transcripts(now_ms - keep.transcripts * DAY_MS)
        await self._lighten(now_ms)
        lines = await self._hub.audit.trim(now_ms - keep.audit * DAY_MS)
        if erased or lines:
            log.info("retention: %d conversations and %d lines of the audit log are gone", erased, lines)
        return erased

    async def _transcripts(self, before_ms: int) -> int:
        store, keys = self._hub.store, self._hub.store.keys
        count = 0
        while True:
            old: list[Any] = await store.call(
                store.redis.zrangebyscore(keys.index, "-inf", before_ms, start=0, num=PAGE)
            )
            if not old:
                return count
            for id in old:
                try:
                    await self._hub.erasure.erase(id.decode(), HUB, "retention")
                    count += 1
                except NotFound:
                    await store.call(store.redis.zrem(keys.index, id))
                await asyncio.sleep(PAUSE_S)

    async def _lighten(self, now_ms: int) -> None:
        """Take packets and call-backs out of conversations that may stay for longer than these."""
        store, keys, keep = self._hub.store, self._hub.store.keys, self._rules.keep
        packets_ms, calls_ms = now_ms - keep.packets * DAY_MS, now_ms - keep.callbacks * DAY_MS
        after, newest = "-inf", max(packets_ms, calls_ms)
        while True:
            rows: list[Any] = await store.call(
                store.redis.zrangebyscore(keys.index, after, newest, start=0, num=PAGE, withscores=True)
            )
            for state in await self._hub.lists.states([id for id, _ in rows]):
                score = next(score for id, score in rows if id.decode() == state.id)
                await self._lighten_one(state, int(score), packets=score <= packets_ms, calls=score <= calls_ms)
            if len(rows) < PAGE:
                return
            after = f"({rows[-1][1]:.0f}"

    async def _lighten_one(self, state: Conversation, score: int, *, packets: bool, calls: bool) -> None:
        if lightened(state, packets=packets, calls=calls) is None:
            return
        store = self._hub.store

        def decide(now: Conversation) -> Decision | None:
            after = lightened(now, packets=packets, calls=calls)
            return None if after is None or now.version != state.version else Decision(now, after)

        try:
            commit = await store.request(state.id, decide)
        except Refused:
            return
        if commit.decision is not None:
            # Nothing happened in it: its transcript does not live longer for this.
            await store.call(store.redis.zadd(store.keys.index, {state.id: score}, xx=True))


def lightened(state: Conversation, *, packets: bool, calls: bool) -> Conversation | None:
    """The conversation without its packet, and without the contact of a call-back that is done; None when there is
    nothing to take away. Who still waits for a person, or for a call, keeps what is needed for it."""
    after = state
    if packets and state.status not in (Status.QUEUED, Status.ASSIGNED):
        after = replace(after, reasons=(), topics=(), entities={}, slots={}, last_text="")
    callback = state.callback
    if calls and callback is not None and not is_open(callback):
        kept = {name: value for name, value in callback.items() if name not in CONTACT}
        # The name stays in the line of the task, empty: readers expect it.
        name = None if state.visitor_name == callback.get("name") else state.visitor_name
        after = replace(after, callback={**kept, "name": None}, visitor_name=name)
    return replace(after, version=state.version + 1) if after != state else None
