"""How sure an emotion must be, by what the topic alone makes of the message."""

from __future__ import annotations

import pytest

from bot.judgement.judging import CERTAIN_TOPIC, PLAIN, needed


def test_a_plain_question_needs_a_plainer_emotion_than_the_owners_line() -> None:
    assert needed(0.65, "answer", CERTAIN_TOPIC) == PLAIN


@pytest.mark.parametrize(("decision", "confidence"), [("answer", 0.8), ("clarify", 0.95), ("handoff", 0.99)])
def test_any_other_message_goes_by_the_owners_line(decision: str, confidence: float) -> None:
    assert needed(0.65, decision, confidence) == 0.65


def test_a_stricter_owner_stays_strict() -> None:
    assert needed(0.97, "answer", 1.0) == 0.97
