"""Holds a history against the truth in Redis: every breach of I1–I9 in a line that begins with its number.

The log's order is the witness of linearizability: what it says of an assignment must be a legal register (taken only
when free, given up only by its holder), and must not contradict the order in which clients saw requests end and begin.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from handoff.conversation import Status
from handoff.entry import for_visitor
from tests.faults.history import Delivery, History, Op
from tests.faults.truth import Event, Truth

__all__ = ["check", "clients_breaches", "truth_breaches"]

MOVES = {
    "handoff": "queued", "agent_lost": "queued", "transferred": "queued",
    "resolved": "resolved", "returned_to_bot": "bot", "reopened": "bot",
}  # fmt: skip
"""Events that leave a conversation without an agent, and in which status."""

WRITES = frozenset({"message", "note"})
"""Requests that leave an event under their own id."""


def check(history: History, truth: Truth) -> list[str]:
    """All breaches, none for a good run. ``truth`` must have been read after everything has settled."""
    return [*history.seen, *truth_breaches(truth), *clients_breaches(history, truth)]


# -- what the log must be, whatever anybody asked


def truth_breaches(truth: Truth) -> Iterator[str]:
    """I2–I6 as far as Redis alone tells."""
    owners: Counter[tuple[str, str]] = Counter()
    for name, log in truth.logs.items():
        numbers = [event["seq"] for event in log]
        if numbers != list(range(1, len(log) + 1)) or truth.ids[name] != [f"{seq}-0" for seq in numbers]:
            yield f"I3: the log of {name} is numbered {numbers}, its entries {truth.ids[name]}"
        if not truth.lasts[name] == truth.states[name].last == len(log):
            yield f"I3: {name} has {len(log)} events, its state says {truth.states[name].last} and {truth.lasts[name]}"
        owners.update((name, event["client_id"]) for event in log if "client_id" in event)
        yield from _register(name, log, truth)
        yield from _answers(name, log)
    for (name, id), count in owners.items():
        if count > 1:
            yield f"I2: the message {id} stands {count} times in {name}"
    yield from _books(truth)


def _register(name: str, log: list[Event], truth: Truth) -> Iterator[str]:
    """I4, I6: fold the log; only whoever is the responder speaks, and an assignment is taken only when it is free."""
    status, holder = "bot", None
    for event in log:
        objection = _objection(event, status, holder)
        if objection is not None:
            yield f"{objection[:2]}: {name} at {event['seq']}: {objection[3:]} ({status}/{holder})"
        if event["kind"] == "assigned":
            status, holder = "assigned", event["author"]["id"]
        elif event["kind"] in MOVES:
            status, holder = MOVES[event["kind"]], None
    state = truth.states[name]
    found = state.assignee.id if state.assignee else None
    if (status, holder) != (state.status.value, found):
        yield f"I4: the log of {name} ends {status}/{holder}, its state says {state.status.value}/{found}"


def _objection(event: Event, status: str, holder: str | None) -> str | None:
    """Why this event may not follow."""
    kind, author = event["kind"], event["author"]
    if kind == "handoff" and status == "assigned":
        return "I4 it is queued while somebody has it"
    if kind == "assigned" and status in ("assigned", "resolved"):
        return f"I4 {author['id']} gets what is not free"
    if kind == "message" and author["role"] == "bot" and status not in ("bot", "resolved"):
        return "I6 the bot speaks while it is not the responder"
    if kind == "message" and author["role"] == "agent" and (status != "assigned" or author["id"] != holder):
        return f"I4 {author['id']} writes in what somebody else has"
    return None


def _answers(name: str, log: list[Event]) -> Iterator[str]:
    """A message is answered once: by the bot's replies of one turn, or by the word that it is late."""
    told = Counter(event["of"] for event in log if event["kind"] == "nlu")
    for of, count in told.items():
        if count > 1:
            yield f"I2: the bot's result for {of} of {name} was written {count} times"


def _books(truth: Truth) -> Iterator[str]:
    """I5: every conversation that was handed off stands in exactly the book that its state names."""
    queued, assigned = truth.in_status(Status.QUEUED), truth.in_status(Status.ASSIGNED)
    if queued != truth.queue:
        yield f"I5: queued are {sorted(queued)}, the queue has {sorted(truth.queue)}"
    if assigned != set(truth.assigned):
        yield f"I5: assigned are {sorted(assigned)}, the book has {sorted(truth.assigned)}"
    for name in assigned & set(truth.assigned):
        holder = truth.states[name].assignee
        if holder is None or holder.id != truth.assigned[name]:
            yield f"I4: {name} is assigned to {holder}, the book says {truth.assigned[name]}"
    for name, state in truth.states.items():
        if state.bot_pending and not (truth.inbox or truth.results) and name not in truth.due:
            yield f"I5: {name} waits for the bot for ever ({state.bot_pending})"


