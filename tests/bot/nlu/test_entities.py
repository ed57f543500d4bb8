"""What a message names."""

from __future__ import annotations

import datetime
import time

import pytest

from bot.nlu.entities import find_entities

TODAY = datetime.date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "language", "entities"),
    [
        ("missä tilaus 60412 viipyy", "fi", {"order_number": "60412"}),
        ("Tilausnumeroni on HV-102938.", "fi", {"order_number": "HV-102938"}),
        ("ordre nr. 77120 mangler", "da", {"order_number": "77120"}),
        ("my order number is 8812345, where is it", "en", {"order_number": "8812345"}),
        ("#44521 please", "en", {"order_number": "44521"}),
        ("60412", "fi", {"order_number": "60412"}),
        ("soittakaa 040 123 4567", "fi", {"phone": "+358401234567"}),
        ("ring på 20 44 81 10 tak", "da", {"phone": "+4520448110"}),
        ("call me at +45 20 44 81 10", "en", {"phone": "+4520448110"}),
        ("osoitteeni on Maija.Meikki@esimerkki.example", "fi", {"email": "maija.meikki@esimerkki.example"}),
        ("maksoin 49,90 €", "fi", {"amount": "49.90 EUR"}),
        ("se maksoi 120e", "fi", {"amount": "120 EUR"}),
        ("jeg betalte 1.299,00 kr.", "da", {"amount": "1299.00 DKK"}),
        ("der er trukket 449,-", "da", {"amount": "449 DKK"}),
        ("I was charged €19.50 twice", "en", {"amount": "19.50 EUR"}),
        ("tilasin 3.11.", "fi", {"date": "2026-11-03"}),
        ("jeg bestilte den 14. oktober", "da", {"date": "2026-10-14"}),
        ("ordered on November 2nd", "en", {"date": "2026-11-02"}),
        ("tilattu 2026-10-01", "fi", {"date": "2026-10-01"}),
        ("Det kom i går", "da", {"date": "2026-11-20"}),
        ("palautin sen 28. joulukuuta", "fi", {"date": "2026-12-28"}),
        ("returned 5 March", "en", {"date": "2026-03-05"}),
        ("for 5 January please", "en", {"date": "2027-01-05"}),
        ("asun osoitteessa Mannerheimintie 5, 00100 Helsinki", "fi", {"postal_code": "00100"}),
        ("jeg bor 8000 Aarhus", "da", {"postal_code": "8000"}),
        ("tuotekoodi AB-2201 loppu?", "fi", {"product_code": "AB-2201"}),
        ("", None, {}),
        ("moi", "fi", {}),
        ("ostin 3 tyynyä ja 2 peittoa", "fi", {}),
        ("puolet 50 prosenttia", "fi", {}),
        ("31.2.", "fi", {}),
    ],
)
def test_each_kind_is_found_in_one_form(text: str, language: str | None, entities: dict[str, str]) -> None:
    assert find_entities(text, language, TODAY) == entities


def test_several_kinds_in_one_message() -> None:
    text = "Hej, ordre 77120 fra 3.11.2026 til 449 kr. kom aldrig. Skriv til me@mig.example eller ring 20 44 81 10."
    assert find_entities(text, "da", TODAY) == {
        "order_number": "77120",
        "date": "2026-11-03",
        "amount": "449 DKK",
        "email": "me@mig.example",
        "phone": "+4520448110",
    }


def test_an_order_number_is_no_phone_number() -> None:
    assert find_entities("tilaus 0401234567", "fi", TODAY) == {"order_number": "0401234567"}


def test_nothing_is_found_in_what_was_masked() -> None:
    assert find_entities("kortti [CARD ••••1234] ja [HETU •••]", "fi", TODAY) == {}


@pytest.mark.parametrize("text", ["1" * 4000, "1 " * 2000, "a@" * 2000, "1." * 2000, "€" * 4000, "tilaus " * 570])
def test_long_odd_text_is_quick(text: str) -> None:
    before = time.process_time()
    find_entities(text, "fi", TODAY)
    assert time.process_time() - before < 1.0
