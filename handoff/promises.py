"""Decisions beside the state table: call-backs, consents, snoozing, help and approvals. Pure, like
:mod:`handoff.decisions`, whose drafts they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from handoff import callbacks
from handoff.callbacks import Window
from handoff.clock import parse_ms
from handoff.conversation import Assignee, Conversation, Move, Status
from handoff.decisions import SYSTEM, VISITOR, Decision, Draft, author_of, must_have
from handoff.entry import Author, Kind
from handoff.errors import BadRequest, Conflict, Forbidden, NotFound
from handoff.events import Line
from handoff.owner.telling import Teller

__all__ = [
    "APPROVALS",
    "agree",
    "ask_help",
    "book",
    "cancel_callback",
    "consent",
    "decide_approval",
    "finish",
    "join",
    "leave",
    "move",
    "must_agree",
    "request_approval",
    "snooze",
    "take",
]

APPROVALS = ("refund_exception", "voucher", "other")

SNOOZE_MAX_MS = 30 * 86_400_000
"""Nobody can promise more than a month ahead."""


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

    Args:
        contact: ``phone`` or ``email``, checked, and ``name`` where one was given; as they may rest.
        room: how many call-backs the window holds.
    """
    draft = Draft(conversation, at)
    language = draft.state.language
    frame = window.frame() if window is not None else {"from": None, "to": None}
    callback = {
        "id": id,
        "kind": "phone" if window is not None else "email",
        "name": conversation.visitor_name,
        **contact,
        "from": frame["from"],
        "to": frame["to"],
        "by": by,
        "state": "booked",
        "outcome": None,
        "assignee": None,
        "asked_at": at,
    }
    draft.state = replace(draft.state, callback=callback)
    if window is not None:
        told = teller.window(language, window.start, window.end, _now(at))
        text = teller.texts.say(language, "callback.booked", window=told)
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


def take(conversation: Conversation, *, at: str, agent: Assignee, id: str) -> Decision:
    """An agent will make the call, or write the e-mail.

    Raises:
        Conflict: another agent has it (field ``assignee``), or it is done.
    """
    callback = _open_callback(conversation, id)
    holder = callback["assignee"]
    if holder is not None and holder["id"] != agent.id:
        raise Conflict(f"{holder['name']} has this call-back.", assignee=holder)
    draft = Draft(conversation, at)
    draft.state = replace(draft.state, callback={**callback, "assignee": {"id": agent.id, "name": agent.name}})
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


def cancel_callback(conversation: Conversation, teller: Teller, *, at: str) -> Decision:
    """The visitor needs no call or e-mail any more: the agents' task goes.

    Raises:
        Conflict: none is awaited.
    """
    if conversation.callback is None or not callbacks.is_open(conversation.callback):
        raise Conflict("No call-back is awaited.")
    draft = Draft(conversation, at)
    callback = {**conversation.callback, "state": "cancelled"}
    draft.state = replace(draft.state, callback=callback)
    key = "callback.cancelled" if callback["kind"] == "phone" else "callback.cancelled_email"
    text = teller.texts.say(draft.state.language, key)
    draft.add(Kind.CALLBACK, VISITOR, text=text, data={"callback": callbacks.shown(callback)})
    return draft.done(callback=callbacks.shown(callback))


def must_agree(conversation: Conversation) -> bool:
    """Whether the owner's box, where there is one, is to be ticked before the visitor says anything here.

    A conversation that is under way is not stopped by a box that the owner has put up since; to have chosen a language
    is not to have begun. Nobody could tick it on Messenger.
    """
    begun = conversation.last_text or conversation.introduced or conversation.callback is not None
    waits = conversation.status in (Status.QUEUED, Status.ASSIGNED)
    return conversation.channel == "web" and conversation.agreed_at is None and not (begun or waits)


def agree(conversation: Conversation, *, at: str) -> Decision:
    """The visitor ticks the owner's box. Who has done so before changes nothing."""
    draft = Draft(conversation, at)
    if conversation.agreed_at is None:
        draft.state = replace(draft.state, agreed_at=at)
        draft.add(Kind.AGREED, VISITOR)
    return draft.done(agreed=True)


def consent(conversation: Conversation, teller: Teller, *, at: str, language: str) -> Decision:
    """The visitor will do with an agent who writes ``language``.

    Raises:
        Conflict: the visitor does not wait.
    """
    if conversation.status is not Status.QUEUED:
        raise Conflict("Nobody is waited for.")
    draft = Draft(conversation, at)
    draft.state = replace(draft.state, consents=tuple(dict.fromkeys((*conversation.consents, language))))
    own = draft.state.language
    text = teller.texts.say(own, "queue.consented", language=teller.texts.say(own, f"names.{language}"))
    draft.add(Kind.MESSAGE, SYSTEM, text=text, data={"cause": "consented", "consent": language})
    return draft.done(language=language)


