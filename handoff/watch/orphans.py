"""Looks for conversations that are not where their status says (I5), puts them there, and says so.

Every move is one atomic write, so there should be none. A hand in Redis, a restored backup or a mistake of ours can
make one all the same, and a visitor whom nobody will ever be offered is the worst that this service can do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from dataclasses import replace

from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.errors import NotFound, Refused, StoreUnavailable
from handoff.hub import Hub
from handoff.states import readable_one
from handoff.watch import metrics

__all__ = ["LOOK_EVERY_S", "PAGE", "Orphans"]

log = logging.getLogger("silta.orphans")

LOOK_EVERY_S = 5.0
"""How often a part of the conversations is looked at, by one hub of all."""

PAGE = 200
"""Conversations of each list looked at in one go: a million take three hours, the latest are looked at every time."""


class Orphans:
    """See the module. Several hubs may run it: a lease by Redis' clock lets one look at a time."""

    def __init__(self, hub: Hub, *, process: str, look_every_s: float = LOOK_EVERY_S) -> None:
        self._hub = hub
        self._process = process
        self._look_every_s = look_every_s
        self._cursors = {"index": 0, "queue": 0, "assigned": 0}

    async def keep_looking(self) -> None:
        """Run for ever."""
        while True:
            await asyncio.sleep(self._look_every_s)
            try:
                if await self._is_mine():
                    await self.look()
            except StoreUnavailable:
                pass  # what is wrong is still wrong when Redis is back

    async def _is_mine(self) -> bool:
        store = self._hub.store
        lease_ms = round(self._look_every_s * 900)
        return bool(await store.call(store.redis.set(store.keys.orphans, self._process, nx=True, px=lease_ms)))

    async def look(self) -> list[str]:
        """Look at the next part, put right what is wrong, and return the conversations that were.

        Raises:
            StoreUnavailable: Redis is away.
        """
        wrong = await self._wrong(await self._candidates())
        for conversation, where in wrong.items():
            log.error("conversation %s was an orphan (%s) and is put right", conversation, where)
            metrics.orphans.labels(where).inc()
            await self._put_right(conversation)
        return list(wrong)

    async def _candidates(self) -> list[str]:
        store, keys = self._hub.store, self._hub.store.keys
        found: set[bytes] = set(await store.call(store.redis.zrevrange(keys.index, 0, PAGE - 1)))
        for name, scan, key in (
            ("index", store.redis.zscan, keys.index),
            ("queue", store.redis.zscan, keys.queue),
            ("assigned", store.redis.hscan, keys.assigned),
        ):
            self._cursors[name], rows = await store.call(scan(key, self._cursors[name], count=PAGE))
            found.update(row if isinstance(row, bytes) else row[0] for row in rows)
        return [conversation.decode() for conversation in found]

    async def _wrong(self, conversations: Collection[str]) -> dict[str, str]:
        """Those that are not where they belong, and the place that is wrong."""
        if not conversations:
            return {}
        store, keys = self._hub.store, self._hub.store.keys
        # In one transaction: between two looks a conversation may have moved.
        pipe = store.redis.pipeline(transaction=True)
        for conversation in conversations:
            pipe.hget(keys.state(conversation), "state")
        pipe.zmscore(keys.queue, list(conversations))
        pipe.hmget(keys.assigned, list(conversations))
        pipe.zmscore(keys.due, list(conversations))
        *states, queued, agents, due = await store.call(pipe.execute())
        wrong = {}
        for conversation, raw, place, agent, late_at in zip(conversations, states, queued, agents, due, strict=True):
            where = _misplaced(conversation, raw, place is not None, agent, late_at is not None)
            if where is not None:
                wrong[conversation] = where
        return wrong

    async def _put_right(self, conversation: str) -> None:
        store, keys = self._hub.store, self._hub.store.keys

        def decide(state: Conversation) -> Decision | None:
            # The write of any move puts a conversation into its places; this one moves nothing else.
            return Decision(state, replace(state, version=state.version + 1, updated_at=stamp(now_ms())))

        try:
            commit = await store.request(conversation, decide)
        except NotFound:
            await store.forget_gone(conversation)
            return
        except Refused as refused:
            log.error("conversation %s cannot be put right: %s", conversation, refused)
            return
        if commit.decision is not None and commit.decision.after.bot_pending:
            now = await self._hub.presence.now_ms()
            await store.call(store.redis.zadd(keys.due, {conversation: now}, nx=True))


def _misplaced(conversation: str, raw: bytes | None, queued: bool, agent: bytes | None, due: bool) -> str | None:
    """The list that does not agree with a state as it is kept, or None."""
    if raw is None:
        return "gone" if queued or agent is not None or due else None
    state = readable_one(conversation, raw)
    if state is None:
        return None  # where it belongs is for a hub that can read it
    holder = state.assignee.id.encode() if state.assignee is not None else None
    if queued != (state.status is Status.QUEUED):
        return "queue"
    if agent != holder:
        return "assigned"
    if state.bot_pending and not due:
        return "due"
    return None


