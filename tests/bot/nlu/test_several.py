"""Several questions in one message."""

from __future__ import annotations

import time

import pytest

from bot.nlu.decision import Decision
from bot.nlu.several import MOST_QUESTIONS, questions
from bot.nlu.understanding import SEVERAL, Topical


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("mitä toimitus maksaa ja voinko maksaa laskulla", ["mitä toimitus maksaa", "voinko maksaa laskulla"]),
        ("Hvad koster fragten, og kan jeg bytte?", ["Hvad koster fragten", "kan jeg bytte?"]),
        ("When are you open and where is the shop?", ["When are you open", "where is the shop?"]),
        ("Miten palautan? Kauanko siinä menee?", ["Kauanko siinä menee?", "Miten palautan?"][::-1]),
        ("I moved last week. Where is my parcel?", []),
        ("I ordered shoes and socks and where are they", []),
        ("Missä tilaukseni on? Kiitos!", []),
        ("Hvor er den? Hvorfor?", []),
        ("", []),
    ],
)
def test_parts_that_ask_by_themselves_are_told_apart(text: str, parts: list[str]) -> None:
    assert questions(text) == parts


def test_no_more_than_a_few_parts_are_looked_at() -> None:
    assert len(questions("Can I return it? " * 20)) == MOST_QUESTIONS


@pytest.mark.parametrize("text", ["and " * 1000, "ja onko " * 500, "?" * 4000, "what and " * 440])
def test_long_odd_text_is_quick(text: str) -> None:
    before = time.process_time()
    questions(text)
    assert time.process_time() - before < 1.0


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("Milloin olette auki? Voiko teillä maksaa MobilePaylla?", {"faq/opening_hours", "faq/payment_methods"}),
        ("how do I return this and which payment methods do you take", {"faq/return_how", "faq/payment_methods"}),
    ],
)
def test_two_questions_are_both_answered(topical: Topical, text: str, topics: set[str]) -> None:
    understood = topical.understand(text)
    assert {understood.topic, *understood.also} == topics
    assert (understood.decision, understood.intent()) == (Decision.ANSWER, SEVERAL)
    assert understood.as_property()["also"] == list(understood.also)


def test_one_question_asked_twice_is_one(topical: Topical) -> None:
    understood = topical.understand("Milloin olette auki? Mitkä ovat aukioloajat?")
    assert (understood.topic, understood.also, understood.intent()) == ("faq/opening_hours", (), "faq")


def test_a_person_is_called_whatever_else_is_asked(topical: Topical) -> None:
    understood = topical.understand("Someone used my card, my account was hacked. Who used my card? Can you stop it?")
    assert (understood.decision, understood.topic) == (Decision.HANDOFF, "human/fraud")
