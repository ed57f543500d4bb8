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
        ("I paid 12.10 € for it", "en", {"amount": "12.10 EUR"}),
        ("the day before yesterday", "en", {"date": "2026-11-19"}),
        ("I ordered 2026-05-12", "en", {"date": "2026-05-12"}),
        ("tilaus 1200,50 €", "fi", {"amount": "1200.50 EUR"}),
        ("20.10.81.10", "da", {"phone": "+4520108110"}),
        ("Hämeentie 5 E, 00500 Helsinki", "fi", {"postal_code": "00500"}),
        ("Postinumero on 00100", "fi", {"postal_code": "00100"}),
        ("ostin 3 tyynyä ja 2 peittoa", "fi", {}),
        ("puolet 50 prosenttia", "fi", {}),
        ("31.2.", "fi", {}),
    ],
)
def test_each_kind_is_found_in_one_form(text: str, language: str | None, entities: dict[str, str]) -> None:
    assert find_entities(text, language, TODAY) == entities


@pytest.mark.parametrize(
    ("text", "language", "entities"),
    [
        ("Tilausnumeroni ei ole 123456 vaan 654321", "fi", {"order_number": "654321"}),
        ("Anteeksi, tilausnumero ei ole 123456, se on 654321", "fi", {"order_number": "654321"}),
        ("Ei tilaus 123456 vaan tilaus 654321", "fi", {"order_number": "654321"}),
        ("en tarkoittanut tilausta 123456 vaan 654321", "fi", {"order_number": "654321"}),
        ("Ordrenummeret er ikke 123456, det er 654321", "da", {"order_number": "654321"}),
        ("ikke 123456 men 654321", "da", {"order_number": "654321"}),
        ("Sorry, it's not 123456, it's 654321", "en", {"order_number": "654321"}),
        ("It’s not 123456, the right one is 654321", "en", {"order_number": "654321"}),
        ("my order number isn't 123456 but 654321", "en", {"order_number": "654321"}),
        ("not order 123456 but 654321", "en", {"order_number": "654321"}),
        ("Beløbet er ikke 499 kr. men 399 kr.", "da", {"amount": "399 DKK"}),
        ("en maksanut 49 euroa vaan 59 euroa", "fi", {"amount": "59 EUR"}),
        ("I didn't pay €49 but €59", "en", {"amount": "59 EUR"}),
        ("not 5 November but 6 November", "en", {"date": "2026-11-06"}),
        ("not November 5 but November 6", "en", {"date": "2026-11-06"}),
        ("en tilannut eilen vaan tänään", "fi", {"date": "2026-11-21"}),
        ("ikke me@mig.example men dig@dig.example", "da", {"email": "dig@dig.example"}),
        ("numeroni ei ole 040 123 4567 vaan 050 765 4321", "fi", {"phone": "+358507654321"}),
        # Denied, and nothing in its place.
        ("tilausnumeroni ei ole 123456", "fi", {}),
        ("Det er ikke ordre 123456", "da", {}),
        ("it isn't order 123456", "en", {}),
        # The denial is about something else.
        ("en ole saanut tilausta 123456", "fi", {"order_number": "123456"}),
        ("Miksi ei tilaus 123456 ole tullut?", "fi", {"order_number": "123456"}),
        ("Ei, tilausnumero on 123456", "fi", {"order_number": "123456"}),
        ("Jeg har ikke modtaget ordre 123456 men ordre 654321", "da", {"order_number": "123456"}),
        ("I did not get order 123456 but 654321 came", "en", {"order_number": "123456"}),
        ("Jeg fik ikke 499 kr. tilbage, men jeg betalte 599 kr.", "da", {"amount": "499 DKK"}),
        ("Tilaus 654321, ei 123456", "fi", {"order_number": "654321"}),
    ],
)
def test_a_value_that_is_denied_is_not_the_one(text: str, language: str, entities: dict[str, str]) -> None:
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


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Tilausnumero 4471-208, laskun eräpäivä", "4471-208"),
        ("Order 77-30912: I was charged", "77-30912"),
        ("tilaus SI-2024-00123", "SI-2024-00123"),
        ("order 1234-567890", "1234-567890"),
        ("tilaus nro 2026-004512", "2026-004512"),
        ("ordre #77-30912", "77-30912"),
        ("order no60412", "60412"),
        ("order 60412- where is it", "60412"),
        ("tilaukset 60412,60413", "60412"),
        ("viitenumero 12345 67890", "1234567890"),
        ("Tilaus on 123456 e-mailissa", "123456"),
        ("60412 Kiitos", "60412"),
        ("Order 60412 items were broken", "60412"),
        ("order 60412 pieces missing", "60412"),
        ("lahjakortti tilauksesta 60412", "60412"),
        ("Order 60412: gift card code 123456 does not work", "60412"),
        ("order code 60412", "60412"),
        ("Har sagt det: 60412", "60412"),
    ],
)
def test_an_order_number_is_found_whole(text: str, number: str) -> None:
    assert find_entities(text, "fi", TODAY) == {"order_number": number}


