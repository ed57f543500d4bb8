"""One message understood by a small trained model."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from bot.nlu.classifier import Classifier, fit_temperature
from bot.nlu.decision import Decision, Limits, Thresholds
from bot.nlu.features import featurise
from bot.nlu.letters import Letters
from bot.nlu.pieces import Pieces
from bot.nlu.scope import Scope
from bot.nlu.understanding import FALLBACK, Topical, pressed


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("missä mun paketti on?", "faq/track_order"),
        ("hvornår åbner I i morgen", "faq/opening_hours"),
        ("is it possible to pay by card", "faq/payment_methods"),
        ("tak skal du have", "thanks"),
        ("haluan puhua oikealle ihmiselle", "human/talk_to_human"),
    ],
)
def test_unseen_messages_get_their_topic(topical: Topical, text: str, topic: str) -> None:
    assert topical.understand(text).topic == topic


def test_probabilities_sum_to_one_and_are_sorted(topical: Topical) -> None:
    ranking = topical.classifier.rank(featurise(topical.encoder, "milloin olette auki"))
    assert sum(ranking.probabilities) == pytest.approx(1.0, abs=1e-4)
    assert list(ranking.probabilities) == sorted(ranking.probabilities, reverse=True)
    assert set(ranking.topics) == set(topical.classifier.topics)


def test_yesterday_is_before_the_day_on_which_the_visitor_wrote(topical: Topical) -> None:
    night = datetime(2026, 5, 19, 21, 30, tzinfo=timezone.utc).timestamp()  # 00:30 in Helsinki, 23:30 in Copenhagen
    assert topical.understand("tilasin tänään", "fi", night).entities == {"date": "2026-05-20"}
    assert topical.understand("bestilte i går", "da", night).entities == {"date": "2026-05-18"}


def test_runners_up_follow_the_topic(topical: Topical) -> None:
    understood = topical.understand("milloin olette auki")
    chances = [understood.confidence, *(chance for _, chance in understood.runners_up)]
    assert len(understood.runners_up) == 4 and chances == sorted(chances, reverse=True)
    assert understood.topic not in dict(understood.runners_up)


def test_a_handoff_quotes_the_sentence_that_tells(topical: Topical) -> None:
    text = "Hej igen! Jeg købte en lampe i går. Nogen har misbrugt mit kort. Det regner i dag."
    understood = topical.understand(text)
    assert understood.decision is Decision.HANDOFF and understood.topic == "human/fraud"
    assert understood.evidence == ("Nogen har misbrugt mit kort.",)


def test_one_sentence_of_danger_outweighs_the_business_around_it(
    topical: Topical, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The small model knows no danger: fraud stands in for it."""
    text = "Haluan puhua oikealle ihmiselle. Nogen har misbrugt mit kort. I want to talk to a person."
    assert topical.understand(text).topic == "human/talk_to_human"
    monkeypatch.setattr("bot.nlu.understanding.IN_DANGER", "human/fraud")
    monkeypatch.setattr("bot.nlu.pieces._FAINT_ONE", -9.0)
    monkeypatch.setattr("bot.nlu.understanding._IN_DANGER_SURE", 0.2)
    understood = topical.understand(text)
    assert (understood.decision, understood.topic) == (Decision.HANDOFF, "human/fraud")
    assert understood.evidence == ("Nogen har misbrugt mit kort.",)


