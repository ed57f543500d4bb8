"""What becomes of a call-back: the visitor books it, moves it and calls it off; agents take it, give it back, move it
and make it. Pure, like :mod:`handoff.decisions`, whose drafts it shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from handoff import callbacks
from handoff.callbacks import Window
from handoff.conversation import Assignee, Conversation, Move, Status
from handoff.decisions import SYSTEM, VISITOR, Decision, Draft, author_of
from handoff.entry import Kind
from handoff.errors import BadRequest, Conflict, Forbidden, NotFound
from handoff.events import Line
from handoff.owner.telling import Teller

__all__ = ["book", "cancel", "finish", "move", "release", "take"]


def _now(at: str) -> datetime:
    return datetime.fromisoformat(at)


def book(
    conversation: Conversation,
    teller: Teller,
    *,
    at: str,
    id: str,
    contact: Mapping[str, str],
    window: Window | None,
    by: str | None,
    room: int,
    history: Sequence[Line],
) -> Decision:
    """The visitor is to be called within ``window``, or answered by e-mail ``by`` then. Who waited leaves the queue.

    With one of its kind open this is that one, at another time or place, and who has taken it keeps it: two agents must
    not call the same person. With one of the other kind open, that one is off, and the log says so.

    Args:
        contact: ``phone`` or ``email``, checked, and ``name`` where one was given; as they may rest.
        room: how many call-backs the window holds.
    """
    draft = Draft(conversation, at)
    language = draft.state.language
    frame = window.frame() if window is not None else {"from": None, "to": None}
    when = {"from": frame["from"], "to": frame["to"], "by": by}
    kind = "phone" if window is not None else "email"
    before = conversation.callback if callbacks.is_open(conversation.callback) else None
    if before is not None and before["kind"] != kind:
        _call_off(draft, teller, before)
    callback: dict[str, Any]
    if before is not None and before["kind"] == kind:
        callback = {**before, **contact, **when, "state": "moved"}
    else:
        callback = {
            "id": id,
            "kind": kind,
            "name": conversation.visitor_name,
            **contact,
            **when,
            "state": "booked",
            "outcome": None,
            "assignee": None,
            "asked_at": at,
        }
    draft.state = replace(draft.state, callback=callback)
    if window is not None:
        told = teller.window(language, window.start, window.end, _now(at))
        elsewhen = before is not None and before["kind"] == kind and before["from"] != when["from"]
        text = teller.texts.say(language, "callback.moved" if elsewhen else "callback.booked", window=told)
    else:
        told = teller.when(language, _now(str(by)), _now(at), by=True)
        text = teller.texts.say(language, "callback.booked_email", by=told)
    draft.add(Kind.CALLBACK, SYSTEM, text=text, data={"callback": callbacks.shown(callback)})
    if conversation.status is Status.QUEUED:
        draft.move(Move.CANCELLED)
        draft.add(Kind.RETURNED_TO_BOT, SYSTEM, data={"cause": "callback"})
        draft.resume_bot(history)
    decision = draft.done(callback=callbacks.shown(callback), status=draft.state.status.value)
    return replace(decision, window_room=room if window is not None else None)


def _open_callback(conversation: Conversation, id: str) -> dict[str, Any]:
    callback = conversation.callback
    if callback is None or callback["id"] != id:
        raise NotFound("There is no such call-back.")
    if not callbacks.is_open(callback):
        raise Conflict("This call-back is done.", state=callback["state"])
    return dict(callback)


def take(conversation: Conversation, *, at: str, agent: Assignee, id: str, supervisor: bool = False) -> Decision:
    """An agent will make the call, or write the e-mail. A ``supervisor`` takes it over from who has it.

    Raises:
        Conflict: another agent has it (field ``assignee``), or it is done.
    """
    callback = _open_callback(conversation, id)
    holder = callback["assignee"]
    if holder is not None and holder["id"] != agent.id and not supervisor:
        raise Conflict(f"{holder['name']} has this call-back.", assignee=holder)
    draft = Draft(conversation, at)
    draft.state = replace(draft.state, callback={**callback, "assignee": {"id": agent.id, "name": agent.name}})
    return draft.done(callback=id)


def release(
    conversation: Conversation, *, at: str, agent: Assignee | None, id: str, supervisor: bool = False
) -> Decision:
    """Who has the call-back gives it back, for others to take; without an ``agent`` the house does, because that one is
    not there.

    Raises:
        Conflict: nobody has it, or it is done.
        Forbidden: another agent has it (field ``assignee``).
    """
    callback = _open_callback(conversation, id)
    holder = callback["assignee"]
    if holder is None:
        raise Conflict("Nobody has this call-back.")
    if agent is not None and holder["id"] != agent.id and not supervisor:
        raise Forbidden("Only the agent who has this call-back gives it back.", assignee=holder)
    draft = Draft(conversation, at)
    draft.state = replace(draft.state, callback={**callback, "assignee": None})
    return draft.done(callback=id)


def finish(
    conversation: Conversation, teller: Teller, *, at: str, agent: Assignee, id: str, outcome: str, note: str | None
) -> Decision:
    """The call was made, or the e-mail sent; the visitor's log says how it went."""
    callback = _open_callback(conversation, id)
    draft = Draft(conversation, at)
    assignee = callback["assignee"] or {"id": agent.id, "name": agent.name}
    callback = {**callback, "state": "done", "outcome": outcome, "assignee": assignee}
    draft.state = replace(draft.state, callback=callback)
    text = teller.texts.say(draft.state.language, f"callback.{outcome}")
    draft.add(Kind.CALLBACK, author_of(agent), text=text, data={"callback": callbacks.shown(callback)})
    if note:
        draft.add(Kind.NOTE, author_of(agent), text=note)
    return draft.done(callback=id, outcome=outcome)


