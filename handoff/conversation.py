"""The state of one conversation, and the one function that changes its status.

Pure: no clock, no Redis, no sockets. Times come in as RFC 3339 strings in UTC (:func:`handoff.clock.stamp`), ids as
arguments. :mod:`handoff.decisions` says which entries and effects a request has; this module only knows what may follow
what.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from handoff.compact import compact
from handoff.errors import InvalidTransition, Unreadable
from handoff.events import PRIORITIES

__all__ = [
    "HAD_BY_MAX",
    "PRIORITIES",
    "TABLE",
    "Assignee",
    "Conversation",
    "Move",
    "Responder",
    "Status",
    "changed",
    "move",
]


HAD_BY_MAX = 50
"""Agents remembered of one conversation, the latest: it travels with every write, and hardly any has had three."""


class Status(str, Enum):
    BOT = "bot"
    """The bot answers."""
    QUEUED = "queued"
    """A person is needed and none has taken it yet; the bot is silent."""
    ASSIGNED = "assigned"
    """One agent has it."""
    RESOLVED = "resolved"
    """Closed; the visitor's next message opens it again."""


class Responder(str, Enum):
    BOT = "bot"
    AGENT = "agent"


class Move(str, Enum):
    """What can happen to a status. The values are the events of the state table."""

    HANDOFF_REQUESTED = "handoff.requested"
    CLAIMED = "offer.accepted"
    AGENT_LOST = "agent.lost"
    RETURNED_TO_BOT = "agent.returned_to_bot"
    TRANSFERRED = "transfer"
    CANCELLED = "visitor.cancelled"
    RESOLVED = "resolved"
    VISITOR_WROTE = "visitor.message"


TABLE: Mapping[tuple[Status, Move], Status] = {
    (Status.BOT, Move.HANDOFF_REQUESTED): Status.QUEUED,
    (Status.BOT, Move.CLAIMED): Status.ASSIGNED,
    (Status.BOT, Move.RESOLVED): Status.RESOLVED,
    (Status.BOT, Move.VISITOR_WROTE): Status.BOT,
    (Status.QUEUED, Move.HANDOFF_REQUESTED): Status.QUEUED,
    (Status.QUEUED, Move.CLAIMED): Status.ASSIGNED,
    (Status.QUEUED, Move.TRANSFERRED): Status.QUEUED,
    (Status.QUEUED, Move.CANCELLED): Status.BOT,
    (Status.QUEUED, Move.RESOLVED): Status.RESOLVED,
    (Status.QUEUED, Move.VISITOR_WROTE): Status.QUEUED,
    (Status.ASSIGNED, Move.AGENT_LOST): Status.QUEUED,
    (Status.ASSIGNED, Move.RETURNED_TO_BOT): Status.BOT,
    (Status.ASSIGNED, Move.TRANSFERRED): Status.QUEUED,
    (Status.ASSIGNED, Move.RESOLVED): Status.RESOLVED,
    (Status.ASSIGNED, Move.VISITOR_WROTE): Status.ASSIGNED,
    (Status.RESOLVED, Move.HANDOFF_REQUESTED): Status.QUEUED,
    (Status.RESOLVED, Move.RESOLVED): Status.RESOLVED,
    (Status.RESOLVED, Move.VISITOR_WROTE): Status.BOT,
}
"""The state table. A pair that is missing is an :class:`~handoff.errors.InvalidTransition`.

A transfer to one agent is ``TRANSFERRED`` with an assignee, see :func:`move`.
"""


@dataclass(frozen=True)
class Assignee:
    """The agent who has a conversation; ``name`` is what the visitor sees. It gets no further field: hubs of an older
    version would not read it. What is new goes beside it into the conversation."""

    id: str
    name: str


