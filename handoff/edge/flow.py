"""What has come on a socket and was not taken yet, and whether more may be written to it: every socket has the two.

The standard library's queue and event hold four deques between them, empty or not: three quarters of a kilobyte each,
for ten thousand sockets that are silent nearly always.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

__all__ = ["Incoming", "Writable"]


class Incoming:
    """What the server has for the application, in order. One reader at a time."""

    __slots__ = ("_items", "_reader")

    def __init__(self) -> None:
        self._items: deque[Any] | None = None
        self._reader: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        return not self._items

    def put_nowait(self, item: Any) -> None:
        if self._items is None:
            self._items = deque()
        self._items.append(item)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Any:
        """The next item, when there is one."""
        while not self._items:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        item = self._items.popleft()
        if not self._items:
            self._items = None
        return item


class Writable:
    """Open until the transport says that the peer is behind."""

    __slots__ = ("_open", "_waiting")

    def __init__(self) -> None:
        self._open = True
        self._waiting: list[asyncio.Future[None]] = []

    def is_set(self) -> bool:
        return self._open

    def clear(self) -> None:
        self._open = False

    def set(self) -> None:
        self._open = True
        for one in self._waiting:
            if not one.done():
                one.set_result(None)

    async def wait(self) -> None:
        """Return when more may be written."""
        while not self._open:
            one = asyncio.get_running_loop().create_future()
            self._waiting.append(one)
            try:
                await one
            finally:
                self._waiting.remove(one)
