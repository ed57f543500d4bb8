"""One socket's sending side: an outbox with a limit, a writer only while there is something to write, a timeout around
every send and an abort after it. A ping timeout alone does not drop a peer that stops reading."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from handoff.watch import metrics
from handoff.wire.codec import dump

__all__ = ["AGENT_OUTBOX_MAX_BYTES", "OUTBOX_MAX", "OUTBOX_MAX_BYTES", "Peer"]

OUTBOX_MAX = 256
"""Frames that may wait for one socket; a peer that is slower than this comes back later and resumes."""

OUTBOX_MAX_BYTES = 64 * 1024
"""The same in bytes of this process, behind the frame that is next: five hundred visitors who do not read hold 32 MiB
of long messages at most."""

AGENT_OUTBOX_MAX_BYTES = 4 * 1024 * 1024
"""A console gets its whole queue at once, and there are few consoles."""

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Write = Callable[[str], bool]


class Peer:
    """A connected socket. Frames leave in the order of :meth:`push`.

    With ``write`` a frame that need not wait goes at once: most do, and none of them costs a task and a timer. It says
    False when the frame has to wait after all.
    """

    __slots__ = (
        *("_abort", "_bytes", "_close_code", "_close_reason", "_outbox", "_outbox_max", "_outbox_max_bytes", "_send"),
        *("_send_timeout_s", "_write_now", "_writer", "closed"),
    )

    def __init__(
        self,
        send: Send,
        abort: Callable[[], None],
        *,
        send_timeout_s: float,
        outbox_max: int = OUTBOX_MAX,
        outbox_max_bytes: int = OUTBOX_MAX_BYTES,
        write: Write | None = None,
    ):
        self._send = send
        self._abort = abort
        self._send_timeout_s = send_timeout_s
        self._outbox_max = outbox_max
        self._outbox_max_bytes = outbox_max_bytes
        self._outbox: deque[str] | None = None
        self._write_now = write
        self._bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._close_code: int | None = None
        self._close_reason = ""
        self.closed = False

    def push(self, frame: Mapping[str, Any]) -> None:
        """Send a frame when its turn comes; too many waiting close the socket with 1013."""
        if self.closed or self._close_code is not None:
            return
        text = dump(frame)
        if self._write_now is not None and self._writer is None and self._write_now(text):
            return
        if self._outbox is None:
            self._outbox = deque()
        elif len(self._outbox) >= self._outbox_max or self._behind(text) > self._outbox_max_bytes:
            self._clear()
            metrics.dropped.labels("outbox_full").inc()
            self.close(1013)
            return
        self._outbox.append(text)
        self._bytes += sys.getsizeof(text)
        self._wake()

    @property
    def crowded(self) -> bool:
        """Whether half of what may wait is waiting: who has more to push awaits :meth:`flushed` first."""
        if self._outbox is None:
            return False
        return 2 * len(self._outbox) >= self._outbox_max or 2 * self._behind() >= self._outbox_max_bytes

    def _behind(self, more: str | None = None) -> int:
        """Bytes behind the next frame, which may be as large as it likes; with ``more`` behind them."""
        if not self._outbox:
            return 0
        return self._bytes - sys.getsizeof(self._outbox[0]) + (sys.getsizeof(more) if more is not None else 0)

    def _clear(self) -> None:
        self._outbox = None
        self._bytes = 0

    def close(self, code: int, reason: str = "") -> None:
        """Close after what waits has been sent. Idempotent: the first code and its reason count."""
        if self._close_code is None:
            self._close_code, self._close_reason = code, reason
            self._wake()

    async def flushed(self) -> None:
        """Wait until everything pushed so far is with the kernel, so that long replays do not fill the outbox."""
        while self._writer is not None:
            await asyncio.wait([self._writer])

    def lost(self) -> None:
        """The peer is gone: drop what waits."""
        self.closed = True
        self._clear()

    def _wake(self) -> None:
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="peer")

    async def _write(self) -> None:
        try:
            while self._outbox and not self.closed:
                text = self._outbox.popleft()
                self._bytes -= sys.getsizeof(text)
                async with asyncio.timeout(self._send_timeout_s):
                    await self._send({"type": "websocket.send", "text": text})
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
        finally:
            # Nothing is awaited between the last look at the outbox and here, so nothing is left behind.
            self._writer = None
            if not self._outbox:
                self._outbox = None
