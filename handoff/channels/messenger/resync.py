"""Asks Meta who has the threads that the page inbox has taken: the word that they were given back may have been lost,
while we were down or on the way, and a person would wait for a colleague who is long done.

The other way round needs no asking: what we send to a thread that is not ours is refused, and says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from handoff.channels.messenger.client import Graph, GraphError
from handoff.channels.messenger.decisions import INBOX
from handoff.channels.messenger.keys import MessengerKeys
from handoff.channels.messenger.threads import Thread, Threads
from handoff.errors import StoreUnavailable
from handoff.store import Store

__all__ = ["EVERY_S", "Resync"]

log = logging.getLogger("silta.messenger")

EVERY_S = 600.0
"""A handover that was missed is noticed within so long, and at a start."""

FRESH_MS = 60_000
"""A thread that has changed hands within so long is left alone: Meta's own word of it may be on its way."""

BETWEEN_S = 0.5
"""Between two questions: Meta allows such calls two a second."""


class Resync:
    """Run :meth:`keep_asking` for ever. ``back`` gives a thread back to the bot; its key makes that happen once."""

    def __init__(
        self,
        store: Store,
        keys: MessengerKeys,
        threads: Threads,
        graph: Graph,
        app_id: str,
        clock: Callable[[], int],
        back: Callable[[Thread, str], Awaitable[None]],
    ) -> None:
        self._store = store
        self._keys = keys
        self._threads = threads
        self._graph = graph
        self._app_id = app_id
        self._clock = clock
        self._back = back

    async def keep_asking(self) -> None:
        """Run for ever: at the start, and now and then; one process does, for all."""
        while True:
            try:
                mark = self._keys.once("resync")
                if await self._store.call(self._store.redis.set(mark, 1, nx=True, px=round(EVERY_S * 500))):
                    await self.ask()
            except StoreUnavailable:
                pass  # the next time
            except Exception:
                log.exception("the owners of threads could not be asked for")
            await asyncio.sleep(EVERY_S)

    async def ask(self) -> int:
        """Ask for every conversation that the page inbox has; how many of them are ours again.

        Raises:
            StoreUnavailable: Redis is away.
        """
        assigned = await self._store.call(self._store.redis.hgetall(self._store.keys.assigned))
        ours = 0
        for conversation, holder in assigned.items():
            if holder.decode() != INBOX:
                continue
            thread = await self._threads.load(conversation.decode())
            # Who only wrote there, without Meta's routing, has nothing that could be given back.
            if thread is None or thread.inbox == "echo" or self._clock() - thread.inbox_at < FRESH_MS:
                continue
            if not thread.inbox:
                # It is known to be ours, and was not taken out of the page inbox's hands.
                log.info("conversation %s: its thread came back and the conversation did not", thread.conversation)
                await self._back(thread, f"resync:{thread.inbox_at}")
                ours += 1
                continue
            try:
                owner = await self._graph.thread_owner(thread.person)
            except GraphError as error:
                log.warning("conversation %s: who has its thread is not known: %s", thread.conversation, error)
                continue
            if not owner or owner == self._app_id:
                log.info("conversation %s: the page inbox has given its thread back unnoticed", thread.conversation)
                await self._back(thread, f"resync:{thread.inbox_at}")
                ours += 1
            await asyncio.sleep(BETWEEN_S)
        return ours
