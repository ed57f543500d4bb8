"""A week's opening hours as one line: "ma–pe klo 9–17", "man.–fre. kl. 8–16 dansk tid", "Mon–Fri 9 am–5 pm". Pure.

The bot's answers take this line from ``company.yml``, in the owner's own words; ``hours.yml`` decides when people
answer. :func:`out_of_step` finds where the two have parted.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from handoff.events import LANGUAGES
from handoff.owner.hours import DAY, Schedule
from handoff.owner.hours_file import OpeningHours
from handoff.owner.telling import clock_span

__all__ = ["WEEKLY_FACTS", "out_of_step", "week_in_words"]

WEEKLY_FACTS: Mapping[str, str] = {"chat_hours": "chat", "phone_hours": "phone"}
"""Facts of ``company.yml`` that tell a service's week, and the service."""

_DAYS = {
    "fi": ("ma", "ti", "ke", "to", "pe", "la", "su"),
    "da": ("man.", "tirs.", "ons.", "tors.", "fre.", "lør.", "søn."),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_AT = {"fi": "klo ", "da": "kl. ", "en": ""}
_AND = {"fi": " ja ", "da": " og ", "en": " and "}

_NAMED = {
    "fi": re.compile(r"\b(ma|ti|ke|to|pe|la|su)(?:\b|\w*(?:ntai|stai|iikko|iikon|nnuntai)\w*)"),
    "da": re.compile(r"\b(man|tirs|ons|tors|fre|lør|søn)(?:\b|dag\w*)"),
    "en": re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)(?:\b|\w*days?\b)"),
}
"""Days as owners write them, short or in full."""

_TIME = re.compile(r"(\d{1,2})(?:[.:](\d\d))?")

_WHOLE_DAY = (0, 1440)

_MONDAY = date(2026, 1, 5)
"""Begins a week without a change of clocks anywhere; a week of summer would tell the same where both zones change."""


def week_in_words(hours: OpeningHours, service: str, language: str) -> str:
    """The hours of an ordinary week as readers of ``language`` see them on their own clocks, holidays left aside.

    Empty where the service never opens. Days that follow each other with the same hours are told together.
    """
    own = hours.of(service).languages.get(language, hours.of(service).usual)
    plain = Schedule(own.zone, own.week)
    days: dict[int, list[tuple[int, int]]] = {}
    never_closes = all(plain.week.get(day) == (_WHOLE_DAY,) for day in range(7))
    zone = own.zone if never_closes else hours.zones[language]
    for opens, closes in (span for day in range(7) for span in plain.intervals(_MONDAY + day * DAY)):
        start, end = (moment.astimezone(zone) for moment in (opens, closes))
        first = start.hour * 60 + start.minute
        days.setdefault(start.weekday(), []).append((first, first + round((end - start) / timedelta(minutes=1))))
    parts = []
    for spans, found in itertools.groupby(range(7), key=lambda day: days.get(day, [])):
        run = list(found)
        if spans:
            parts.append(
                f"{_run(language, run)} {_AT[language]}{_joined(language, [_told(language, s) for s in spans])}"
            )
    name = None if never_closes else hours.zone_names.get(language)
    told = _joined(language, parts)
    return f"{told} {name}" if told and name else told


def out_of_step(facts: Mapping[str, Any], hours: OpeningHours) -> list[str]:
    """Weekly hours that the facts tell otherwise than the hours in force, one line each; empty where all agree.

    The owner's words are the owner's own: only the times in them are compared, with half a day's doubt, and the days
    where some are named.
    """
    found = []
    for name, service in WEEKLY_FACTS.items():
        value = facts.get(name)
        for language in LANGUAGES:
            said = str(value.get(language, "") if isinstance(value, dict) else value or "")
            decided = week_in_words(hours, service, language)
            if said and _differs(said, decided, language):
                found.append(f"{name}.{language} says {said!r}, hours.yml makes it {decided!r}")
    return found


def _differs(said: str, decided: str, language: str) -> bool:
    days, others = (_NAMED[language].findall(text.lower()) for text in (said, decided))
    return _times(said) != _times(decided) or bool(days and days != others)


def _times(text: str) -> list[tuple[int, int]]:
    """The times of a text on a clock of twelve hours: 9, 09:00, 9 pm and 21.00 are one."""
    plain = re.sub(r"noon|midnight", "12", text.lower())
    return [(int(hour) % 12, int(minute or 0)) for hour, minute in _TIME.findall(plain)]


def _run(language: str, days: list[int]) -> str:
    names = _DAYS[language]
    if len(days) == 1:
        return names[days[0]]
    return f"{names[days[0]]}–{names[days[-1]]}"


def _told(language: str, span: tuple[int, int]) -> str:
    opens, closes = span
    return clock_span(language, opens, closes if closes == 1440 else closes % 1440)


def _joined(language: str, parts: list[str]) -> str:
    return _AND[language].join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
