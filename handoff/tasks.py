"""Tasks that run for ever: what wakes them, and ending them for certain."""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["end", "nudged"]

AGAIN_S = 0.1
"""After this a task that goes on is cancelled again."""


async def nudged(nudge: asyncio.Event, within_s: float) -> bool:
    """Wait until something has moved, or for so long; whether it has. What moves later counts for the next time."""
    try:
        async with asyncio.timeout(within_s):
            await nudge.wait()
    except TimeoutError:
        pass
    moved = nudge.is_set()
    nudge.clear()
    return moved


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel the tasks and wait until they are done, whatever their results.

    One cancellation is not always enough: the Redis client sends with ``wait_for``, which in Python 3.11 swallows a
    cancellation that comes in the moment in which the sending is done.
    """
    while going := [task for task in tasks if not task.done()]:
        for task in going:
            task.cancel()
        await asyncio.wait(going, timeout=AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)  # results are taken, so that none is reported as forgotten
