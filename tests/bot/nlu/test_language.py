"""Which language a message is in."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot import places
from bot.nlu.language import PLAIN, SPOKEN, Detector, load_words, save_words, typical_words


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


@pytest.mark.parametrize(
    "text",
    [
        *("ok", "MobilePay", "Visa?", "iPhone 15", "info", "DHL", "ok ok ok", "MobilePay Visa Mastercard?"),
        *("Visa, MasterCard, PayPal?", "iPhone 15 Pro Max", "Harry Potter Lego", "Georg Jensen Damask", "Nike Air Max"),
    ],
)
@pytest.mark.parametrize("so_far", SPOKEN)
def test_a_word_that_does_not_tell_keeps_the_conversations_language(detector: Detector, text: str, so_far: str) -> None:
    assert detector.detect(text, so_far).language in (None, so_far)


@pytest.mark.parametrize(
    ("so_far", "text"),
    [
        *(("da", text) for text in ("Ja", "Ja ok", "Ja selvfølgelig", "Ja please", "ja ja ja", "En kjole", "Se ordre")),
        *(("fi", text) for text in ("Hoitui jo", "Selvisi jo", "Jo", "Se", "En", "Me")),
        *(("en", text) for text in ("Hold on", "on time", "me too")),
    ],
)
def test_a_word_of_two_languages_does_not_change_the_conversations(detector: Detector, text: str, so_far: str) -> None:
    assert detector.detect(text, so_far).language in (None, so_far)


@pytest.mark.parametrize("text", ["jo saapui", "en ole varma", "ja sitten mitä", "se ei toimi"])
def test_such_a_word_keeps_nobody_from_changing_it(detector: Detector, text: str) -> None:
    assert detector.detect(text, "da").language == "fi"


@pytest.mark.parametrize("text", ["iphone 15 pro max", "samsung galaxy s24"])
def test_a_products_name_in_few_words_is_not_taken_for_a_foreign_language(detector: Detector, text: str) -> None:
    assert not detector.detect(text, "da").foreign


@pytest.mark.parametrize("language", SPOKEN)
def test_a_short_greeting_thanks_or_goodbye_leaves_nobodys_own_language(detector: Detector, language: str) -> None:
    """Every one of two words at most that the examples have, on a page in its own language: "moro" is no Danish."""
    blocks = yaml.safe_load((places.NLU / language / "small_talk.yml").read_text(encoding="utf-8"))["nlu"]
    told = {block["intent"]: block["examples"].splitlines() for block in blocks}
    topics = ("greet", "goodbye", "thanks", "affirm", "deny", "stop", "how_are_you")
    lines = [line.removeprefix("- ") for topic in topics for line in told[topic]]
    short = [text for text in lines if len(text.split()) <= 2]
    assert len(short) > 80
    assert [text for text in short if detector.detect(text, language).language not in (None, language)] == []


@pytest.mark.parametrize("text", ["moro", "Moro!", "moro moro", "heissan", "Huhuu"])
def test_a_finnish_greeting_is_answered_in_finnish_on_any_page(detector: Detector, text: str) -> None:
    assert {detector.detect(text, page).language for page in (None, "fi", "da", "en")} == {"fi"}


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


@pytest.mark.parametrize(
    "text", ["Var är mitt paket?", "Kan jag få en faktura?", "Tack!", "När kommer min beställning?", "Hur gör jag"]
)
@pytest.mark.parametrize("so_far", [None, *SPOKEN])
def test_short_swedish_is_not_taken_for_danish(text: str, so_far: str | None) -> None:
    assert Detector(swedish="fi").detect(text, so_far).language == "fi"


def test_a_place_with_foreign_letters_does_not_make_danish_swedish(detector: Detector) -> None:
    assert detector.detect("Kan I sende pakken til Göteborg eller Järvenpää?").language == "da"


def test_another_language_is_noticed(detector: Detector) -> None:
    assert detector.detect("Ich möchte meine Bestellung zurückschicken, wie geht das?").written == "de"


@pytest.mark.parametrize("text", ["سلام كيف حالك اليوم", "你好", "a" * 4000, "x\ud83dy", "moi " * 1000])
def test_odd_text_never_raises(detector: Detector, text: str) -> None:
    assert detector.detect(text, "en").language in (*SPOKEN, None)


EXAMPLES = (
    "missä minun tilaukseni viipyy Havu Plus",
    "minun pakettini on Havu myymälässä vielä",
    "onko minun lasku Havu tilillä",
    "hvor bliver min pakke af Havu Plus",
    "min ordre fra Havu er ikke kommet",
    "har Havu sendt min pakke endnu",
    "where has my Havu parcel gone now",
    "did Havu send my parcel out yet",
    "my parcel from Havu is late",
)


def test_words_typical_of_a_language_are_learnt_from_examples(detector: Detector, tmp_path: Path) -> None:
    typical = typical_words(EXAMPLES, detector)
    assert (typical["minun"], typical["min"], typical["parcel"]) == ("fi", "da", "en")
    assert typical["havu"] == ""  # it occurs in all three and tells nothing
    save_words(typical, tmp_path)
    assert load_words(tmp_path) == typical


def test_names_are_learnt_as_telling_nothing(detector: Detector) -> None:
    typical = typical_words(
        ["I ordered it to my home in Espoo", "is the shop in Espoo open today", "can I pick it up in Espoo please"],
        detector,
    )
    assert (typical["espoo"], typical["in"]) == ("", "en")
    assert Detector(typical=typical).detect("Espoo", "fi").language is None


def test_learnt_words_tell_when_they_stand_alone(detector: Detector) -> None:
    taught = Detector(typical=typical_words(EXAMPLES, detector))
    assert taught.detect("parcel?", "fi").language == "en"
    assert taught.detect("Havu", "da").language is None


def test_the_second_detector_is_left_out_only_where_it_would_change_nothing(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [*EXAMPLES, "var är mitt paket", "hvor er pakken min da", "wo ist mein Paket", "où est mon colis", "µ µ µ"]
    cases = [(text, so_far) for text in texts for so_far in (None, *SPOKEN)]
    quick = [detector.detect(*case) for case in cases]
    asked: list[str] = []
    second = detector._add_second
    monkeypatch.setattr(detector, "_add_second", lambda text, scores: (asked.append(text), second(text, scores)))
    assert [detector.detect(*case) for case in cases] == quick and len(asked) < len(cases), "it is left out at times"
    monkeypatch.setattr(detector, "_beyond_doubt", lambda *_: False)
    assert [detector.detect(*case) for case in cases] == quick


def test_plain_words_belong_to_one_language() -> None:
    for language in SPOKEN:
        for other in SPOKEN:
            assert language == other or not PLAIN[language] & PLAIN[other]
