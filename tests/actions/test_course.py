"""A conversation whose course calls a person."""

from __future__ import annotations

from typing import Any

from tests.actions.harness import Event, answered, run, user

ACTION = "action_course"


def feeling(score: float, label: str = "hot_anger", quote: str = "the words") -> dict[str, Any]:
    return {"label": label, "score": score, "evidence": [quote], "signs": []}


def angrier() -> list[list[Event]]:
    """Three messages, none of them plainly angry, each angrier than the one before."""
    return [
        user("a", "faq/track_order", feeling=feeling(0.16)),
        answered("utter_faq"),
        user("b", "faq/delivery_time", of=3, feeling=feeling(0.25)),
        answered("utter_faq"),
        user("the words", "faq/track_refund", of=5, feeling=feeling(0.4)),
    ]


def test_the_same_question_again_says_what_was_asked_and_goes_to_whose_work_it_is() -> None:
    result = run(
        ACTION,
        user("Where is my order?", "faq/track_order"),
        answered("utter_faq"),
        user("But where is my order", "faq/track_order", of=4),
    )
    assert result.spoken == ["utter_answer_did_not_help"]
    assert result.handoff == {
        "reasons": [
            {
                "code": "answer_did_not_help",
                "evidence": ["But where is my order"],
                "of": 4,
                "again": True,
                "topic": "faq/track_order",
            }
        ],
        "priority": "normal",
        "skill": "orders",
    }
    assert result.silent


def test_anger_that_rises_is_a_reason_with_the_latest_words() -> None:
    result = run(ACTION, *angrier())
    assert result.spoken == ["utter_human/complaint"]
    assert result.handoff is not None
    (reason,) = result.handoff["reasons"]
    assert (reason["code"], reason["rising"], reason["emotion"]) == ("emotion", True, "hot_anger")
    assert (reason["evidence"], reason["of"]) == (["the words"], 5)
    assert (result.handoff["priority"], result.handoff["skill"]) == ("high", "billing")


def test_a_topic_for_a_person_names_the_anger_that_rose_before_it_too() -> None:
    result = run("action_request_handoff", *angrier()[:-1], user("x", "human/complaint", of=7, feeling=feeling(0.4)))
    assert result.handoff is not None
    assert [(one["code"], one.get("rising")) for one in result.handoff["reasons"]] == [
        ("human_topic", None),
        ("emotion", True),
    ]


def test_what_was_not_understood_before_is_a_reason_beside_the_others() -> None:
    failed: list[Event] = [
        {"event": "action", "name": "action_not_understood"},
        {"event": "slot", "name": "failed_turns", "value": 1},
        {"event": "action", "name": "action_listen"},
    ]
    result = run("action_request_handoff", user("x", "nlu_fallback"), failed, user("a person", "human/talk_to_human"))
    assert result.handoff is not None
    assert [one["code"] for one in result.handoff["reasons"]] == ["asked", "not_understood"]
    assert result.handoff["reasons"][1]["count"] == 1


def test_of_messages_read_as_one_a_reason_names_the_one_with_its_words() -> None:
    said = user("Hi\nmy card was stolen\nwhat now", "human/fraud", of=3, evidence=["my card was stolen"])
    said[0]["metadata"]["silta"]["parts"] = [[1, "Hi"], [2, "my card was stolen"], [3, "what now"]]
    result = run("action_request_handoff", said)
    assert result.handoff is not None
    (reason,) = result.handoff["reasons"]
    assert (reason["of"], reason["evidence"]) == (2, ["my card was stolen"])


def test_a_wish_for_a_person_and_a_question_both_get_what_they_want() -> None:
    result = run("action_request_handoff", user("x", "human/talk_to_human", also=["faq/opening_hours"]))
    assert result.spoken == ["utter_human/talk_to_human", "utter_faq/opening_hours"]
    assert result.handoff is not None
