"""``silta check``: what is wrong with the owner's files, whoever reads them."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from handoff.check import examined
from handoff.settings import ROOT, Settings

__all__ = ["bots_problems", "check"]

BOT_S = 120.0
"""The bot's part reads all examples: seconds, and on a busy machine a minute."""


def check(given: argparse.Namespace) -> int:
    """One line for each mistake: 1 where there is one. Nothing is started, trained or changed."""
    folder = Settings.from_environment({"SILTA_REDIS_URL": "unix:///unchecked", **os.environ}).owner_dir
    problems, doubts = examined(folder)
    problems += bots_problems(folder)
    for line in (*dict.fromkeys(problems), *(f"{doubt} (no mistake by itself)" for doubt in doubts)):
        print(line, file=sys.stderr)
    if not problems:
        print(f"{folder}: all files are in order")
    return 1 if problems else 0


def bots_problems(folder: Path, python: Path = ROOT / ".venv" / "bot" / "bin" / "python") -> list[str]:
    """What the bot, its training and its actions find wrong. They live in an environment of their own."""
    if not python.is_file():
        return [f"{folder}: the bot's part could not be checked ({python} is missing: run 'make setup' in {ROOT})"]
    env = {**os.environ, "SILTA_OWNER_DIR": str(folder), "PYTHONPATH": str(ROOT), "RASA_TELEMETRY_ENABLED": "false"}
    try:
        done = subprocess.run(
            [str(python), "-m", "bot.cli", "check"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=BOT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return [f"{folder}: the bot's part could not be checked ({type(error).__name__})"]
    found = [line for line in done.stdout.splitlines() if line.strip()]
    if done.returncode == 0 or (done.returncode == 1 and found):
        return found
    why = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    return [*found, f"{folder}: the bot's part could not be checked ({why})"]
