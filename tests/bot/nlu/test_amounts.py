"""Sums of money."""

from __future__ import annotations

import pytest

from bot.nlu.amounts import find_amounts


@pytest.mark.parametrize(
    ("text", "language", "amount"),
    [
        ("maksoin 49,90 €", "fi", "49.90 EUR"),
        ("maksoin 1 234,50 €", "fi", "1234.50 EUR"),
        ("maksoin 12.10 e", "fi", "12.10 EUR"),
        ("siitä meni 45 euroo", "fi", "45 EUR"),
        ("20 euron lahjakortti", "fi", "20 EUR"),
        ("400 eurolla tavaraa", "fi", "400 EUR"),
        ("50e:n kuponki", "fi", "50 EUR"),
        ("lakana maksoi 49,-", "fi", "49 EUR"),
        ("jeg betalte 1.234,50 kr", "da", "1234.50 DKK"),
        ("1.249 kr. to gange", "da", "1249 DKK"),
        ("kr. 499,-", "da", "499 DKK"),
        ("kr.499", "da", "499 DKK"),
        ("der er trukket 449,-", "da", "449 DKK"),
        ("500 kroners gavekort", "da", "500 DKK"),
        ("I was charged €1,234.50", "en", "1234.50 EUR"),
        ("EUR 1,299", "en", "1299 EUR"),
        ("€1,299", "fi", "1299 EUR"),
        ("1,299 euros", "en", "1299 EUR"),
        ("1,299.00 kr", "da", "1299.00 DKK"),
        ("€49.9 charged", "en", "49.90 EUR"),
        ("The fee was €5.10", "en", "5.10 EUR"),
        ("€12.05 twice", "en", "12.05 EUR"),
        ("£20", "en", "20 GBP"),
        ("charged $54.20", "en", "54.20 USD"),
        ("3 x 129 €", "fi", "129 EUR"),
    ],
)
def test_a_sum_is_read_as_it_was_meant(text: str, language: str, amount: str) -> None:
    assert [found.value for found in find_amounts(text, language)] == [amount]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hinta 49,90", "fi"),  # of which currency?
        ("49,-", "en"),
        ("2 e-mailia", "fi"),
        ("2 e mailia", "fi"),
        ("soita 040 123 456 e", "fi"),
        ("38 european size", "en"),
        ("5 eurolavaa", "fi"),
        ("38 e.g. this one", "en"),
        ("chauffeur 12", "fi"),
        ("20-30 euroa", "fi"),
        ("noin 20 – 30 €", "fi"),
        ("€20-30", "en"),
        ("€5k", "en"),
        ("€2 million", "en"),
        ("1.234.50 €", "en"),
        ("1,299 €", "fi"),  # 1 299 or 1.299?
        ("49€90", "en"),
        ("koko EUR 38", "fi"),
        ("størrelse 38 eur", "da"),
        ("Hämeentie 5 E", "fi"),
        ("3.-7. päivä", "fi"),
    ],
)
def test_what_is_no_sum_or_not_surely_one_is_left_out(text: str, language: str) -> None:
    assert find_amounts(text, language) == []


def test_all_sums_are_found_in_their_places() -> None:
    text = "luki 49 €, lähti 54,50 €"
    assert [(text[found.start : found.end], found.value) for found in find_amounts(text)] == [
        ("49 €", "49 EUR"),
        ("54,50 €", "54.50 EUR"),
    ]
