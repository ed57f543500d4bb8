"""What a request does to a conversation: the new state, the entries of its log, and what the bot is told.

Pure: each function takes the conversation as it is and returns a :class:`Decision`; :mod:`handoff.store` writes it in
one atomic step, or refuses it when the conversation has moved meanwhile. Texts come from the owner's files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from handoff.clock import parse_ms
from handoff.conversation import PRIORITIES, Assignee, Conversation, Move, Responder, Status, changed, move
from handoff.entry import Author, Entry, Kind, Role
from handoff.errors import Forbidden
from handoff.events import HandoffRequest, Inbound, InboundKind, Line, Outcome, Part, Reply
from handoff.owner.texts import Texts
from handoff.pause import AT_ONCE, Pause, batch

__all__ = [
    "HANDOFF_BUTTON",
    "Decision",
    "Draft",
    "Room",
    "Waits",
    "agent_lost",
    "agent_wrote",
    "bot_answered",
    "bot_late",
    "cancel_handoff",
    "claim",
    "hand_off",
    "let_go",
    "note",
    "rate",
    "resolve",
    "return_to_bot",
    "set_language",
    "transfer",
    "visitor_wrote",
]

HANDOFF_BUTTON = "handoff"
"""The topic of a button that asks for a person."""

TOPICS_KEPT = 20
"""Topics of the latest turns that the handoff packet shows; older ones stand in the log."""

LAST_TEXT_CHARS = 140
"""What a queue entry shows of the visitor's last message."""

NOTICE_AGAIN_MS = 24 * 3600 * 1000
"""After so long people may have forgotten that a bot answers."""

SYSTEM = Author(Role.SYSTEM)
BOT = Author(Role.BOT)
VISITOR = Author(Role.VISITOR)


@dataclass(frozen=True)
class Waits:
    """What a queued visitor is told: whether people answer right now, and ``text`` in words where not."""

    open: bool = True
    text: str | None = None


@dataclass(frozen=True)
class Room:
    """An agent's capacity in all, and on the conversation's channel (None: no limit of its own)."""

    capacity: int
    on_channel: int | None = None


@dataclass(frozen=True)
class Decision:
    """State, entries and effects of one request. ``answer`` has the fields of the ``ack``."""

    before: Conversation
    after: Conversation
    entries: tuple[Entry, ...] = ()
    inbox: tuple[Inbound, ...] = ()
    buttons: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    room: Room | None = None
    """How many conversations the new assignee may have; None where that is not asked."""
    offer: str | None = None
    """The offer that this accepts; it must still stand when this is written."""
    window_room: int | None = None
    """How many call-backs the window of the new call-back holds."""


