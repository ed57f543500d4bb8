"""The one bridge between hub and bot: what travels on the two Redis streams.

``bot:inbox`` carries :class:`Inbound` from the hub to Rasa, ``bot:events`` :class:`Outcome` from Rasa to the hub.
Each entry has one field, ``data``, with the JSON of :func:`encode`; the two decoders refuse anything else. Both
environments (Python 3.10 and newer) import this module, so it needs the standard library alone.

Version 1. A reader refuses a version it does not know: better a message that waits than one misread.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from typing import Any

__all__ = [
    "LANGUAGES",
    "PRIORITIES",
    "VERSION",
    "BadEnvelope",
    "Button",
    "Failure",
    "HandoffRequest",
    "Inbound",
    "InboundKind",
    "Keys",
    "Line",
    "Outcome",
    "Part",
    "Reply",
    "decode_inbound",
    "decode_outcome",
    "encode",
]

VERSION = 1
LANGUAGES = ("fi", "da", "en")
"""The languages Silta speaks; the first is used when nothing else is known."""
TENANT = re.compile(r"[a-z0-9-]{1,40}")
"""Names of tenants: what is safe between the braces of a hash tag."""
PRIORITIES = ("urgent", "high", "normal")
"""Of a handoff, from first to last in the queue."""


class BadEnvelope(ValueError):
    """A stream entry that is no valid envelope; ``what`` names the field."""

    code = "envelope.bad"

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"{self.code}: {self.what}"


class Keys:
    """Names of the Redis keys that hub and bot share.

    All carry the tenant's hash tag, ``{silta}`` by default, so that a Redis Cluster holds one tenant in one slot.
    ``SILTA_TENANT`` names another: several houses then share one Redis, and a cluster spreads them.

    Raises:
        ValueError: the name would not do as a tag.
    """

    def __init__(self, tenant: str | None = None) -> None:
        tenant = tenant or os.environ.get("SILTA_TENANT", "").strip() or "silta"
        if not TENANT.fullmatch(tenant):
            raise ValueError(f"SILTA_TENANT is {tenant!r}: 1 to 40 of a-z, 0-9 and - are needed")
        self.prefix = "{" + tenant + "}:"
        self.inbox = self.prefix + "bot:inbox"
        self.events = self.prefix + "bot:events"

    GROUP = "rasa"
    """Consumer group of the Rasa processes on ``bot:inbox``."""
    HUB_GROUP = "hub"
    """Consumer group of the hubs on ``bot:events``."""

    def busy(self, conversation: str) -> str:
        """String: stream id of the conversation's one entry on the inbox; absent when there is none."""
        return f"{self.prefix}bot:busy:{conversation}"

    def wait(self, conversation: str) -> str:
        """List: JSON of inbound messages that wait behind the one on the inbox."""
        return f"{self.prefix}bot:wait:{conversation}"

    def tracker(self, conversation: str) -> str:
        """List: JSON of the Rasa tracker's events."""
        return f"{self.prefix}tracker:{conversation}"

    def checkpoint(self, conversation: str) -> str:
        """String: JSON of the tracker's state at a position, so that a load reads only what follows."""
        return f"{self.prefix}tracker:{conversation}:checkpoint"

    def alive(self, process: str) -> str:
        """String with a time to live: a Rasa process that reads the inbox."""
        return f"{self.prefix}bot:alive:{process}"


class InboundKind(str, Enum):
    MESSAGE = "message"
    """A visitor wrote or pressed a button: run a turn."""
    RESUME = "resume"
    """The conversation came back from a person: write ``history`` into the tracker, resume, answer nothing."""
    PAUSE = "pause"
    """A person took the conversation without the bot's asking: pause the tracker, answer nothing."""


class Failure(str, Enum):
    """Why a turn gave no proper answer."""

    POISON = "poison"
    """The message could not be handled after several attempts."""
    ACTION = "action"
    """The action server was down or raised."""


@dataclass(frozen=True)
class Line:
    """One line of the human stretch, for the tracker."""

    role: str  # "visitor" or "agent"
    text: str
    at: float = 0.0  # seconds since the epoch


@dataclass(frozen=True)
class Part:
    """One of several messages that are read as one: its number in the log, and its text."""

    of: int
    text: str


@dataclass(frozen=True)
class Inbound:
    """What the hub asks of the bot. ``message_id`` is the key of idempotence; ``of`` the log's sequence number, the
    last one where several messages are read as one."""

    conversation: str
    message_id: str
    of: int
    kind: InboundKind = InboundKind.MESSAGE
    text: str = ""
    topic: str | None = None
    """The topic of a button that was offered (``faq/track_order``); typed text never sets it."""
    language: str = "fi"
    """The conversation's language so far: a hint, the message's own language wins."""
    channel: str = "web"
    at: float = 0.0
    history: tuple[Line, ...] = ()
    parts: tuple[Part, ...] = ()
    """The messages that ``text`` joins, a line each; empty when it is one."""
    v: int = VERSION


@dataclass(frozen=True)
class Button:
    title: str
    topic: str
    """What comes back as :attr:`Inbound.topic` when it is pressed; ``handoff`` asks for a person."""


@dataclass(frozen=True)
class Reply:
    text: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class HandoffRequest:
    """The bot's wish for a person. ``reasons`` as in the handoff packet, less explanations."""

    reasons: tuple[Mapping[str, Any], ...]
    priority: str = "normal"
    skill: str = "general"


