"""What happened in a run, as those outside saw it: requests with their beginning and end, and events as delivered."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Delivery", "History", "Op"]


@dataclass
class Op:
    """One request. ``result``: ``ok`` answered, ``fail`` refused for good, ``info`` the answer never came."""

    who: str
    what: str
    conversation: str
    id: str
    text: str | None
    invoked_s: float
    ended_s: float | None = None
    result: str = "info"
    answer: Mapping[str, Any] = field(default_factory=dict)
    sent: int = 0
    """How often it was sent, always under the same id."""


@dataclass
class Delivery:
    """What one client was shown of one conversation, by number."""

    who: str
    role: str
    conversation: str
    events: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    resyncs: int = 0


class History:
    """Everything the clients of one run noted."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.deliveries: dict[tuple[str, str], Delivery] = {}
        self.seen: list[str] = []
        """Breaches that a client noticed as they happened."""
        self.reconnections = 0
        self.resumed_s: list[float] = []
        """How long each return took, from the lost line to the welcome and what was missed."""

    def invoke(self, who: str, what: str, conversation: str, id: str, text: str | None = None) -> Op:
        op = Op(who, what, conversation, id, text, time.monotonic())
        self.ops.append(op)
        return op

    def ok(self, op: Op, answer: Mapping[str, Any]) -> None:
        if op.result == "ok" and dict(op.answer) != dict(answer):
            self.seen.append(f"I2: {op.who} got two different answers to {op.what} {op.id}: {op.answer} and {answer}")
        if op.ended_s is None:
            op.ended_s = time.monotonic()
        op.result, op.answer = "ok", answer

    def fail(self, op: Op, answer: Mapping[str, Any]) -> None:
        if op.result == "ok":
            self.seen.append(f"I2: {op.who} was refused {op.what} {op.id} after it had been answered: {answer}")
            return
        op.ended_s = time.monotonic()
        op.result, op.answer = "fail", answer

    def delivery(self, who: str, role: str, conversation: str) -> Delivery:
        return self.deliveries.setdefault((who, conversation), Delivery(who, role, conversation))

    def count(self, result: str) -> int:
        return sum(op.result == result for op in self.ops)
