"""Opening hours from the owner's file: is anybody there now? Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handoff.errors import SettingsError

__all__ = ["DAYS", "Hours", "read_hours"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Hours:
    """Weekly hours in one time zone: for each of :data:`DAYS` an opening and a closing time, or nothing."""

    zone: ZoneInfo
    week: Mapping[str, tuple[time, time]]

    def open_at(self, moment: datetime) -> bool:
        """Whether people answer at ``moment`` (aware). The closing time itself is outside."""
        local = moment.astimezone(self.zone)
        span = self.week.get(DAYS[local.weekday()])
        return span is not None and span[0] <= local.time() < span[1]


def read_hours(where: str, raw: Any) -> Hours:
    """Hours from ``{zone: Europe/Helsinki, days: {mon: "09:00-17:00", …}}``.

    Raises:
        SettingsError: with every wrong day, span and zone, beginning with ``where``.
    """
    problems: list[str] = []
    raw = raw if isinstance(raw, dict) else {}
    try:
        zone = ZoneInfo(str(raw.get("zone")))
    except (ZoneInfoNotFoundError, ValueError):
        problems.append(f"{where}.zone: {raw.get('zone')!r} is no time zone")
        zone = ZoneInfo("UTC")
    week: dict[str, tuple[time, time]] = {}
    for day, span in (raw.get("days") or {}).items():
        try:
            opens, closes = (time.fromisoformat(part.strip()) for part in str(span).split("-"))
        except ValueError:
            problems.append(f'{where}.days.{day}: {span!r} is no span such as "09:00-17:00"')
            continue
        if day not in DAYS:
            problems.append(f"{where}.days: {day!r} is none of {', '.join(DAYS)}")
        elif closes <= opens:
            problems.append(f"{where}.days.{day}: closes before it opens")
        else:
            week[day] = (opens, closes)
    if problems:
        raise SettingsError(problems)
    return Hours(zone, week)
