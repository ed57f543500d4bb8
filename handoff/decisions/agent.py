"""What an agent's requests do, and what an agent's going does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handoff.conversation import Assignee, Conversation, Move, Status, changed
from handoff.decisions.draft import SYSTEM, VISITOR, Decision, Draft, author_of, must_have
from handoff.entry import Kind
from handoff.events import Line
from handoff.owner.texts import Texts

__all__ = ["agent_lost", "agent_wrote", "claim", "note", "resolve", "return_to_bot", "transfer"]


def claim(conversation: Conversation, texts: Texts, *, at: str, agent: Assignee, why: Sequence[str] = ()) -> Decision:
    """An agent takes a queued conversation, or steps in while the bot has it. ``why`` says why it is this agent.

    Raises:
        InvalidTransition: another agent has it (field ``assignee``), or it is resolved.
    """
    draft = Draft(conversation, at)
    unasked = conversation.status is Status.BOT
    draft.move(Move.CLAIMED, agent)
    if unasked:
        reason: dict[str, Any] = {
            "code": "agent_stepped_in",
            "topic": None,
            "evidence": [],
            "of": draft.state.last,
            "name": agent.name,
        }
        draft.state = changed(draft.state, reasons=(reason,), requested_at=at, late=None)
    said = texts.say(draft.state.language, "assigned", name=agent.name)
    draft.add(Kind.ASSIGNED, author_of(agent), text=said, data={"why": list(why)} if why else {})
    if unasked:
        draft.pause_bot()
    return draft.done(status=draft.state.status.value, last=draft.state.last)


def agent_wrote(
    conversation: Conversation,
    *,
    at: str,
    agent: Assignee,
    text: str,
    client_id: str,
    supervisor: bool = False,
    masked: int = 0,
) -> Decision:
    """A message to the visitor, in which ``masked`` numbers were covered: of the assignee, or of a supervisor who has
    stepped in, so that the visitor knows who writes.

    Raises:
        Forbidden: the agent does not have the conversation, and has not stepped in.
    """
    must_have(conversation, agent, supervisor=supervisor and agent.id in conversation.helpers)
    draft = Draft(conversation, at)
    entry = draft.add(Kind.MESSAGE, author_of(agent), text=text, client_id=client_id)
    return draft.done(seq=entry.seq, **draft.count_masked(masked))


def note(
    conversation: Conversation,
    *,
    at: str,
    agent: Assignee,
    text: str,
    client_id: str,
    masked: int = 0,
    mentions: Sequence[str] = (),
) -> Decision:
    """A line that agents only see, in which ``masked`` numbers were covered; ``mentions`` are agents it calls."""
    draft = Draft(conversation, at)
    data = {"mentions": list(mentions)} if mentions else {}
    entry = draft.add(Kind.NOTE, author_of(agent), text=text, client_id=client_id, data=data)
    return draft.done(seq=entry.seq, **draft.count_masked(masked))


def transfer(
    conversation: Conversation,
    texts: Texts,
    *,
    at: str,
    by: Assignee,
    note: str | None,
    to: Assignee | None = None,
    skill: str | None = None,
    supervisor: bool = False,
) -> Decision:
    """To another agent (``to``), or back into the queue for a skill. The note goes with it. While it waits there, who
    had it and who passed it on are asked last: they have just said that it is for somebody else.

    Raises:
        Forbidden: the agent does not have the conversation.
        InvalidTransition: it is neither queued nor assigned.
    """
    if conversation.status is not Status.QUEUED:
        must_have(conversation, by, supervisor=supervisor)
    draft = Draft(conversation, at)
    draft.move(Move.TRANSFERRED, to)
    draft.state = changed(draft.state, skill=skill or draft.state.skill)
    if to is None:
        had = (conversation.assignee.id,) if conversation.assignee is not None else ()
        passed_by = tuple(dict.fromkeys((*draft.state.passed_by, *had, by.id)))
        draft.state = changed(draft.state, passed_by=passed_by)
    draft.add(
        Kind.TRANSFERRED,
        author_of(by),
        text=texts.say(draft.state.language, "transferred"),
        data={"note": note, "skill": draft.state.skill},
    )
    if to is not None:
        draft.add(Kind.ASSIGNED, author_of(to), text=texts.say(draft.state.language, "assigned", name=to.name))
    return draft.done(status=draft.state.status.value)


def return_to_bot(
    conversation: Conversation,
    texts: Texts,
    *,
    at: str,
    agent: Assignee,
    note: str | None,
    history: Sequence[Line],
    supervisor: bool = False,
) -> Decision:
    """The agent gives the conversation back; the bot says so and answers only what comes after.

    ``history`` is the human stretch, for the Rasa tracker.

    Raises:
        Forbidden: the agent does not have the conversation.
    """
    must_have(conversation, agent, supervisor=supervisor)
    draft = Draft(conversation, at)
    draft.move(Move.RETURNED_TO_BOT)
    if note:
        draft.add(Kind.NOTE, author_of(agent), text=note)
    draft.add(Kind.RETURNED_TO_BOT, author_of(agent), text=texts.say(draft.state.language, "returned_to_bot"))
    draft.state = changed(draft.state, introduced="bot")
    draft.resume_bot(history)
    return draft.done(status=draft.state.status.value)


def resolve(
    conversation: Conversation,
    texts: Texts,
    *,
    at: str,
    by: Assignee | None,
    outcome: str | None,
    history: Sequence[Line],
    supervisor: bool = False,
) -> Decision:
    """Closes the conversation, by an agent or (``by`` None) by the visitor. One that is closed stays as it was closed,
    with the outcome that was noted then: of two who end it at once the first has the word.

    Raises:
        Forbidden: another agent has it.
    """
    if conversation.status is Status.RESOLVED:
        # Written all the same, for the answer: the same request must not close what is opened again meanwhile.
        return Draft(conversation, at).done(status=conversation.status.value)
    if by is not None and conversation.status is Status.ASSIGNED:
        must_have(conversation, by, supervisor=supervisor)
    draft = Draft(conversation, at)
    human = conversation.human_from > 0
    draft.move(Move.RESOLVED)
    author = author_of(by) if by is not None else VISITOR
    draft.add(
        Kind.RESOLVED, author, text=texts.say(draft.state.language, "resolved"), data={"outcome": outcome or "done"}
    )
    draft.state = changed(draft.state, outcome=outcome or "done", bot_pending=(), turn=(), held=())
    if human:
        draft.resume_bot(history)
    return draft.done(status=draft.state.status.value)


def agent_lost(conversation: Conversation, texts: Texts, *, at: str) -> Decision:
    """The assignee has been away for longer than the grace: back into the queue, first in line.

    Raises:
        InvalidTransition: nobody has the conversation.
    """
    draft = Draft(conversation, at)
    holder = conversation.assignee
    draft.move(Move.AGENT_LOST)
    draft.add(
        Kind.AGENT_LOST,
        SYSTEM,
        text=texts.say(draft.state.language, "agent_lost"),
        data={"agent": holder.id if holder else ""},
    )
    return draft.done()
