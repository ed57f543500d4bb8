"""The visitors of this process who wait in the queue: each is told its place when the queue has moved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from handoff.errors import StoreUnavailable
from handoff.hub import Hub

__all__ = ["MOVES_EVERY_S", "WaitingLine"]

MOVES_EVERY_S = 1.0
"""Places are told at most so often: a queue that moves fast need not flicker."""

LOOK_EVERY_S = 5.0
"""Looked at without a reason: an agent who vanishes says nothing, and is one less all the same."""


class Waiting(Protocol):
    """A visitor's socket in the queue."""

    @property
    def conversation(self) -> str: ...

    def push_status(self, frame: Mapping[str, Any]) -> None: ...


class WaitingLine:
    """Tells places. Run :meth:`keep_telling` for ever; give :meth:`noticed` to the fan-out's watchers."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: dict[Waiting, tuple[int, int] | None] = {}
        self._moved = asyncio.Event()

    def join(self, socket: Waiting) -> None:
        self._waiting.setdefault(socket, None)

    def leave(self, socket: Waiting) -> None:
        self._waiting.pop(socket, None)

    def noticed(self, notice: Mapping[str, Any]) -> None:
        """The queue may have moved."""
        if "queue" in notice or "reconnected" in notice or "presence" in notice:
            self._moved.set()

    async def keep_telling(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._moved.wait()
            except TimeoutError:
                pass
            self._moved.clear()
            try:
                await self._tell()
            except StoreUnavailable:
                self._moved.set()
            await asyncio.sleep(MOVES_EVERY_S)

    async def _tell(self) -> None:
        sockets = list(self._waiting)
        if not sockets:
            return
        agents = await self._hub.presence.online()
        store = self._hub.store
        pipe = store.redis.pipeline(transaction=False)
        for socket in sockets:
            pipe.zrank(store.keys.queue, socket.conversation)
        for socket, rank in zip(sockets, await store.call(pipe.execute()), strict=True):
            if rank is None or socket not in self._waiting or self._waiting[socket] == (rank, agents):
                continue
            self._waiting[socket] = (rank, agents)
            socket.push_status(
                {
                    "type": "status",
                    "status": "queued",
                    "position": rank + 1,
                    "ahead": rank,
                    "eta_s": None,
                    "agents": agents,
                }
            )
