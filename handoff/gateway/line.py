"""The visitors of this process who wait in the queue: each is told its place and choices when they have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from handoff.errors import StoreUnavailable
from handoff.hub import Hub
from handoff.tasks import nudged

__all__ = ["MOVES_EVERY_S", "WaitingLine"]

MOVES_EVERY_S = 1.0
"""Places are told at most so often: a queue that moves fast need not flicker."""

LOOK_EVERY_S = 5.0
"""Looked at without a reason: an agent who vanishes says nothing, and is one less all the same; time alone brings
choices."""


class Waiting(Protocol):
    """A visitor's socket in the queue."""

    @property
    def conversation(self) -> str: ...

    def push_status(self, frame: Mapping[str, Any]) -> None: ...


class WaitingLine:
    """Tells places. Run :meth:`keep_telling` for ever; give :meth:`noticed` to the fan-out's watchers, after the
    room's, which it looks into."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: dict[Waiting, Mapping[str, Any] | None] = {}
        self._moved = asyncio.Event()
        hub.owner.on_change(self._moved.set)

    def join(self, socket: Waiting) -> None:
        self._waiting.setdefault(socket, None)

    def leave(self, socket: Waiting) -> None:
        self._waiting.pop(socket, None)

    def noticed(self, notice: Mapping[str, Any]) -> None:
        """The queue may have moved."""
        if {"queue", "reconnected", "presence", "callback"} & notice.keys():
            self._moved.set()

    async def keep_telling(self) -> None:
        while True:
            await nudged(self._moved, LOOK_EVERY_S)
            try:
                await self._tell()
            except StoreUnavailable:
                self._moved.set()
            await asyncio.sleep(MOVES_EVERY_S)

    async def _tell(self) -> None:
        sockets = list(self._waiting)
        if not sockets:
            return
        await self._note_seen({socket.conversation for socket in sockets})
        await self._hub.room.refresh(listening=self._hub.fanout.listening.is_set())
        statuses = self._hub.room.statuses([socket.conversation for socket in sockets])
        for socket in sockets:
            frame = statuses.get(socket.conversation)
            if frame is None or socket not in self._waiting or self._waiting[socket] == frame:
                continue
            self._waiting[socket] = frame
            socket.push_status(frame)

    async def _note_seen(self, conversations: set[str]) -> None:
        """These visitors are there to be answered (R17)."""
        store = self._hub.store
        now = await self._hub.presence.now_ms()
        pipe = store.redis.pipeline(transaction=False)
        pipe.zadd(store.keys.visitors_seen, dict.fromkeys(conversations, now))
        pipe.zremrangebyscore(store.keys.visitors_seen, "-inf", now - 86_400_000)
        await store.call(pipe.execute())
