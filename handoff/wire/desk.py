"""What an agent may send besides the conversation itself: offers, call-backs, help, approvals, announcements. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from handoff.callbacks import OUTCOMES
from handoff.clock import stamp
from handoff.errors import BadRequest
from handoff.events import LANGUAGES
from handoff.promises import APPROVALS
from handoff.wire import codec
from handoff.wire.codec import REQUIRED, Field

__all__ = [
    "FRAMES",
    "Accept",
    "Announce",
    "AnnounceEnd",
    "AskHelp",
    "CallbackDone",
    "CallbackMove",
    "CallbackRelease",
    "CallbackTake",
    "Decide",
    "Decline",
    "DeskFrame",
    "Join",
    "Leave",
    "RequestApproval",
    "Snooze",
    "SnoozeEnd",
    "Uncover",
]

ANNOUNCEMENT_MAX_CHARS = 600
"""A notice that fits above a conversation."""

TOPICS_MAX = 100


@dataclass(frozen=True)
class Accept:
    id: str
    conversation: str


@dataclass(frozen=True)
class Decline:
    id: str
    conversation: str


@dataclass(frozen=True)
class CallbackTake:
    id: str
    callback: str


@dataclass(frozen=True)
class CallbackRelease:
    id: str
    callback: str


@dataclass(frozen=True)
class CallbackDone:
    id: str
    callback: str
    outcome: str
    note: str | None


@dataclass(frozen=True)
class CallbackMove:
    id: str
    callback: str
    window: str


@dataclass(frozen=True)
class Snooze:
    id: str
    conversation: str
    until: str
    promise: str | None
    promised: str | None = None


@dataclass(frozen=True)
class SnoozeEnd:
    id: str
    conversation: str


@dataclass(frozen=True)
class AskHelp:
    id: str
    conversation: str
    note: str | None


@dataclass(frozen=True)
class Join:
    id: str
    conversation: str
    seen: bool


@dataclass(frozen=True)
class Leave:
    id: str
    conversation: str


@dataclass(frozen=True)
class RequestApproval:
    id: str
    conversation: str
    kind: str
    text: str
    amount: str | None


@dataclass(frozen=True)
class Decide:
    id: str
    conversation: str
    approval: str
    approved: bool
    note: str | None


@dataclass(frozen=True)
class Announce:
    """``start`` and ``end`` are ``from`` and ``to`` on the wire."""

    id: str
    texts: Mapping[str, str]
    start: str | None
    end: str
    topics: tuple[str, ...]


@dataclass(frozen=True)
class AnnounceEnd:
    id: str
    announcement: str


@dataclass(frozen=True)
class Uncover:
    """The covered numbers of the message ``of``, where the owner keeps them."""

    id: str
    conversation: str
    of: int


DeskFrame = (
    Accept
    | Decline
    | CallbackTake
    | CallbackRelease
    | CallbackDone
    | CallbackMove
    | Snooze
    | SnoozeEnd
    | AskHelp
    | Join
    | Leave
    | RequestApproval
    | Decide
    | Announce
    | AnnounceEnd
    | Uncover
)


def moment(name: str, value: Any) -> str:
    """A time, RFC 3339 with its offset, as the contracts write it."""
    try:
        parsed = datetime.fromisoformat(codec.text(40)(name, value))
    except ValueError:
        raise BadRequest(f"{name}: a time such as 2026-11-21T15:00:00Z is expected") from None
    if parsed.tzinfo is None:
        raise BadRequest(f"{name}: a time with its offset from UTC is expected")
    return stamp(round(parsed.astimezone(UTC).timestamp() * 1000))


def _texts(name: str, value: Any) -> dict[str, str]:
    check = codec.mapping(codec.choice(*LANGUAGES), codec.text(ANNOUNCEMENT_MAX_CHARS), most=len(LANGUAGES))
    texts: dict[str, str] = check(name, value)
    missing = [language for language in LANGUAGES if language not in texts]
    if missing:
        raise BadRequest(f"{name}.{missing[0]}: missing")
    return texts


def _topics(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > TOPICS_MAX:
        raise BadRequest(f"{name}: a list of at most {TOPICS_MAX} topics is expected")
    return tuple(codec.identifier(f"{name}.{index}", item) for index, item in enumerate(value))


def _announce(**fields: Any) -> Announce:
    """``from`` is a word of the language, so no field can be called so."""
    return Announce(fields["id"], fields["texts"], fields["from"], fields["to"], fields["topics"])


_ID: Field = (codec.identifier, REQUIRED)
_NOTE: Field = (codec.optional(codec.text(empty=True)), None)

FRAMES: Mapping[str, tuple[type[Any], Mapping[str, Field]]] = {
    "clear": (Uncover, {"id": _ID, "conversation": _ID, "of": (codec.integer(1, 2**53 - 1), REQUIRED)}),
    "accept": (Accept, {"id": _ID, "conversation": _ID}),
    "decline": (Decline, {"id": _ID, "conversation": _ID}),
    "callback_take": (CallbackTake, {"id": _ID, "callback": _ID}),
    "callback_release": (CallbackRelease, {"id": _ID, "callback": _ID}),
    "callback_done": (
        CallbackDone,
        {"id": _ID, "callback": _ID, "outcome": (codec.choice(*OUTCOMES), REQUIRED), "note": _NOTE},
    ),
    "callback_move": (CallbackMove, {"id": _ID, "callback": _ID, "window": _ID}),
    "snooze": (
        Snooze,
        {
            "id": _ID,
            "conversation": _ID,
            "until": (moment, REQUIRED),
            "promise": _NOTE,
            "promised": (codec.optional(codec.text()), None),
        },
    ),
    "snooze_end": (SnoozeEnd, {"id": _ID, "conversation": _ID}),
    "ask_help": (AskHelp, {"id": _ID, "conversation": _ID, "note": _NOTE}),
    "join": (Join, {"id": _ID, "conversation": _ID, "seen": (codec.boolean, REQUIRED)}),
    "leave": (Leave, {"id": _ID, "conversation": _ID}),
    "request_approval": (
        RequestApproval,
        {
            "id": _ID,
            "conversation": _ID,
            "kind": (codec.choice(*APPROVALS), REQUIRED),
            "text": (codec.text(), REQUIRED),
            "amount": (codec.optional(codec.text(40)), None),
        },
    ),
    "decide": (
        Decide,
        {"id": _ID, "conversation": _ID, "approval": _ID, "approved": (codec.boolean, REQUIRED), "note": _NOTE},
    ),
    "announce": (
        cast("type[Any]", _announce),
        {
            "id": _ID,
            "texts": (_texts, REQUIRED),
            "from": (codec.optional(moment), None),
            "to": (moment, REQUIRED),
            "topics": (_topics, ()),
        },
    ),
    "announce_end": (AnnounceEnd, {"id": _ID, "announcement": _ID}),
}
