"""How much of Meta's allowance of calls is used, as the headers of its replies tell, and how much slower to be. Pure.

Meta counts calls and time over a rolling hour, in percent of what the page may use; from 100 on it refuses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["FULL", "HEADERS", "SLOW_FROM", "STALE_S", "Usage", "read"]

HEADERS = ("x-app-usage", "x-business-use-case-usage", "x-page-usage")

SLOW_FROM = 75.0
"""Percent from which calls are spread out and marks are left away: a quarter of the hour's allowance is left then."""

FULL = 95.0
"""Percent from which nothing is sent for a while: the rest is for what an agent's profile or doctor needs."""

PAUSE_S = 4.0
"""The pause before a message just below :data:`FULL`; from :data:`SLOW_FROM` on it grows to it. Sixteen lanes that
pause so long still send four messages a second."""

WAIT_S = 10.0
"""How long nothing is sent when the allowance is used up and Meta names no time; then one message looks again."""

STALE_S = 300.0
"""What was told longer ago says nothing any more: the hour rolls on."""


@dataclass(frozen=True)
class Usage:
    """``percent`` of the allowance, the worst that was told; ``regain_s`` until Meta takes calls again, 0 for now."""

    percent: float = 0.0
    regain_s: float = 0.0

    @property
    def high(self) -> bool:
        """Whether whatever is not a message should wait."""
        return self.percent >= SLOW_FROM or self.regain_s > 0

    @property
    def pause_s(self) -> float:
        """How long to pause before a message."""
        if self.percent < SLOW_FROM:
            return 0.0
        return PAUSE_S * min(1.0, (self.percent - SLOW_FROM) / (FULL - SLOW_FROM))

    @property
    def wait_s(self) -> float:
        """How long to send nothing at all; 0 when messages may go."""
        if self.regain_s > 0:
            return self.regain_s
        return WAIT_S if self.percent >= FULL else 0.0


def read(headers: Mapping[str, str]) -> Usage | None:
    """The usage that a reply tells of; None when it tells nothing that can be read."""
    rows = [row for name in HEADERS for row in _rows(headers.get(name))]
    if not rows:
        return None
    percent = max(_number(row.get(name)) for row in rows for name in ("call_count", "total_time", "total_cputime"))
    minutes = max(_number(row.get("estimated_time_to_regain_access")) for row in rows)
    return Usage(percent, 60 * minutes)


def _rows(raw: str | None) -> Iterator[Mapping[str, Any]]:
    """One header is an object with the figures, another one lists of such by the business' id."""
    try:
        found = json.loads(raw or "null")
    except (ValueError, RecursionError):
        return
    if not isinstance(found, dict):
        return
    if any(not isinstance(value, list) for value in found.values()):
        yield found
    for value in found.values():
        for row in value if isinstance(value, list) else ():
            if isinstance(row, dict):
                yield row


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return number if 0 <= number < 1e6 else 0.0
