from __future__ import annotations

import pytest

from handoff.owner.facts import fact

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
