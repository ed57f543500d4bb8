"""Takes entries from the inbox and sees each through to exactly one outcome."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable

from redis.exceptions import ResponseError

from bot.seam.ending import end
from bot.seam.flight import Flight
from bot.seam.inbox import Delivery, Inbox
from bot.seam.link import AWAY, Link
from bot.seam.turn import Turn

__all__ = ["Worker"]

log = logging.getLogger(__name__)

RECOVERY = 0.25
"""Seconds between tries to reach Redis."""


class Worker:
    """The inbox's reader in one process.

    ``run`` runs one turn up to its commit; it is called inside the turn's context. Call :meth:`start` in a running
    loop, and :meth:`stop` before it ends.
    """

    def __init__(self, link: Link, run: Callable[[Turn], Awaitable[None]]) -> None:
        self._link = link
        self._inbox = Inbox(link)
        self._run = run
        self._limits = link.limits
        self._flights: dict[str, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._reading: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self._lap = 0.0
        """When the reader last came round, in the loop's time."""
        self._stopping = False

    async def start(self) -> None:
        """Begin to read. Returns at once; Redis may still be away."""
        self._lap = asyncio.get_running_loop().time()
        self._reading = asyncio.create_task(self._read(), name="silta-read")
        self._tasks = [
            asyncio.create_task(self._every(self._limits.renew_every, self._renew), name="silta-renew"),
            asyncio.create_task(self._every(self._limits.beat_every, self._beat), name="silta-beat"),
            asyncio.create_task(self._every(self._limits.forget / 10, self._inbox.sweep), name="silta-sweep"),
        ]

    async def stop(self) -> None:
        """Stop reading, let running turns end, hand back the rest. Takes the limit ``drain`` and little more."""
        self._stopping = True
        await end(self._reading)
        await self._try(self._inbox.hush)
        if self._flights:
            log.info("stopping: %d turns still run", len(self._flights))
            await asyncio.wait(list(self._flights.values()), timeout=self._limits.drain)
        for task in [*self._flights.values(), *self._tasks]:
            await end(task)
        handed = await self._try(self._inbox.release)
        if handed:
            log.info("stopping: %d messages handed back", handed)

    # -- the reader ----------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        fresh = True  # the connection is new: entries may be ours that we never heard of
        claim_at = 0.0
        while True:
            try:
                if fresh:
                    await self._inbox.join()
                    self._up.set()
                if fresh or loop.time() >= claim_at:
                    # Redis was away for the others too: let them renew what is theirs before it is taken over.
                    await self._claim(own=fresh, others=not fresh)
                    claim_at = loop.time() + (self._limits.renew_every * 2 if fresh else self._limits.claim_every)
                    fresh = False
                await self._read_new()
                self._lap = loop.time()
            except AWAY as error:
                if self._up.is_set():
                    log.warning("Redis is away (%s); reading stops until it is back", type(error).__name__)
                self._up.clear()
                fresh = True
                await asyncio.sleep(RECOVERY)
            except ResponseError as error:
                # NOGROUP: someone emptied Redis. Anything else: the next lap may fare better.
                log.error("inbox: %s", error)
                fresh = True
                await asyncio.sleep(RECOVERY)
            except Exception as error:
                log.error("inbox: %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
                fresh = True
                await asyncio.sleep(RECOVERY)

    @property
    def _free(self) -> int:
        return self._limits.slots - len(self._flights)

    async def _claim(self, *, own: bool, others: bool) -> None:
        if self._free > 0:
            for delivery in await self._inbox.claim(self._free, list(self._flights), own=own, others=others):
                self._fly(delivery)

    async def _read_new(self) -> None:
        if self._free > 0:
            for delivery in await self._inbox.read(self._free):
                self._fly(delivery)
        else:
            await asyncio.wait(
                list(self._flights.values()), timeout=self._limits.block, return_when=asyncio.FIRST_COMPLETED
            )

    def _fly(self, delivery: Delivery) -> None:
        if delivery.entry in self._flights:
            return
        flight = Flight(delivery, self._link, self._inbox, self._run, self._up)
        task = asyncio.create_task(flight.complete(), name=f"silta-turn-{delivery.entry}")
        self._flights[delivery.entry] = task
        task.add_done_callback(lambda _: self._flights.pop(delivery.entry, None))

    # -- what goes on beside it ----------------------------------------------------------------------------------

    async def _every(self, pause: float, what: Callable[[], Awaitable[object]]) -> None:
        while True:
            await self._try(what)
            await asyncio.sleep(pause)

    async def _try(self, what: Callable[[], Awaitable[object]]) -> object:
        try:
            return await what()
        except AWAY as error:
            log.debug("%s: %s", getattr(what, "__name__", what), type(error).__name__)
        except Exception as error:  # a helper that dies would take the process's entries with it
            log.error("%s: %s: %s", getattr(what, "__name__", what), type(error).__name__, error)
        return None

    async def _renew(self) -> None:
        if self._flights:
            # What was lost need not be stopped: its commit will be refused.
            await self._inbox.renew(list(self._flights))

    async def _beat(self) -> None:
        # A reader that is stuck must look dead, though the loop runs.
        if not self._stopping and asyncio.get_running_loop().time() - self._lap < self._limits.alive:
            await self._inbox.beat()
