"""Call-backs: windows that have room, phone numbers that can be called, and the task that agents see. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import phonenumbers

from handoff.clock import now_ms, parse_ms, stamp
from handoff.conversation import Conversation
from handoff.errors import BadRequest
from handoff.owner.hours import Hours
from handoff.owner.rules import CallbackRules

__all__ = [
    "COUNTRY",
    "EMAIL_MAX_CHARS",
    "OUTCOMES",
    "Window",
    "checked_email",
    "checked_phone",
    "is_open",
    "own_window",
    "task",
    "windows",
]

OUTCOMES = ("reached", "no_answer", "wrong_number", "answered_by_email")

COUNTRY = {"fi": "FI", "da": "DK", "en": "FI"}
"""Where a number without a country is called: +358 or +45."""

EMAIL_MAX_CHARS = 254
"""The longest address that mail servers take."""

_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]+\.[^@\s<>,;\".]{2,}")


@dataclass(frozen=True)
class Window:
    """A time in which somebody calls. ``id`` is good for everybody: it names the begin."""

    id: str
    start: datetime
    end: datetime

    def frame(self) -> dict[str, str]:
        return {"id": self.id, "from": _stamp(self.start), "to": _stamp(self.end)}


def _stamp(moment: datetime) -> str:
    return stamp(round(moment.timestamp() * 1000))


def windows(now: datetime, hours: Hours, rules: CallbackRules, taken: Mapping[int, int]) -> list[Window]:
    """Windows that have room, soonest first.

    Args:
        hours: in which people call.
        taken: call-backs promised so far, by the begin of their window in milliseconds.
    """
    length = timedelta(minutes=rules.window_min)
    earliest = now + timedelta(minutes=rules.notice_min)
    found = []
    for opens, closes in hours.between(now, now + timedelta(days=rules.days_ahead)):
        start = opens
        while start + length <= closes:
            start_ms = round(start.timestamp() * 1000)
            if start >= earliest and taken.get(start_ms, 0) < rules.per_window:
                found.append(Window(str(start_ms // 60_000), start, start + length))
            start += length
    return found


def checked_phone(text: str, language: str) -> str:
    """A phone number as E.164; without a country code it is one of the language's country.

    Raises:
        BadRequest: nobody can be called there; ``field`` is ``phone``.
    """
    try:
        number = phonenumbers.parse(text, COUNTRY[language])
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    raise BadRequest("phone: this is no number that can be called", field="phone")


def checked_email(text: str) -> str:
    """An e-mail address.

    Raises:
        BadRequest: it is none; ``field`` is ``email``.
    """
    address = text.strip()
    if len(address) > EMAIL_MAX_CHARS or not _EMAIL.fullmatch(address) or not address.isprintable():
        raise BadRequest("email: this is no e-mail address", field="email")
    return address


def is_open(callback: Mapping[str, Any] | None) -> bool:
    """Whether there is still something to do."""
    return callback is not None and callback["state"] in ("booked", "moved")


def own_window(callback: Mapping[str, Any] | None, now: datetime) -> tuple[Window, ...]:
    """The window of a call that is booked, until it ends: it has room for that call however full it is."""
    if callback is None or not is_open(callback) or callback["kind"] != "phone":
        return ()
    start, end = (datetime.fromisoformat(callback[name]) for name in ("from", "to"))
    return (Window(str(round(start.timestamp()) // 60), start, end),) if end > now else ()


def task(state: Conversation, *, remind_min: int = CallbackRules.remind_min) -> dict[str, Any] | None:
    """The call-back as a line of the agents' task list; None when there is none."""
    callback = state.callback
    if callback is None:
        return None
    now, todo = now_ms(), is_open(callback)
    begins = parse_ms(callback["from"] or callback["by"]) - remind_min * 60_000
    ends = parse_ms(callback["to"] or callback["by"])
    return {
        **callback,
        "conversation": state.id,
        "language": state.language,
        "skill": state.skill,
        "had_by": list(state.had_by),
        "due": todo and begins <= now,
        "late": todo and ends < now,
    }


def shown(callback: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says of a call-back: neither number nor address, which only those who call need."""
    return {name: callback[name] for name in ("id", "kind", "from", "to", "by", "state", "outcome")}
