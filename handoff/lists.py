"""Lists of conversations, by what people have to do: who waits, who is whose, what was promised, what is wrong."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from handoff import callbacks
from handoff.conversation import Conversation
from handoff.owner.files import LiveOwner
from handoff.queue import order
from handoff.states import readable
from handoff.store import Store

__all__ = ["Lists"]

QUEUE_SHOWN = 500
"""Lines of the queue that a console gets at once; the rest moves up as it empties."""


class Lists:
    """Reads them from Redis. All methods raise :class:`~handoff.errors.StoreUnavailable` while it is away."""

    def __init__(self, store: Store, owner: LiveOwner) -> None:
        self._store = store
        self._owner = owner

    async def queue(self) -> list[dict[str, Any]]:
        """The first lines of the queue, in the order of dispatch, reasons not yet in words."""
        redis, keys = self._store.redis, self._store.keys
        waiting = await self._store.call(redis.zrange(keys.queue, 0, QUEUE_SHOWN - 1))
        return [line for line in map(order.entry, await self.states(waiting)) if line is not None]

    async def lines(self, conversations: Collection[str]) -> dict[str, dict[str, Any] | None]:
        """The lines of these conversations; None for one that needs no person now."""
        states = await self.states([conversation.encode() for conversation in conversations])
        found = {state.id: order.entry(state) for state in states}
        return {conversation: found.get(conversation) for conversation in conversations}

    async def tasks(self) -> list[dict[str, Any]]:
        """Call-backs to make and e-mails to answer, soonest first."""
        redis, keys, remind = self._store.redis, self._store.keys, self._owner.now.rules.callbacks.remind_min
        pipe = redis.pipeline(transaction=False)
        pipe.zrange(keys.callbacks, 0, -1)
        pipe.zrange(keys.replies, 0, -1)
        calls, mails = await self._store.call(pipe.execute())
        found = (callbacks.task(state, remind_min=remind) for state in await self.states([*calls, *mails]))
        return sorted((task for task in found if task is not None), key=lambda task: task["from"] or task["by"])

    async def alerts(self) -> list[dict[str, Any]]:
        """The alerts that stand, not yet in words."""
        rows = await self._store.call(self._store.redis.hvals(self._store.keys.alerts))
        return sorted((json.loads(row) for row in rows), key=lambda alert: str(alert["at"]))

    async def mine(self, agent: str) -> list[Conversation]:
        """The conversations that an agent has."""
        assigned = await self._store.call(self._store.redis.hgetall(self._store.keys.assigned))
        own = [conversation for conversation, holder in assigned.items() if holder == agent.encode()]
        states = await self.states(own)
        return [state for state in states if state.assignee is not None and state.assignee.id == agent]

    async def states(self, conversations: Sequence[bytes]) -> list[Conversation]:
        """Conversations as they are; those that do not exist are left out, and those that cannot be read."""
        if not conversations:
            return []
        pipe = self._store.redis.pipeline(transaction=False)
        for conversation in conversations:
            pipe.hget(self._store.keys.state(conversation.decode()), "state")
        return readable(conversations, await self._store.call(pipe.execute()))
