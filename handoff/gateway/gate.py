"""Who may open a socket: the Origin check before the upgrade, and the first frame in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["Gone", "Reader", "Receive", "Send", "allowed_origin", "come_later", "refuse_upgrade"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HELLO_MAX_BYTES = 4096
"""Before its hello a socket may say this much."""


class Gone(Exception):
    """The peer has closed the socket."""


def allowed_origin(headers: list[tuple[bytes, bytes]], origins: frozenset[str]) -> bool:
    """Exactly one Origin header, and exactly one of the list: no patterns, no case folding, no default."""
    found = [value for name, value in headers if name == b"origin"]
    return len(found) == 1 and found[0].decode("latin-1") in origins


async def refuse_upgrade(receive: Receive, send: Send) -> None:
    """403 before the upgrade. (A response with a body makes the server log an error for each stranger.)"""
    await receive()
    await send({"type": "websocket.close", "code": 1008})


async def come_later(receive: Receive, send: Send) -> None:
    """1013, which clients know as too many: come back later."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 1013})


class Reader:
    """Text frames of a socket. Someone must always be waiting in :meth:`next`: the server reads only then."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive

    async def next(self) -> str | None:
        """The next text frame, or None for a binary one.

        Raises:
            Gone: the socket is closed.
        """
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        text = message.get("text")
        return text if isinstance(text, str) else None

    async def hello(self, timeout_s: float) -> str | None:
        """The first frame; None when it is late, binary or too big.

        Raises:
            Gone: the socket is closed.
        """
        try:
            async with asyncio.timeout(timeout_s):
                text = await self.next()
        except TimeoutError:
            return None
        return text if text is not None and len(text.encode()) <= HELLO_MAX_BYTES else None
