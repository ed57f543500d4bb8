"""What the bot's turns do: when it is given what was held back, when it answers, when it does not."""

from __future__ import annotations

from collections.abc import Sequence

from handoff.conversation import Conversation, Responder, Status, changed
from handoff.decisions.draft import BOT, HANDOFF_BUTTON, SYSTEM, Decision, Draft
from handoff.decisions.waiting import Waits, ask_for_person
from handoff.entry import Kind
from handoff.events import HandoffRequest, Outcome, Reply
from handoff.owner.texts import Texts

__all__ = ["TOPICS_KEPT", "bot_answered", "bot_late", "language_after", "let_go"]

TOPICS_KEPT = 20
"""Topics of the latest turns that the handoff packet shows; older ones stand in the log."""


def let_go(conversation: Conversation, *, at: str) -> Decision | None:
    """The visitor has come to an end: the bot gets what was held back. None when nothing is, or the bot is busy."""
    if not conversation.held or conversation.turn or conversation.responder is not Responder.BOT:
        return None
    draft = Draft(conversation, at)
    draft.let_go()
    return draft.done()


def language_after(conversation: Conversation, outcome: Outcome) -> str:
    """In which language the visitor is told things from this result on: the bot's, unless the visitor has chosen one
    after the message that it answers."""
    if outcome.language is None or outcome.of <= conversation.language_of:
        return conversation.language
    return outcome.language


def bot_late(conversation: Conversation, texts: Texts, *, at: str) -> Decision | None:
    """The bot has not answered in time: the visitor is told and offered a person; a later answer is dropped.

    Messages whose hub died while it held them back go to the bot first. None when nothing is pending any more.
    """
    if conversation.status is not Status.BOT or not conversation.bot_pending:
        return None
    if conversation.held and not conversation.turn:
        return let_go(conversation, at=at)
    draft = Draft(conversation, at)
    _say_late(draft, texts, conversation.bot_pending[-1])
    return draft.done()


def _say_late(draft: Draft, texts: Texts, of: int) -> None:
    """``of`` is the visitor's latest message, whose words :attr:`Conversation.last_text` holds."""
    draft.let_all_go()
    draft.state = changed(draft.state, late={"of": of, "text": draft.state.last_text})
    draft.offer_person(texts, "bot_late", cause="bot_late")


def bot_answered(
    conversation: Conversation,
    texts: Texts,
    outcome: Outcome,
    *,
    at: str,
    waits: Waits,
    fallback: HandoffRequest,
    additions: Sequence[str] = (),
    first: Sequence[tuple[str, str]] = (),
) -> Decision | None:
    """What a turn of the bot brought: its NLU result, its replies, its wish for a person.

    Replies to messages that the bot need not answer any more are dropped (I6), its wish for a person is not.
    ``additions`` are what holds at this moment and belongs to each answer: until when people are there today.
    ``first`` are announcements, id and text, that are told before the replies.
    ``fallback`` is the handoff to make when the bot wanted one and its action server failed. A turn that brought
    nothing is told like a late bot. None when there is nothing to write.
    """
    stale = conversation.responder is not Responder.BOT or outcome.of not in conversation.bot_pending
    draft = Draft(conversation, at)
    answered = not stale and outcome.failure is None and bool(outcome.replies)
    if outcome.nlu is not None:
        _note_understanding(draft, outcome, answered)
    if stale:
        over = _end_turn(draft, outcome)
        _mend(draft, texts, outcome, waits)
        return draft.done() if over or draft.entries or draft.inbox else None
    done = draft.state.turn if outcome.of in draft.state.turn else (outcome.of,)
    left = tuple(seq for seq in draft.state.bot_pending if seq not in done)
    draft.state = changed(draft.state, bot_pending=left, turn=() if done == draft.state.turn else draft.state.turn)
    language = language_after(conversation, outcome)
    if language != draft.state.language:
        draft.state = changed(draft.state, language=language)
        draft.add(Kind.LANGUAGE, BOT, language=language)
    if outcome.replies:
        draft.introduce_bot(texts)
        draft.state = changed(draft.state, late=None)
    _say(draft, outcome, first, additions)
    if outcome.handoff is not None:
        ask_for_person(draft, texts, outcome.handoff, BOT, waits)
    elif outcome.failure is not None and fallback.reasons:
        ask_for_person(draft, texts, fallback, SYSTEM, waits, "bot_failed_queued")
        draft.pause_bot()
    elif outcome.failure is not None or not outcome.replies:
        _say_late(draft, texts, (left or done)[-1])
        if outcome.failure is None:
            # A bot without a word for a live message believes that a person has the conversation.
            draft.resume_bot(())
    return draft.done()


