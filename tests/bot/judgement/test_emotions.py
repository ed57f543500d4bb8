"""A small model of the first examples of each label: what it does, not how well."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from bot import places
from bot.encoder.encoder import Encoder
from bot.judgement.cues import Lexicon
from bot.judgement.emotions import LABELS, NONE, EmotionModel
from bot.judgement.training import FOLDS, BadExamples, Row, fingerprint, ordinary, read_rows, tempting, train_on
from bot.nlu.understanding import featurise
from tests.bot.small_emotions import small_rows

MS = 3.0
"""What judging may add to a message."""


@pytest.fixture(scope="module")
def model(encoder: Encoder) -> EmotionModel:
    rows = small_rows()
    examples = [featurise(encoder, row.text) for row in rows]
    return train_on(rows, examples, Lexicon.read(places.EMOTION / "cues.yml"))[0]


def test_as_many_folds_are_held_out_as_are_asked_for(encoder: Encoder) -> None:
    rows = small_rows()
    examples = [featurise(encoder, row.text) for row in rows]
    lexicon = Lexicon.read(places.EMOTION / "cues.yml")
    first, all_of_them = (train_on(rows, examples, lexicon, tried=tried) for tried in (1, FOLDS))
    told = ~np.isnan(first[1]).any(axis=1)
    assert 0.2 < told.mean() < 0.5 and not np.isnan(all_of_them[1]).any()
    np.testing.assert_allclose(first[1][told].sum(axis=1), 1.0, atol=1e-5)
    # Fitted on all rows alike; the temperature alone may differ.
    ratio = first[0].weights[all_of_them[0].weights != 0] / all_of_them[0].weights[all_of_them[0].weights != 0]
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=0.01)


ANGRY = "Tilasin takin kolme viikkoa sitten. EN SIEDÄ TÄTÄ ENÄÄ, vastatkaa perkele!!! Takki on sininen."


def test_anger_is_told_with_the_visitors_own_words_and_its_signs(model: EmotionModel, encoder: Encoder) -> None:
    emotion = model.judge(ANGRY, featurise(encoder, ANGRY), 0.5)
    assert emotion is not None
    assert emotion.label == "hot_anger"
    assert all(quote in ANGRY for quote in emotion.evidence)
    assert any("SIEDÄ" in quote for quote in emotion.evidence)
    assert emotion.signs == ("capitals", "exclamations")
    assert set(emotion.as_property()) == {"label", "score", "evidence", "signs"}


@pytest.mark.parametrize(
    "text",
    ["Mitkä ovat aukioloajat?", "hvad koster fragt", "Thanks, dead easy to use!", "pirun kätevä laukku, kiitos :)"],
)
def test_a_plain_message_has_no_emotion(model: EmotionModel, encoder: Encoder, text: str) -> None:
    assert model.judge(text, featurise(encoder, text), 0.6) is None


def test_chances_are_probabilities(model: EmotionModel, encoder: Encoder) -> None:
    chances = model.chances("moi", featurise(encoder, "moi"))
    assert set(chances) == {NONE, *LABELS}
    assert sum(chances.values()) == pytest.approx(1, abs=1e-5)


def test_a_saved_model_judges_the_same(model: EmotionModel, encoder: Encoder, tmp_path: Path) -> None:
    model.save(tmp_path)
    example = featurise(encoder, ANGRY)
    assert EmotionModel.load(tmp_path).judge(ANGRY, example, 0.5) == model.judge(ANGRY, example, 0.5)


def test_evidence_of_a_long_story_is_short_and_its_own_words(model: EmotionModel, encoder: Encoder) -> None:
    start, end = "ensin tilasin sohvan ja sitten verhot ja " * 12, "ja kaikki meni pieleen " * 20
    story = start + "olen aivan raivoissani teille " + end
    emotion = model.judge(story, featurise(encoder, story), 0.0)
    assert emotion is not None
    assert all(quote in story and len(quote) < 200 for quote in emotion.evidence)


@pytest.mark.parametrize("text", ["[HETU ••••]", "a" * 4000, "a_" * 2000, "x!" * 2000])
def test_odd_texts_do_no_harm(model: EmotionModel, encoder: Encoder, text: str) -> None:
    emotion = model.judge(text, featurise(encoder, text), 0.0)
    assert emotion is not None and all(quote in text and len(quote) < 250 for quote in emotion.evidence)


@pytest.mark.parametrize("text", ["", "???", "!!!", "1234", "9" * 4000, "#" * 30 + "1", "\n\n", "😡😡😡"])
def test_a_text_without_words_shows_no_emotion(model: EmotionModel, encoder: Encoder, text: str) -> None:
    assert model.judge(text, featurise(encoder, text), 0.0) is None


def test_judging_adds_little_to_a_message(model: EmotionModel, encoder: Encoder) -> None:
    example = featurise(encoder, ANGRY)
    spent = []
    for _ in range(30):
        before = time.thread_time()
        model.judge(ANGRY, example, 0.5)
        spent.append((time.thread_time() - before) * 1000)
    assert float(np.median(spent)) <= MS


@pytest.mark.parametrize(
    ("line", "what"), [("fi\tnone", "expected"), ("fi\tfury\tx", "is no label"), ("fi\tnone\t ", "expected")]
)
def test_a_mistake_in_the_examples_is_named_with_its_line(tmp_path: Path, line: str, what: str) -> None:
    file = tmp_path / "fi.tsv"
    file.write_text(f"# x\n\n{line}\n", encoding="utf-8")
    with pytest.raises(BadExamples, match=f"fi.tsv:3: .*{what}"):
        read_rows(file)


def test_too_few_examples_of_a_label_are_refused(encoder: Encoder) -> None:
    rows = [Row("fi", NONE, "moi")] * 20
    with pytest.raises(BadExamples, match="fewer than"):
        train_on(rows, [featurise(encoder, "moi")] * 20, Lexicon({}))


def test_topics_for_a_person_are_no_messages_without_emotion() -> None:
    pairs = [("faq/warranty", f"takuu {n}") for n in range(50)] + [("human/fraud", "huijaus"), ("greet", "moi")]
    rows = ordinary(pairs, most=10)
    assert len(rows) == 11 and {row.label for row in rows} == {NONE}
    assert rows == ordinary(reversed(pairs), most=10), "the same examples, in whatever order they come"


def test_of_messages_made_to_tempt_all_are_learnt_from(tmp_path: Path) -> None:
    (tmp_path / "fi").mkdir()
    (tmp_path / "fi" / "tempting.yml").write_text(
        'version: "3.1"\nnlu:\n  - intent: thanks\n    examples: |\n      - kiitos 7\n      - kiitos 8\n',
        encoding="utf-8",
    )
    always = tempting(tmp_path)
    assert always == {"kiitos 7", "kiitos 8"}
    pairs = [("thanks", f"kiitos {n}") for n in range(50)] + [("human/fraud", "kiitos 7")]
    texts = [row.text for row in ordinary(pairs, most=10, always=always)]
    assert always <= set(texts) and 10 <= len(texts) <= 12 and len(set(texts)) == len(texts)


def test_the_fingerprint_changes_with_the_examples(tmp_path: Path) -> None:
    (tmp_path / "cues.yml").write_text("{}", encoding="utf-8")
    (tmp_path / "fi.tsv").write_text("fi\tnone\tmoi\n", encoding="utf-8")
    before = fingerprint(tmp_path)
    (tmp_path / "fi.tsv").write_text("fi\tnone\thei\n", encoding="utf-8")
    assert fingerprint(tmp_path) != before
