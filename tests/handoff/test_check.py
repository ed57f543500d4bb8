from __future__ import annotations

import shutil
from pathlib import Path

from handoff.check import examined
from handoff.main import check
from handoff.settings import Settings
from tests.handoff.owner.test_files import change
from tests.handoff.texts_for_tests import OWNER


def test_the_shipped_files_are_in_order() -> None:
    assert examined(OWNER) == ([], [])


def test_what_several_readers_stumble_over_is_said_once_and_a_doubt_is_no_mistake(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(OWNER, tmp_path / "owner"))
    change(folder / "hours.yml", 'mon: "09:00-17:00"', 'mon: "09:00-16:00"')
    problems, doubts = examined(folder)
    assert problems == [] and doubts and all("company.yml" in line for line in doubts)
    assert check(Settings.from_environment({"SILTA_REDIS_URL": "unix:///x", "SILTA_OWNER_DIR": str(folder)})) == 0
    change(folder / "company.yml", "company: Havu", "company: [Havu]")
    problems, _ = examined(folder)
    assert len([line for line in problems if "facts.company" in line]) == 1
