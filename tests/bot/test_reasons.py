"""Reasons for a handoff."""

from __future__ import annotations

from bot.reasons import EXPLANATIONS, emotion, explained, human_topic, sentences


def test_a_plain_wish_for_a_person_is_asked() -> None:
    assert human_topic("human/talk_to_human", ["ihminen kiitos"]) == {
        "code": "asked",
        "topic": "human/talk_to_human",
        "evidence": ["ihminen kiitos"],
    }


def test_any_other_human_topic_names_itself_with_the_visitors_words() -> None:
    reason = human_topic("human/fraud", ["someone used my card"], of=12)
    assert reason == {
        "code": "human_topic",
        "topic": "human/fraud",
        "evidence": ["someone used my card"],
        "of": 12,
    }
    assert explained(reason, topic="Fraud")["explanation"] == "Needs a person: Fraud"
    assert explained(reason, "Suspects fraud")["explanation"] == "Suspects fraud", "the owner's words go first"


def test_an_answer_that_did_not_help_has_a_code_of_its_own() -> None:
    assert human_topic("answer_did_not_help", ["det hjalp ikke"])["code"] == "answer_did_not_help"


def test_every_code_of_the_protocol_is_explained() -> None:
    codes = "asked human_topic emotion not_understood answer_did_not_help bot_unavailable agent_stepped_in"
    assert set(EXPLANATIONS) == {*codes.split(), "asked_again", "emotion_rising"}


def test_what_the_course_adds_has_words_of_its_own() -> None:
    again = {"code": "answer_did_not_help", "topic": "faq/warranty", "evidence": ["so?"], "again": True}
    assert explained(again, topic="Warranty")["explanation"] == "Asks the same again after the answer: Warranty"
    risen = emotion({"label": "hot_anger", "evidence": ["no!"], "signs": ["capitals"]}, rising=True)
    assert explained(risen)["explanation"] == (
        "Stronger from message to message: the visitor is angry (capital letters): “no!”"
    )


def test_sentences_are_cut_at_their_ends_and_nowhere_else() -> None:
    text = "Hei! Tilasin 3.5. lampun (49.90 e) havu.example-kaupasta. Se on rikki\nmitä nyt…"
    assert sentences(text) == [
        "Hei!",
        "Tilasin 3.5.",
        "lampun (49.90 e) havu.example-kaupasta.",
        "Se on rikki",
        "mitä nyt…",
    ]
    assert all(piece in text for piece in sentences(text))


def test_a_message_without_words_has_no_sentence() -> None:
    assert sentences("") == [] and sentences(" \n ") == []
