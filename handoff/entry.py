"""One entry of a conversation's log: what the contracts call an event. Frozen, and the same for every reader but for
what a visitor may not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from handoff.compact import compact

__all__ = ["Author", "Entry", "Kind", "Role", "for_visitor"]


class Role(str, Enum):
    VISITOR = "visitor"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


class Kind(str, Enum):
    MESSAGE = "message"
    HANDOFF = "handoff"
    ASSIGNED = "assigned"
    AGENT_LOST = "agent_lost"
    TRANSFERRED = "transferred"
    RETURNED_TO_BOT = "returned_to_bot"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    LANGUAGE = "language"
    RATING = "rating"
    CALLBACK = "callback"
    AGREED = "agreed"
    """The visitor has ticked the owner's box before the first message."""
    NOTICE = "notice"
    """That a bot answers: before its first message, and again after a person."""
    APPROVAL = "approval"
    NOTE = "note"
    NLU = "nlu"
    EDITED = "edited"
    """The visitor changed an earlier message (``of``); ``text`` is the new one."""
    UNSENT = "unsent"
    """The visitor took an earlier message back (``of``): its text is not to be shown any more."""
    REACTION = "reaction"
    """The visitor reacted to a message (``of``) with ``emoji``, or took that back (``on`` is false)."""
    DELIVERED = "delivered"
    """Everything up to ``of`` is on the visitor's device."""
    READ = "read"
    """The visitor has seen everything up to ``of``."""
    CHANNEL = "channel"
    """The channel could not do something, or has moved the conversation: ``code``, and ``of`` where it is about one
    entry. In words at the agent's socket."""


AGENTS_ONLY = frozenset(
    {Kind.NOTE, Kind.NLU, Kind.APPROVAL}
    | {Kind.EDITED, Kind.UNSENT, Kind.REACTION, Kind.DELIVERED, Kind.READ, Kind.CHANNEL}
)
"""Kinds that a visitor sees only as a number."""

AGENTS_FIELDS = frozenset({"reasons", "note", "priority", "skill", "cause", "why"})
"""Fields of ``data`` that a visitor never sees."""


@dataclass(frozen=True)
class Author:
    role: Role
    id: str = ""
    name: str = ""


@dataclass(frozen=True)
class Entry:
    """An event with its number. ``data`` has the fields that only its kind has (``of``, ``topic``, ``reasons``, …)."""

    seq: int
    at: str
    kind: Kind
    author: Author
    text: str | None = None
    language: str | None = None
    buttons: Sequence[Mapping[str, str]] = ()
    client_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_for_visitor(self) -> bool:
        """Whether it is news to the visitor: said by somebody else, and not for agents alone."""
        return self.author.role is not Role.VISITOR and self.kind not in AGENTS_ONLY

    def for_agent(self) -> dict[str, Any]:
        """The event as agents and transcripts see it."""
        event: dict[str, Any] = {
            "seq": self.seq,
            "at": self.at,
            "kind": self.kind.value,
            "author": {"role": self.author.role.value, "id": self.author.id, "name": self.author.name},
        }
        if self.text is not None:
            event["text"] = self.text
        if self.language is not None:
            event["language"] = self.language
        if self.buttons:
            event["buttons"] = [dict(button) for button in self.buttons]
        if self.client_id is not None:
            event["client_id"] = self.client_id
        event.update(self.data)
        return event

    def to_json(self) -> str:
        return compact(self.for_agent())


_AGENTS_ONLY = frozenset(kind.value for kind in AGENTS_ONLY)


def for_visitor(event: Mapping[str, Any]) -> dict[str, Any]:
    """What a visitor sees of an event: the number alone where the event is for agents only (I3, I9)."""
    if event["kind"] in _AGENTS_ONLY:
        return {"seq": event["seq"], "kind": "hidden"}
    return {name: value for name, value in event.items() if name not in AGENTS_FIELDS}
