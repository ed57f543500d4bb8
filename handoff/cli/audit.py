"""``silta audit``: whether the audit log is whole, and the log itself."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from handoff.cli.store import running_store
from handoff.errors import BadRequest
from handoff.privacy import audit_chain
from handoff.privacy.audit import Audit
from handoff.privacy.audit_chain import Verdict
from handoff.supervisor.settings import UpSettings

__all__ = ["export", "verify_all"]


def verify_all(given: argparse.Namespace) -> int:
    """Say that the log is whole, or name the first line that is not; 1 then."""
    verdict = _of_file(Path(given.file)) if given.file else asyncio.run(_of_log())
    if not verdict.whole:
        print(f"silta: audit: line {verdict.bad}: {verdict.why}", file=sys.stderr)
        return 1
    print(f"{verdict.lines} lines, the last is number {verdict.last} with hash {verdict.hash or '-'}: whole")
    return 0


def _of_file(path: Path) -> Verdict:
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise BadRequest(f"{path}: {error.strerror}") from error
    return audit_chain.verify(text.splitlines())


async def _of_log() -> Verdict:
    async with running_store() as store:
        return await Audit(store).verify(UpSettings.read(os.environ).var / "audit")


def export(_: argparse.Namespace) -> int:
    async def work() -> None:
        async with running_store() as store:
            async for line in Audit(store).lines():
                print(line)

    asyncio.run(work())
    return 0
