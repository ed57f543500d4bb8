"""The state table, pair by pair."""

from __future__ import annotations

import dataclasses
import itertools
import json

import pytest

from handoff.conversation import PRIORITIES, TABLE, Assignee, Conversation, Move, Responder, Status, changed, move
from handoff.errors import InvalidTransition

AT = "2026-11-21T10:15:30.123Z"
LATER = "2026-11-21T10:20:00.000Z"
AINO = Assignee("a1", "Aino")
MIKKEL = Assignee("a2", "Mikkel")

# Written down a second time, from the architecture page, so that a slip in the code is seen.
ALLOWED = {
    "bot": {
        "handoff.requested": "queued",
        "offer.accepted": "assigned",
        "resolved": "resolved",
        "visitor.message": "bot",
    },
    "queued": {
        "handoff.requested": "queued",
        "offer.accepted": "assigned",
        "transfer": "queued",
        "visitor.cancelled": "bot",
        "resolved": "resolved",
        "visitor.message": "queued",
    },
    "assigned": {
        "agent.lost": "queued",
        "agent.returned_to_bot": "bot",
        "transfer": "queued",
        "resolved": "resolved",
        "visitor.message": "assigned",
    },
    "resolved": {"handoff.requested": "queued", "resolved": "resolved", "visitor.message": "bot"},
}


def conversation(status: Status) -> Conversation:
    assignee = AINO if status is Status.ASSIGNED else None
    waits = AT if status in (Status.QUEUED, Status.ASSIGNED) else None
    return Conversation("c", status=status, assignee=assignee, waiting_since=waits, requested_at=waits)


@pytest.mark.parametrize(("status", "what"), list(itertools.product(Status, Move)), ids=lambda value: value.value)
def test_every_pair_of_the_state_table_is_as_designed(status: Status, what: Move) -> None:
    wanted = ALLOWED[status.value].get(what.value)
    if wanted is None:
        with pytest.raises(InvalidTransition) as refused:
            move(conversation(status), what, at=LATER, assignee=MIKKEL)
        assert refused.value.code == "conflict"
        assert refused.value.status == status.value
        assert refused.value.move == what.value
    else:
        taker = MIKKEL if what is Move.CLAIMED else None
        assert move(conversation(status), what, at=LATER, assignee=taker).status.value == wanted
    assert ((status, what) in TABLE) == (wanted is not None)


def test_a_second_claim_names_who_was_first() -> None:
    taken = move(conversation(Status.QUEUED), Move.CLAIMED, at=LATER, assignee=AINO)
    with pytest.raises(InvalidTransition) as refused:
        move(taken, Move.CLAIMED, at=LATER, assignee=MIKKEL)
    assert refused.value.extra["assignee"] == {"id": "a1", "name": "Aino"}


def test_a_claim_without_an_agent_is_refused() -> None:
    with pytest.raises(InvalidTransition):
        move(conversation(Status.QUEUED), Move.CLAIMED, at=LATER)


def test_a_lost_agent_puts_the_visitor_first_in_line_with_the_old_waiting_time() -> None:
    back = move(conversation(Status.ASSIGNED), Move.AGENT_LOST, at=LATER)
    assert (back.waiting_since, back.lost, back.assignee) == (AT, True, None)
    again = move(back, Move.HANDOFF_REQUESTED, at=LATER)
    assert again.lost and again.waiting_since == AT


def test_a_claim_ends_the_wait_but_keeps_since_when() -> None:
    taken = move(conversation(Status.QUEUED), Move.CLAIMED, at=LATER, assignee=AINO)
    assert (taken.assignee, taken.last_agent, taken.assigned_at) == (AINO, AINO, LATER)
    assert taken.waiting_since == AT and not taken.lost


def test_stepping_in_unasked_starts_the_clock_at_the_claim() -> None:
    taken = move(conversation(Status.BOT), Move.CLAIMED, at=LATER, assignee=AINO)
    assert taken.waiting_since == LATER


def test_a_transfer_to_an_agent_assigns_and_one_to_a_skill_queues() -> None:
    assert move(conversation(Status.ASSIGNED), Move.TRANSFERRED, at=LATER, assignee=MIKKEL).assignee == MIKKEL
    queued = move(conversation(Status.ASSIGNED), Move.TRANSFERRED, at=LATER)
    assert (queued.status, queued.assignee, queued.waiting_since, queued.lost) == (Status.QUEUED, None, AT, False)


def test_a_message_to_an_assigned_conversation_changes_nobody() -> None:
    before = conversation(Status.ASSIGNED)
    after = move(before, Move.VISITOR_WROTE, at=LATER)
    assert (after.assignee, after.assigned_at) == (before.assignee, before.assigned_at)


@pytest.mark.parametrize("what", [Move.RETURNED_TO_BOT, Move.RESOLVED])
def test_the_end_of_the_human_stretch_clears_assignee_and_waiting_time(what: Move) -> None:
    after = move(conversation(Status.ASSIGNED), what, at=LATER)
    assert (after.assignee, after.assigned_at, after.waiting_since, after.requested_at) == (None, None, None, None)


def test_i4_there_is_exactly_one_responder_in_every_status() -> None:
    responders = {status.value: conversation(status).responder for status in Status}
    assert responders == {
        "bot": Responder.BOT,
        "queued": Responder.AGENT,
        "assigned": Responder.AGENT,
        "resolved": Responder.BOT,
    }


@pytest.mark.parametrize("status", Status)
def test_what_is_written_is_read_back_the_same(status: Status) -> None:
    before = Conversation(
        "ä1",
        version=3,
        last=9,
        status=status,
        assignee=AINO if status is Status.ASSIGNED else None,
        last_agent=MIKKEL,
        reasons=({"code": "asked", "evidence": ["ihminen"]},),
        topics=({"topic": "faq/x", "runners_up": [["a", 0.1]]},),
        bot_pending=(4, 5),
        entities={"order_number": "1"},
    )
    assert Conversation.from_json(before.to_json()) == before


def test_priorities_are_named_from_first_to_last() -> None:
    assert PRIORITIES == ("urgent", "high", "normal")


def test_changed_is_replace_in_all_but_its_time() -> None:
    before = Conversation(id="a", assignee=Assignee("x", "Aino"), status=Status.ASSIGNED)
    after = changed(before, last=7, had_by=("x",))
    assert after == dataclasses.replace(before, last=7, had_by=("x",))
    assert before.last == 0 and before.had_by == ()
    assert Conversation.from_json(after.to_json()) == after
    assert json.loads(after.to_json()) == json.loads(json.dumps(dataclasses.asdict(after)))
    with pytest.raises(TypeError, match="no_such_field"):
        changed(before, **{"no_such_field": 1})
