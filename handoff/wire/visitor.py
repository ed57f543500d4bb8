"""What a visitor may send (protocol §3). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handoff.errors import BadRequest
from handoff.events import LANGUAGES
from handoff.wire import codec
from handoff.wire.codec import REQUIRED, Field

__all__ = [
    "KINDS",
    "Agree",
    "Callback",
    "CallbackCancel",
    "CancelHandoff",
    "Consent",
    "EmailTranscript",
    "End",
    "Erase",
    "Export",
    "Frame",
    "Hello",
    "Language",
    "Message",
    "Ping",
    "Rating",
    "RequestHandoff",
    "Transcript",
    "Typing",
    "decode",
]


@dataclass(frozen=True)
class Hello:
    """The first frame. ``language`` is None when the hint names none that is spoken here."""

    token: str | None
    after: int
    language: str | None
    page: str | None
    id: str | None


@dataclass(frozen=True)
class Message:
    """A text, files with or without a text, or the id of a button that was offered."""

    id: str
    text: str | None
    button: str | None
    attachments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.button is not None and (self.text is not None or self.attachments):
            raise BadRequest("text: a message has a text or a button")
        if self.button is None and self.text is None and not self.attachments:
            raise BadRequest("text: a message has a text or a button")


@dataclass(frozen=True)
class Typing:
    on: bool


@dataclass(frozen=True)
class RequestHandoff:
    id: str


@dataclass(frozen=True)
class CancelHandoff:
    id: str


@dataclass(frozen=True)
class Language:
    id: str
    value: str


@dataclass(frozen=True)
class Rating:
    """``of`` names who is rated; without it the agent is, when one answered last, else the bot."""

    id: str
    score: int
    comment: str | None
    of: str | None = None


@dataclass(frozen=True)
class Callback:
    """A wish to be called in a window, or answered by e-mail: a phone with a window, or an e-mail address."""

    id: str
    phone: str | None
    email: str | None
    name: str | None
    window: str | None

    def __post_init__(self) -> None:
        if (self.phone is None) == (self.email is None):
            raise BadRequest("phone: a phone number or an e-mail address is expected", field="phone")
        if self.phone is not None and self.window is None:
            raise BadRequest("window: missing in callback", field="window")


@dataclass(frozen=True)
class CallbackCancel:
    """No call or e-mail is needed any more."""

    id: str


@dataclass(frozen=True)
class Agree:
    """The visitor has ticked the owner's box."""

    id: str


@dataclass(frozen=True)
class Consent:
    """Another language will do."""

    id: str
    language: str


@dataclass(frozen=True)
class EmailTranscript:
    """The conversation shall be sent to an address."""

    id: str
    email: str


@dataclass(frozen=True)
class Transcript:
    id: str


@dataclass(frozen=True)
class End:
    id: str


@dataclass(frozen=True)
class Export:
    """The visitor's own data, as a file."""

    id: str


@dataclass(frozen=True)
class Erase:
    """Everything of this conversation shall be gone."""

    id: str


@dataclass(frozen=True)
class Ping:
    id: str | None


Frame = (
    Hello
    | Message
    | Typing
    | RequestHandoff
    | CancelHandoff
    | Agree
    | Callback
    | CallbackCancel
    | Consent
    | Language
    | Rating
    | EmailTranscript
    | Transcript
    | End
    | Export
    | Erase
    | Ping
)

SEQ_MAX = 2**53 - 1
"""The largest number that every JSON reader keeps exactly."""

TOKEN_MAX_CHARS = 512

FILES_MAX = 10
"""Files of one message."""

_ID: Field = (codec.identifier, REQUIRED)

FRAMES: Mapping[str, tuple[type[Any], Mapping[str, Field]]] = {
    "hello": (
        Hello,
        {
            "token": (codec.optional(codec.text(TOKEN_MAX_CHARS)), None),
            "after": (codec.integer(0, SEQ_MAX), 0),
            "language": (codec.optional(codec.language_hint), None),
            "page": (codec.optional(codec.text(2048, empty=True)), None),
            "id": (codec.optional(codec.identifier), None),
        },
    ),
    "message": (
        Message,
        {
            "id": _ID,
            "text": (codec.text(), None),
            "button": (codec.identifier, None),
            "attachments": (codec.identifiers(FILES_MAX), ()),
        },
    ),
    "typing": (Typing, {"on": (codec.boolean, REQUIRED)}),
    "request_handoff": (RequestHandoff, {"id": _ID}),
    "cancel_handoff": (CancelHandoff, {"id": _ID}),
    "language": (Language, {"id": _ID, "value": (codec.choice(*LANGUAGES), REQUIRED)}),
    "rating": (
        Rating,
        {
            "id": _ID,
            "score": (codec.integer(1, 5), REQUIRED),
            "comment": (codec.optional(codec.text(empty=True)), None),
            "of": (codec.optional(codec.choice("agent", "bot")), None),
        },
    ),
    "callback": (
        Callback,
        {
            "id": _ID,
            "phone": (codec.optional(codec.text(40)), None),
            "email": (codec.optional(codec.text(254)), None),
            "name": (codec.optional(codec.text(200, empty=True)), None),
            "window": (codec.optional(codec.identifier), None),
        },
    ),
    "callback_cancel": (CallbackCancel, {"id": _ID}),
    "agree": (Agree, {"id": _ID}),
    "consent": (Consent, {"id": _ID, "language": (codec.choice(*LANGUAGES), REQUIRED)}),
    "email_transcript": (EmailTranscript, {"id": _ID, "email": (codec.text(254), REQUIRED)}),
    "transcript": (Transcript, {"id": _ID}),
    "end": (End, {"id": _ID}),
    "export": (Export, {"id": _ID}),
    "erase": (Erase, {"id": _ID}),
    "ping": (Ping, {"id": (codec.optional(codec.identifier), None)}),
}


KINDS: Mapping[type[Any], str] = {made: kind for kind, (made, _) in FRAMES.items()}
"""The type of a frame on the wire, by its class."""


def decode(raw: str) -> Frame:
    """The visitor's frame in ``raw``.

    Raises:
        Malformed: it is none.
    """
    frame: Frame = codec.decode(raw, FRAMES)
    return frame
