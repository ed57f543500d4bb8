from __future__ import annotations

from pathlib import Path

import pytest

from handoff.errors import SettingsError
from handoff.owner.facts import fact, read_facts

FACTS = {"fee": {"fi": "4.90 EUR", "da": "39 DKK", "en": "4.90 EUR"}, "big": "1234.50 EUR", "name": "Havu"}


@pytest.mark.parametrize(
    ("name", "language", "wanted"),
    [
        ("fee", "fi", "4,90\u00a0€"),
        ("fee", "da", "39\u00a0kr."),
        ("fee", "en", "€4.90"),
        ("big", "fi", "1\u00a0234,50\u00a0€"),
        ("big", "da", "1.234,50\u00a0€"),
        ("big", "en", "€1,234.50"),
        ("name", "da", "Havu"),
        ("nothing", "da", ""),
    ],
)
def test_a_fact_stands_as_the_language_writes_it(name: str, language: str, wanted: str) -> None:
    assert fact(FACTS, name, language) == wanted


@pytest.mark.parametrize(
    "written", ["0401234567", "020333", "10:00", "4.90", "no", "2026-12-24", "1_000", "0x10", "~no", "1e3", ".5"]
)
def test_a_fact_is_said_as_it_is_written_whatever_yaml_takes_it_for(tmp_path: Path, written: str) -> None:
    path = tmp_path / "company.yml"
    path.write_text(f"facts: {{odd: {{fi: {written}, da: x}}, same: {written}}}\n", "utf-8")
    facts = read_facts(path)
    assert fact(facts, "odd", "fi") == fact(facts, "same", "da") == written


@pytest.mark.parametrize("written", ["[a]", "{a: b}", "!!int 5"])
def test_a_fact_that_is_no_text_is_refused_with_its_line(tmp_path: Path, written: str) -> None:
    path = tmp_path / "company.yml"
    path.write_text(f"facts:\n  odd: {{fi: {written}, da: x}}\n", "utf-8")
    with pytest.raises(SettingsError, match=r"company\.yml:2: facts\.odd\.fi: .* is no text"):
        read_facts(path)
