from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from handoff.errors import SettingsError
from handoff.owner.files import LiveOwner, read_owner
from handoff.settings import ROOT
from handoff.tasks import end
from tests.handoff.texts_for_tests import OWNER


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the owner's folder."""
    return Path(shutil.copytree(OWNER, tmp_path / "owner"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    # The next look must see it even where the file system's clock is coarse.
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


def test_a_change_is_in_force_without_a_restart(folder: Path) -> None:
    owner = LiveOwner(read_owner(folder), folder)
    told = []
    owner.on_change(lambda: told.append(owner.now.rules.mode))
    assert not owner.look(), "nothing has changed"
    change(folder / "routing.yml", "mode: claim", "mode: offer")
    assert owner.look() and owner.now.rules.mode == "offer" and told == ["offer"]


async def test_who_listens_to_changes_is_told_where_tasks_can_be_woken(folder: Path) -> None:
    """The files are read in a thread; an event that is set there would wake nobody for certain."""
    owner, told = LiveOwner(read_owner(folder), folder), asyncio.Event()
    where: list[object] = []
    owner.on_change(lambda: (where.append(asyncio.get_running_loop()), told.set()))
    looking = asyncio.create_task(owner.keep_looking(0.01))
    try:
        change(folder / "routing.yml", "mode: claim", "mode: offer")
        async with asyncio.timeout(20):
            await told.wait()
        assert where == [asyncio.get_running_loop()] and not looking.done()
    finally:
        await end(looking)


def test_a_bad_file_is_refused_and_what_was_before_stays_in_force(folder: Path) -> None:
    owner = LiveOwner(read_owner(folder), folder)
    before = owner.now
    change(folder / "hours.yml", "zone: Europe/Copenhagen", "zone: Europe/Lutetia")
    assert owner.look()
    assert owner.now is before
    assert len(owner.problems) == 1 and "'Europe/Lutetia'" in owner.problems[0] and "hours.yml:" in owner.problems[0]
    change(folder / "hours.yml", "zone: Europe/Lutetia", "zone: Europe/Copenhagen")
    assert owner.look() and owner.problems == () and owner.now is not before


def test_a_missing_language_and_a_wrong_placeholder_are_said_with_their_lines(folder: Path) -> None:
    (folder / "texts" / "service" / "da.yml").unlink()
    change(folder / "texts" / "service" / "fi.yml", "{opens}. Kysymyksesi", "{noon}. Kysymyksesi")
    with pytest.raises(SettingsError) as refused:
        read_owner(folder)
    said = "\n".join(refused.value.problems)
    assert "da.yml: No such file" in said
    assert "unknown placeholder {noon}" in said and "fi.yml:" in said


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("mode: claim", "mode: lottery", "'lottery': one of claim, offer"),
        ("lease_s: 20", "lease_s: 1", "lease_s: 1 is no number from 5 to 300"),
        ("target_s: 120\n", "target_s: soon\n", "'soon' is no number"),
        ("target_s: 120\n", "target_s: 20.5\n", "no whole number"),
        ("window_min: 60", "window_min: 60, windows: 3", "callbacks.windows: not known here"),
        ("targets: {", "goals: {", "goals: not known here"),
    ],
)
def test_wrong_rules_are_refused_with_their_reason(folder: Path, old: str, new: str, reason: str) -> None:
    change(folder / "routing.yml", old, new)
    with pytest.raises(SettingsError) as refused:
        read_owner(folder)
    assert any(reason in problem for problem in refused.value.problems), refused.value.problems


def test_the_check_names_file_line_and_reason_and_starts_nothing(folder: Path) -> None:
    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "handoff", "--check"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "SILTA_OWNER_DIR": str(folder), "SILTA_VAR": str(folder / "var")},
            capture_output=True,
            text=True,
            timeout=30,
        )

    good = check()
    assert good.returncode == 0 and "in order" in good.stdout
    change(folder / "hours.yml", '"12-31": "09:00-13:00"', '"12-31": "13:00-09:00"')
    bad = check()
    assert bad.returncode == 1
    lines = bad.stderr.splitlines()
    assert len(lines) == 2 and all("hours.yml:" in line and "closes before it opens" in line for line in lines)


def test_weekly_hours_that_the_bot_tells_otherwise_are_doubted_and_not_refused(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert read_owner(folder).doubts == ()
    change(folder / "hours.yml", 'fri: "09:00-16:00"', 'fri: "09:00-15:00"')
    owner = LiveOwner(read_owner(folder), folder)
    assert len(owner.now.doubts) == 3 and all("phone_hours" in line for line in owner.now.doubts)
    assert "phone_hours.da" in caplog.text