@dataclass(frozen=True)
class Conversation:
    """Everything about a conversation but its log.

    ``version`` counts writes (compare-and-set), ``last`` is the highest sequence number in the log, ``bot_pending`` the
    numbers of messages that the bot owes an answer, oldest first; an answer to any other number is dropped. Of these
    ``turn`` are with the bot, read as one, and ``held`` wait for more or for the bot (``seq``, ``text``, ``topic``,
    ``at`` in milliseconds). ``introduced`` is who the visitor was last told to be talking to: ``bot``, ``agent``, or
    nobody yet.
    ``human_from`` is the first number of the human stretch, 0 outside one. ``masked`` counts the personal numbers that
    were covered on arrival, ``noticed_at`` is when the visitor was last told in a message that a bot answers.
    ``agreed_at`` is when the visitor ticked the owner's box, ``language_of`` the number at which the visitor last chose
    a language, 0 for never.
    ``waiting_since`` is when a person was first waited for, which decides the place in the queue; ``queued_at`` is when
    this wait began, after a transfer or the loss of an agent.
    ``served_by`` is the agent who had it last, until ``served_at``, ``passed_by`` are those who have passed it on since
    it waits, and are asked last, ``put_off`` is whether its agent has put it off since having it, ``had_by`` everybody
    who has or had it, and sees it from then on;
    ``consents`` are languages that the visitor will do with, ``callback`` a call or e-mail that was promised, ``late``
    the message (``of``, ``text``) that the bot has left without an answer, until it gives one or a person has it,
    ``snooze`` when its agent comes back to it (``until``), what the visitor was promised by then
    (``promise``, or None) and whether they have written since (``waits``), ``helpers`` supervisors who have stepped in,
    ``announced`` the announcements that were told in it.
    ``beyond`` are fields of a newer version, which this one does not know and keeps as they are: hubs of two versions
    stand side by side while they are updated, and an operator may step back.
    """

    id: str
    version: int = 0
    last: int = 0
    status: Status = Status.BOT
    language: str = "fi"
    language_of: int = 0
    channel: str = "web"
    created_at: str = ""
    updated_at: str = ""
    assignee: Assignee | None = None
    assigned_at: str | None = None
    requested_at: str | None = None
    waiting_since: str | None = None
    queued_at: str | None = None
    lost: bool = False
    priority: str = "normal"
    skill: str = "general"
    reasons: tuple[Mapping[str, Any], ...] = ()
    topics: tuple[Mapping[str, Any], ...] = ()
    failed_turns: int = 0
    entities: Mapping[str, Any] = field(default_factory=dict)
    slots: Mapping[str, Any] = field(default_factory=dict)
    visitor_name: str | None = None
    page: str | None = None
    last_text: str = ""
    bot_pending: tuple[int, ...] = ()
    turn: tuple[int, ...] = ()
    held: tuple[Mapping[str, Any], ...] = ()
    introduced: str = ""
    human_from: int = 0
    last_agent: Assignee | None = None
    outcome: str | None = None
    masked: int = 0
    served_by: str | None = None
    served_at: str | None = None
    passed_by: tuple[str, ...] = ()
    put_off: bool = False
    had_by: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    callback: Mapping[str, Any] | None = None
    snooze: Mapping[str, Any] | None = None
    helpers: tuple[str, ...] = ()
    approvals: tuple[Mapping[str, Any], ...] = ()
    announced: tuple[str, ...] = ()
    noticed_at: str | None = None
    agreed_at: str | None = None
    late: Mapping[str, Any] | None = None
    beyond: Mapping[str, Any] = field(default_factory=dict)

    @property
    def responder(self) -> Responder:
        """Who may speak to the visitor (I4)."""
        return Responder.AGENT if self.status in (Status.QUEUED, Status.ASSIGNED) else Responder.BOT

    @property
    def queued_since(self) -> str | None:
        """Since when it waits this time, None when it does not; a state of before that was kept knows the first."""
        return (self.queued_at or self.waiting_since) if self.status is Status.QUEUED else None

    def is_with(self, agent: str) -> bool:
        """Whether the visitor knows that this agent is there: the assignee, or a supervisor who has stepped in."""
        return (self.assignee is not None and self.assignee.id == agent) or agent in self.helpers

    def to_json(self) -> str:
        """The state as compact JSON; :meth:`from_json` reads it."""
        kept = dict(self.__dict__)
        kept.update(kept.pop("beyond"))
        return compact(kept)

    @classmethod
    def from_json(cls, text: str | bytes) -> Conversation:
        """Read what :meth:`to_json` wrote, in this version or another.

        Raises:
            Unreadable: it is no state, or one that this version cannot take for what it is.
        """
        try:
            return cls._of(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unreadable(f"{type(error).__name__}: {error}") from error

    @classmethod
    def _of(cls, raw: dict[str, Any]) -> Conversation:
        raw["status"] = Status(raw["status"])
        for name in ("assignee", "last_agent"):
            if raw.get(name) is not None:
                raw[name] = Assignee(**raw[name])
        for name in (
            "reasons",
            "topics",
            "bot_pending",
            "turn",
            "held",
            "passed_by",
            "had_by",
            "consents",
            "helpers",
            "approvals",
            "announced",
        ):
            raw[name] = tuple(raw.get(name) or ())
        beyond = {name: raw.pop(name) for name in raw.keys() - _OWN}
        return cls(**raw, beyond=beyond)


_OWN = frozenset(Conversation.__dataclass_fields__) - {"beyond"}
"""Names of the fields that are kept."""


if TYPE_CHECKING:
    from dataclasses import replace as changed  # so that names and types of the fields are checked
else:

    def changed(conversation: Conversation, **fields: Any) -> Conversation:
        """The conversation with other values in some fields, as :func:`dataclasses.replace` makes it in ten times the
        time: it goes through all forty fields, and a message has half a dozen changes."""
        if not fields.keys() <= conversation.__dict__.keys():
            raise TypeError(f"no such fields: {sorted(fields.keys() - conversation.__dict__.keys())}")
        made = object.__new__(Conversation)
        made.__dict__.update(conversation.__dict__, **fields)
        return made


def move(conversation: Conversation, what: Move, *, at: str, assignee: Assignee | None = None) -> Conversation:
    """The conversation after ``what``. Nothing else assigns ``status``, ``assignee`` or ``waiting_since``.

    Args:
        at: when, RFC 3339 in UTC.
        assignee: who takes it; required for ``CLAIMED``, and for ``TRANSFERRED`` to one agent.

    Raises:
        InvalidTransition: the state table has no such move; the field ``assignee`` names who has the conversation.
    """
    holder = {"id": conversation.assignee.id, "name": conversation.assignee.name} if conversation.assignee else None
    try:
        status = TABLE[conversation.status, what]
    except KeyError:
        raise InvalidTransition(status=conversation.status.value, move=what.value, assignee=holder) from None
    if what is Move.TRANSFERRED and assignee is not None:
        status = Status.ASSIGNED
    if conversation.assignee is not None and (status is not Status.ASSIGNED or assignee is not None):
        snooze = _owed(conversation.snooze)
        conversation = changed(
            conversation, served_by=conversation.assignee.id, served_at=at, snooze=snooze, helpers=()
        )
    if what is Move.VISITOR_WROTE and conversation.snooze is not None:
        conversation = changed(conversation, snooze={**conversation.snooze, "waits": True})
    if status is Status.ASSIGNED:
        taken = assignee or conversation.assignee
        if taken is None:
            raise InvalidTransition(status=conversation.status.value, move=what.value, assignee=None)
        return changed(
            conversation,
            status=status,
            assignee=taken,
            last_agent=taken,
            had_by=_with(conversation.had_by, taken.id),
            assigned_at=conversation.assigned_at if taken == conversation.assignee else at,
            waiting_since=conversation.waiting_since or at,
            queued_at=None,
            passed_by=(),
            put_off=conversation.put_off and taken == conversation.assignee,
            lost=False,
            introduced="agent",
        )
    if status is Status.QUEUED:
        fresh = conversation.status in (Status.BOT, Status.RESOLVED)
        return changed(
            conversation,
            status=status,
            assignee=None,
            assigned_at=None,
            requested_at=at if fresh else conversation.requested_at,
            waiting_since=at if fresh else conversation.waiting_since or at,
            queued_at=conversation.queued_since or at,
            put_off=False,
            lost=conversation.lost or what is Move.AGENT_LOST,
        )
    return changed(
        conversation,
        status=status,
        assignee=None,
        assigned_at=None,
        waiting_since=None,
        queued_at=None,
        passed_by=(),
        put_off=False,
        requested_at=conversation.requested_at if status is conversation.status else None,
        lost=False,
        snooze=None,
    )


def _owed(snooze: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What stays when its agent goes: a promise is the house's, a reminder without one was the agent's own."""
    return snooze if snooze is not None and snooze["promise"] is not None else None


def _with(had_by: tuple[str, ...], agent: str) -> tuple[str, ...]:
    return (*(one for one in had_by if one != agent), agent)[-HAD_BY_MAX:]
