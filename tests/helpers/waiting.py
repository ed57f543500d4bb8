"""Waiting for a condition instead of sleeping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

__all__ = ["until", "until_sync"]

T = TypeVar("T")

STEP_S = 0.02
"""Between two looks: a test that waits often must not lose a second in all."""


async def until(look: Callable[[], Awaitable[T]], what: str, *, timeout_s: float = 30.0) -> T:
    """The first true value of ``look``; fails the test with ``what`` when none comes in time."""
    deadline = time.monotonic() + timeout_s
    while not (value := await look()):
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain for: {what}"
        await asyncio.sleep(STEP_S)
    return value


def until_sync(look: Callable[[], T], what: str, *, timeout_s: float = 30.0) -> T:
    """As :func:`until`, outside an event loop."""
    deadline = time.monotonic() + timeout_s
    while not (value := look()):
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain for: {what}"
        time.sleep(STEP_S)
    return value