# -- what clients were told


def clients_breaches(history: History, truth: Truth) -> Iterator[str]:
    """I1–I4 and I9 against what clients asked, heard and saw."""
    for op in history.ops:
        if op.result == "ok":
            yield from _kept(op, truth)
    yield from _undone(history, truth)
    yield from _order(history)
    yield from _claims(history, truth)
    for delivery in history.deliveries.values():
        yield from _delivered(delivery, truth)


def _kept(op: Op, truth: Truth) -> Iterator[str]:
    """I1: what was acknowledged is there, under its number, as it was said."""
    if op.what not in WRITES:
        return
    seq = int(op.answer["seq"])
    event = truth.event(op.conversation, seq)
    if event is None or event.get("client_id") != op.id:
        yield f"I1: {op.who}'s {op.what} {op.text!r} was acknowledged as {seq} of {op.conversation}, there is {event}"
    elif event.get("text") != op.text:
        yield f"I1: {op.who} said {op.text!r}, the log of {op.conversation} has {event.get('text')!r}"


def _undone(history: History, truth: Truth) -> Iterator[str]:
    """What was refused for good has left nothing."""
    ids = {event["client_id"]: name for name, log in truth.logs.items() for event in log if "client_id" in event}
    asked = {op.id for op in history.ops}
    for op in history.ops:
        if op.result == "fail" and op.id in ids:
            yield f"I2: {op.who}'s {op.what} {op.text!r} was refused ({op.answer.get('code')}) and is in {ids[op.id]}"
    for id, name in ids.items():
        if id not in asked:
            yield f"I2: {name} holds {id}, which nobody sent"


def _order(history: History) -> Iterator[str]:
    """I3: who waited for an answer before the next request finds them in that order, whoever they are."""
    by_conversation: dict[str, list[Op]] = defaultdict(list)
    for op in history.ops:
        if op.result == "ok" and op.what in WRITES:
            by_conversation[op.conversation].append(op)
    for name, ops in by_conversation.items():
        ops.sort(key=lambda op: op.answer["seq"])
        begun = float("-inf")
        for op in ops:
            # Numbered later, so it must not have ended before an earlier number was even asked for.
            if op.ended_s is not None and op.ended_s < begun:
                yield f"I3: {op.who}'s {op.text!r} ended before an earlier number of {name} was asked for"
            begun = max(begun, op.invoked_s)


def _claims(history: History, truth: Truth) -> Iterator[str]:
    """I4: each claim that was won is one event of its own, in the log of its conversation."""
    won: Counter[tuple[str, int]] = Counter()
    for op in history.ops:
        if op.what in ("claim", "accept") and op.result == "ok":
            seq = int(op.answer["last"])
            won[op.conversation, seq] += 1
            event = truth.event(op.conversation, seq)
            if event is None or event["kind"] != "assigned" or event["author"]["name"] != op.who:
                yield f"I4: {op.who} won {op.conversation} at {seq}, the log says {event}"
    for (name, seq), count in won.items():
        if count > 1:
            yield f"I4: {count} agents won {name} at {seq}"


def _delivered(delivery: Delivery, truth: Truth) -> Iterator[str]:
    """I3, I9: replay equals fetch. What a socket was shown is what the log holds, and nothing it may not see."""
    who = f"{delivery.who} of {delivery.conversation}"
    if delivery.resyncs:
        yield f"I3: {who} was sent back to the beginning {delivery.resyncs} times: the log had lost its end"
    log = truth.logs.get(delivery.conversation)
    if log is None:
        yield f"I1: {who} was shown {len(delivery.events)} events, of which nothing is kept"
        return
    for seq, shown in delivery.events.items():
        event = truth.event(delivery.conversation, seq)
        if event is None:
            yield f"I1: {who} was shown event {seq}, which is not in the log: {shown}"
        elif delivery.role == "visitor" and dict(shown) != for_visitor(event):
            yield f"I9: {who} was shown {shown}, the log has {event}"
        elif delivery.role == "agent" and _plain(shown) != event:
            yield f"I3: {who} was shown {shown}, the log has {event}"


def _plain(shown: Mapping[str, Any]) -> Event:
    """An event as agents see it, without what is put into words for them."""
    event = {name: value for name, value in shown.items() if name != "title" or shown["kind"] != "nlu"}
    if event["kind"] == "handoff":
        event["reasons"] = [
            {name: value for name, value in reason.items() if name != "explanation"} for reason in event["reasons"]
        ]
    return event
