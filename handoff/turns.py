"""Whose turn it is to write to a conversation: of the requests on one process, and between processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from handoff.errors import StoreUnavailable

__all__ = ["GIVE_WAY_S", "PATIENCE", "TURN_MS", "TURN_TIMEOUT_S", "Turns"]

TURN_TIMEOUT_S = 5.0
"""How long a request waits for those before it in its conversation, and then for other processes that write to it:
about a thousand writes each; while Redis hangs, two that fail. Later than this the client sends again anyway."""

PATIENCE = 3
"""After so many lost races with other processes a request asks for the turn: fewer would hold up the others for what
mostly settles by itself."""

TURN_MS = 250
"""How long the turn stands if it is not used, for its process may have died: well above the two steps it takes."""

GIVE_WAY_S = 0.005
"""How often a process that gives way looks again: about a write."""


@dataclass
class _Line:
    """Requests to one conversation."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Turns:
    """Requests of this process to one conversation: each in its turn."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def __len__(self) -> int:
        """Conversations to which somebody writes, or waits to."""
        return len(self._lines)

    @asynccontextmanager
    async def of(self, conversation: str) -> AsyncIterator[None]:
        """Wait for the turn; it ends with the context.

        Raises:
            StoreUnavailable: it has not come for :data:`TURN_TIMEOUT_S`.
        """
        line = self._lines.setdefault(conversation, _Line())
        line.waiting += 1
        try:
            if line.waiting == 1:
                await line.lock.acquire()  # at once: nobody else has it or waits for it
            else:
                await _acquired(line.lock)
            try:
                yield
            finally:
                line.lock.release()
        finally:
            line.waiting -= 1
            if not line.waiting:
                del self._lines[conversation]


async def _acquired(lock: asyncio.Lock) -> None:
    try:
        async with asyncio.timeout(TURN_TIMEOUT_S):
            await lock.acquire()
    except TimeoutError:
        raise StoreUnavailable("too many requests for one conversation at once") from None
