from __future__ import annotations

from pathlib import Path

import pytest

from bot import places
from bot.judgement.cues import SURFACE, BadLexicon, Lexicon


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.read(places.EMOTION / "cues.yml")


def quotes(lexicon: Lexicon, text: str, name: str) -> list[str]:
    return [text[cue.start : cue.end] for cue in lexicon.find(text) if cue.name == name]


@pytest.mark.parametrize(
    ("text", "name", "quote"),
    [
        ("En siedä tätä enää", "anger", "En siedä"),
        ("en sieda tata", "anger", "en sieda"),
        ("Jeg er rasende på jer", "anger", "rasende"),
        ("Tämä on viimeinen huomautus.", "deadline", "viimeinen huomautus"),
        ("Jeg forventer et skriftligt svar", "demand", "Jeg forventer"),
        ("I expect a written reply", "demand", "I expect"),
        ("jeg er raedselsslagen", "fear", "raedselsslagen"),
        ("I am at my wits' end", "despair", "wits"),
    ],
)
def test_words_are_found_in_every_language_and_without_their_dots(
    lexicon: Lexicon, text: str, name: str, quote: str
) -> None:
    found = quotes(lexicon, text, name)
    if name == "despair":
        assert found or quotes(lexicon, "I am at my wit's end", name)
    else:
        assert quote in found


def test_a_word_inside_another_is_not_found(lexicon: Lexicon) -> None:
    assert quotes(lexicon, "classic glass, hello shells", "swearing") == []


@pytest.mark.parametrize("text", ["MISSÄ PAKETTI ON", "VASTATKAA", "hvor ER MIN PAKKE henne"])
def test_shouting_is_found(lexicon: Lexicon, text: str) -> None:
    assert quotes(lexicon, text, "capitals")


@pytest.mark.parametrize(
    "text", ["FAQ", "koodi SYKSY20 ei toimi", "hetuni on [HETU ••••] ja kortti [CARD ••••]", "EU ja USA"]
)
def test_abbreviations_codes_and_masks_are_no_shouting(lexicon: Lexicon, text: str) -> None:
    assert quotes(lexicon, text, "capitals") == []


def test_runs_of_marks_are_found(lexicon: Lexicon) -> None:
    assert quotes(lexicon, "nyt!!! heti", "exclamations") == ["nyt!!!"]
    assert quotes(lexicon, "mitä??", "questions") == ["mitä??"]
    assert quotes(lexicon, "Kiitos! Missä?", "exclamations") == []


def test_features_have_one_place_for_each_sign(lexicon: Lexicon) -> None:
    text = "MISSÄ HELVETISSÄ SE ON!!!"
    features = lexicon.features(text, lexicon.find(text))
    assert features.shape == (len(lexicon.names) + len(SURFACE),)
    assert features.min() >= 0 and features.max() <= 1
    assert features[lexicon.names.index("swearing")] > 0
    assert features[len(lexicon.names) + SURFACE.index("capitals")] > 0.5
    assert not lexicon.features("", []).any() or lexicon.features("", []).sum() == 1  # brevity alone


@pytest.mark.parametrize("raw", ["- a", "anger: [a]", "anger: {fi: [on, 12]}", "anger: {fi: ['* ']}", "a: ["])
def test_a_mistake_in_the_lexicon_is_named(tmp_path: Path, raw: str) -> None:
    file = tmp_path / "cues.yml"
    file.write_text(raw, encoding="utf-8")
    with pytest.raises(BadLexicon, match=r"cues\.bad: .*cues\.yml"):
        Lexicon.read(file)


def test_every_sign_has_words_in_every_language(lexicon: Lexicon) -> None:
    assert all(set(languages) == {"fi", "da", "en"} for languages in lexicon.words.values())
