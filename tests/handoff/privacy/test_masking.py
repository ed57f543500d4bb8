"""P1 and I11: personal numbers are covered, and what only looks like them stays."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.privacy.masking import MASK, Kind, mask
from tests.handoff.privacy import people

ROUNDS = 10_000
"""Of each kind. ``pytest -rP`` shows what comes out of them."""
FALSE_HITS = 0.001


def bare(number: str) -> str:
    return "".join(character for character in number if character.isalnum())


@pytest.mark.parametrize(
    ("make", "share"), [(people.hetu_sentence, 0.999), (people.cpr_sentence, 0.995)], ids=["hetu", "cpr"]
)
def test_p1_numbers_of_persons_are_found(
    make: Callable[[random.Random], tuple[str, str]], share: float, request: pytest.FixtureRequest
) -> None:
    random_ = random.Random(4)
    missed = []
    for _ in range(ROUNDS):
        text, number = make(random_)
        masked = mask(text)
        if number in masked.text or masked.count != 1:
            missed.append(text)
    print(f"P1 {request.node.callspec.id}: {ROUNDS - len(missed)} of {ROUNDS} covered, at least {share:.1%} wanted")
    assert len(missed) <= ROUNDS * (1 - share), missed[:20]


def test_p1_orders_telephones_dates_amounts_and_parcels_stay() -> None:
    random_ = random.Random(5)
    texts = [people.decoy(random_) for _ in range(ROUNDS)]
    hit = [text for text in texts if mask(text).count]
    print(f"P1 decoys: {len(hit)} of {ROUNDS} covered for nothing, at most {FALSE_HITS:.1%} wanted")
    assert len(hit) <= ROUNDS * FALSE_HITS, hit[:20]


@pytest.mark.parametrize("sign", people.SIGNS)
def test_every_century_sign_is_known(sign: str) -> None:
    masked = mask(f"tunnus {people.hetu(random.Random(sign), sign)}, kiitos")
    assert masked.text == f"tunnus {MASK[Kind.HETU]}, kiitos"
    assert masked.kinds == (Kind.HETU,)


def test_a_hetu_with_a_wrong_check_character_is_none() -> None:
    right = people.hetu(random.Random(1), "A")
    wrong = right[:-1] + ("B" if right[-1] != "B" else "C")
    assert mask(right).count == 1
    assert mask(wrong).count == 0


@pytest.mark.parametrize(
    "written",
    [
        "131052-308T",
        "131052-308t",
        "131052–308T",  # a dash that a telephone put there
        "131052\u2212308T",
        "131052 - 308T",
        "131052\u200b-308T",
        "13\u00ad1052-308T",
        "13.10.52-308T",
        "131052308T",
        "１３１０５２－３０８Ｔ",
        "131052-308T:n",
        "hetu131052-308T",
        "(131052-308T)",
        "131052-308T.",
    ],
)
def test_a_hetu_is_found_however_it_is_typed(written: str) -> None:
    masked = mask(f"se on {written} kai")
    assert masked.kinds == (Kind.HETU,)
    assert not any(character.isdigit() for character in masked.text)


@pytest.mark.parametrize(
    "written",
    [
        "Mit cpr er 0101901234",
        "cpr: 010190 1234",
        "CPR-nr. 01.01.90-1234",
        "mit cpr er 01 01 90 12 34",
        "0101901234 er mit cpr-nummer",
        "ordren er bestilt af 010190-1234",
        "CPR010190-1234",
        "mit personnummer er 01011990-1234, ring på 87654000",
        "Tanskalainen henkilötunnus 311299-4321",
        "ringede i går, 010190-1234 er det",
    ],
)
def test_a_cpr_number_is_found_however_it_is_typed(written: str) -> None:
    masked = mask(written)
    assert masked.kinds == (Kind.CPR,)
    assert "1234" not in masked.text and "4321" not in masked.text


@pytest.mark.parametrize(
    "text",
    [
        "0401234567",
        "ok se on 0401234567",
        "Soita 0401234567",
        "numeroni on 0401234567",
        "puh. 050 1234567",
        "+358 40 123 4567",
        "Ordre 0101901234 mangler",
        "min ordre, nr. 0101901234",
        "tilausnumeroni on 0101901234",
        "1012345678 on tilausnumeroni",
        "SK-010190-1234",
        "010190-1234-01 koodi",
        "0101901234 kr.",
        "351299-1234 er ingen dag",
        "011399 1234",
        "2026-11-21 10:15",
        "den 21.11.2026 kl. 12.30–14.00",
    ],
)
def test_what_only_looks_like_a_cpr_number_stays(text: str) -> None:
    assert mask(text).text == text


def test_the_telephone_beside_an_identity_code_stays() -> None:
    masked = mask("Hetuni on 131052-308T ja puhelinnumeroni 0401234567, tilaus 100234.")
    assert masked.text == f"Hetuni on {MASK[Kind.HETU]} ja puhelinnumeroni 0401234567, tilaus 100234."


@pytest.mark.parametrize("separator", ["", " ", "-", "."])
def test_payment_cards_are_found_with_any_separator(separator: str) -> None:
    random_ = random.Random(6)
    for _ in range(300):
        number = people.card(random_, separator)
        assert mask(f"kortti {number}, voimassa 12/29, cvc 123").kinds == (Kind.CARD,), number
        assert mask(f"{number}").kinds == (Kind.CARD,), number


def test_a_card_between_other_numbers_is_found() -> None:
    assert mask("4111 1111 1111 1111 12 29 123").text == f"{MASK[Kind.CARD]} 12 29 123"
    assert mask("order 100234 4111111111111111").kinds == (Kind.CARD,)


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",  # fails Luhn
        "0000 0000 0000 0000",
        "lähetystunnus 4111111111111111",
        "tracking no 4111111111111111",
        "JJFI4111111111111111",
        "9111 1111 1111 1111 1",
    ],
)
def test_what_only_looks_like_a_card_stays(text: str) -> None:
    assert mask(text).text == text


@pytest.mark.parametrize("country", ["FI", "DK", "DE", "SE", "NO", "MT"])
@pytest.mark.parametrize("separator", ["", " "])
def test_ibans_are_found_and_the_sentence_goes_on(country: str, separator: str) -> None:
    number = people.iban(random.Random(country), country, separator)
    assert mask(f"Tilini on {number} kiitos paljon").text == f"Tilini on {MASK[Kind.IBAN]} kiitos paljon"
    assert mask(number.lower()).kinds == (Kind.IBAN,)


def test_an_iban_that_fails_mod_97_stays() -> None:
    assert mask("FI21 1234 5600 0007 85").kinds == (Kind.IBAN,)
    assert mask("FI22 1234 5600 0007 85").kinds == ()


def test_each_mask_has_its_kind_and_place() -> None:
    masked = mask("a 131052-308T b 4111 1111 1111 1111 c FI21 1234 5600 0007 85 d 010190-1234")
    assert masked.kinds == (Kind.HETU, Kind.CARD, Kind.IBAN, Kind.CPR)
    assert [masked.text[start:end] for start, end in masked.spans] == [MASK[kind] for kind in masked.kinds]
    assert masked.count == 4


@settings(max_examples=300)
@given(before=st.text(), after=st.text(), seed=st.integers(0, 10_000))
def test_whatever_stands_around_it_the_rest_of_a_text_stays_as_it_was(before: str, after: str, seed: int) -> None:
    number = people.hetu(random.Random(seed))
    masked = mask(f"{before} … {number} … {after}")
    assert number not in masked.text
    assert mask(masked.text).text == masked.text, "masking again changes nothing"
    if masked.count == 1:
        assert masked.text == f"{before} … {MASK[Kind.HETU]} … {after}"


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("0123456789 -+.AXfi/€kr\u200b\u2212"), max_size=200))
def test_masking_is_stable_and_never_fails(text: str) -> None:
    masked = mask(text)
    assert len(masked.text) <= len(text) + masked.count
    for (start, end), kind in zip(masked.spans, masked.kinds, strict=True):
        assert masked.text[start:end] == MASK[kind]
