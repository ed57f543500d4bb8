"""``silta check``: both sides of Silta are asked, and one answer is given."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from handoff.cli import check as module
from handoff.cli.__main__ import main
from handoff.cli.check import bots_problems
from handoff.settings import ROOT
from tests.handoff.owner.test_files import change
from tests.handoff.texts_for_tests import OWNER

Said = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(OWNER, tmp_path / "owner"))
    monkeypatch.setenv("SILTA_OWNER_DIR", str(folder))
    return folder


def python(tmp_path: Path, script: str) -> Path:
    """What stands for the bot's Python."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return path


def bot_says(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(module, "bots_problems", lambda folder: list(lines))


def test_files_are_in_order_when_both_sides_say_so(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    bot_says(monkeypatch)
    assert main(["check"]) == 0
    assert capsys.readouterr().out == f"{folder}: all files are in order\n"


def test_what_the_bot_finds_counts_as_much_as_what_the_hub_finds(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    change(folder / "hours.yml", 'mon: "09:00-17:00"', 'mon: "09:00-25:00"')
    bot_says(monkeypatch, "texts/fi.yml: a", "texts/fi.yml: a", "handoff.yml: b")
    assert main(["check"]) == 1
    said = capsys.readouterr()
    *hubs, first, second = said.err.splitlines()
    assert said.out == "" and hubs
    assert all(line.startswith(f"{folder / 'hours.yml'}:") and "25:00" in line for line in hubs)
    assert [first, second] == ["texts/fi.yml: a", "handoff.yml: b"]
    change(folder / "hours.yml", 'mon: "09:00-25:00"', 'mon: "09:00-17:00"')
    assert main(["check"]) == 1, "the bot's alone are enough"


def test_the_bots_lines_are_taken_as_they_are(tmp_path: Path) -> None:
    assert bots_problems(OWNER, python(tmp_path, "exit 0")) == []
    assert bots_problems(OWNER, python(tmp_path, "echo ä; echo b; exit 1")) == ["ä", "b"]
    assert bots_problems(OWNER, python(tmp_path, 'echo "$SILTA_OWNER_DIR $*"; exit 1')) == [f"{OWNER} -m bot.cli check"]


def test_a_bot_that_cannot_be_asked_is_no_good_news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = bots_problems(OWNER, tmp_path / "missing")
    assert "could not be checked" in line and "make setup" in line
    (line,) = bots_problems(OWNER, python(tmp_path, "echo Traceback >&2; echo ImportError: x >&2; exit 1"))
    assert line == f"{OWNER}: the bot's part could not be checked (ImportError: x)"
    (line,) = bots_problems(OWNER, python(tmp_path, "exit 70"))
    assert line.endswith("(status 70)")
    monkeypatch.setattr(module, "BOT_S", 0.1)
    (line,) = bots_problems(OWNER, python(tmp_path, "exec sleep 5"))
    assert line.endswith("(TimeoutExpired)")


@pytest.mark.timeout(120)
@pytest.mark.skipif(not (ROOT / ".venv" / "bot" / "bin" / "python").is_file(), reason="the bot is not set up here")
def test_from_any_folder_the_command_asks_the_bot(folder: Path, tmp_path: Path) -> None:
    change(folder / "understanding.yml", "choices: 3", "choices: 30")
    change(folder / "company.yml", "{fi: maksuton, da: gratis, en: free}", "{fi: no, da: gratis, en: 020333}")
    done = subprocess.run(
        [ROOT / "silta", "check"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "SILTA_OWNER_DIR": "owner"},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{folder}/understanding.yml: choices: must be a whole number from 1 to 5\n"
