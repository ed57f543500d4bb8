"""Seen and typing marks. They are honest (somebody has the message), they are not kept, and nothing waits for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from handoff.channels.messenger.client import Graph, GraphError
from handoff.channels.messenger.keys import MessengerKeys
from handoff.channels.messenger.people import People
from handoff.channels.messenger.threads import Thread, Threads
from handoff.errors import StoreUnavailable
from handoff.store import Store
from handoff.tasks import end

__all__ = ["Signs"]

log = logging.getLogger("silta.messenger")

AT_ONCE = 8
"""Marks on their way at once; more are dropped, as are all when Meta's allowance of calls grows short: a late
mark is worth nothing, and messages need the line."""

TYPING_EVERY_S = 10
"""A typing mark stands for 20 s at Meta's; while an agent types it is renewed this often, by one hub."""


class Signs:
    """Sends marks in the background."""

    def __init__(self, store: Store, keys: MessengerKeys, threads: Threads, graph: Graph, people: People) -> None:
        self._people = people
        self._store = store
        self._keys = keys
        self._threads = threads
        self._graph = graph
        self._tasks: set[asyncio.Task[None]] = set()

    def seen(self, person: str, *, typing: bool = False) -> None:
        """The bot or a person has the message now; with ``typing`` an answer is being made."""
        self._start(self._act(person, "mark_seen", *(("typing_on",) if typing else ())))

    def learn(self, thread: Thread) -> None:
        """Ask for the person's name, in the background as well."""
        self._start(self._people.learn(thread))

    def noticed(self, notice: Mapping[str, Any]) -> None:
        """A watcher of the hub's notices: an agent types."""
        who = notice.get("typing")
        if not isinstance(who, dict) or who.get("role") != "agent":
            return
        conversation = str(notice["conversation"])
        known = self._store.lately(conversation)
        if known is None or known.channel == "messenger":
            self._start(self._agent_types(conversation, bool(who.get("on"))))

    async def stop(self) -> None:
        await end(*self._tasks)

    def _start(self, work: Any) -> None:
        if len(self._tasks) >= AT_ONCE or self._graph.usage.high:
            work.close()
            return
        task = asyncio.create_task(work, name="messenger-sign")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _agent_types(self, conversation: str, on: bool) -> None:
        try:
            thread = await self._threads.load(conversation)
            if thread is None:
                return
            name = self._keys.once(f"typing:{conversation}:{int(on)}")
            first = await self._store.call(self._store.redis.set(name, 1, nx=True, ex=TYPING_EVERY_S if on else 2))
        except StoreUnavailable:
            return
        if first:
            await self._act(thread.person, "typing_on" if on else "typing_off")

    async def _act(self, person: str, *actions: str) -> None:
        try:
            for action in actions:
                await self._graph.act(person, action)
        except GraphError as error:
            log.info("a mark was not shown: %s", error)
