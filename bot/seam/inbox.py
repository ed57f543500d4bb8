"""The inbox as one process of its consumer group sees it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection
from dataclasses import dataclass

from redis.exceptions import ResponseError

from bot.seam.link import Link
from handoff.events import Keys

__all__ = ["Delivery", "Inbox"]

HANDED_BACK = "-"
"""The consumer name that entries rest under when a process hands them back."""
LONG_AGO_MS = 3_600_000
"""The idle time they are given, so that the next reader takes them at once."""


@dataclass(frozen=True)
class Delivery:
    """An entry that this process is to run."""

    entry: str
    data: bytes
    """JSON of an inbound; empty where the entry was deleted from the stream by someone else."""
    attempt: int = 1
    """The how-manieth attempt it is, over all processes."""


class Inbox:
    """Reading, taking over, keeping and handing back entries. Raises what :class:`Link` raises."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._keys = [link.keys.inbox]
        self._group = [Keys.GROUP, link.name]
        self._alive = link.keys.alive(link.name)
        self._since = time.time()

    async def join(self) -> None:
        """Make the consumer group if there is none. What was on the stream before is read too."""
        try:
            await self._link.redis.xgroup_create(self._keys[0], Keys.GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    async def read(self, most: int) -> list[Delivery]:
        """New entries, waiting for the first one for the limit ``block``."""
        answer = await self._link.reader.xreadgroup(
            Keys.GROUP, self._link.name, {self._keys[0]: ">"}, count=most, block=int(self._link.limits.block * 1000)
        )
        return [
            Delivery(entry.decode(), (fields or {}).get(b"data", b""))
            for _, entries in answer or ()
            for entry, fields in entries
        ]

    async def claim(self, most: int, flying: Collection[str], *, own: bool, others: bool) -> list[Delivery]:
        """Entries to run that are not new: those that were handed back, ``own`` ones that this process was given
        without learning of it (an answer lost on the way), and those of ``others`` that died. ``flying`` are left
        alone."""
        idle = int(self._link.limits.takeover * 1000) if others else LONG_AGO_MS
        taken = await self._link.script(
            "claim", self._keys, [*self._group, idle, most, HANDED_BACK, "1" if own else "0", *flying]
        )
        return [Delivery(entry.decode(), data, int(attempt)) for entry, attempt, data in taken]

    async def renew(self, flying: Collection[str]) -> list[str]:
        """Keep the entries. Returns those that are not this process's any more."""
        return [entry.decode() for entry in await self._link.script("renew", self._keys, [*self._group, *flying])]

    async def fail(self, entry: str) -> int:
        """Count a failed attempt. Returns the number of the next one, or -1 when the entry is another's by now."""
        return int(await self._link.script("fail", self._keys, [*self._group, entry]))

    async def release(self) -> int:
        """Hand back what is pending here, and leave the group. Returns how many entries that were."""
        return int(await self._link.script("release", self._keys, [*self._group, HANDED_BACK, LONG_AGO_MS]))

    async def sweep(self) -> None:
        """Remove the names of processes that died with nothing pending."""
        await self._link.script("sweep", self._keys, [*self._group, HANDED_BACK, int(self._link.limits.forget * 1000)])

    async def beat(self) -> None:
        """Say that this process reads the inbox, for the limit ``alive``."""
        value = json.dumps({"pid": os.getpid(), "since": round(self._since, 3)})
        await self._link.redis.set(self._alive, value, px=int(self._link.limits.alive * 1000))

    async def hush(self) -> None:
        """Say that it does not any more."""
        await self._link.redis.delete(self._alive)
