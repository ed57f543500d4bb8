"""A question in the thread, as the thread keeps it, and whether it still stands."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.channels.messenger.asking import ASKED_MAX_MS, Question
from handoff.conversation import Conversation, Status

ASKED = Question("phone", "29550", 7, 1_000_000)


def event(kind: str, role: str = "system", **fields: Any) -> dict[str, Any]:
    return {"seq": 8, "kind": kind, "author": {"role": role}, **fields}


def stands(*since: dict[str, Any], status: Status = Status.QUEUED, later: int = 1000) -> bool:
    return ASKED.stands(Conversation(id="c", status=status), since, at=ASKED.at + later, key="own")


@pytest.mark.parametrize("question", [ASKED, Question("email", "", 1, 0)])
def test_it_is_read_as_it_was_written(question: Question) -> None:
    assert Question.read(question.written()) == question


@pytest.mark.parametrize("text", ["", "phone", "email", "phone:29550", "phone:1:x:1", "phone:1:1:", "fax:1:1:1", ":::"])
def test_what_was_written_otherwise_is_no_question(text: str) -> None:
    assert Question.read(text) is None


def test_it_stands_while_only_the_service_speaks_and_marks_come() -> None:
    assert stands()
    assert stands(event("message"), event("delivered", "visitor"), event("read", "visitor"), event("nlu", "bot"))
    assert stands(event("message", "visitor", client_id="own"))
    assert stands(status=Status.BOT)
    assert stands(later=ASKED_MAX_MS)


@pytest.mark.parametrize("role", ["visitor", "bot", "agent"])
def test_whoever_speaks_ends_it(role: str) -> None:
    assert not stands(event("message", role, client_id="other"))


@pytest.mark.parametrize(
    "kind", ["assigned", "agent_lost", "transferred", "returned_to_bot", "resolved", "reopened", "callback"]
)
def test_what_moves_the_conversation_ends_it(kind: str) -> None:
    assert not stands(event(kind))


def test_a_person_or_half_an_hour_ends_it() -> None:
    assert not stands(status=Status.ASSIGNED)
    assert not stands(later=ASKED_MAX_MS + 1)
