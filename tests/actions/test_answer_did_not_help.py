from __future__ import annotations

import pytest

from tests.actions.harness import Event, answered, run, user

ACTION = "action_answer_did_not_help"
COMPLAINT = user("se ei auttanut", "answer_did_not_help", of=5)


def faq(topic: str, of: int = 1) -> list[Event]:
    return [*user("x", topic, of), *answered("utter_faq")]


@pytest.mark.parametrize(
    ("topic", "skill"), [("faq/track_order", "orders"), ("faq/get_invoice", "billing"), ("faq/careers", "general")]
)
def test_a_person_whose_work_the_answer_is_takes_over(topic: str, skill: str) -> None:
    result = run(ACTION, faq(topic), COMPLAINT)
    assert result.spoken == ["utter_answer_did_not_help"]
    assert result.handoff == {
        "reasons": [{"code": "answer_did_not_help", "evidence": ["se ei auttanut"], "of": 5, "topic": topic}],
        "priority": "normal",
        "skill": skill,
    }
    assert result.silent


def test_small_talk_after_the_answer_does_not_hide_it() -> None:
    small = [*user("hm", "affirm", 3), *answered("utter_affirm")]
    result = run(ACTION, faq("faq/careers"), small, COMPLAINT)
    assert result.handoff is not None
    assert result.handoff["reasons"][0]["topic"] == "faq/careers"


def test_where_nothing_was_answered_it_was_not_understood() -> None:
    result = run(ACTION, COMPLAINT)
    assert (result.spoken, result.handoff) == (["utter_not_understood"], None)
    assert result.slots == {"failed_turns": 1}


def test_and_twice_so_in_a_row_a_person_takes_over() -> None:
    first = [*COMPLAINT, {"event": "slot", "name": "failed_turns", "value": 1}]
    result = run(ACTION, first, COMPLAINT)
    assert result.handoff is not None
    assert result.handoff["reasons"][0]["code"] == "not_understood"


def test_an_answer_from_before_a_person_took_over_does_not_count() -> None:
    result = run(ACTION, faq("faq/careers"), [{"event": "resume"}], COMPLAINT)
    assert result.handoff is None


def test_a_guess_that_was_asked_back_about_is_no_answer() -> None:
    guess = [*user("x", "faq/careers", 1), *answered("action_not_understood")]
    assert run(ACTION, guess, COMPLAINT).handoff is None
