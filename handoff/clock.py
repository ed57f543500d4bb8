"""Times as the contracts write them: RFC 3339 in UTC with milliseconds."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["now_ms", "parse_ms", "stamp"]


def now_ms() -> int:
    """This machine's clock, milliseconds since the epoch. For stamps; leases and deadlines go by Redis' clock."""
    return time.time_ns() // 1_000_000


def stamp(ms: int) -> str:
    """``2026-11-21T10:15:30.123Z`` for milliseconds since the epoch."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def parse_ms(text: str) -> int:
    """Milliseconds since the epoch of what :func:`stamp` wrote.

    Raises:
        ValueError: it is no such time.
    """
    moment = datetime.fromisoformat(text)
    return round(moment.timestamp() * 1000)
