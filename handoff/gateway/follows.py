"""The conversations that one console has open: each is replayed from where it was, and followed from then on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

from handoff.access.permissions import sees
from handoff.errors import StoreUnavailable, Unreadable
from handoff.fanout import Listener, Subscription
from handoff.gateway.console import Console

__all__ = ["Follows"]

log = logging.getLogger("silta.agent")

OPEN_MAX = 100
"""Conversations one socket follows at once; the one opened longest ago is dropped first, but never one that its agent
has: a console is told of a visitor's words by its open conversations alone, and a snoozed one is the oldest soon."""

REPLAYS_AT_ONCE = 4
"""Long histories that one socket is sent side by side; each holds a page of events in this process."""


class Follows:
    """Subscriptions of one socket, the ``listener``. ``in`` tells whether a conversation is open; iterate over what is.
    :meth:`close` at the end."""

    def __init__(self, console: Console, listener: Listener) -> None:
        self._console = console
        self._listener = listener
        self._open: dict[str, Subscription] = {}
        self._replaying = asyncio.Semaphore(REPLAYS_AT_ONCE)
        self._replays: set[asyncio.Task[None]] = set()

    def __contains__(self, conversation: str) -> bool:
        return conversation in self._open

    def __iter__(self) -> Iterator[str]:
        return iter(self._open)

    @property
    def replaying(self) -> bool:
        """Whether a history is on its way."""
        return bool(self._replays)

    def follow(self, conversation: str, sent: int) -> None:
        """Deliver what the log holds above ``sent``, and what is written from now on.

        The history is sent beside what else the agent asks for: a long one over a slow line must not hold up what is
        written meanwhile.
        """
        self.drop(conversation)
        while len(self._open) >= OPEN_MAX and (oldest := self._oldest_of_others()) is not None:
            self.drop(oldest)
        subscription = self._console.hub.fanout.subscribe(conversation, sent, self._listener)
        self._open[conversation] = subscription
        task = asyncio.create_task(self._catch_up(subscription), name="replay")
        self._replays.add(task)
        task.add_done_callback(self._replays.discard)

    def _oldest_of_others(self) -> str | None:
        """What was opened longest ago of that which this agent does not have, as the waiting room knows it."""
        lines, own = self._console.hub.room.lines, self._console.account.id
        for conversation in self._open:
            assignee = lines.get(conversation, {}).get("assignee")
            if assignee is None or assignee["id"] != own:
                return conversation
        return None

    async def _catch_up(self, subscription: Subscription) -> None:
        async with self._replaying:
            try:
                await subscription.catch_up()
            except StoreUnavailable:
                pass  # the check after the reconnection reads the rest
            except Exception:
                log.exception("a replay of conversation %s failed", subscription.conversation)

    async def resume(self, conversation: str, cursor: int) -> None:
        """Follow again what the console had open, from its last number on; what it may not see any more is forgotten.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        console = self._console
        try:
            state = await console.hub.store.load(conversation)
        except Unreadable:
            return  # it costs this conversation, not the console
        seen = state is not None and sees(console.account, state)
        if state is None or not seen or cursor > state.last:
            if cursor:
                console.peer.push({"type": "resync", "conversation": conversation, "from": 1})
            cursor = 0
        if not seen:
            console.turned_away(conversation, state)
            return
        await console.hub.audit.write(console.account, "transcript.read", conversation, over="cursor", after=cursor)
        self.follow(conversation, cursor)

    def drop(self, conversation: str) -> None:
        """Follow it no more."""
        subscription = self._open.pop(conversation, None)
        if subscription is not None:
            subscription.close()

    def close(self) -> None:
        """Follow nothing any more."""
        for subscription in self._open.values():
            subscription.close()
        for task in self._replays:
            task.cancel()
