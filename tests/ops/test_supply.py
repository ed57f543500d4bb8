"""``ops/supply``: what it says when no service that knows of faults can be asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

TOOLS = ("bash", "cat", "cmp", "cp", "date", "dirname", "grep", "mkdir", "rm", "sh")
NPM = """#!/bin/sh
[ "$2" != sbom ] || echo '"bom-ref"'
"""
LISTS = """#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in -o) out=$2 ;; --output-file) out=$2 ;; esac
    shift
done
echo '"bom-ref"' >"$out"
"""
AUDIT = """#!/bin/sh
# As pip-audit: what cannot be asked ends before anything is written.
while [ $# -gt 0 ]; do
    case $1 in -o) out=$2 ;; -s) service=$2 ;; esac
    shift
done
[ -f "{answers}/$service" ] || {{ echo "ERROR: cannot connect to $service" >&2; exit 1; }}
cat "{answers}/$service" >"$out"
"""


class House:
    """A copy of the script, with tools that answer as they are told."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.project, self.answers, self.bin = folder / "silta", folder / "answers", folder / "bin"
        tools = self.project / ".venv" / "tools" / "bin"
        for made in (self.answers, self.bin, tools, self.project / "web"):
            made.mkdir(parents=True)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None, f"ops/supply needs {tool}"
            (self.bin / tool).symlink_to(found)
        requirements = self.project / "ops" / "requirements"
        requirements.mkdir(parents=True)
        shutil.copy2(root / "ops" / "supply", self.project / "ops" / "supply")
        (requirements / "tools.txt").write_text("thing==1.0\n")
        (requirements / "bot-exceptions.txt").write_text("")
        shutil.copy2(requirements / "tools.txt", tools.parent / "silta-lock")
        for room in ("hub", "bot"):
            _script(self.project / ".venv" / room / "bin" / "python", "#!/bin/sh\n")
        _script(self.project / "ops" / "node", NPM)
        _script(tools / "cyclonedx-py", LISTS)
        _script(tools / "pip-licenses", LISTS)
        _script(tools / "pip-audit", AUDIT.format(answers=self.answers))
        _script(tools / "python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')

    def answer(self, service: str, *packages: Mapping[str, object]) -> None:
        """What a service says of the packages, from now on."""
        (self.answers / service).write_text(json.dumps({"dependencies": packages}))

    def silent(self, service: str) -> None:
        (self.answers / service).unlink()

    def supply(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ops/supply"],
            cwd=self.project,
            env={"PATH": str(self.bin), "HOME": os.environ.get("HOME", "/")},
            capture_output=True,
            text=True,
        )


def _script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def house(tmp_path: Path, root: Path) -> House:
    return House(tmp_path, root)


SOUND = {"name": "thing", "version": "1.0", "vulns": []}
FAULTY = {"name": "other", "version": "1.0", "vulns": [{"id": "X-1"}]}
UNKNOWN = {"name": "third", "skip_reason": "not found"}


def test_an_answer_is_told_and_a_fault_has_status_1(house: House) -> None:
    house.answer("pypi", SOUND)
    said = house.supply()
    assert (said.returncode, said.stderr) == (0, "")
    assert "supply: hub: 1 packages asked about (pypi), 0 with known faults" in said.stdout
    house.answer("pypi", SOUND, FAULTY)
    said = house.supply()
    assert said.returncode == 1 and "hub: 1 packages with known faults" in said.stdout


def test_what_was_answered_another_time_is_no_answer(house: House) -> None:
    house.answer("pypi", SOUND)
    assert "NOT CHECKED" not in house.supply().stdout
    house.silent("pypi")
    said = house.supply()
    assert said.returncode == 0
    for room in ("hub", "bot"):
        assert f"NOT CHECKED: {room}: no service that knows of faults answers" in said.stdout
    assert "asked about" not in said.stdout


def test_a_fault_found_another_time_is_not_found_again_where_nobody_answers(house: House) -> None:
    house.answer("pypi", FAULTY)
    assert house.supply().returncode == 1
    house.silent("pypi")
    assert house.supply().returncode == 0


def test_the_second_service_is_asked_where_the_first_knows_nothing(house: House) -> None:
    house.answer("pypi", UNKNOWN)
    house.answer("osv", SOUND, UNKNOWN)
    assert "NOT CHECKED: hub: 1 of 2 packages, of which the service knows nothing" in house.supply().stdout
    house.silent("osv")
    assert "NOT CHECKED: hub: no service that knows of faults answers" in house.supply().stdout