def _end_turn(draft: Draft, outcome: Outcome) -> bool:
    """The visitor has changed the message meanwhile. Its answer is dropped; the turn is over all the same, or what is
    held back would wait for it for ever. Whether it was the turn's."""
    turn = draft.state.turn
    if outcome.of not in turn:
        return False
    left = tuple(seq for seq in draft.state.bot_pending if seq not in turn)
    draft.state = changed(draft.state, bot_pending=left, turn=())
    return True


def _say(draft: Draft, outcome: Outcome, first: Sequence[tuple[str, str]], additions: Sequence[str]) -> None:
    """What is announced, then the bot's replies, each with what holds at this moment behind it. A single answer is the
    last reply but for the offer of a person; of several answers it is known which is which only when there is nothing
    else among them."""
    answers = len(outcome.replies) - (bool(outcome.replies) and _offers_person(outcome.replies[-1]))
    if len(additions) == 1 and answers:
        additions = ("",) * (answers - 1) + tuple(additions)
    elif len(additions) != answers:
        additions = ()
    additions = (*additions, *("",) * (len(outcome.replies) - len(additions)))
    for id, text in first:
        draft.add(Kind.MESSAGE, BOT, text=text, data={"announcement": id})
        draft.state = changed(draft.state, announced=(*draft.state.announced, id))
    for reply, addition in zip(outcome.replies, additions, strict=False):
        buttons = draft.offer((button.title, button.topic) for button in reply.buttons)
        text = f"{reply.text}\n\n{addition}" if addition else reply.text
        # Its own language, also where the visitor has chosen another while it was written.
        language = outcome.language or draft.state.language
        draft.add(Kind.MESSAGE, BOT, text=text, language=language, buttons=buttons, data={"of": outcome.of})


def _offers_person(reply: Reply) -> bool:
    """Whether this is the offer that follows an answer which was asked for again."""
    return bool(reply.buttons) and all(button.topic == HANDOFF_BUTTON for button in reply.buttons)


def _mend(draft: Draft, texts: Texts, outcome: Outcome, waits: Waits) -> None:
    """With a wish for a person the bot has paused itself. When the wish comes too late and nobody has the conversation,
    the visitor gets the person all the same; else it would be nobody's, and every later message without an answer."""
    if outcome.handoff is None or draft.state.responder is not Responder.BOT:
        return
    if draft.state.status is Status.BOT:
        ask_for_person(draft, texts, outcome.handoff, BOT, waits)
    else:
        draft.resume_bot(())


def _note_understanding(draft: Draft, outcome: Outcome, answered: bool) -> None:
    nlu = dict(outcome.nlu or {})
    draft.add(Kind.NLU, BOT, data={**nlu, "of": outcome.of, "answered": answered})
    topic = {
        "topic": nlu.get("topic"),
        "confidence": nlu.get("confidence"),
        "runners_up": nlu.get("runners_up", []),
        "answered": answered and nlu.get("decision") == "answer",
        "of": outcome.of,
    }
    also = [{"topic": other, "answered": answered, "of": outcome.of} for other in nlu.get("also") or ()]
    state = draft.state
    draft.state = changed(
        state,
        topics=(*state.topics, topic, *also)[-TOPICS_KEPT:],
        failed_turns=0 if nlu.get("decision") == "answer" else state.failed_turns + (nlu.get("decision") == "clarify"),
        entities={**state.entities, **(nlu.get("entities") or {})},
        slots={**state.slots, **outcome.slots},
    )
