"""What a visitor's requests do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handoff.conversation import Conversation, Move, Responder, Status, changed
from handoff.decisions.draft import SYSTEM, VISITOR, Decision, Draft
from handoff.decisions.waiting import Waits, ask_for_person
from handoff.entry import Kind
from handoff.errors import BadRequest
from handoff.events import HandoffRequest, Line
from handoff.owner.texts import Texts
from handoff.pause import AT_ONCE, Pause

__all__ = ["cancel_handoff", "hand_off", "rate", "set_language", "visitor_wrote"]


def visitor_wrote(
    conversation: Conversation,
    texts: Texts,
    *,
    at: str,
    text: str,
    client_id: str,
    topic: str | None = None,
    masked: int = 0,
    pause: Pause = AT_ONCE,
) -> Decision:
    """The visitor's message, or the title of a button pressed (with its ``topic``).

    The bot gets it when it is the responder, after the ``pause`` (:func:`let_go`); otherwise it is kept and shown to
    who has or takes the conversation. A resolved conversation opens again. Where ``masked`` numbers in it were covered,
    the visitor is told why.
    """
    draft = Draft(conversation, at)
    draft.visitor_writes(texts)
    entry = draft.add_message(text, client_id)
    if draft.state.responder is Responder.BOT:
        draft.ask_bot(entry, topic, pause)
    return draft.done(seq=entry.seq, **draft.explain_masked(texts, masked, entry.seq))


def set_language(conversation: Conversation, *, at: str, language: str) -> Decision:
    """The visitor chose a language: every text from now on is in it. What the bot makes of an earlier message does not
    change it (:func:`~handoff.decisions.bot.language_after`), what it makes of a later one may."""
    draft = Draft(conversation, at)
    entry = draft.add(Kind.LANGUAGE, VISITOR, language=language)
    draft.state = changed(draft.state, language=language, language_of=entry.seq)
    return draft.done(language=language)


def hand_off(
    conversation: Conversation,
    texts: Texts,
    *,
    at: str,
    waits: Waits,
    text: str | None = None,
    client_id: str | None = None,
) -> Decision:
    """The visitor asks for a person, by the button or (``text``) by a message that is a button's title.

    Where the bot has left a message without an answer, that is a reason too, with the message as its evidence.

    Raises:
        InvalidTransition: a person has the conversation already.
    """
    draft = Draft(conversation, at)
    evidence: list[str] = []
    if text is not None:
        entry = draft.add_message(text, client_id)
        evidence = [text]
        answer: dict[str, Any] = {"seq": entry.seq}
    else:
        answer = {}
    fresh = conversation.status is not Status.QUEUED
    reasons: tuple[dict[str, Any], ...] = ()
    if fresh:
        reasons = ({"code": "asked", "topic": "human/talk_to_human", "evidence": evidence, "of": draft.state.last},)
    if conversation.status is Status.BOT and conversation.late is not None:
        late = conversation.late
        words = [late["text"]] if late["text"] else []
        reasons += ({"code": "bot_unavailable", "topic": None, "evidence": words, "of": late["of"]},)
    draft.state = changed(draft.state, late=None)
    request = HandoffRequest(reasons, skill="general")
    ask_for_person(draft, texts, request, SYSTEM, waits)
    if fresh:
        draft.pause_bot()
    return draft.done(status=draft.state.status.value, **answer)


def cancel_handoff(
    conversation: Conversation,
    texts: Texts,
    *,
    at: str,
    history: Sequence[Line],
    text: str | None = None,
    client_id: str | None = None,
) -> Decision:
    """The visitor leaves the queue, by the button or (``text``) by saying so; the bot goes on, and says that it does.

    Raises:
        InvalidTransition: the conversation is not queued.
    """
    draft = Draft(conversation, at)
    answer: dict[str, Any] = {"status": Status.BOT.value}
    if text is not None:
        entry = draft.add_message(text, client_id)
        answer = {"seq": entry.seq}
    draft.move(Move.CANCELLED)
    draft.add(
        Kind.RETURNED_TO_BOT, SYSTEM, text=texts.say(draft.state.language, "cancelled"), data={"cause": "cancelled"}
    )
    draft.state = changed(draft.state, introduced="bot")
    draft.resume_bot(history)
    return draft.done(**answer)


def rate(
    conversation: Conversation, texts: Texts, *, at: str, score: int, comment: str | None, of: str | None = None
) -> Decision:
    """The visitor's rating of ``agent`` or ``bot``; unnamed, of who answered last. An agent's is of who had it last,
    also when the visitor has gone on with the bot since.

    Raises:
        BadRequest: no agent has had the conversation.
    """
    draft = Draft(conversation, at)
    agent = _last_agent(conversation)
    rated = of or ("agent" if agent and conversation.introduced == "agent" else "bot")
    data: dict[str, Any] = {"score": score, "comment": comment, "rated": rated}
    if rated == "agent":
        if agent is None:
            raise BadRequest("of: no agent has had this conversation", field="of")
        data["agent"] = agent
    draft.add(Kind.RATING, VISITOR, text=texts.say(conversation.language, "rating_thanks"), data=data)
    return draft.done()


def _last_agent(conversation: Conversation) -> str | None:
    """Who had it last; what was opened again has forgotten the last agent's name, and not who it was."""
    if conversation.last_agent is not None:
        return conversation.last_agent.id
    return conversation.had_by[-1] if conversation.had_by else conversation.served_by
