"""Sockets without a line: a sending side that only keeps what it is given, and a hello."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from handoff.access.accounts import Accounts
from handoff.gateway.agent import AgentSocket
from handoff.wire import agent as wire
from tests.handoff.parts import AINO, Parts

__all__ = ["RecordingPeer", "hello", "queue_notice", "some"]


class RecordingPeer:
    """Stands for :class:`handoff.gateway.peer.Peer`. ``frames`` are those pushed, in order."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.closed = False
        self.crowded = False

    def push(self, frame: dict[str, Any]) -> None:
        self.frames.append(json.loads(json.dumps(frame)))

    def close(self, code: int, reason: str = "") -> None:
        self.closed = True

    async def flushed(self) -> None:
        await asyncio.sleep(0)

    def of(self, type: str) -> list[dict[str, Any]]:
        """The frames of one type."""
        return [frame for frame in self.frames if frame["type"] == type]


async def hello(parts: Parts, socket: AgentSocket) -> None:
    """Aino, who leads, sits down at the socket."""
    token = await Accounts(parts.redis, parts.keys).socket_token(AINO)
    await socket.hello(wire.Hello(token, {}, None, None))


async def some(found: Any) -> bool:
    """Whether there is anything, for ``until``."""
    return bool(found)


def queue_notice(conversation: str, line: Any) -> dict[str, Any]:
    """What the fan-out tells of a conversation's line."""
    return {"conversation": conversation, "queue": line}
