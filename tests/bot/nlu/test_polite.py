from __future__ import annotations

import time

import pytest

from bot.nlu.polite import denial_after_thanks


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("kiitos, ongelma ei ratkennut", "ongelma ei ratkennut"),
        ("Kiitos avusta, mutta en saanut vastausta", "en saanut vastausta"),
        ("kiitos mutta en saanut apua", "en saanut apua"),
        ("Tak for hjælpen! Men jeg fik ikke svar", "jeg fik ikke svar"),
        ("thanks, the problem isn’t solved", "the problem isn’t solved"),
        ("Thanks - didnt help", "didnt help"),
        ("kiitos", None),
        ("ei kiitos", None),
        ("thanks, great", None),
        ("no thanks, bye", None),
        ("kiitos, energinen olo", None),
        ("thanks, ", None),
    ],
)
def test_what_follows_the_thanks_is_handed_out_where_it_denies(text: str, rest: str | None) -> None:
    assert denial_after_thanks(text) == rest


@pytest.mark.parametrize("text", [", " * 2000, " " * 4000, "a" * 4000, "- " * 2000 + "no", "men " * 1000])
def test_long_odd_text_is_quick(text: str) -> None:
    before = time.process_time()
    denial_after_thanks(text)
    assert time.process_time() - before < 0.5
