"""One written form for what visitors type."""

from __future__ import annotations

import pytest

from bot.nlu.cleaning import MAX_LENGTH, clean, words


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  mis\u200bsä \n\t pakettini\u00ad on  ", "missä pakettini on"),
        ("a\u0308iti", "äiti"),  # a letter and its dots become one
        ("\u202eabc\u202c", "abc"),
        ("HEIIIIIII!!!!!", "HEII!!!!!"),
        ("tilaus 10000042", "tilaus 10000042"),  # digits are never cut
        ("haaamu", "haaamu"),
        ("Ok ok " * 20, "Ok Ok"),
        ("hei! " * 9 + "missä paketti", "hei! hei! missä paketti"),
        ("ha" * 30, "haha"),
        ("apua apua apua apua apua", "apua apua apua apua apua"),  # said five times it means it
        ("12 " * 9, ("12 " * 9).strip()),
        ("", ""),
        ("\u200b\u200b", ""),
        ("a\x00b", "a b"),
    ],
)
def test_invisible_things_go_and_the_rest_stays(typed: str, cleaned: str) -> None:
    assert clean(typed) == cleaned


def test_cleaning_twice_changes_nothing() -> None:
    for text in ("Moiiiii \u200b  maailma", "a\u0308\u0308", "x" * 5000, "ok " * 99, "abc" * 99):
        assert clean(clean(text)) == clean(text)


def test_a_text_beyond_the_limit_is_cut() -> None:
    assert len(clean("sana " * 2000)) <= MAX_LENGTH


def test_words_leave_out_digits_and_punctuation() -> None:
    assert words("Won't the T-shirt (nr. 12) ship – i dag?") == ["won't", "the", "t-shirt", "nr", "ship", "i", "dag"]


def test_what_was_covered_on_arrival_brings_no_word_of_ours() -> None:
    assert clean("Minun [HETU ••••], entä [card ••••]?") == "Minun ••••, entä ••••?"
    assert clean("[sic] stays") == "[sic] stays"
