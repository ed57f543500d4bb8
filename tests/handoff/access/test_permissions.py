from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff import callbacks
from handoff.access.accounts import ROLES as ACCOUNT_ROLES
from handoff.access.accounts import Account
from handoff.access.permissions import (
    ACTIONS,
    ANYONE,
    KEY,
    ROLES,
    SCOPES,
    VISITOR,
    Facts,
    allowed,
    frame_action,
    may,
    sees,
)
from handoff.conversation import Assignee, Conversation, Move, Status, move
from handoff.events import LANGUAGES
from handoff.queue import order as queue
from handoff.wire import agent as agent_wire
from handoff.wire import visitor as visitor_wire

AT = "2026-11-21T10:00:00.000Z"
IIDA = Account("iida", "iida@test.example", "Iida", languages=("fi",), skills=("general", "orders"))
SKILLS = ("general", "orders", "billing", "supervisor")

conversations = st.builds(
    Conversation,
    id=st.just("c"),
    language=st.sampled_from(LANGUAGES),
    skill=st.sampled_from(SKILLS),
    consents=st.sets(st.sampled_from(LANGUAGES)).map(tuple),
)


def test_s6_every_frame_of_both_sockets_has_a_line_of_the_table() -> None:
    frames = {frame_action("visitor", type) for type in visitor_wire.FRAMES}
    frames |= {frame_action("agent", type) for type in agent_wire.FRAMES}
    assert frames <= ACTIONS.keys(), "add a line to handoff/access/permissions.py"


@pytest.mark.parametrize("wire", [agent_wire, visitor_wire])
def test_every_frame_is_known_by_its_class(wire: Any) -> None:
    assert sorted(wire.KINDS.values()) == sorted(wire.FRAMES)
    assert all(isinstance(made, type) for made in wire.KINDS)


def test_s6_what_has_no_line_is_nobodys() -> None:
    for role in (*ROLES, *(KEY + scope for scope in SCOPES), "", "root"):
        assert not may(role, "agent:unheard_of")
        assert not may(role, "DELETE /api/search")


def test_s6_lines_name_known_roles_only_and_roles_of_accounts_are_all_there() -> None:
    known = {*ROLES, *(KEY + scope for scope in SCOPES)}
    assert all(roles <= known and roles for roles in ACTIONS.values())
    assert set(ROLES) == {ANYONE, VISITOR, *ACCOUNT_ROLES}


def test_s6_who_leads_may_all_that_an_agent_may_and_strangers_none_of_it() -> None:
    for action, roles in ACTIONS.items():
        if "agent" in roles:
            assert {"supervisor", "owner"} <= roles, action
        if action.startswith("agent:"):
            assert not {ANYONE, VISITOR} & roles, action
            assert not any(role.startswith(KEY) for role in roles), action


def test_an_api_key_may_what_its_scopes_say_and_nothing_else() -> None:
    key = Account("key:k", "", "k", role="key", scopes=("conversations:read",))
    assert allowed(key, "GET /api/search")
    assert not allowed(key, "POST /api/conversations/{id}/erase")
    assert not allowed(key, "POST /api/socket-token")
    assert not allowed(replace(key, scopes=()), "GET /api/search")


# -- who sees what


@given(conversations)
def test_i9_an_agent_sees_conversations_of_own_skills_and_languages(state: Conversation) -> None:
    fits = state.skill in ("general", "orders") and "fi" in (state.language, *state.consents)
    assert sees(IIDA, state) == fits


@given(conversations, st.sampled_from(["supervisor", "owner"]))
def test_who_leads_sees_all(state: Conversation, role: str) -> None:
    assert sees(replace(IIDA, role=role, languages=(), skills=()), state)


@pytest.mark.parametrize(
    "given_by",
    [
        {"assignee": Assignee("iida", "Iida")},
        {"served_by": "iida"},
        {"helpers": ("iida",)},
        {"had_by": ("x", "iida", "y")},
        {"callback": {"assignee": {"id": "iida", "name": "Iida"}}},
    ],
)
def test_what_an_agent_was_given_is_seen_whatever_its_language(given_by: dict[str, Any]) -> None:
    danish = Conversation("c", language="da", skill="billing")
    assert not sees(IIDA, danish)
    assert sees(IIDA, replace(danish, **given_by))


@given(conversations, st.sampled_from([None, "iida", "other"]), st.sampled_from([(), ("iida",), ("other",)]))
def test_a_line_of_the_queue_and_a_call_back_tell_the_same_as_the_conversation(
    state: Conversation, holder: str | None, had_by: tuple[str, ...]
) -> None:
    assignee = Assignee(holder, "x") if holder else None
    status = Status.ASSIGNED if holder else Status.QUEUED
    state = replace(state, status=status, assignee=assignee, had_by=had_by, waiting_since=AT)
    line = queue.entry(state)
    assert line is not None
    assert sees(IIDA, Facts.of_line(line)) == sees(IIDA, state)


def test_a_call_back_is_seen_by_who_makes_it() -> None:
    task = {"id": "c.1", "kind": "email", "from": None, "to": None, "by": AT, "state": "booked", "assignee": None}
    state = Conversation("c", language="da", callback=task)
    line = callbacks.task(state)
    assert line is not None and not sees(IIDA, Facts.of_line(line))
    taken = callbacks.task(replace(state, callback={**task, "assignee": {"id": "iida", "name": "Iida"}}))
    assert taken is not None and sees(IIDA, Facts.of_line(taken))


def test_everybody_who_had_a_conversation_is_remembered_and_only_the_latest() -> None:
    state = Conversation("c", status=Status.QUEUED, waiting_since=AT)
    for n in range(60):
        state = move(state, Move.CLAIMED, at=AT, assignee=Assignee(f"a{n}", "x"))
        state = move(state, Move.TRANSFERRED, at=AT)
    assert len(state.had_by) == 50 and state.had_by[-1] == "a59"
    again = move(state, Move.CLAIMED, at=AT, assignee=Assignee("a30", "x"))
    assert again.had_by.count("a30") == 1 and again.had_by[-1] == "a30"
    assert Conversation.from_json(again.to_json()) == again
