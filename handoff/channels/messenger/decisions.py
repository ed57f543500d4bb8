"""What Messenger's events do to a conversation, beside what every channel can. Pure, like :mod:`handoff.decisions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from handoff.conversation import Assignee, Conversation, Move, Responder, Status
from handoff.decisions import SYSTEM, VISITOR, Decision, Draft
from handoff.entry import Author, Kind, Role
from handoff.events import Line
from handoff.owner.texts import Texts
from handoff.pause import AT_ONCE, Pause

__all__ = [
    "INBOX",
    "asked",
    "chose",
    "inbox_left",
    "inbox_took",
    "inbox_wrote",
    "known_as",
    "masked",
    "said_of",
    "sent_files",
    "trouble",
    "visitor_edited",
]

INBOX = "page-inbox"
"""The assignee of a conversation that a human in the page inbox has. No account has this id."""


def _has(conversation: Conversation) -> bool:
    return conversation.assignee is not None and conversation.assignee.id == INBOX


def sent_files(
    conversation: Conversation,
    texts: Texts,
    *,
    at: str,
    text: str,
    said: str,
    files: Sequence[Mapping[str, Any]],
    client_id: str,
    pause: Pause = AT_ONCE,
) -> Decision:
    """The visitor sent pictures, voice or files. ``text`` says so in words, ``said`` are the visitor's own, ``files``
    is where they are kept.

    The bot cannot look at them: where it is the responder, the visitor is told so and offered a person. It answers the
    words all the same.
    """
    draft = Draft(conversation, at)
    draft.visitor_writes(texts)
    entry = draft.add_message(text, client_id, data={"attachments": [dict(file) for file in files]})
    if draft.state.responder is Responder.BOT:
        draft.offer_person(texts, "files_received", cause="files", of=entry.seq)
        if said.strip():
            draft.ask_bot(replace(entry, text=said), None, pause)
    return draft.done(seq=entry.seq)


def chose(conversation: Conversation, *, at: str, text: str, client_id: str) -> Decision:
    """The visitor chose or gave something that the service asked for; neither bot nor agent has to answer it."""
    draft = Draft(conversation, at)
    entry = draft.add_message(text, client_id)
    return draft.done(seq=entry.seq)


def asked(
    conversation: Conversation, *, at: str, text: str, buttons: Sequence[tuple[str, str]], cause: str
) -> Decision:
    """The service asks the visitor something, with buttons of (title, topic) where there is a choice."""
    draft = Draft(conversation, at)
    shown = draft.offer(buttons)
    entry = draft.add(Kind.MESSAGE, SYSTEM, text=text, data={"cause": cause}, **({"buttons": shown} if shown else {}))
    return draft.done(seq=entry.seq)


def masked(conversation: Conversation, texts: Texts, *, at: str, of: int, count: int) -> Decision:
    """Personal numbers in message ``of`` were covered on arrival; the visitor is told why."""
    draft = Draft(conversation, at)
    return draft.done(**draft.explain_masked(texts, count, of))


def visitor_edited(conversation: Conversation, *, at: str, of: int, text: str, masked: int) -> Decision:
    """The visitor changed message ``of``. The bot reads the new words where it has not answered the old ones."""
    draft = Draft(conversation, at)
    entry = draft.add(Kind.EDITED, VISITOR, text=text, data={"of": of})
    draft.count_masked(masked)
    state = draft.state
    if of in state.bot_pending and state.responder is Responder.BOT:
        if any(message["seq"] == of for message in state.held):
            # The bot was not given the old words, and never is: the new ones wait in their place.
            new = {"text": text, "topic": None}
            held = tuple({**message, **new} if message["seq"] == of else message for message in state.held)
            draft.state = replace(state, held=held)
        else:
            if len(state.turn) < 2 or of not in state.turn:
                # The answer to the old words is dropped: nothing waits for it any more. (What was read as one with
                # others is answered, or their question would be lost with it.)
                draft.state = replace(state, bot_pending=tuple(seq for seq in state.bot_pending if seq != of))
            draft.ask_bot(entry, None)
    return draft.done(seq=entry.seq)


def said_of(
    conversation: Conversation, *, at: str, kind: Kind, of: int, data: Mapping[str, Any] | None = None
) -> Decision:
    """Something is known about entry ``of``: it was taken back, reacted to, delivered, read."""
    draft = Draft(conversation, at)
    entry = draft.add(kind, VISITOR, data={"of": of, **(data or {})})
    return draft.done(seq=entry.seq)


def trouble(conversation: Conversation, *, at: str, code: str, of: int | None = None) -> Decision:
    """The channel could not do something; agents read why."""
    draft = Draft(conversation, at)
    draft.add(Kind.CHANNEL, SYSTEM, data={"code": code, **({"of": of} if of is not None else {})})
    return draft.done()


def known_as(conversation: Conversation, *, name: str | None) -> Decision:
    """The visitor's name as Meta tells it, for agents."""
    return Decision(conversation, replace(conversation, version=conversation.version + 1, visitor_name=name))


def inbox_took(conversation: Conversation, texts: Texts, *, at: str) -> Decision | None:
    """A human in the page inbox has the conversation now: the bot is silent. None when that was so already."""
    if _has(conversation):
        return None
    draft = Draft(conversation, at)
    _take(draft, texts)
    return draft.done(status=draft.state.status.value)


def _take(draft: Draft, texts: Texts) -> None:
    status = draft.state.status
    holder = Assignee(INBOX, texts.say(draft.state.language, "page_inbox"))
    silent = draft.state.responder is Responder.BOT
    if status is Status.RESOLVED:
        draft.move(Move.HANDOFF_REQUESTED)
    draft.move(Move.TRANSFERRED if status is Status.ASSIGNED else Move.CLAIMED, holder)
    draft.add(Kind.ASSIGNED, Author(Role.AGENT, holder.id, holder.name))
    draft.add(Kind.CHANNEL, SYSTEM, data={"code": "inbox_took"})
    if silent:
        draft.pause_bot()


def inbox_wrote(
    conversation: Conversation,
    texts: Texts,
    *,
    at: str,
    text: str,
    files: Sequence[Mapping[str, Any]],
    client_id: str,
    masked: int = 0,
) -> Decision:
    """A human wrote in the page inbox. The person has it already, so it is not sent again (``via``)."""
    draft = Draft(conversation, at)
    if not _has(conversation):
        _take(draft, texts)
    author = Author(Role.AGENT, INBOX, texts.say(draft.state.language, "page_inbox"))
    data: dict[str, Any] = {"via": INBOX}
    if files:
        data["attachments"] = [dict(file) for file in files]
    entry = draft.add(Kind.MESSAGE, author, text=text, client_id=client_id, data=data)
    return draft.done(seq=entry.seq, **draft.count_masked(masked))


def inbox_left(conversation: Conversation, texts: Texts, *, at: str, history: Sequence[Line]) -> Decision | None:
    """The page inbox has given the thread back: the bot says that it answers again. None when it had not had it."""
    if not _has(conversation):
        return None
    draft = Draft(conversation, at)
    draft.move(Move.RETURNED_TO_BOT)
    known = draft.state.noticed_at is not None
    told = texts.say(draft.state.language, "returned_to_bot" if known else "bot_notice")
    draft.add(Kind.RETURNED_TO_BOT, SYSTEM, text=told, data={"cause": "inbox_left"})
    draft.state = replace(draft.state, noticed_at=at, introduced="bot")
    draft.resume_bot(history)
    return draft.done(status=draft.state.status.value)
