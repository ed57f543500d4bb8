"""What an agent may send (protocol §4). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handoff.errors import BadRequest
from handoff.events import LANGUAGES
from handoff.wire import codec, desk
from handoff.wire.codec import REQUIRED, Field
from handoff.wire.visitor import FILES_MAX, SEQ_MAX, TOKEN_MAX_CHARS

__all__ = [
    "KINDS",
    "Claim",
    "Frame",
    "Hello",
    "Message",
    "Note",
    "Open",
    "Ping",
    "Presence",
    "Resolve",
    "ReturnToBot",
    "Suggest",
    "Target",
    "Transfer",
    "Typing",
    "Viewing",
    "decode",
]

CURSORS_MAX = 500
"""Conversations one socket can resume at once: far above any agent's capacity."""


@dataclass(frozen=True)
class Hello:
    """The first frame. ``language`` is the agent's interface: reasons are explained in it."""

    token: str
    cursors: Mapping[str, int]
    language: str | None
    id: str | None


@dataclass(frozen=True)
class Presence:
    id: str
    value: str


@dataclass(frozen=True)
class Claim:
    id: str
    conversation: str


@dataclass(frozen=True)
class Open:
    id: str
    conversation: str
    after: int


@dataclass(frozen=True)
class Message:
    """A text, files, or both."""

    id: str
    conversation: str
    text: str | None
    attachments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.text is None and not self.attachments:
            raise BadRequest("text: missing in message")


@dataclass(frozen=True)
class Note:
    id: str
    conversation: str
    text: str


@dataclass(frozen=True)
class Typing:
    conversation: str
    on: bool


@dataclass(frozen=True)
class Viewing:
    """Which conversation stands before the agent's eyes; None for none. Said again every half minute while it holds."""

    conversation: str | None


@dataclass(frozen=True)
class Read:
    """The agent has read everything up to ``of``."""

    conversation: str
    of: int


@dataclass(frozen=True)
class Suggest:
    id: str
    conversation: str


@dataclass(frozen=True)
class Target:
    """Where a transfer goes: exactly one of the three."""

    agent: str | None
    skill: str | None
    supervisor: bool = False


@dataclass(frozen=True)
class Transfer:
    id: str
    conversation: str
    to: Target
    note: str | None


@dataclass(frozen=True)
class ReturnToBot:
    id: str
    conversation: str
    note: str | None


@dataclass(frozen=True)
class Resolve:
    id: str
    conversation: str
    outcome: str | None


@dataclass(frozen=True)
class Ping:
    id: str | None


Frame = (
    Hello
    | Presence
    | Claim
    | Open
    | Message
    | Note
    | Typing
    | Transfer
    | ReturnToBot
    | Resolve
    | Ping
    | desk.DeskFrame
    | Read
    | Suggest
    | Viewing
)


def _target(name: str, value: Any) -> Target:
    if value == {"supervisor": True}:
        return Target(None, None, supervisor=True)
    checked = codec.mapping(codec.choice("agent", "skill"), codec.identifier, most=1)(name, value)
    if not checked:
        raise BadRequest(f"{name}: an agent, a skill or a supervisor is expected")
    return Target(checked.get("agent"), checked.get("skill"))


_ID: Field = (codec.identifier, REQUIRED)
_CONVERSATION: Field = (codec.identifier, REQUIRED)
_COMMENT: Field = (codec.optional(codec.text(empty=True)), None)

FRAMES: Mapping[str, tuple[type[Any], Mapping[str, Field]]] = {
    "hello": (
        Hello,
        {
            "token": (codec.text(TOKEN_MAX_CHARS), REQUIRED),
            "cursors": (codec.mapping(codec.identifier, codec.integer(0, SEQ_MAX), most=CURSORS_MAX), {}),
            "language": (codec.optional(codec.choice(*LANGUAGES)), None),
            "id": (codec.optional(codec.identifier), None),
        },
    ),
    "presence": (Presence, {"id": _ID, "value": (codec.choice("online", "away", "offline"), REQUIRED)}),
    "claim": (Claim, {"id": _ID, "conversation": _CONVERSATION}),
    "open": (Open, {"id": _ID, "conversation": _CONVERSATION, "after": (codec.integer(0, SEQ_MAX), 0)}),
    "message": (
        Message,
        {
            "id": _ID,
            "conversation": _CONVERSATION,
            "text": (codec.optional(codec.text()), None),
            "attachments": (codec.identifiers(FILES_MAX), ()),
        },
    ),
    "note": (Note, {"id": _ID, "conversation": _CONVERSATION, "text": (codec.text(), REQUIRED)}),
    "typing": (Typing, {"conversation": _CONVERSATION, "on": (codec.boolean, REQUIRED)}),
    "viewing": (Viewing, {"conversation": (codec.optional(codec.identifier), None)}),
    "read": (Read, {"conversation": _CONVERSATION, "of": (codec.integer(1, SEQ_MAX), REQUIRED)}),
    "suggest": (Suggest, {"id": _ID, "conversation": _CONVERSATION}),
    "transfer": (
        Transfer,
        {"id": _ID, "conversation": _CONVERSATION, "to": (_target, REQUIRED), "note": _COMMENT},
    ),
    "return_to_bot": (ReturnToBot, {"id": _ID, "conversation": _CONVERSATION, "note": _COMMENT}),
    "resolve": (
        Resolve,
        {"id": _ID, "conversation": _CONVERSATION, "outcome": (codec.optional(codec.text(200, empty=True)), None)},
    ),
    "ping": (Ping, {"id": (codec.optional(codec.identifier), None)}),
    **desk.FRAMES,
}


KINDS: Mapping[type[Any], str] = {
    **{made: kind for kind, (made, _) in FRAMES.items() if isinstance(made, type)},
    desk.Announce: "announce",
}
"""The type of a frame on the wire, by its class."""


def decode(raw: str) -> Frame:
    """The agent's frame in ``raw``.

    Raises:
        Malformed: it is none.
    """
    frame: Frame = codec.decode(raw, FRAMES)
    return frame
