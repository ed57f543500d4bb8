"""The matrix of attacks and of privacy (docs/security.md, docs/privacy.md) is kept by tests that cite its rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
PAGES = "\n".join((ROOT / "docs" / name).read_text("utf-8") for name in ("security.md", "privacy.md"))
NAMES = [
    name
    for file in sorted(TESTS.rglob("test_*.py"))
    for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
]
TITLES = [
    title
    for file in sorted((ROOT / "web" / "tests").rglob("*.test.ts"))
    for title in re.findall(r"(?:describe|it)[^\n]*\(['`](.*)['`],", file.read_text("utf-8"))
]
ROWS = [f"S{n}" for n in range(1, 22)] + [f"P{n}" for n in range(1, 9)]
WITHOUT = {"S20"}
"""Where there is nothing that could be tested; the page says why."""


@pytest.mark.parametrize("row", ROWS)
def test_each_row_is_cited_by_a_test_and_stands_on_the_page_with_its_files(row: str) -> None:
    cited = any(f"_{row.lower()}_" in name for name in NAMES) or any(
        re.search(rf"\b{row}\b", title) for title in TITLES
    )
    assert cited is not (row in WITHOUT), f"{row}: {'a test cites it now' if cited else 'no test cites it'}"
    (line,) = re.findall(rf"^\| {row}\b[^|]*\|.*$", PAGES, re.MULTILINE)
    named = re.findall(r"`((?:faults|handoff|e2e|ops|web)/[\w/.-]+\.(?:py|ts))`", line)
    assert bool(named) is not (row in WITHOUT), line
    missing = [path for path in named if not (ROOT if path.startswith("web/") else TESTS).joinpath(path).exists()]
    assert not missing, line
