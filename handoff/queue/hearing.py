"""What notices tell while something is read from Redis. A reading may be older than they are: they stand before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

__all__ = ["Heard", "Hearing", "put"]

T = TypeVar("T")


@dataclass(eq=False)
class Heard:
    """What was told during one reading; None for what has gone."""

    lines: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    offers: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    passed: dict[str, dict[str, int]] = field(default_factory=dict)
    reconnected: bool = False
    """There may have been notices that nobody has heard."""


class Hearing:
    """Keeps what is told, for every reading that is under way."""

    def __init__(self) -> None:
        self._readings: list[Heard] = []

    @contextmanager
    def reading(self) -> Iterator[Heard]:
        """Around a reading: what is told in it."""
        heard = Heard()
        self._readings.append(heard)
        try:
            yield heard
        finally:
            self._readings.remove(heard)

    def line(self, conversation: str, line: Mapping[str, Any] | None) -> None:
        for heard in self._readings:
            heard.lines[conversation] = line

    def offer(self, conversation: str, offer: dict[str, Any] | None) -> None:
        for heard in self._readings:
            heard.offers[conversation] = offer

    def passed(self, conversation: str, agent: str, until_ms: int) -> None:
        for heard in self._readings:
            heard.passed.setdefault(conversation, {})[agent] = until_ms

    def reconnected(self) -> None:
        for heard in self._readings:
            heard.reconnected = True


def put(kept: dict[str, T], told: Mapping[str, T | None]) -> None:
    """Keep what was told; None takes out."""
    for name, value in told.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
