from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import packet
from handoff.conversation import Assignee, Conversation, Status
from handoff.events import LANGUAGES
from tests.handoff.texts_for_tests import texts

AT = "2026-11-21T10:15:30.123Z"
QUEUED = Conversation(
    "c",
    status=Status.QUEUED,
    language="da",
    requested_at=AT,
    waiting_since=AT,
    priority="urgent",
    reasons=({"code": "human_topic", "topic": "human/fraud", "evidence": ["mit kort"], "of": 3},),
    topics=(
        {"topic": "faq/get_refund", "confidence": 0.8},
        {"topic": "faq/get_refund"},
        {"topic": "out_of_scope"},
        {"topic": None},
    ),
    failed_turns=1,
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_packet_says_why_in_the_agents_language_with_the_visitors_words(language: str) -> None:
    made = packet.build(QUEUED, texts(), language)
    assert made is not None
    (reason,) = made["reasons"]
    assert reason["explanation"] == texts().whys[language]["human/fraud"]
    assert reason["evidence"] == ["mit kort"]
    assert made["summary"].splitlines() == [reason["explanation"], texts().title(language, "faq/get_refund")]
    assert set(made) == {
        "conversation", "channel", "language", "requested_at", "waiting_since", "priority", "skill", "reasons",
        "topics", "failed_turns", "entities", "slots", "visitor", "summary", "masked",
    }  # fmt: skip


def test_a_conversation_that_needs_no_person_has_no_packet() -> None:
    assert packet.build(Conversation("c"), texts(), "fi") is None


def test_an_assigned_conversation_has_one_even_without_a_reason() -> None:
    taken = replace(Conversation("c"), status=Status.ASSIGNED, assignee=Assignee("a", "Aino"))
    made = packet.build(taken, texts(), "fi")
    assert made is not None and made["summary"] == ""
