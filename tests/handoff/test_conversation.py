"""The state table, pair by pair."""

from __future__ import annotations

import dataclasses
import itertools
import json

import pytest

from handoff.conversation import PRIORITIES, TABLE, Assignee, Conversation, Move, Responder, Status, changed, move
from handoff.errors import InvalidTransition, Unreadable

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


def test_a_wait_after_a_transfer_or_a_loss_begins_anew_and_the_place_in_the_queue_does_not() -> None:
    had = move(conversation(Status.QUEUED), Move.CLAIMED, at=AT, assignee=AINO)
    assert had.queued_since is None, "nobody is waited for"
    for what in (Move.TRANSFERRED, Move.AGENT_LOST):
        back = move(had, what, at=LATER)
        assert (back.queued_since, back.waiting_since) == (LATER, AT)
        again = move(back, Move.VISITOR_WROTE, at="2026-11-21T10:30:00.000Z")
        assert again.queued_since == LATER, "the same wait"
    left = move(move(had, Move.TRANSFERRED, at=LATER), Move.CANCELLED, at=LATER)
    assert (left.queued_at, left.waiting_since) == (None, None)
    fresh = move(left, Move.HANDOFF_REQUESTED, at="2026-11-21T10:40:00.000Z")
    assert fresh.queued_since == fresh.waiting_since == "2026-11-21T10:40:00.000Z"


def test_a_state_without_the_beginning_of_this_wait_has_waited_since_the_first_wish() -> None:
    raw = json.loads(conversation(Status.QUEUED).to_json())
    for name in ("queued_at", "passed_by", "put_off", "language_of"):
        del raw[name]
    old = Conversation.from_json(json.dumps(raw))
    assert (old.queued_since, old.passed_by, old.put_off, old.language_of) == (AT, (), False, 0)
    assert move(old, Move.VISITOR_WROTE, at=LATER).queued_since == AT


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


PROMISE = {"until": "2026-11-26T08:27:00.000Z", "promise": "You’ll hear from us by Thursday.", "by": "a1"}


def test_a_promise_goes_with_the_conversation_to_whoever_has_it_next() -> None:
    mine = changed(conversation(Status.ASSIGNED), snooze=PROMISE)
    for what, taker in ((Move.AGENT_LOST, None), (Move.TRANSFERRED, None), (Move.TRANSFERRED, MIKKEL)):
        after = move(mine, what, at=LATER, assignee=taker)
        assert after.snooze == PROMISE, what
        if taker is None:
            assert move(after, Move.CLAIMED, at=LATER, assignee=MIKKEL).snooze == PROMISE
            assert move(after, Move.CANCELLED, at=LATER).snooze is None
            assert move(after, Move.RESOLVED, at=LATER).snooze is None
    own = changed(mine, snooze={**PROMISE, "promise": None})
    for what in (Move.AGENT_LOST, Move.TRANSFERRED):
        assert move(own, what, at=LATER).snooze is None, "a reminder without a promise is its agent's own"


def test_what_the_visitor_writes_to_who_has_put_it_off_is_noted() -> None:
    mine = changed(conversation(Status.ASSIGNED), snooze=PROMISE)
    assert move(mine, Move.VISITOR_WROTE, at=LATER).snooze == {**PROMISE, "waits": True}
    assert move(conversation(Status.ASSIGNED), Move.VISITOR_WROTE, at=LATER).snooze is None


@pytest.mark.parametrize("what", [Move.RETURNED_TO_BOT, Move.RESOLVED])
def test_the_end_of_the_human_stretch_ends_what_was_promised_in_it(what: Move) -> None:
    mine = changed(conversation(Status.ASSIGNED), snooze=PROMISE)
    assert move(mine, what, at=LATER).snooze is None


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


def test_fields_of_a_newer_version_are_kept_over_everything_that_is_done_here() -> None:
    written = json.loads(conversation(Status.ASSIGNED).to_json())
    newer = {**written, "mood": {"now": ["glad"]}, "beyond": 7, "nothing": None}
    read = Conversation.from_json(json.dumps(newer))
    assert json.loads(read.to_json()) == newer
    after = dataclasses.replace(move(changed(read, last=9), Move.TRANSFERRED, at=LATER), version=4)
    again = json.loads(Conversation.from_json(after.to_json()).to_json())
    assert (again["mood"], again["beyond"], again["nothing"]) == ({"now": ["glad"]}, 7, None)
    assert (again["last"], again["status"], again.keys()) == (9, "queued", newer.keys())
    assert "beyond" not in written


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "null", "7", '{"id": "a"}', '{"status": "bot"}', '{"id": "a", "status": "asleep"}'),
        *('{"id": "a", "status": ["bot"]}', '{"id": "a", "status": "bot", "held": 1}', b"\xff"),
        '{"id": "a", "status": "assigned", "assignee": {"id": "x"}}',
        '{"id": "a", "status": "assigned", "assignee": {"id": "x", "name": "X", "face": "y"}}',
    ],
)
def test_what_is_no_state_of_this_version_is_one_error(text: str | bytes) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        Conversation.from_json(text)


def test_priorities_are_named_from_first_to_last() -> None:
    assert PRIORITIES == ("urgent", "high", "normal")


def test_changed_is_replace_in_all_but_its_time() -> None:
    before = Conversation(id="a", assignee=Assignee("x", "Aino"), status=Status.ASSIGNED)
    after = changed(before, last=7, had_by=("x",))
    assert after == dataclasses.replace(before, last=7, had_by=("x",))
    assert before.last == 0 and before.had_by == ()
    assert Conversation.from_json(after.to_json()) == after
    fields = dataclasses.asdict(after)
    assert fields.pop("beyond") == {}
    assert json.loads(after.to_json()) == json.loads(json.dumps(fields))
    with pytest.raises(TypeError, match="no_such_field"):
        changed(before, **{"no_such_field": 1})
