"""Decisions beside the state table: consents, what is put off and promised, help and approvals. Pure, like
:mod:`handoff.decisions`, whose drafts they share. Those on call-backs are in :mod:`handoff.bookings`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from handoff.clock import parse_ms
from handoff.conversation import Assignee, Conversation, Move, Status, changed
from handoff.decisions import SYSTEM, VISITOR, Decision, Draft, author_of, must_have
from handoff.entry import Author, Kind
from handoff.errors import BadRequest, Conflict, Forbidden, NotFound
from handoff.owner.telling import Teller
from handoff.owner.texts import Texts

__all__ = [
    "APPROVALS",
    "REMIND_PROMISE_MS",
    "agree",
    "answered",
    "ask_help",
    "consent",
    "decide_approval",
    "holder_away",
    "is_put_off",
    "join",
    "leave",
    "must_agree",
    "request_approval",
    "snooze",
    "snooze_end",
]

APPROVALS = ("refund_exception", "voucher", "other")

SNOOZE_MAX_MS = 30 * 86_400_000
"""Nobody can promise more than a month ahead."""

REMIND_PROMISE_MS = 5 * 60_000
"""A promise is brought up so long before its time, while it can still be kept."""


def _now(at: str) -> datetime:
    return datetime.fromisoformat(at)


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
    promised: str | None = None,
    waits: bool = False,
    supervisor: bool = False,
) -> Decision:
    """The agent comes back to it at ``until``. With a ``promise`` the visitor is told so, in its words or, where it is
    empty, in the owner's; in the words ``promised`` they have been told before. A later promise takes the place of an
    earlier one, a mere reminder does not.

    Args:
        waits: whether the visitor's last words are without an answer, which a promise is.

    Raises:
        Forbidden: the agent does not have it.
        BadRequest: ``until`` is past, or more than a month ahead; ``field`` names it.
        Conflict: a promise stands (field ``promise``), and none is given; see :func:`snooze_end`.
    """
    must_have(conversation, agent, supervisor=supervisor)
    ahead_ms = parse_ms(until) - parse_ms(at)
    if not 0 < ahead_ms <= SNOOZE_MAX_MS:
        raise BadRequest("until: a time within the next month is expected", field="until")
    draft = Draft(conversation, at)
    language = draft.state.language
    said: str | None = None
    if promise is not None:
        told = teller.when(language, _now(until), _now(at), by=True)
        said = promise.strip() or teller.texts.say(language, "people.promised", by=told)
    kept = said if said is not None else promised
    before = conversation.snooze
    if kept is None and before is not None and before["promise"] is not None:
        raise Conflict("The visitor was promised an answer.", promise={"by": before["until"]})
    put_off: dict[str, Any] = {"until": until, "promise": kept, "by": agent.id}
    draft.state = replace(draft.state, snooze={**put_off, "waits": True} if waits and kept is None else put_off)
    if said is not None:
        draft.add(Kind.MESSAGE, author_of(agent), text=said, data={"promise": {"by": until}})
    return draft.done(until=until)


def snooze_end(conversation: Conversation, *, at: str, agent: Assignee, supervisor: bool = False) -> Decision:
    """The agent's word that what was promised is done, or that no reminder is wanted any more. With none, nothing
    changes.

    Raises:
        Forbidden: the agent does not have it.
    """
    must_have(conversation, agent, supervisor=supervisor)
    draft = Draft(conversation, at)
    draft.state = replace(draft.state, snooze=None)
    return draft.done()


def answered(conversation: Conversation, *, at: str) -> Conversation:
    """The conversation after a message of its agent: it is the answer that a reminder was set for, or that was promised
    for about now. What is promised for later stays promised, whatever is said meanwhile."""
    snooze = conversation.snooze
    if snooze is None:
        return conversation
    if snooze["promise"] is None or parse_ms(snooze["until"]) - parse_ms(at) <= REMIND_PROMISE_MS:
        return changed(conversation, snooze=None)
    return changed(conversation, snooze={name: value for name, value in snooze.items() if name != "waits"})


def is_put_off(conversation: Conversation, now_ms: int) -> bool:
    """Whether it stays with its agent while that one is away: until shortly before the time it was put off to, unless
    the visitor has written since and waits for an answer."""
    snooze = conversation.snooze
    if snooze is None or snooze.get("waits"):
        return False
    return parse_ms(snooze["until"]) - now_ms > REMIND_PROMISE_MS


def holder_away(conversation: Conversation, texts: Texts, *, at: str) -> Decision:
    """The time that it was put off to comes near, or the visitor has written, and its agent is not there: others go on
    with it. No connection was lost, so the visitor is told of none; who had it gets it again when there in time.

    Raises:
        InvalidTransition: nobody has the conversation.
    """
    draft = Draft(conversation, at)
    draft.move(Move.AGENT_LOST)
    text = texts.say(draft.state.language, "transferred")
    draft.add(Kind.TRANSFERRED, SYSTEM, text=text, data={"note": None, "skill": draft.state.skill})
    return draft.done()


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