def test_who_thanks_and_was_not_helped_gets_a_person(topical: Topical, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small model does not know what did not help: fraud stands in for it."""
    thanks = "Kiitos, kiitoksia, mange tak, thanks a lot, but it is not solved"
    assert topical.understand(thanks).topic == "thanks"
    looked: list[str] = []
    chances = {"not solved": 0.6, "nothing else": 0.3}

    def chance(pieces: Pieces, piece: str, *topics: str) -> float:
        looked.append(piece)
        assert topics == ("human/fraud",)
        return next(chance for words, chance in chances.items() if words in piece)

    monkeypatch.setattr("bot.nlu.understanding.DID_NOT_HELP", "human/fraud")
    monkeypatch.setattr(Pieces, "chance", chance)
    understood = topical.understand(thanks)
    assert (understood.decision, understood.topic) == (Decision.HANDOFF, "human/fraud")
    assert understood.evidence == (thanks,) and understood.intent() == "human"
    assert topical.understand("Thanks a lot, kiitos, nothing else").topic == "thanks"
    assert len(looked) == 2
    assert topical.understand("Thanks a lot, kiitoksia").topic == "thanks"
    assert topical.understand("milloin olette auki, en muista").topic == "faq/opening_hours"
    assert len(looked) == 2, "nobody else is looked at"


def test_what_is_told_before_a_question_must_be_surer_to_call_a_person(
    topical: Topical, monkeypatch: pytest.MonkeyPatch
) -> None:
    tale, question = "Nogen har misbrugt mit kort.", "Hvor er min pakke?"
    surely = topical.understand(tale)
    assert surely.decision is Decision.HANDOFF
    # Whether it is called by one sentence alone is what is looked at, so the whole never is.
    whole = Limits(Thresholds(person=1.0, danger=1.0), {})
    calm = Topical(topical.encoder, topical.classifier, topical.scope, whole, topical.letters)
    for name in ("_HINT", "_BACKGROUND_HINT"):
        monkeypatch.setattr(f"bot.nlu.understanding.{name}", 0.0)
    monkeypatch.setattr("bot.nlu.understanding._SURE", surely.confidence - 0.05)
    monkeypatch.setattr("bot.nlu.understanding._BACKGROUND_SURE", 1.0)
    assert calm.understand(f"{question} {tale}").decision is Decision.HANDOFF
    assert calm.understand(f"{tale} {question}").decision is not Decision.HANDOFF
    monkeypatch.setattr("bot.nlu.understanding._BACKGROUND_SURE", surely.confidence - 0.05)
    assert calm.understand(f"{tale} {question}").decision is Decision.HANDOFF


def test_a_wish_for_a_person_is_no_background(topical: Topical, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Limits(Thresholds(person=1.0, danger=1.0), {})
    calm = Topical(topical.encoder, topical.classifier, topical.scope, whole, topical.letters)
    wish = "I want to talk to a person."
    monkeypatch.setattr("bot.nlu.understanding._HINT", 0.0)
    monkeypatch.setattr("bot.nlu.understanding._SURE", topical.understand(wish).confidence - 0.05)
    monkeypatch.setattr("bot.nlu.understanding._BACKGROUND_SURE", 1.0)
    assert calm.understand(f"{wish} Where is my parcel?").decision is Decision.HANDOFF


@pytest.mark.parametrize("text", ["", "   ", "😀😀", "\u200b", "!!!", "…"])
def test_what_holds_no_word_is_not_understood(topical: Topical, text: str) -> None:
    understood = topical.understand(text)
    assert (understood.topic, understood.decision) == (FALLBACK, Decision.CLARIFY)


@pytest.mark.parametrize(
    "text",
    [
        "سلام كيف حالك",
        "\u202eтекст наоборот\u202c הזמנה שלי",
        "1" * 4000,
        "1234 5678 9012 " * 266,
        "a" * 4000,
        "hvor er min pakke " * 222,
        "你好 " * 700,
        "\ud83d",
        "x\x00y",
        "p\u200ba\u200bk\u200be\u200bt\u200bt\u200bi",
        "\ufe0f👩‍👩‍👧‍👦" * 300,
        "e" + "\u0301" * 3000,
        "${jndi:x}{{7*7}}<b>%s%n",
        "\t\r\n moi \n\n",
    ],
    ids=lambda text: f"{len(text)} characters from {text[:1]!a}",
)
def test_odd_text_never_raises(topical: Topical, text: str) -> None:
    assert topical.understand(text).decision in Decision


def test_what_is_far_from_all_topics_looks_strange(topical: Topical) -> None:
    home = topical.understand("where is my parcel").in_domain
    away = topical.understand("the mitochondria synthesise adenosine triphosphate through chemiosmosis").in_domain
    assert away < 0.1 < home


def test_the_same_message_gives_the_same_result(topical: Topical) -> None:
    assert topical.understand("hvor er pakken") == topical.understand("hvor er pakken")


def test_a_saved_model_answers_as_before(topical: Topical, tmp_path: Path) -> None:
    topical.classifier.save(tmp_path)
    topical.scope.save(tmp_path)
    topical.letters.save(tmp_path)
    parts = Classifier.load(tmp_path), Scope.load(tmp_path), topical.limits, Letters.load(tmp_path)
    again = Topical(topical.encoder, *parts)
    for text in ("missa mun paketti on?", "tak", "someone stole my identity"):
        assert again.understand(text) == topical.understand(text)


def test_a_button_is_certain() -> None:
    understood = pressed("faq/track_order", ["faq/track_order"], "da")
    assert (understood.topic, understood.confidence, understood.language) == ("faq/track_order", 1.0, "da")
    assert understood.decision is Decision.ANSWER


def test_the_button_for_a_person_hands_off() -> None:
    understood = pressed("handoff", ["human/talk_to_human"], "fi")
    assert (understood.topic, understood.decision) == ("human/talk_to_human", Decision.HANDOFF)


@pytest.mark.parametrize("topic", ["nlu_fallback", "faq/closed_down"])
def test_a_button_for_no_topic_is_not_understood(topic: str) -> None:
    understood = pressed(topic, ["faq/track_order"], "fi")
    assert (understood.topic, understood.decision) == (FALLBACK, Decision.CLARIFY)


def test_the_temperature_brings_confidence_to_accuracy() -> None:
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 5, 4000)
    scores = generator.normal(size=(4000, 5)).astype(np.float32)
    scores[np.arange(4000), truth] += 1.0  # honest at temperature 1
    assert fit_temperature(scores * 7.0, truth) == pytest.approx(7.0, rel=0.1)
