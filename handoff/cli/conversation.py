"""``silta conversation``: what was said, for people and for programs."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handoff.cli.store import running_redis, running_store
from handoff.desk.transcripts import Transcripts, render
from handoff.errors import BadRequest
from handoff.privacy.audit import COMMAND_LINE, Audit
from handoff.privacy.erasure import Erasure
from handoff.privacy.exports import Exports
from handoff.privacy.vault import Vault, read_keys
from handoff.store import Store
from handoff.supervisor.settings import UpSettings

__all__ = ["erase", "export", "list_latest", "show"]


PROCESS = "command-line"
"""Whose note of the audit log's end this is."""


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
        async with running_store() as store:
            events = await Transcripts(store.redis).show(given.conversation)
            await Audit(store, PROCESS, _var() / "audit").write(COMMAND_LINE, "transcript.read", given.conversation)
            return events

    events = asyncio.run(work())
    if given.json:
        for event in events:
            print(json.dumps(event, ensure_ascii=False))
    else:
        print(render(events))
    return 0


def _var() -> Path:
    return UpSettings.read(os.environ).var


def _erasure(store: Store) -> Erasure:
    return Erasure(store, Audit(store, PROCESS, _var() / "audit"), _var())


def export(given: argparse.Namespace) -> int:
    """Print everything that is kept, for the person to take along."""

    async def work() -> dict[str, Any]:
        async with running_store() as store:
            erasure = _erasure(store)
            exports = Exports(store, erasure, erasure.audit, Vault(read_keys(os.environ, _var())))
            return await exports.collect(given.conversation, COMMAND_LINE)

    print(json.dumps(asyncio.run(work()), ensure_ascii=False, indent=1))
    return 0


def erase(given: argparse.Namespace) -> int:
    """Erase, and wait until Redis' file is written anew."""
    if not given.yes and not _agreed(given.conversation):
        raise BadRequest("nothing was erased: answer yes, or give --yes")

    async def work() -> bool:
        async with running_store() as store:
            erasure = _erasure(store)
            await erasure.erase(given.conversation, COMMAND_LINE, given.reason)
            return await erasure.rewrite()

    if not asyncio.run(work()):
        print("silta: it is gone, but Redis does not write its file anew: see docs/privacy.md", file=sys.stderr)
        return 1
    print(f"{given.conversation}: erased")
    return 0


def _agreed(conversation: str) -> bool:
    try:
        return input(f"Erase {conversation} for good? [yes/no] ").strip().lower() == "yes"
    except EOFError:
        return False