@pytest.mark.parametrize(
    "text",
    [
        "tilaus 1234 5678",  # one number in two groups, or two numbers
        "tilauksesta 2023",
        "I ordered 2000 napkins",
        "paketti 3000 g",
        "order 60412-A",
        "asdf 01234 please",
        "lasku 88012",
        "invoice 11872",
        "asiakasnumero 12345",
        "seurantakoodi 1234567",
        "lahjakortin koodi 123456",
        "gift card code 123456",
        "koodi 123456 ei toimi",
        "rabatkode 123456",
        "vahvistuskoodi 483920",
        "my verification code is 123456",
        "sagsnummer 123456",
        "reklamaatio 55512",
        "tuote 123456 loppu",
        "SKU 123456",
        "article 123456",
        "artikel 4711234",
        "gavekort 123456",
        "Minulla on 15000 pistettä",
        "I have 15000 points",
        "Jeg har 25000 point",
        "We need 20000 pieces",
        "Tarvitsemme 10000 kappaletta",
        "order 1000 pieces",
        "order 1000 items",
        "ordered 20000 of them",
    ],
)
def test_what_is_not_surely_an_orders_number_is_left_out(text: str) -> None:
    assert find_entities(text, "fi", TODAY) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Vores CVR er 25313763",
        "faktura til CVR 30 11 22 33",
        "Faktura 20123456",
        "kundenummer 20123456",
        "invoice 50123456",
        "laskuni numero on 20123456",
        "asiakasnumeroni 20123456",
        "tracking no. 20123456",
    ],
)
def test_the_number_of_a_company_an_invoice_or_a_customer_is_no_phones(text: str) -> None:
    assert find_entities(text, "da", TODAY) == {}


@pytest.mark.parametrize(
    "text", ["CVR 30 11 22 33, ring 20 44 81 10", "faktura 20123456, kontor 20448110", "faktura? +45 20448110"]
)
def test_a_phone_number_beside_it_is_found(text: str) -> None:
    assert find_entities(text, "da", TODAY) == {"phone": "+4520448110"}


def test_a_number_is_not_taken_twice() -> None:
    assert find_entities("luki 12500 €, lähti 13000 €", "fi", TODAY) == {"amount": "12500 EUR"}
    assert find_entities("7.3.2026, 8.3.2026", "fi", TODAY) == {"date": "2026-03-07"}


def test_nothing_is_found_in_what_was_masked() -> None:
    assert find_entities("kortti [CARD ••••1234] ja [HETU •••]", "fi", TODAY) == {}


@pytest.mark.parametrize(
    "text",
    [
        "1" * 4000,
        "1 " * 2000,
        "a@" * 2000,
        "1." * 2000,
        "€" * 4000,
        "tilaus " * 570,
        "1 234 " * 660,
        "2.3. " * 800,
        "tilaus 12" + "-12" * 1300,
        "1,234" * 800,
        "5 maj " * 660,
        "kr 5 " * 800,
        "lasku 20448110 " * 260,
        "8000 Aa " * 500,
        "ei ole 123456 vaan " * 210,
        "not order order order 5 kr " * 150,
        "kood" * 1000 + " 123456",
    ],
)
def test_long_odd_text_is_quick(text: str) -> None:
    before = time.process_time()
    find_entities(text, "fi", TODAY)
    assert time.process_time() - before < 1.0
