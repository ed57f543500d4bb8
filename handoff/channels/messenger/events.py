"""Reads a webhook's body into events. Pure, and never raises: what it does not know is kept as :attr:`Kind.OTHER`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["Event", "Kind", "decode", "in_order", "is_page", "parse", "text_of"]


class Kind(str, Enum):
    MESSAGE = "message"
    POSTBACK = "postback"
    ECHO = "echo"
    EDIT = "message_edit"
    UNSENT = "unsent"
    REACTION = "reaction"
    REFERRAL = "referral"
    PASSED = "pass_thread_control"
    TAKEN = "take_thread_control"
    REQUESTED = "request_thread_control"
    RELEASED = "release_thread_control"
    DELIVERED = "delivery"
    READ = "read"
    POLICY = "policy_enforcement"
    OTHER = "other"


_RANK = {kind: place for place, kind in enumerate(Kind)}
"""Of events of one moment, the message comes before what is said about it."""

_BY_FIELD = (
    ("message_edit", Kind.EDIT),
    ("postback", Kind.POSTBACK),
    ("reaction", Kind.REACTION),
    ("delivery", Kind.DELIVERED),
    ("read", Kind.READ),
    ("pass_thread_control", Kind.PASSED),
    ("take_thread_control", Kind.TAKEN),
    ("request_thread_control", Kind.REQUESTED),
    ("release_thread_control", Kind.RELEASED),
    ("policy_enforcement", Kind.POLICY),
    ("referral", Kind.REFERRAL),
)

_ID_MAX = 100
"""Characters of an id of a page or a person: theirs have about 17."""

DEPTH_MAX = 50
"""Levels of an event that are read: Meta's have about ten. What is deeper would end every function that walks through
it, and with it the delivery, which has everybody else's events in it."""

_LATEST_MS = 4_000_000_000_000
"""Year 2096: a moment beyond it is nonsense and would stay the latest for ever."""


@dataclass(frozen=True)
class Event:
    """One event about one person. ``key`` is the same whenever the same event comes again; ``at`` is in milliseconds.

    ``standby``: another app has the thread, and we only listen. ``body`` is the event as it came.
    """

    kind: Kind
    page: str
    person: str
    at: int
    key: str
    standby: bool = False
    body: Mapping[str, Any] = field(default_factory=dict)
    masked: int = 0
    """Personal numbers that were covered in it before it was kept."""

    def part(self, name: str) -> Mapping[str, Any]:
        """An object in the body, empty when there is none."""
        return _object(self.body.get(name))

    @property
    def mid(self) -> str:
        """The id of the message that this is, or is about; empty for none."""
        for name in ("message", "message_edit", "postback", "reaction"):
            mid = text_of(self.part(name).get("mid"))
            if mid:
                return mid
        return ""

    def to_json(self) -> str:
        fields = {
            "kind": self.kind.value,
            "page": self.page,
            "person": self.person,
            "at": self.at,
            "key": self.key,
            "standby": self.standby,
            "body": dict(self.body),
            "masked": self.masked,
        }
        return json.dumps(fields, separators=(",", ":"))


def decode(text: str | bytes) -> Event:
    """Read what :meth:`Event.to_json` wrote."""
    raw = json.loads(text)
    return Event(**{**raw, "kind": Kind(raw["kind"])})


def text_of(value: Any) -> str:
    """Ids come as numbers and as text: as text. Anything else is none."""
    if isinstance(value, bool):
        return ""
    return str(value) if isinstance(value, (str, int)) else ""


def is_page(payload: Any) -> bool:
    """Whether a webhook's body is about a page, as all of ours are."""
    return isinstance(payload, dict) and payload.get("object") == "page"


def parse(payload: Any, *, now_ms: int) -> list[Event]:
    """Every event of every entry, each key once. ``now_ms`` stands for a moment that the event does not tell."""
    found: dict[str, Event] = {}
    for entry in _list(_object(payload).get("entry")):
        for event in _of_entry(_object(entry), now_ms):
            # What stands in both lists of an entry is ours to answer: `messaging` is read first.
            found.setdefault(event.key, event)
    return list(found.values())


def in_order(events: Iterable[Event]) -> list[Event]:
    """By moment; of one moment, messages before what is said about them. Any order of arrival gives the same."""
    return sorted(events, key=lambda event: (event.at, _RANK[event.kind], event.key))


def _of_entry(entry: Mapping[str, Any], now_ms: int) -> Iterator[Event]:
    page = _id(entry.get("id"))
    at = _moment(entry.get("time"), now_ms)
    for name in ("messaging", "standby"):
        for body in _list(entry.get(name)):
            if isinstance(body, dict):
                yield _event(page, _shallow(body), at, standby=name == "standby")
    for body in _list(entry.get("changes")):
        if isinstance(body, dict):
            body = _shallow(body)
            yield Event(Kind.OTHER, page, "", at, _key(Kind.OTHER, page, "", at, body), body=body)


def _event(page: str, body: dict[str, Any], entry_at: int, *, standby: bool) -> Event:
    kind = _kind(body)
    sender, recipient = _id(_object(body.get("sender")).get("id")), _id(_object(body.get("recipient")).get("id"))
    own = kind is Kind.ECHO or (sender == page and bool(recipient))
    person = recipient if own else sender
    if kind is Kind.POLICY:
        person = ""
    at = _moment(body.get("timestamp"), entry_at)
    if not person and kind is not Kind.POLICY:
        kind = Kind.OTHER
    return Event(kind, page, person, at, _key(kind, page, person, at, body), standby, body)


def _shallow(value: Any, levels: int = DEPTH_MAX) -> Any:
    """What is within the first levels; null stands for the rest."""
    if not isinstance(value, (dict, list)):
        return value
    if not levels:
        return None
    if isinstance(value, dict):
        return {name: _shallow(inner, levels - 1) for name, inner in value.items()}
    return [_shallow(inner, levels - 1) for inner in value]


def _kind(body: Mapping[str, Any]) -> Kind:
    message = body.get("message")
    if isinstance(message, dict):
        if message.get("is_deleted"):
            return Kind.UNSENT
        return Kind.ECHO if message.get("is_echo") else Kind.MESSAGE
    for name, kind in _BY_FIELD:
        if isinstance(body.get(name), dict):
            return kind
    return Kind.OTHER


def _key(kind: Kind, page: str, person: str, at: int, body: Mapping[str, Any]) -> str:
    if kind in (Kind.MESSAGE, Kind.ECHO, Kind.UNSENT, Kind.POSTBACK):
        part = _object(body.get("postback" if kind is Kind.POSTBACK else "message"))
        mid = text_of(part.get("mid"))
        if mid:
            return _digest([kind.value, page, mid])
    what = {name: value for name, value in body.items() if name not in ("sender", "recipient", "timestamp")}
    return _digest([kind.value, page, person, at, what])


def _digest(what: Any) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:32]


def _moment(value: Any, otherwise: int) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise
    if isinstance(value, bool) or number <= 0:
        return otherwise
    if number < 100_000_000_000:  # seconds
        number *= 1000
    return number if number < _LATEST_MS else otherwise


def _id(value: Any) -> str:
    known = text_of(value)
    return known if len(known) <= _ID_MAX and known.isascii() and known.replace("_", "").isalnum() else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
