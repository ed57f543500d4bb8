from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from handoff import main as module
from handoff.settings import ROOT
from tests.handoff.texts_for_tests import OWNER


def hub(**env: str) -> subprocess.CompletedProcess[str]:
    """Run the hub as anybody runs it, where it is expected not to start."""
    return subprocess.run(
        [sys.executable, "-m", "handoff"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=20
    )


def test_a_hub_that_is_set_up_wrongly_says_everything_that_is_wrong_and_ends_with_1() -> None:
    ended = hub(SILTA_PORT="http", SILTA_ORIGINS="shop.example")
    assert ended.returncode == 1
    lines = ended.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["hub"] * 3
    for name in ("SILTA_REDIS_URL", "SILTA_PORT", "SILTA_ORIGINS"):
        assert any(name in line for line in lines)
    assert ended.stdout == ""


def test_an_owners_folder_with_gaps_is_said_file_by_file(tmp_path: Path) -> None:
    ended = hub(SILTA_REDIS_URL="unix:///nowhere", SILTA_OWNER_DIR=str(tmp_path), SILTA_VAR=str(tmp_path / "var"))
    assert ended.returncode == 1
    for name in ("company.yml", "fi.yml", "da.yml", "en.yml"):
        assert name in ended.stderr
    assert "Traceback" not in ended.stderr


def record(message: str, *arguments: Any, error: Exception | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error is not None else None
    return logging.LogRecord("silta.hub", logging.WARNING, "x.py", 1, message, arguments, info)


def test_times_in_the_log_are_utc() -> None:
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    try:
        module._log_to_stderr()
        (handler,) = root.handlers
        made = record("x")
        made.created = 0.0
        assert handler.formatter is not None
        assert json.loads(handler.formatter.format(made))["at"] == "1970-01-01T00:00:00Z"
    finally:
        root.handlers[:], root.level = kept, level


async def test_a_part_that_dies_ends_the_hub_so_that_it_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)

    async def dies() -> None:
        raise ZeroDivisionError

    async def lives() -> None:
        await asyncio.Event().wait()

    dying, living = asyncio.create_task(dies()), asyncio.create_task(lives())
    for task in (dying, living):
        task.add_done_callback(module._say_when_dead)
    await asyncio.wait([dying])
    await asyncio.sleep(0)
    assert ended == [70]
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    await asyncio.sleep(0)
    assert ended == [70], "one that is told to end is no death"


def test_the_owners_files_of_the_repository_are_good() -> None:
    assert (OWNER / "company.yml").is_file()
