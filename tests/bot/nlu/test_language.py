"""Which language a message is in."""

from __future__ import annotations

import pytest

from bot.nlu.language import PLAIN, SPOKEN, Detector


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Missä mun paketti viipyy?", "fi"),
        ("onks teil tätä varastos", "fi"),
        ("Hvornår kommer min pakke?", "da"),
        ("har i den her på lager", "da"),
        ("Where is my parcel?", "en"),
        ("pls cancel my order asap", "en"),
        ("moi", "fi"),
        ("Hej!", "da"),
        ("hello", "en"),
        ("Tak.", "da"),
    ],
)
@pytest.mark.parametrize("so_far", [None, "fi", "da", "en"])
def test_a_message_that_tells_its_language_is_heard_in_any_conversation(
    detector: Detector, text: str, language: str, so_far: str | None
) -> None:
    assert detector.detect(text, so_far).language == language


@pytest.mark.parametrize("text", ["ok", "MobilePay", "Havu Plus", "iPhone 15", "info"])
@pytest.mark.parametrize("so_far", SPOKEN)
def test_a_word_that_does_not_tell_keeps_the_conversations_language(
    detector: Detector, text: str, so_far: str
) -> None:
    assert detector.detect(text, so_far).language in (None, so_far)


@pytest.mark.parametrize("text", ["", "12345", "😀", "?!", "\u200b", "  "])
def test_a_message_without_words_tells_nothing(detector: Detector, text: str) -> None:
    assert detector.detect(text, "da").language is None


@pytest.mark.parametrize(
    "text",
    ["Hvor er pakken min? Jeg bestilte for to uker siden.", "Jeg vil gjerne bytte denne genseren, den er for liten"],
)
def test_norwegian_is_answered_in_danish(detector: Detector, text: str) -> None:
    assert detector.detect(text).language == "da"


@pytest.mark.parametrize("answered_in", ["en", "fi"])
def test_swedish_is_answered_as_the_owner_sets(answered_in: str) -> None:
    heard = Detector(swedish=answered_in).detect("Jag har inte fått mitt paket ännu, var är det någonstans?")
    assert (heard.language, heard.written) == (answered_in, "sv")


def test_another_language_is_noticed(detector: Detector) -> None:
    assert detector.detect("Ich möchte meine Bestellung zurückschicken, wie geht das?").written == "de"


@pytest.mark.parametrize("text", ["سلام كيف حالك اليوم", "你好", "a" * 4000, "x\ud83dy", "moi " * 1000])
def test_odd_text_never_raises(detector: Detector, text: str) -> None:
    assert detector.detect(text, "en").language in (*SPOKEN, None)


def test_plain_words_belong_to_one_language() -> None:
    for language in SPOKEN:
        for other in SPOKEN:
            assert language == other or not PLAIN[language] & PLAIN[other]
