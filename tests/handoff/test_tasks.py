from __future__ import annotations

import asyncio

from handoff.tasks import nudged


async def test_who_is_nudged_goes_on_at_once_and_each_nudge_counts_once() -> None:
    nudge = asyncio.Event()
    nudge.set()
    nudge.set()
    assert await nudged(nudge, 60)
    waiting = asyncio.create_task(nudged(nudge, 60))
    await asyncio.sleep(0)
    assert not waiting.done(), "what had moved before was seen to"
    nudge.set()
    assert await waiting


async def test_who_is_not_nudged_goes_on_after_a_while() -> None:
    assert not await nudged(asyncio.Event(), 0.01)
