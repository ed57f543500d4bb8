"""The clock of the windows: this machine's, which tests may set ahead by days."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from handoff.clock import now_ms

__all__ = ["window_clock"]


def window_clock(offset_file: Path | None) -> Callable[[], int]:
    """Milliseconds since the epoch. ``offset_file`` holds seconds to add, and is read every time."""
    if offset_file is None:
        return now_ms

    def shifted() -> int:
        try:
            seconds = float(offset_file.read_text("ascii").strip() or 0)
        except (OSError, ValueError):
            seconds = 0.0
        return now_ms() + round(seconds * 1000)

    return shifted
