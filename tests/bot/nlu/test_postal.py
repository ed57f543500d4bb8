"""Postal codes."""

from __future__ import annotations

import pytest

from bot.nlu.postal import find_postal_codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("asun osoitteessa Mannerheimintie 5, 00100 Helsinki", "00100"),
        ("mannerheimintie 5 00100 helsinki", "00100"),
        ("00100 HELSINKI", "00100"),
        ("33100 tampereella", "33100"),
        ("my postal code is 00100", "00100"),
        ("Postinumero on 00100", "00100"),
        ("postinumeroni on nyt 33100", "33100"),
        ("33100 on postinumeroni", "33100"),
        ("FI-33100", "33100"),
        ("jeg bor 8000 Aarhus", "8000"),
        ("Nørregade 12 8000 aarhus c", "8000"),
        ("jeg bor 5953 Tranekær", "5953"),
        ("Postnummeret er 8000", "8000"),
        ("postnr. 2100", "2100"),
        ("DK-2100", "2100"),
        ("Lähetys osoitteeseen Rantatie 3, 99870 Ivalo", "99870"),
        ("Kotimme on 01234 Jossakin", "01234"),
    ],
)
def test_a_code_that_is_called_so_or_stands_before_its_place_is_found(text: str, code: str) -> None:
    assert [found.value for found in find_postal_codes(text)] == [code]


@pytest.mark.parametrize(
    "text",
    [
        "60412 Kiitos",
        "TILAUS MYÖHÄSSÄ 60412 MISSÄ VIIPYY",
        "60412 viipyy",
        "messe 2024 København",
        "ring 2044 8110 Aarhus",
        "01234 please",
        "postinumero on muuttunut",
    ],
)
def test_a_number_before_any_other_word_is_no_postal_code(text: str) -> None:
    assert find_postal_codes(text) == []
