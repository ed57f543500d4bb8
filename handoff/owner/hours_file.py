"""Reads the owner's ``hours.yml``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from handoff.errors import SettingsError
from handoff.events import LANGUAGES
from handoff.owner.hours import DAYS, Schedule, ServiceHours, Span, always
from handoff.owner.yamlfile import OwnerFile, read_file, refusing

__all__ = ["SERVICES", "OpeningHours", "read_hours"]

SERVICES = ("chat", "phone", "email")

EMAIL_WITHIN_H = 8.0
"""Working hours within which an e-mail is answered, where the owner says nothing: one working day."""

_SPAN = re.compile(r"(\d{1,2})[:.](\d\d)\s*[-–]\s*(\d{1,2})[:.](\d\d)")
_KEYS = ("zone", "holidays", "week", "days")

Place = tuple[str, ...]


@dataclass(frozen=True)
class OpeningHours:
    """The hours of every service, and in which zone a language's readers live."""

    services: Mapping[str, ServiceHours]
    zones: Mapping[str, ZoneInfo]
    """A language's zone: times are told to its readers in it."""
    zone_names: Mapping[str, str]
    """What stands behind a time where the readers of a language live in several zones; empty for none."""
    email_within_h: float = EMAIL_WITHIN_H

    def of(self, service: str) -> ServiceHours:
        return self.services[service]

    @classmethod
    def always(cls) -> OpeningHours:
        """Never closed, in UTC."""
        return cls(dict.fromkeys(SERVICES, always()), dict.fromkeys(LANGUAGES, ZoneInfo("UTC")), {})


@refusing
def read_hours(path: Path) -> OpeningHours:
    """Read the owner's hours.

    Raises:
        SettingsError: with file, line and reason of everything that is wrong.
    """
    file = read_file(path)
    services: dict[str, ServiceHours] = {}
    if file.read:
        file.known((), file.raw, (*SERVICES, "shown", "email_within_hours"))
        for name in SERVICES:
            part = file.mapping((name,), file.raw.get(name))
            if not part:
                file.wrong((name,), "missing: week and zone are expected")
                continue
            file.known((name,), part, (*_KEYS, "languages", "skills"))
            services[name] = _service(file, name, part)
    zones, names = _shown(file) if file.read else ({}, {})
    within = file.number(("email_within_hours",), file.raw.get("email_within_hours"), 0.5, 200, EMAIL_WITHIN_H)
    if file.problems:
        raise SettingsError(file.problems)
    return OpeningHours(services, zones, names, within)


def _service(file: OwnerFile, name: str, part: dict[str, Any]) -> ServiceHours:
    usual = _schedule(file, (name,), part, None)
    special: dict[str, dict[str, Schedule]] = {"languages": {}, "skills": {}}
    for kind, found in special.items():
        for key, raw in file.mapping((name, kind), part.get(kind)).items():
            where = (name, kind, key)
            if kind == "languages" and key not in LANGUAGES:
                file.wrong(where, f"no such language; choose from {', '.join(LANGUAGES)}")
                continue
            own = file.mapping(where, raw)
            file.known(where, own, _KEYS)
            found[key] = _schedule(file, where, own, usual)
    return ServiceHours(usual, special["languages"], special["skills"])


def _schedule(file: OwnerFile, where: Place, raw: dict[str, Any], usual: Schedule | None) -> Schedule:
    """A schedule; what it leaves out is as in the usual one."""
    zone = _zone(file, (*where, "zone"), raw.get("zone")) if "zone" in raw or usual is None else usual.zone
    week: Mapping[int, tuple[Span, ...]] = usual.week if usual is not None else {}
    if "week" in raw or usual is None:
        named = file.mapping((*where, "week"), raw.get("week"))
        if not named:
            file.wrong((*where, "week"), "missing: hours for at least one day are expected")
        file.known((*where, "week"), named, DAYS)
        week = {DAYS.index(d): _spans(file, (*where, "week", d), text) for d, text in named.items() if d in DAYS}
    countries = usual.countries if usual is not None else ()
    if "holidays" in raw:
        countries = _countries(file, (*where, "holidays"), raw["holidays"])
    days = dict(usual.days) if usual is not None else {}
    for key, text in file.mapping((*where, "days"), raw.get("days")).items():
        if day := _day(key):
            days[day] = _spans(file, (*where, "days", key), text)
        else:
            file.wrong((*where, "days", key), 'no day such as 2026-12-24, or "12-24" for every year')
    return Schedule(zone, week, countries, days)


def _zone(file: OwnerFile, where: Place, value: Any) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        file.wrong(where, "missing" if value is None else f"{value!r} is no time zone such as Europe/Helsinki")
        return ZoneInfo("UTC")


def _countries(file: OwnerFile, where: Place, value: Any) -> tuple[str, ...]:
    named = value if isinstance(value, list) else [value]
    known = holidays.list_supported_countries()
    for country in named:
        if not isinstance(country, str) or country not in known:
            file.wrong(where, f'{country!r} is no country whose holidays are known, such as FI, DK or (quoted) "NO"')
    return tuple(country for country in named if isinstance(country, str) and country in known)


def _day(key: str) -> str:
    """The day as :class:`Schedule` looks for it; empty for none. Python takes ``20261224``, too, and so that holds."""
    yearly = len(key) <= 5
    try:
        day = date.fromisoformat(f"2024-{key}" if yearly else key).isoformat()  # a leap year, for "02-29"
    except ValueError:
        return ""
    return day if not yearly else key if day.endswith(key) else ""


def _spans(file: OwnerFile, where: Place, value: Any) -> tuple[Span, ...]:
    """Hours of a day, from ``"09:00-12:00, 13:00-17:00"`` or ``closed``."""
    if value is None or value is False or str(value).strip().lower() == "closed":
        return ()
    spans: list[Span] = []
    for part in str(value).split(","):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            file.wrong(where, f'{part.strip()!r} is no span such as "09:00-17:00", and not "closed"')
            continue
        hours = [int(number) for number in match.groups()]
        opens, closes = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if hours[1] > 59 or hours[3] > 59 or closes > 1440:
            file.wrong(where, f"{part.strip()!r} is past the end of a day")
        elif closes <= opens:
            file.wrong(where, f"{part.strip()!r} closes before it opens; over midnight, write two days")
        else:
            spans.append((opens, closes))
    spans.sort()
    for one, other in itertools.pairwise(spans):
        if other[0] < one[1]:
            file.wrong(where, f"{value!r}: two spans overlap")
    return tuple(spans)


def _shown(file: OwnerFile) -> tuple[dict[str, ZoneInfo], dict[str, str]]:
    zones: dict[str, ZoneInfo] = {}
    names: dict[str, str] = {}
    shown = file.mapping(("shown",), file.raw.get("shown"))
    file.known(("shown",), shown, LANGUAGES)
    for language in LANGUAGES:
        part = file.mapping(("shown", language), shown.get(language))
        if not part:
            file.wrong(("shown", language), "missing: the zone of this language's readers is expected")
            continue
        file.known(("shown", language), part, ("zone", "name"))
        zones[language] = _zone(file, ("shown", language, "zone"), part.get("zone"))
        names[language] = file.text(("shown", language, "name"), part.get("name"))
    return zones, names
