"""What follows from a ranking."""

from __future__ import annotations

import pytest

from bot.nlu.decision import UNOFFERED, Decision, Thresholds, Verdict, decide, needs_person

LIMITS = Thresholds(answer=0.5, small_talk=0.4, person=0.4, danger=0.2, choice=0.1, choices=3, strange=0.05)


def test_a_likely_topic_is_answered() -> None:
    assert decide([("faq/x", 0.5), ("faq/y", 0.3)], 0.8, LIMITS) == Verdict(Decision.ANSWER, "faq/x")


def test_small_talk_is_answered_at_a_limit_of_its_own() -> None:
    assert decide([("greet", 0.4), ("faq/x", 0.3)], 0.8, LIMITS) == Verdict(Decision.ANSWER, "greet")
    assert decide([("faq/x", 0.4), ("greet", 0.3)], 0.8, LIMITS).decision is Decision.CLARIFY


@pytest.mark.parametrize("topic", ["human/fraud", "human/talk_to_human", "answer_did_not_help"])
def test_a_topic_for_a_person_calls_one(topic: str) -> None:
    assert decide([(topic, 0.4), ("faq/y", 0.39)], 0.8, LIMITS) == Verdict(Decision.HANDOFF, topic)
    assert needs_person(topic)


def test_topics_for_a_person_are_counted_together_and_the_likeliest_is_named() -> None:
    ranking = [("faq/x", 0.35), ("human/y", 0.3), ("human/z", 0.2)]
    assert decide(ranking, 0.8, LIMITS) == Verdict(Decision.HANDOFF, "human/y")


def test_who_may_be_in_danger_gets_a_person_whatever_else_is_likelier() -> None:
    danger = Verdict(Decision.HANDOFF, "human/self_harm")
    assert decide([("faq/x", 0.8), ("human/self_harm", 0.2)], 0.8, LIMITS) == danger
    assert decide([("human/complaint", 0.7), ("human/self_harm", 0.2)], 0.8, LIMITS) == danger
    assert decide([("faq/x", 0.8), ("human/self_harm", 0.19)], 0.8, LIMITS) == Verdict(Decision.ANSWER, "faq/x")


def test_strange_words_do_not_hide_danger() -> None:
    assert decide([("human/self_harm", 0.2), ("faq/x", 0.1)], 0.0, LIMITS).decision is Decision.HANDOFF


def test_close_topics_are_offered_likeliest_first() -> None:
    ranking = [("faq/x", 0.4), ("human/y", 0.3), ("faq/z", 0.15), ("faq/w", 0.1), ("faq/v", 0.05)]
    assert decide(ranking, 0.8, LIMITS) == Verdict(Decision.CLARIFY, "faq/x", ("faq/x", "human/y", "faq/z"))


def test_small_talk_is_never_offered() -> None:
    assert decide([("greet", 0.39), ("faq/x", 0.3)], 0.8, LIMITS).choices == ("faq/x",)


def test_what_hurts_on_a_button_is_never_offered_but_a_person_once_in_its_place() -> None:
    ranking = [("faq/x", 0.3), ("human/bereavement", 0.14), ("human/fraud", 0.12), ("human/complaint", 0.1)]
    assert decide(ranking, 0.8, LIMITS).choices == ("faq/x", "human/talk_to_human", "human/complaint")
    for topic in UNOFFERED:
        assert decide([("greet", 0.39), (topic, 0.15), ("faq/x", 0.1)], 0.8, LIMITS).choices == (
            "human/talk_to_human",
            "faq/x",
        )
    asked = [("human/fraud", 0.2), ("human/talk_to_human", 0.15)]
    assert decide(asked, 0.8, LIMITS).choices == ("human/talk_to_human",)


def test_where_faint_danger_is_all_there_is_to_ask_about_it_is_answered() -> None:
    assert decide([("stop", 0.3), ("human/self_harm", 0.12)], 0.8, LIMITS).topic == "human/self_harm"
    both = [("stop", 0.3), ("human/self_harm", 0.12), ("faq/x", 0.1)]
    assert decide(both, 0.8, LIMITS).choices == ("human/talk_to_human", "faq/x")
    faint = Thresholds(small_talk=0.4, danger=0.25, choice=0.03)
    assert decide([("stop", 0.3), ("human/self_harm", 0.12)], 0.8, faint).choices == ("human/talk_to_human",)


def test_when_nothing_is_likely_nothing_is_offered() -> None:
    assert decide([("faq/x", 0.09), ("faq/y", 0.08)], 0.8, LIMITS) == Verdict(Decision.CLARIFY, "faq/x")


def test_a_strange_message_is_not_answered_however_sure_the_topic() -> None:
    assert decide([("faq/x", 0.99)], 0.04, LIMITS) == Verdict(Decision.CLARIFY, "faq/x")


def test_topics_that_press_call_a_person_at_a_smaller_sum_than_others() -> None:
    limits = Thresholds(answer=0.5, person=0.6, pressing=0.4)
    ranking = [("human/complaint", 0.3), ("human/fraud", 0.25), ("human/safety", 0.16), ("faq/x", 0.1)]
    pressing = {"human/fraud", "human/safety"}
    assert decide(ranking[1:], 0.8, limits, pressing) == Verdict(Decision.HANDOFF, "human/fraud")
    assert decide(ranking[1:], 0.8, limits).decision is Decision.CLARIFY, "none of them presses"
    assert decide([("human/complaint", 0.59), ("human/fraud", 0.0)], 0.8, limits, pressing).decision is Decision.CLARIFY
    assert decide([("faq/x", 0.52), *ranking[1:3]], 0.8, limits, pressing).topic == "human/fraud", "before an answer"
