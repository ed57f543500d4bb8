"""A message whose emotion needs a person."""

from __future__ import annotations

from typing import Any

import pytest

from tests.actions.harness import Event, answered, run, user

ACTION = "action_request_handoff"


def emotion(label: str, **more: Any) -> dict[str, Any]:
    return {"label": label, "score": 0.9, "evidence": ["the words"], "signs": ["capitals"], **more}


def emotional(topic: str, label: str, *, alone: bool = True, of: int = 1) -> list[Event]:
    events = user("the words", topic, of=of, emotion=emotion(label))
    if alone:
        events[0]["parse_data"]["intent"] = {"name": "emotion"}
    return events


@pytest.mark.parametrize(
    ("label", "words", "priority"),
    [
        ("hot_anger", "human/complaint", "high"),
        ("cold_anger", "human/complaint", "high"),
        ("sadness", "ack_sadness", "normal"),
        ("fear", "ack_fear", "high"),
        ("despair", "ack_despair", "high"),
    ],
)
def test_an_emotion_alone_is_passed_on_with_fitting_words(label: str, words: str, priority: str) -> None:
    result = run(ACTION, emotional("faq/track_refund", label, of=5))
    assert result.spoken == [f"utter_{words}"]
    assert result.handoff == {
        "reasons": [
            {"code": "emotion", "evidence": ["the words"], "of": 5, "emotion": label, "signs": ["capitals"]}
        ],
        "priority": priority,
        "skill": "billing",
    }
    assert result.silent


def test_a_topic_for_a_person_keeps_its_words_and_gets_the_emotion_beside_it() -> None:
    result = run(ACTION, emotional("human/refund_dispute", "hot_anger", alone=False))
    assert result.spoken == ["utter_human/refund_dispute"]
    assert result.handoff is not None
    assert [reason["code"] for reason in result.handoff["reasons"]] == ["human_topic", "emotion"]
    assert (result.handoff["priority"], result.handoff["skill"]) == ("high", "billing")


def test_an_urgent_topic_stays_urgent() -> None:
    result = run(ACTION, emotional("human/self_harm", "sadness", alone=False))
    assert result.handoff is not None and result.handoff["priority"] == "urgent"


def test_an_answer_that_did_not_help_and_anger_are_two_reasons() -> None:
    said = emotional("answer_did_not_help", "hot_anger", alone=False, of=3)
    result = run("action_answer_did_not_help", user("x", "faq/warranty"), answered("utter_faq"), said)
    assert result.handoff is not None
    assert [reason["code"] for reason in result.handoff["reasons"]] == ["answer_did_not_help", "emotion"]


def test_where_nothing_was_answered_the_emotion_alone_counts() -> None:
    result = run("action_answer_did_not_help", emotional("answer_did_not_help", "despair", alone=False))
    assert result.spoken == ["utter_ack_despair"]
    assert result.handoff is not None
    assert [reason["code"] for reason in result.handoff["reasons"]] == ["emotion"]
