"""A decision while it is made: the new state, the entries of the log, and what the bot is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from handoff.clock import parse_ms
from handoff.conversation import Assignee, Conversation, Move, Responder, Status, changed, move
from handoff.entry import Author, Entry, Kind, Role
from handoff.errors import Forbidden
from handoff.events import Inbound, InboundKind, Line, Part
from handoff.owner.texts import Texts
from handoff.pause import AT_ONCE, Pause, batch

__all__ = [
    "BOT",
    "HANDOFF_BUTTON",
    "LAST_TEXT_CHARS",
    "SYSTEM",
    "VISITOR",
    "Decision",
    "Draft",
    "Room",
    "author_of",
    "must_have",
]

HANDOFF_BUTTON = "handoff"
"""The topic of a button that asks for a person."""

LAST_TEXT_CHARS = 140
"""What a queue entry shows of the visitor's last message."""

NOTICE_AGAIN_MS = 24 * 3600 * 1000
"""After so long people may have forgotten that a bot answers."""

SYSTEM = Author(Role.SYSTEM)
BOT = Author(Role.BOT)
VISITOR = Author(Role.VISITOR)


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
    alerts: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    """Alerts that this raises, by id; None for one that it ends."""


class Draft:
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

    def visitor_writes(self, texts: Texts) -> None:
        """The visitor turns to the service, which opens a resolved conversation again."""
        if self.state.status is Status.RESOLVED:
            self.add(Kind.REOPENED, SYSTEM, data={"cause": texts.say(self.state.language, "reopened")})
            self.state = changed(self.state, last_agent=None, reasons=(), priority="normal", skill="general")
        self.move(Move.VISITOR_WROTE)

    def add_message(self, text: str, client_id: str | None, *, shown: str | None = None, **fields: Any) -> Entry:
        """What the visitor has said; ``shown`` is the same for lists, where it is not the text."""
        entry = self.add(Kind.MESSAGE, VISITOR, text=text, client_id=client_id, **fields)
        self.state = changed(self.state, last_text=(text if shown is None else shown)[:LAST_TEXT_CHARS])
        return entry

    def count_masked(self, masked: int) -> dict[str, int]:
        """Count numbers that were covered in a text; what the ``ack`` says of it."""
        self.state = changed(self.state, masked=self.state.masked + masked)
        return {"masked": masked} if masked else {}

    def explain_masked(self, texts: Texts, masked: int, of: int) -> dict[str, int]:
        """As :meth:`count_masked`, for message ``of`` of the visitor, who is told why."""
        if masked:
            why = texts.say(self.state.language, "masked")
            self.add(Kind.MESSAGE, SYSTEM, text=why, data={"cause": "masked", "of": of})
        return self.count_masked(masked)

    def offer(self, buttons: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
        """Buttons for the next entry from (title, topic) pairs; their ids are good in this conversation alone."""
        shown = []
        for index, (title, topic) in enumerate(buttons):
            button = f"{self.state.last + 1}.{index}"
            self.buttons[button] = {"title": title, "topic": topic}
            shown.append({"title": title, "id": button})
        return shown

    def offer_person(self, texts: Texts, key: str, **data: Any) -> None:
        """Tell the visitor something, with a button that asks for a person."""
        language = self.state.language
        buttons = self.offer([(texts.say(language, "button_person"), HANDOFF_BUTTON)])
        self.add(Kind.MESSAGE, SYSTEM, text=texts.say(language, key), buttons=buttons, data=data)

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
        state = self.state
        after = changed(
            state,
            put_off=state.put_off or (state.assignee is not None and state.snooze is not None),
            version=self.before.version + 1,
            created_at=self.before.created_at or self.at,
            updated_at=self.at,
        )
        return Decision(self.before, after, tuple(self.entries), tuple(self.inbox), self.buttons, answer)


def author_of(agent: Assignee) -> Author:
    """The agent, as the author of an entry."""
    return Author(Role.AGENT, agent.id, agent.name)


def must_have(conversation: Conversation, agent: Assignee, *, supervisor: bool = False) -> None:
    """Refuse an agent who does not have the conversation; with ``supervisor`` only where nobody has it.

    Raises:
        Forbidden: so it is; the field ``assignee`` names who has it.
    """
    holder = conversation.assignee
    if conversation.status is not Status.ASSIGNED or holder is None or (holder.id != agent.id and not supervisor):
        name = {"id": holder.id, "name": holder.name} if holder else None
        raise Forbidden("Only the agent who has the conversation may do this.", assignee=name)
