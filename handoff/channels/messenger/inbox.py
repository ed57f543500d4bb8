"""From the webhook to the conversations: every event is on disk before Meta gets its 200, and is applied once.

A person's events wait a moment for stragglers, and are then applied in the order in which they happened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from handoff.channels.messenger.cover import covered
from handoff.channels.messenger.events import Event, Kind, decode, in_order
from handoff.channels.messenger.keys import SEEN_TTL_S, MessengerKeys
from handoff.channels.messenger.lanes import POLL_S, Lanes, Left
from handoff.errors import Erased, StoreUnavailable
from handoff.store import Store
from handoff.writer import Writer, load_script

__all__ = ["SETTLE_MAX_S", "SETTLE_S", "Inbox", "NotYet"]

log = logging.getLogger("silta.messenger")

_ACCEPT = load_script("messenger_accept")

SETTLE_S = 0.15
"""How long a person's events wait for those that they overtook, counted from the latest. Meta promises no order; what
comes within a moment is put right, and nobody notices the wait."""

SETTLE_MAX_S = 1.0
"""The longest that a row of events is waited for. (The first was given 0.15 s and no more: on a busy machine five
quick messages took longer to come in, and the last were out of order.)"""

TOO_EARLY_S = 5.0
"""How long an event waits for the message that it is about."""

RETRY_S = 0.5
OTHER_KEPT = 1000
"""Events of kinds that nothing is done about, for whoever wants to know what Meta sends."""

BATCH = 200
"""Events applied at once: one person's in one go, unless somebody floods."""


class NotYet(Exception):
    """An event about a message that is not here. It is tried again for a while, for it may only be early."""


class Applier(Protocol):
    """What is done with a person's events."""

    async def apply(self, event: Event) -> None:
        """Do it; doing it again changes nothing. Raises :class:`NotYet`."""


class Inbox:
    """Accepts events, and applies them in lanes. Run :meth:`run` for ever."""

    def __init__(
        self,
        store: Store,
        accepts: Writer,
        writer: Writer,
        keys: MessengerKeys,
        applier: Applier,
        *,
        settle_s: float = SETTLE_S,
        look_s: float = POLL_S,
    ) -> None:
        """``accepts`` writes what came, ``writer`` the rest; ``look_s`` as ``poll_s`` of the lanes."""
        self._store = store
        self._writer = accepts
        self._keys = keys
        self._applier = applier
        self._settle_ms = round(settle_s * 1000)
        self._lanes = Lanes(
            store,
            writer,
            due=keys.due_in,
            held=keys.held_in,
            source=keys.stream,
            work=self._work,
            poll_s=look_s,
        )

    async def run(self) -> None:
        await self._lanes.run()

    async def accept(self, events: Sequence[Event]) -> None:
        """Write events down, each key once. When this returns they are on disk.

        Raises:
            StoreUnavailable: Redis is away; what was written is known when the same events come again.
        """
        await asyncio.gather(*(self._accept(covered(event)) for event in events))
        self._lanes.nudge()

    async def _accept(self, event: Event) -> None:
        if event.kind in (Kind.OTHER, Kind.POLICY) or not event.person:
            await self._keep(event)
            return
        lane = f"{event.page}:{event.person}"
        names = [self._keys.seen(event.key), self._keys.stream(lane), self._keys.due_in, self._keys.held_in]
        longest_ms = round(SETTLE_MAX_S * 1000)
        await self._writer.run(_ACCEPT, names, [event.to_json(), SEEN_TTL_S, lane, self._settle_ms, longest_ms])

    async def _keep(self, event: Event) -> None:
        redis, seen = self._store.redis, self._keys.seen(event.key)
        if await self._store.call(redis.exists(seen)):
            return  # else a block that was over long ago would be raised anew
        fields: dict[Any, Any] = {"e": event.to_json()[:16_000]}
        await self._store.call(redis.xadd(self._keys.other, fields, maxlen=OTHER_KEPT, approximate=True))
        if event.kind is Kind.POLICY:
            await self._applier.apply(event)
        await self._store.call(redis.set(seen, "1", ex=SEEN_TTL_S))

    async def _work(self, lane: str, keep: Callable[[], Awaitable[None]]) -> Left:
        stream = self._keys.stream(lane)
        rows: Any = await self._store.call(self._store.redis.xrange(stream, count=BATCH))
        known = {}
        for id, fields in rows:
            event = await self._read(stream, id, fields)
            if event is not None:
                known[event.key] = (id, event)
        early = False
        done: list[bytes] = []
        for event in in_order(event for _, event in known.values()):
            await keep()
            id = known[event.key][0]
            if await self._apply(event, id):
                done.append(id)
            else:
                early = True
        return Left(RETRY_S if early else 0.0, done=tuple(done))

    async def _read(self, stream: str, id: bytes, fields: dict[bytes, bytes]) -> Event | None:
        try:
            return decode(fields[b"e"])
        except (KeyError, TypeError, ValueError):
            await self._set_aside(fields)
            await self._remove(stream, id)
            return None

    async def _apply(self, event: Event, id: bytes) -> bool:
        """Whether the event is done with."""
        try:
            await self._applier.apply(event)
        except NotYet:
            return await self._age_ms(id) > TOO_EARLY_S * 1000
        except StoreUnavailable:
            raise
        except Erased:
            return True  # it was on its way when its conversation was erased
        except Exception:
            # It would end every attempt at this person's lane; the neighbours must not wait for it (R18).
            log.exception("an event of kind %s cannot be used and is set aside", event.kind.value)
            await self._set_aside({b"e": event.to_json().encode()})
        return True

    async def _age_ms(self, id: bytes) -> int:
        seconds, micros = await self._store.call(self._store.redis.time())
        return int(seconds) * 1000 + int(micros) // 1000 - int(id.partition(b"-")[0])

    async def _set_aside(self, fields: dict[bytes, bytes]) -> None:
        kept: dict[Any, Any] = {**fields, b"from": b"messenger"}
        await self._store.call(self._store.redis.xadd(self._store.keys.dead, kept))

    async def _remove(self, stream: str, id: bytes) -> None:
        await self._store.call(self._store.redis.xdel(stream, id))
