"""One socket's sending side: an outbox with a limit, a writer only while there is something to write, a timeout around
every send and an abort after it. A ping timeout alone does not drop a peer that stops reading."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from handoff import metrics
from handoff.wire.codec import dump

__all__ = ["OUTBOX_MAX", "Peer"]

OUTBOX_MAX = 256
"""Frames that may wait for one socket; a peer that is slower than this comes back later and resumes."""

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Peer:
    """A connected socket. Frames leave in the order of :meth:`push`."""

    def __init__(self, send: Send, abort: Callable[[], None], *, send_timeout_s: float, outbox_max: int = OUTBOX_MAX):
        self._send = send
        self._abort = abort
        self._send_timeout_s = send_timeout_s
        self._outbox_max = outbox_max
        self._outbox: deque[str] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._close_code: int | None = None
        self._close_reason = ""
        self.closed = False

    def push(self, frame: Mapping[str, Any]) -> None:
        """Send a frame when its turn comes; too many waiting close the socket with 1013."""
        if self.closed or self._close_code is not None:
            return
        if len(self._outbox) >= self._outbox_max:
            self._outbox.clear()
            metrics.dropped.labels("outbox_full").inc()
            self.close(1013)
            return
        self._outbox.append(dump(frame))
        self._wake()

    def close(self, code: int, reason: str = "") -> None:
        """Close after what waits has been sent. Idempotent: the first code and its reason count."""
        if self._close_code is None:
            self._close_code, self._close_reason = code, reason
            self._wake()

    async def flushed(self) -> None:
        """Wait until everything pushed so far is with the kernel, so that long replays do not fill the outbox."""
        while self._writer is not None and not self._writer.done():
            await asyncio.wait([self._writer])

    def lost(self) -> None:
        """The peer is gone: drop what waits."""
        self.closed = True
        self._outbox.clear()

    def _wake(self) -> None:
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="peer")

    async def _write(self) -> None:
        try:
            while self._outbox and not self.closed:
                async with asyncio.timeout(self._send_timeout_s):
                    await self._send({"type": "websocket.send", "text": self._outbox.popleft()})
            if self._close_code is not None and not self.closed:
                self.closed = True
                async with asyncio.timeout(self._send_timeout_s):
                    closing = {"type": "websocket.close", "code": self._close_code, "reason": self._close_reason}
                    await self._send(closing)
        except TimeoutError:
            # close() would block just the same; only an abort frees the socket.
            metrics.dropped.labels("send_timeout").inc()
            self.lost()
            self._abort()
        except Exception:
            self.lost()
