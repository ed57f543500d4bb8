"""Ending a task for certain."""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["end"]

AGAIN = 0.05
"""Seconds until a task that still runs is cancelled once more."""


async def end(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task and wait until it has ended, however it ends.

    Once is not enough: before every command the Redis client looks at its connection with a timeout of nothing, and on
    this Python a cancellation that falls together with such a timeout is lost.
    """
    if task is None:
        return
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN)
    if not task.cancelled():
        task.exception()  # seen: nothing is to be logged about it
