"""A socket's sending side that only keeps what it is given."""

from __future__ import annotations

import asyncio
import json
from typing import Any

__all__ = ["RecordingPeer"]


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