class _Draft:
    """Collects entries, numbered on from the conversation's last."""

    def __init__(self, conversation: Conversation, at: str) -> None:
        self.before = conversation
        self.state = conversation
        self.at = at
        self.entries: list[Entry] = []
        self.inbox: list[Inbound] = []
        self.buttons: dict[str, Mapping[str, str]] = {}

    def move(self, what: Move, assignee: Assignee | None = None) -> None:
        was = self.state.responder
        self.state = move(self.state, what, at=self.at, assignee=assignee)
        if was is Responder.BOT and self.state.responder is Responder.AGENT:
            # What the bot still says to earlier messages is dropped (I6). What it was never given is for the person.
            first = self.state.held[0]["seq"] if self.state.held else self.state.last + 1
            self.state = changed(self.state, bot_pending=(), turn=(), held=(), human_from=first, outcome=None)

    def add(self, kind: Kind, author: Author, **fields: Any) -> Entry:
        language = fields.pop("language", self.state.language if fields.get("text") is not None else None)
        entry = Entry(self.state.last + 1, self.at, kind, author, language=language, **fields)
        self.state = changed(self.state, last=entry.seq)
        self.entries.append(entry)
        return entry

    def count_masked(self, masked: int) -> dict[str, int]:
        """Count numbers that were covered in a text; what the ``ack`` says of it."""
        self.state = changed(self.state, masked=self.state.masked + masked)
        return {"masked": masked} if masked else {}

    def offer(self, buttons: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
        """Buttons for the next entry from (title, topic) pairs; their ids are good in this conversation alone."""
        shown = []
        for index, (title, topic) in enumerate(buttons):
            button = f"{self.state.last + 1}.{index}"
            self.buttons[button] = {"title": title, "topic": topic}
            shown.append({"title": title, "id": button})
        return shown

    def ask_bot(self, entry: Entry, topic: str | None, pause: Pause = AT_ONCE) -> None:
        """Give the bot a message, or hold it back: until no more comes, and while the bot is busy."""
        self.state = changed(self.state, bot_pending=(*self.state.bot_pending, entry.seq))
        if pause.pause_s <= 0:
            self._tell_bot(InboundKind.MESSAGE, entry.seq, text=entry.text or "", topic=topic)
            return
        message = {"seq": entry.seq, "text": entry.text or "", "topic": topic, "at": parse_ms(self.at)}
        self.state = changed(self.state, held=(*self.state.held, message))
        if not self.state.turn and pause.due_ms(self.state.held) <= parse_ms(self.at):
            self.let_go()

    def let_go(self) -> None:
        """Give the bot the first batch of what is held. The bot must not be busy."""
        messages = batch(self.state.held)
        self._ask(messages)
        self.state = changed(
            self.state,
            turn=tuple(message["seq"] for message in messages),
            held=self.state.held[len(messages) :],
        )

    def let_all_go(self) -> None:
        """Give the bot all that is held, whatever it says to it: the visitor does not wait for it any more."""
        while self.state.held:
            messages = batch(self.state.held)
            self._ask(messages)
            self.state = changed(self.state, held=self.state.held[len(messages) :])
        self.state = changed(self.state, bot_pending=(), turn=())

    def _ask(self, messages: Sequence[Mapping[str, Any]]) -> None:
        last = messages[-1]
        parts = tuple(Part(message["seq"], message["text"]) for message in messages) if len(messages) > 1 else ()
        text = "\n".join(message["text"] for message in messages)
        self._tell_bot(InboundKind.MESSAGE, last["seq"], text=text, topic=last["topic"], parts=parts)

    def introduce_bot(self, texts: Texts) -> None:
        """Say that a bot speaks (I12): before its first message, again after a person, and on a channel without a place
        for a standing notice again after a long while."""
        state, web = self.state, self.state.channel == "web"
        lately = state.noticed_at is not None and parse_ms(self.at) - parse_ms(state.noticed_at) <= NOTICE_AGAIN_MS
        if state.introduced == "bot" and (web or lately):
            return
        key = "returned_to_bot" if state.introduced == "agent" else "bot_notice"
        kind = Kind.NOTICE if web else Kind.MESSAGE
        self.add(kind, SYSTEM, text=texts.say(state.language, key), data={"cause": "bot_notice"})
        self.state = changed(self.state, introduced="bot", noticed_at=self.at)

    def pause_bot(self) -> None:
        self._tell_bot(InboundKind.PAUSE, self.state.last)

    def resume_bot(self, history: Sequence[Line]) -> None:
        self.state = changed(self.state, bot_pending=(), turn=(), held=(), human_from=0, failed_turns=0)
        self._tell_bot(InboundKind.RESUME, self.state.last, history=tuple(history))

    def _tell_bot(self, kind: InboundKind, seq: int, **fields: Any) -> None:
        self.inbox.append(
            Inbound(
                conversation=self.state.id,
                message_id=f"{self.state.id}:{seq}:{kind.value}",
                of=seq,
                kind=kind,
                language=self.state.language,
                channel=self.state.channel,
                at=parse_ms(self.at) / 1000,
                **fields,
            )
        )

    def done(self, **answer: Any) -> Decision:
        after = changed(
            self.state,
            version=self.before.version + 1,
            created_at=self.before.created_at or self.at,
            updated_at=self.at,
        )
        return Decision(self.before, after, tuple(self.entries), tuple(self.inbox), self.buttons, answer)


Draft = _Draft
"""For the decisions of a channel, which stand beside it."""


def _agent(agent: Assignee) -> Author:
    return Author(Role.AGENT, agent.id, agent.name)


def _own(conversation: Conversation, agent: Assignee, *, supervisor: bool = False) -> None:
    holder = conversation.assignee
    if conversation.status is not Status.ASSIGNED or holder is None or (holder.id != agent.id and not supervisor):
        name = {"id": holder.id, "name": holder.name} if holder else None
        raise Forbidden("Only the agent who has the conversation may do this.", assignee=name)


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
    draft = _Draft(conversation, at)
    if conversation.status is Status.RESOLVED:
        draft.add(Kind.REOPENED, SYSTEM, data={"cause": texts.say(conversation.language, "reopened")})
        draft.state = changed(draft.state, last_agent=None, reasons=(), priority="normal", skill="general")
    draft.move(Move.VISITOR_WROTE)
    entry = draft.add(Kind.MESSAGE, VISITOR, text=text, client_id=client_id)
    draft.state = changed(draft.state, last_text=text[:LAST_TEXT_CHARS])
    if draft.state.responder is Responder.BOT:
        draft.ask_bot(entry, topic, pause)
    answer = draft.count_masked(masked)
    if masked:
        why = texts.say(draft.state.language, "masked")
        draft.add(Kind.MESSAGE, SYSTEM, text=why, data={"cause": "masked", "of": entry.seq})
    return draft.done(seq=entry.seq, **answer)


def let_go(conversation: Conversation, *, at: str) -> Decision | None:
    """The visitor has come to an end: the bot gets what was held back. None when nothing is, or the bot is busy."""
    if not conversation.held or conversation.turn or conversation.responder is not Responder.BOT:
        return None
    draft = _Draft(conversation, at)
    draft.let_go()
    return draft.done()


def set_language(conversation: Conversation, *, at: str, language: str) -> Decision:
    """The visitor chose a language: every text from now on is in it."""
    draft = _Draft(conversation, at)
    draft.state = changed(draft.state, language=language)
    draft.add(Kind.LANGUAGE, VISITOR, language=language)
    return draft.done(language=language)


def _higher(one: str, other: str) -> str:
    return min(one, other, key=PRIORITIES.index)


def _queue(draft: _Draft, texts: Texts, request: HandoffRequest, author: Author, waits: Waits, key: str | None) -> None:
    again = draft.state.status is Status.QUEUED
    draft.move(Move.HANDOFF_REQUESTED)
    state = draft.state
    known = state.reasons if again else ()
    fresh = tuple(reason for reason in request.reasons if reason not in known)
    draft.state = changed(
        state,
        reasons=(*known, *fresh),
        priority=_higher(state.priority, request.priority) if again else request.priority,
        skill=state.skill if again and request.skill == "general" else request.skill,
    )
    said = waits.text if key is None and not again else None
    if key is None:
        key = "queued_again" if again else "queued" if waits.open else "queued_closed"
    draft.add(
        Kind.HANDOFF,
        author,
        text=said or texts.say(draft.state.language, key),
        data={"reasons": list(fresh), "priority": draft.state.priority, "skill": draft.state.skill},
    )


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
    draft = _Draft(conversation, at)
    evidence: list[str] = []
    if text is not None:
        entry = draft.add(Kind.MESSAGE, VISITOR, text=text, client_id=client_id)
        draft.state = changed(draft.state, last_text=text[:LAST_TEXT_CHARS])
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
    _queue(draft, texts, request, SYSTEM, waits, None)
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
    draft = _Draft(conversation, at)
    answer: dict[str, Any] = {"status": Status.BOT.value}
    if text is not None:
        entry = draft.add(Kind.MESSAGE, VISITOR, text=text, client_id=client_id)
        draft.state = changed(draft.state, last_text=text[:LAST_TEXT_CHARS])
        answer = {"seq": entry.seq}
    draft.move(Move.CANCELLED)
    draft.add(
        Kind.RETURNED_TO_BOT, SYSTEM, text=texts.say(draft.state.language, "cancelled"), data={"cause": "cancelled"}
    )
    draft.state = changed(draft.state, introduced="bot")
    draft.resume_bot(history)
    return draft.done(**answer)


def claim(
    conversation: Conversation, texts: Texts, *, at: str, agent: Assignee, why: Sequence[str] = ()
) -> Decision:
    """An agent takes a queued conversation, or steps in while the bot has it. ``why`` says why it is this agent.

    Raises:
        InvalidTransition: another agent has it (field ``assignee``), or it is resolved.
    """
    draft = _Draft(conversation, at)
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
    draft.add(Kind.ASSIGNED, _agent(agent), text=said, data={"why": list(why)} if why else {})
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
    _own(conversation, agent, supervisor=supervisor and agent.id in conversation.helpers)
    draft = _Draft(conversation, at)
    entry = draft.add(Kind.MESSAGE, _agent(agent), text=text, client_id=client_id)
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
    draft = _Draft(conversation, at)
    data = {"mentions": list(mentions)} if mentions else {}
    entry = draft.add(Kind.NOTE, _agent(agent), text=text, client_id=client_id, data=data)
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
    """To another agent (``to``), or back into the queue for a skill. The note goes with it.

    Raises:
        Forbidden: the agent does not have the conversation.
        InvalidTransition: it is neither queued nor assigned.
    """
    if conversation.status is not Status.QUEUED:
        _own(conversation, by, supervisor=supervisor)
    draft = _Draft(conversation, at)
    draft.move(Move.TRANSFERRED, to)
    draft.state = changed(draft.state, skill=skill or draft.state.skill)
    draft.add(
        Kind.TRANSFERRED,
        _agent(by),
        text=texts.say(draft.state.language, "transferred"),
        data={"note": note, "skill": draft.state.skill},
    )
    if to is not None:
        draft.add(Kind.ASSIGNED, _agent(to), text=texts.say(draft.state.language, "assigned", name=to.name))
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
    _own(conversation, agent, supervisor=supervisor)
    draft = _Draft(conversation, at)
    draft.move(Move.RETURNED_TO_BOT)
    if note:
        draft.add(Kind.NOTE, _agent(agent), text=note)
    draft.add(Kind.RETURNED_TO_BOT, _agent(agent), text=texts.say(draft.state.language, "returned_to_bot"))
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
    """Closes the conversation, by an agent or (``by`` None) by the visitor.

    Raises:
        Forbidden: another agent has it.
    """
    if by is not None and conversation.status is Status.ASSIGNED:
        _own(conversation, by, supervisor=supervisor)
    draft = _Draft(conversation, at)
    human = conversation.human_from > 0
    draft.move(Move.RESOLVED)
    author = _agent(by) if by is not None else VISITOR
    draft.add(
        Kind.RESOLVED, author, text=texts.say(draft.state.language, "resolved"), data={"outcome": outcome or "done"}
    )
    draft.state = changed(draft.state, outcome=outcome or "done", bot_pending=(), turn=(), held=())
    if human:
        draft.resume_bot(history)
    return draft.done(status=draft.state.status.value)


def rate(
    conversation: Conversation, texts: Texts, *, at: str, score: int, comment: str | None, of: str | None = None
) -> Decision:
    """The visitor's rating of ``agent`` or ``bot``; unnamed, of the agent when one answered last, else of the bot."""
    draft = _Draft(conversation, at)
    agent = conversation.last_agent if of != "bot" else None
    data: dict[str, Any] = {"score": score, "comment": comment, "rated": "agent" if agent else "bot"}
    if agent:
        data["agent"] = agent.id
    draft.add(Kind.RATING, VISITOR, text=texts.say(conversation.language, "rating_thanks"), data=data)
    return draft.done()


def agent_lost(conversation: Conversation, texts: Texts, *, at: str) -> Decision:
    """The assignee has been away for longer than the grace: back into the queue, first in line.

    Raises:
        InvalidTransition: nobody has the conversation.
    """
    draft = _Draft(conversation, at)
    holder = conversation.assignee
    draft.move(Move.AGENT_LOST)
    draft.add(
        Kind.AGENT_LOST,
        SYSTEM,
        text=texts.say(draft.state.language, "agent_lost"),
        data={"agent": holder.id if holder else ""},
    )
    return draft.done()


def bot_late(conversation: Conversation, texts: Texts, *, at: str) -> Decision | None:
    """The bot has not answered in time: the visitor is told and offered a person; a later answer is dropped.

    Messages whose hub died while it held them back go to the bot first. None when nothing is pending any more.
    """
    if conversation.status is not Status.BOT or not conversation.bot_pending:
        return None
    if conversation.held and not conversation.turn:
        return let_go(conversation, at=at)
    draft = _Draft(conversation, at)
    _say_late(draft, texts, conversation.bot_pending[-1])
    return draft.done()


def _say_late(draft: _Draft, texts: Texts, of: int) -> None:
    """``of`` is the visitor's latest message, whose words :attr:`Conversation.last_text` holds."""
    language = draft.state.language
    draft.let_all_go()
    draft.state = changed(draft.state, late={"of": of, "text": draft.state.last_text})
    buttons = draft.offer([(texts.say(language, "button_person"), HANDOFF_BUTTON)])
    draft.add(Kind.MESSAGE, SYSTEM, text=texts.say(language, "bot_late"), buttons=buttons, data={"cause": "bot_late"})


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
    draft = _Draft(conversation, at)
    answered = not stale and outcome.failure is None and bool(outcome.replies)
    if outcome.nlu is not None:
        _note_understanding(draft, outcome, answered)
    if stale:
        _mend(draft, texts, outcome, waits)
        return draft.done() if draft.entries or draft.inbox else None
    done = draft.state.turn if outcome.of in draft.state.turn else (outcome.of,)
    left = tuple(seq for seq in draft.state.bot_pending if seq not in done)
    draft.state = changed(draft.state, bot_pending=left, turn=() if done == draft.state.turn else draft.state.turn)
    if outcome.language is not None and outcome.language != draft.state.language:
        draft.state = changed(draft.state, language=outcome.language)
        draft.add(Kind.LANGUAGE, BOT, language=outcome.language)
    if outcome.replies:
        draft.introduce_bot(texts)
        draft.state = changed(draft.state, late=None)
    _say(draft, outcome, first, additions)
    if outcome.handoff is not None:
        _queue(draft, texts, outcome.handoff, BOT, waits, None)
    elif outcome.failure is not None and fallback.reasons:
        _queue(draft, texts, fallback, SYSTEM, waits, "bot_failed_queued")
        draft.pause_bot()
    elif outcome.failure is not None or not outcome.replies:
        _say_late(draft, texts, (left or done)[-1])
        if outcome.failure is None:
            # A bot without a word for a live message believes that a person has the conversation.
            draft.resume_bot(())
    return draft.done()


def _say(draft: _Draft, outcome: Outcome, first: Sequence[tuple[str, str]], additions: Sequence[str]) -> None:
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
        draft.add(Kind.MESSAGE, BOT, text=text, buttons=buttons, data={"of": outcome.of})


def _offers_person(reply: Reply) -> bool:
    """Whether this is the offer that follows an answer which was asked for again."""
    return bool(reply.buttons) and all(button.topic == HANDOFF_BUTTON for button in reply.buttons)


def _mend(draft: _Draft, texts: Texts, outcome: Outcome, waits: Waits) -> None:
    """With a wish for a person the bot has paused itself. When the wish comes too late and nobody has the conversation,
    the visitor gets the person all the same; else it would be nobody's, and every later message without an answer."""
    if outcome.handoff is None or draft.state.responder is not Responder.BOT:
        return
    if draft.state.status is Status.BOT:
        _queue(draft, texts, outcome.handoff, BOT, waits, None)
    else:
        draft.resume_bot(())


def _note_understanding(draft: _Draft, outcome: Outcome, answered: bool) -> None:
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
