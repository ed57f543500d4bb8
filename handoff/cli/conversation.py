"""``silta conversation``: what was said, for people and for programs."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from typing import Any

from handoff.cli.store import running_redis
from handoff.transcripts import Transcripts, render

__all__ = ["list_latest", "show"]


def list_latest(given: argparse.Namespace) -> int:
    async def work() -> Sequence[dict[str, Any]]:
        async with running_redis() as redis:
            return await Transcripts(redis).list(given.limit)

    for row in asyncio.run(work()):
        if given.json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            who = row["assignee"] or "-"
            print(
                f"{row['conversation']}  {row['updated_at'][:16].replace('T', ' ')}  {row['status']:<9} "
                f"{row['channel']:<9} {row['language']}  {row['last']:>4} events  {who}"
            )
    return 0


def show(given: argparse.Namespace) -> int:
    async def work() -> Sequence[dict[str, Any]]:
        async with running_redis() as redis:
            return await Transcripts(redis).show(given.conversation)

    events = asyncio.run(work())
    if given.json:
        for event in events:
            print(json.dumps(event, ensure_ascii=False))
    else:
        print(render(events))
    return 0