def move(
    conversation: Conversation, teller: Teller, *, at: str, agent: Assignee, id: str, window: Window, room: int
) -> Decision:
    """The call comes at another time, and the visitor is told.

    Raises:
        BadRequest: it is no call but an e-mail.
    """
    callback = _open_callback(conversation, id)
    if callback["kind"] != "phone":
        raise BadRequest("callback: only a call can be moved to another window")
    draft = Draft(conversation, at)
    frame = window.frame()
    callback = {**callback, "state": "moved", "from": frame["from"], "to": frame["to"]}
    draft.state = replace(draft.state, callback=callback)
    told = teller.window(draft.state.language, window.start, window.end, _now(at))
    text = teller.texts.say(draft.state.language, "callback.moved", window=told)
    draft.add(Kind.CALLBACK, author_of(agent), text=text, data={"callback": callbacks.shown(callback)})
    return replace(draft.done(callback=id, **{"from": frame["from"], "to": frame["to"]}), window_room=room)


def cancel(conversation: Conversation, teller: Teller, *, at: str) -> Decision:
    """The visitor needs no call or e-mail any more: the agents' task goes.

    Raises:
        Conflict: none is awaited.
    """
    if conversation.callback is None or not callbacks.is_open(conversation.callback):
        raise Conflict("No call-back is awaited.")
    draft = Draft(conversation, at)
    callback = _call_off(draft, teller, conversation.callback)
    return draft.done(callback=callbacks.shown(callback))


def _call_off(draft: Draft, teller: Teller, callback: Mapping[str, Any]) -> dict[str, Any]:
    callback = {**callback, "state": "cancelled"}
    draft.state = replace(draft.state, callback=callback)
    key = "callback.cancelled" if callback["kind"] == "phone" else "callback.cancelled_email"
    text = teller.texts.say(draft.state.language, key)
    draft.add(Kind.CALLBACK, VISITOR, text=text, data={"callback": callbacks.shown(callback)})
    return callback
