"""Rasa's lock store: one lock a conversation within the process.

Order over processes comes from the inbox, which never holds two entries of one conversation. What is left to a lock
is what comes from inside one process (reminders, commands). Rasa's own stores look for a free lock once a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, LockStore

__all__ = ["SeamLockStore"]


class SeamLockStore(LockStore):
    """First come, first served; a lock that nobody holds or waits for is forgotten."""

    def __init__(self, endpoint_config: Any = None) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._wanted: dict[str, int] = {}

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = LOCK_LIFETIME, wait_time_in_seconds: float = 1
    ) -> AsyncIterator[TicketLock]:
        """Hold the conversation's lock. ``lock_lifetime`` and ``wait_time_in_seconds`` mean nothing here."""
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        self._wanted[conversation_id] = self._wanted.get(conversation_id, 0) + 1
        try:
            async with lock:
                yield TicketLock(conversation_id)
        finally:
            self._wanted[conversation_id] -= 1
            if not self._wanted[conversation_id]:
                del self._wanted[conversation_id], self._locks[conversation_id]

    def get_lock(self, conversation_id: str) -> TicketLock | None:
        """Part of Rasa's interface."""
        return TicketLock(conversation_id) if conversation_id in self._locks else None

    def delete_lock(self, conversation_id: str) -> None:
        """Part of Rasa's interface; locks go by themselves."""

    def save_lock(self, lock: TicketLock) -> None:
        """Part of Rasa's interface; there is nothing to save."""
