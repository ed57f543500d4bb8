"""The matrix of docs/reliability.md is kept by tests that cite it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
NAMES = [
    name
    for file in sorted(TESTS.rglob("test_*.py"))
    for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize("row", range(1, 31))
def test_each_row_is_cited_by_a_test_and_stands_on_the_page(row: int) -> None:
    assert any(f"_r{row}_" in name for name in NAMES), f"no test cites R{row}"
    (line,) = re.findall(rf"^\| R{row} \|.*$", PAGE, re.MULTILINE)
    named = re.findall(r"`((?:faults|handoff|e2e|bot)/[\w/]+(?:\.py|/))`", line)
    assert named and all((TESTS / path).exists() for path in named), line