@dataclass(frozen=True)
class Outcome:
    """What one turn of the bot brought. ``nlu`` is None for kinds other than a message.

    ``nlu`` has the keys ``topic``, ``confidence``, ``runners_up`` (pairs), ``decision``, ``language``, ``entities``
    and ``emotion``.
    """

    conversation: str
    message_id: str
    of: int
    kind: InboundKind = InboundKind.MESSAGE
    language: str | None = None
    replies: tuple[Reply, ...] = ()
    nlu: Mapping[str, Any] | None = None
    handoff: HandoffRequest | None = None
    failure: Failure | None = None
    failed_action: str | None = None
    slots: Mapping[str, Any] = field(default_factory=dict)
    at: float = 0.0
    v: int = VERSION


def encode(envelope: Inbound | Outcome) -> str:
    """The compact JSON of an envelope."""
    return json.dumps(asdict(envelope), ensure_ascii=False, separators=(",", ":"))


def _load(text: str | bytes, known: type[Any]) -> dict[str, Any]:
    try:
        plain = text.decode("utf-8") if isinstance(text, bytes) else text
        raw = json.loads(plain)
        if "\\ud" in plain.lower():
            # An escape for half a character: read without complaint, and then it can be written nowhere.
            json.dumps(raw, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise BadEnvelope("not JSON") from error
    if not isinstance(raw, dict):
        raise BadEnvelope("not an object")
    if raw.get("v") != VERSION:
        raise BadEnvelope(f"version {raw.get('v')!r}, this reader knows {VERSION}")
    names = {f.name for f in fields(known)}
    unknown = sorted(set(raw) - names)
    if unknown:
        raise BadEnvelope(f"unknown field {unknown[0]!r}")
    for name, wanted in (("conversation", str), ("message_id", str), ("of", int)):
        if not isinstance(raw.get(name), wanted) or isinstance(raw.get(name), bool):
            raise BadEnvelope(name)
    try:
        raw["kind"] = InboundKind(raw.get("kind", "message"))
    except ValueError as error:
        raise BadEnvelope("kind") from error
    return raw


def _objects(raw: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
        raise BadEnvelope(name)
    return raw


def decode_inbound(text: str | bytes) -> Inbound:
    """Read an inbox entry.

    Raises:
        BadEnvelope: it is not one.
    """
    raw = _load(text, Inbound)
    for name in ("text", "language", "channel"):
        if not isinstance(raw.get(name, ""), str):
            raise BadEnvelope(name)
    if not isinstance(raw.get("topic"), (str, type(None))):
        raise BadEnvelope("topic")
    try:
        raw["history"] = tuple(Line(**line) for line in _objects(raw.get("history", []), "history"))
    except TypeError as error:
        raise BadEnvelope("history") from error
    raw["parts"] = _parts(raw.get("parts", []))
    return Inbound(**raw)


def _parts(raw: Any) -> tuple[Part, ...]:
    try:
        parts = tuple(Part(**part) for part in _objects(raw, "parts"))
    except TypeError as error:
        raise BadEnvelope("parts") from error
    if not all(isinstance(part.of, int) and isinstance(part.text, str) for part in parts):
        raise BadEnvelope("parts")
    return parts


def _reply(raw: dict[str, Any]) -> Reply:
    try:
        buttons = tuple(Button(**button) for button in _objects(raw.get("buttons", []), "buttons"))
    except TypeError as error:
        raise BadEnvelope("replies") from error
    words = [raw.get("text"), *(word for button in buttons for word in (button.title, button.topic))]
    if not all(isinstance(word, str) for word in words):
        raise BadEnvelope("replies")
    return Reply(raw["text"], buttons)


def _wish(raw: Any) -> HandoffRequest:
    if not isinstance(raw, dict) or "reasons" not in raw:
        raise BadEnvelope("handoff")
    try:
        wish = HandoffRequest(**{**raw, "reasons": tuple(_objects(raw["reasons"], "reasons"))})
    except TypeError as error:
        raise BadEnvelope("handoff") from error
    if wish.priority not in PRIORITIES or not isinstance(wish.skill, str):
        raise BadEnvelope("handoff")
    return wish


def decode_outcome(text: str | bytes) -> Outcome:
    """Read a result of the bot.

    Raises:
        BadEnvelope: it is not one.
    """
    raw = _load(text, Outcome)
    if raw.get("language") not in (None, *LANGUAGES):
        raise BadEnvelope("language")
    raw["replies"] = tuple(_reply(reply) for reply in _objects(raw.get("replies", []), "replies"))
    if raw.get("handoff") is not None:
        raw["handoff"] = _wish(raw["handoff"])
    if raw.get("failure") is not None:
        try:
            raw["failure"] = Failure(raw["failure"])
        except ValueError as error:
            raise BadEnvelope("failure") from error
    if not isinstance(raw.get("failed_action"), (str, type(None))):
        raise BadEnvelope("failed_action")
    nlu = raw.get("nlu")
    if not isinstance(nlu, (dict, type(None))) or not isinstance((nlu or {}).get("entities") or {}, dict):
        raise BadEnvelope("nlu")
    if not isinstance(raw.get("slots", {}), dict):
        raise BadEnvelope("slots")
    return Outcome(**raw)
