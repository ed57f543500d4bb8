"""P1 and I11: personal numbers are covered, and what only looks like them stays."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

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


@pytest.mark.parametrize(
    "gap", ["\n", "\t", "\r\n", "\n\n", " \n", "\t ", "\v", "\f", "\x85", "\u2028", "\u2029", "\u00a0\n"]
)
@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("4111_1111_1111_1111", Kind.CARD),
        ("4111 1111_1111 1111", Kind.CARD),
        ("3782_822463_10005", Kind.CARD),
        ("FI21_1234 5600 0007 85", Kind.IBAN),
        ("FI21 1234 5600_0007 85", Kind.IBAN),
        ("131052-_308T", Kind.HETU),
        ("131052 -_308T", Kind.HETU),
        ("hetu 131052_308T", Kind.HETU),
        ("cpr 010190_1234", Kind.CPR),
        ("CPR:010190-_1234", Kind.CPR),
        ("mit cpr er 01 01 90_12 34", Kind.CPR),
        ("mit kort er 41111111_11111111", Kind.CARD),
    ],
)
def test_i11_a_number_over_a_tab_or_the_end_of_a_line_is_found(number: str, kind: Kind, gap: str) -> None:
    masked = mask(f"Hej\n\n{number.replace('_', gap)}\n\ntak")
    assert masked.kinds == (kind,)
    assert not any(character.isdigit() for character in masked.text)
    assert masked.text.startswith("Hej\n\n") and masked.text.endswith("\n\ntak"), "nothing else is touched"
    assert masked.values[0] in number.replace("_", gap)


@pytest.mark.parametrize(
    "text",
    [
        "Ordrer:\n010190\n1234\n5678",  # two orders of a list
        "010190\n1234",
        "010190\t1234",
        "131052\n308 T",
        "45123456\n40111118\n",
        "20418345\n20418346\n20418347",
        "100523\t2 kpl\n100524\t1 kpl",
        "0401234567\n0501234567",
        "2026-11-21\n2026-11-22",
        "Order 100234\n123456 7890",
    ],
)
def test_numbers_in_two_lines_or_columns_are_two(text: str) -> None:
    assert mask(text).text == text


def test_two_lines_of_other_numbers_stay() -> None:
    random_ = random.Random(7)
    alone = [people.decoy(random_) for _ in range(ROUNDS)]
    silent = [text for text in alone if not mask(text).count]
    pairs = ["\n".join(pair) for pair in pairwise(silent)]
    hit = [text for text in pairs if mask(text).count]
    assert len(hit) <= len(pairs) * FALSE_HITS, hit[:20]
    orders = ["".join(random_.choice("0123456789") for _ in range(8)) for _ in range(ROUNDS)]
    lists = ["\n".join(pair) for pair in pairwise(orders)]
    assert not [text for text in lists if mask(text).count]


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
@given(st.text(alphabet=st.sampled_from("0123456789 -+.AXfi/€kr\u200b\u2212\n\t"), max_size=200))
def test_masking_is_stable_and_never_fails(text: str) -> None:
    masked = mask(text)
    assert len(masked.text) <= len(text) + masked.count
    for (start, end), kind in zip(masked.spans, masked.kinds, strict=True):
        assert masked.text[start:end] == MASK[kind]
