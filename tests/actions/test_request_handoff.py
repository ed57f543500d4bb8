from __future__ import annotations

import pytest

from handoff.events import LANGUAGES
from tests.actions.harness import run, user

ACTION = "action_request_handoff"
# As in the catalogue of topics.
PRIORITIES = {
    "talk_to_human": "normal",
    "callback": "normal",
    "complaint": "normal",
    "damaged_or_wrong_item": "normal",
    "missing_parcel": "normal",
    "refund_dispute": "normal",
    "double_charge": "high",
    "repeated_contact": "high",
    "staff_conduct": "high",
    "financial_hardship": "high",
    "bereavement": "high",
    "illness_or_crisis": "high",
    "fraud": "urgent",
    "data_breach": "urgent",
    "safety": "urgent",
    "legal_threat": "high",
    "child_protection": "high",
    "self_harm": "urgent",
}


@pytest.mark.parametrize("name", PRIORITIES)
def test_each_topic_is_passed_on_with_its_words_its_priority_and_its_reason(name: str) -> None:
    result = run(ACTION, user("the words", f"human/{name}", of=7, evidence=["words"]))
    assert result.spoken == [f"utter_human/{name}"]
    assert result.handoff is not None
    assert result.handoff["priority"] == PRIORITIES[name]
    (reason,) = result.handoff["reasons"]
    assert reason == {
        "code": "asked" if name == "talk_to_human" else "human_topic",
        "topic": f"human/{name}",
        "evidence": ["words"],
        "of": 7,
    }
    assert result.silent
    assert result.slots == {"handoff": [reason["code"]], "failed_turns": 0}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_is_left_to_rasas_variants(language: str) -> None:
    assert run(ACTION, user("x", "human/fraud"), language=language).spoken == ["utter_human/fraud"]


def test_whole_messages_are_the_evidence_where_no_sentence_is_named() -> None:
    result = run(ACTION, user("all of it", "human/fraud"))
    assert result.handoff is not None
    assert result.handoff["reasons"][0]["evidence"] == ["all of it"]


def test_evidence_is_bounded() -> None:
    result = run(ACTION, user("x" * 4000, "human/fraud"))
    assert result.handoff is not None
    assert len(result.handoff["reasons"][0]["evidence"][0]) == 500


def test_a_pressed_button_is_nobodys_words() -> None:
    result = run(ACTION, user("Talk to a person", "human/talk_to_human", pressed=True))
    assert result.handoff is not None
    assert result.handoff["reasons"][0]["evidence"] == []


def test_a_topic_that_is_not_for_a_person_is_taken_as_asking_for_one() -> None:
    result = run(ACTION, user("x", "greet"))
    assert result.spoken == ["utter_human/talk_to_human"]
    assert result.handoff is not None
    assert result.handoff["reasons"][0]["code"] == "asked"


def test_the_same_message_run_again_comes_to_the_same() -> None:
    first, second = (run(ACTION, user("x", "human/fraud")) for _ in range(2))
    assert (first.events, first.responses) == (second.events, second.responses)