def snooze(
    conversation: Conversation,
    teller: Teller,
    *,
    at: str,
    agent: Assignee,
    until: str,
    promise: str | None,
    supervisor: bool = False,
) -> Decision:
    """The agent comes back to it at ``until``. With a ``promise`` the visitor is told so, in its words or, where it is
    empty, in the owner's.

    Raises:
        Forbidden: the agent does not have it.
        BadRequest: ``until`` is past, or more than a month ahead.
    """
    must_have(conversation, agent, supervisor=supervisor)
    ahead_ms = parse_ms(until) - parse_ms(at)
    if not 0 < ahead_ms <= SNOOZE_MAX_MS:
        raise BadRequest("until: a time within the next month is expected")
    draft = Draft(conversation, at)
    language = draft.state.language
    said: str | None = None
    if promise is not None:
        told = teller.when(language, _now(until), _now(at), by=True)
        said = promise.strip() or teller.texts.say(language, "people.promised", by=told)
    draft.state = replace(draft.state, snooze={"until": until, "promise": said, "by": agent.id})
    if said is not None:
        draft.add(Kind.MESSAGE, author_of(agent), text=said, data={"promise": {"by": until}})
    return draft.done(until=until)


def ask_help(conversation: Conversation, *, at: str, agent: Assignee, note: str | None) -> Decision:
    """The agent asks supervisors for help; the visitor sees nothing of it.

    Raises:
        Forbidden: the agent does not have it.
    """
    must_have(conversation, agent)
    draft = Draft(conversation, at)
    draft.add(Kind.NOTE, author_of(agent), text=note or "", data={"help": True})
    return draft.done()


def join(conversation: Conversation, teller: Teller, *, at: str, agent: Assignee, seen: bool) -> Decision:
    """A supervisor looks on (notes whisper), or steps in and is seen.

    Raises:
        Conflict: no person has the conversation.
    """
    if conversation.status is not Status.ASSIGNED:
        raise Conflict("Nobody has this conversation; claim it.")
    draft = Draft(conversation, at)
    if not seen:
        draft.add(Kind.NOTE, author_of(agent), text="", data={"joined": True})
    elif agent.id not in conversation.helpers:
        draft.state = replace(draft.state, helpers=(*conversation.helpers, agent.id))
        text = teller.texts.say(draft.state.language, "people.joined", name=agent.name)
        draft.add(Kind.MESSAGE, SYSTEM, text=text, data={"cause": "joined", "agent": {"name": agent.name}})
    return draft.done(seen=seen, last=draft.state.last)


def leave(conversation: Conversation, teller: Teller, *, at: str, agent: Assignee) -> Decision:
    """A supervisor who stepped in goes."""
    draft = Draft(conversation, at)
    if agent.id in conversation.helpers:
        draft.state = replace(draft.state, helpers=tuple(id for id in conversation.helpers if id != agent.id))
        text = teller.texts.say(draft.state.language, "people.left", name=agent.name)
        draft.add(Kind.MESSAGE, SYSTEM, text=text, data={"cause": "left", "agent": {"name": agent.name}})
    return draft.done()


def request_approval(
    conversation: Conversation, *, at: str, agent: Assignee, id: str, kind: str, text: str, amount: str | None
) -> Decision:
    """The agent asks for something that only a supervisor may grant.

    Raises:
        Forbidden: the agent does not have it.
    """
    must_have(conversation, agent)
    approval = {
        "id": id,
        "kind": kind,
        "text": text,
        "amount": amount,
        "state": "asked",
        "asked_by": {"id": agent.id, "name": agent.name},
        "by": None,
    }
    return _approval(conversation, at, author_of(agent), approval, None)


def decide_approval(
    conversation: Conversation, *, at: str, agent: Assignee, id: str, approved: bool, note: str | None
) -> Decision:
    """A supervisor's decision; it stays in the log with the name.

    Raises:
        NotFound: nothing was asked under this id.
        Conflict: it is decided.
        Forbidden: who asked does not decide.
    """
    asked = next((dict(one) for one in conversation.approvals if one["id"] == id), None)
    if asked is None:
        raise NotFound("There is no such request.")
    if asked["state"] != "asked":
        raise Conflict("This is decided.", state=asked["state"])
    if asked["asked_by"]["id"] == agent.id:
        raise Forbidden("Another supervisor decides what you asked for.")
    asked.update(state="approved" if approved else "refused", by={"id": agent.id, "name": agent.name})
    return _approval(conversation, at, author_of(agent), asked, note)


def _approval(
    conversation: Conversation, at: str, author: Author, approval: dict[str, Any], note: str | None
) -> Decision:
    draft = Draft(conversation, at)
    others = tuple(one for one in conversation.approvals if one["id"] != approval["id"])
    draft.state = replace(draft.state, approvals=(*others, approval))
    data = {"approval": approval, **({"note": note} if note else {})}
    draft.add(Kind.APPROVAL, author, text=approval["text"], data=data)
    return draft.done(approval=approval["id"], state=approval["state"])
