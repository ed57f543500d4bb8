"""Opening hours: is anybody there now, when next, and when has so much working time passed? Pure.

A :class:`Schedule` is one week in one time zone with public holidays and special days. :class:`Hours` is what holds for
one language and skill: several schedules, open only while all of them are. Moments are aware datetimes; results are in
UTC. A time of the clock that a night of daylight saving skips is the moment of the change; one that comes twice opens
at its first coming and closes at its last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

__all__ = ["DAYS", "HORIZON_DAYS", "Hours", "Interval", "Schedule", "ServiceHours", "Span", "always"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

HORIZON_DAYS = 60
"""How far ahead an opening is looked for: longer than any shop's holiday; beyond it there is none to name."""

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

Span = tuple[int, int]
"""From and to in minutes after midnight by the clock on the wall; 1440 is the midnight that ends the day."""

Interval = tuple[datetime, datetime]
"""From and to, in UTC; the end is outside."""


@lru_cache(maxsize=64)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """A country's public holidays in a year."""
    return frozenset(holidays.country_holidays(country, years=year))


def _moment(zone: ZoneInfo, day: date, minutes: int, *, closing: bool) -> datetime:
    """The moment at which a clock on the wall shows this, see the module's first words."""
    wall = datetime.combine(day, time(), None) + timedelta(minutes=minutes)
    early = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    late = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None) == wall:
        return late if closing and late > early else early
    # The clock skips this time, so that the order is turned round: the change lies between the two.
    moment = late
    offset = moment.astimezone(zone).utcoffset()
    while moment.astimezone(zone).utcoffset() == offset:
        moment += MINUTE
    return moment


@dataclass(frozen=True)
class Schedule:
    """One week's hours. ``days`` are special days by ISO date or, for every year, by ``MM-DD``; they come before
    public holidays, and those before the week."""

    zone: ZoneInfo
    week: Mapping[int, tuple[Span, ...]]
    countries: tuple[str, ...] = ()
    days: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    _known: dict[date, tuple[Interval, ...]] = field(default_factory=dict, compare=False, repr=False)

    def spans(self, day: date) -> tuple[Span, ...]:
        """The hours of a day by the clock on the wall."""
        for key in (day.isoformat(), day.strftime("%m-%d")):
            if key in self.days:
                return self.days[key]
        if any(day in public_holidays(country, day.year) for country in self.countries):
            return ()
        return self.week.get(day.weekday(), ())

    def intervals(self, day: date) -> tuple[Interval, ...]:
        """The hours of a day as moments."""
        found = self._known.get(day)
        if found is None:
            if len(self._known) > 1000:  # a year of questions; it fills again in microseconds
                self._known.clear()
            made = (
                (_moment(self.zone, day, opens, closing=False), _moment(self.zone, day, closes, closing=True))
                for opens, closes in self.spans(day)
            )
            found = self._known[day] = tuple((opens, closes) for opens, closes in made if opens < closes)
        return found

    def between(self, start: datetime, end: datetime) -> list[Interval]:
        """All intervals that touch the time between, in order, joined where they meet."""
        day, last = start.astimezone(self.zone).date() - DAY, end.astimezone(self.zone).date()
        found: list[Interval] = []
        while day <= last:
            for opens, closes in self.intervals(day):
                if found and opens <= found[-1][1]:
                    found[-1] = (found[-1][0], max(closes, found[-1][1]))
                elif closes > start and opens < end:
                    found.append((opens, closes))
            day += DAY
        return [(opens, closes) for opens, closes in found if closes > start and opens < end]


@dataclass(frozen=True)
class Hours:
    """Open while all schedules are."""

    schedules: Sequence[Schedule]

    def between(self, start: datetime, end: datetime) -> list[Interval]:
        """Open intervals that touch the time between, in UTC and in order."""
        found = self.schedules[0].between(start, end)
        for schedule in self.schedules[1:]:
            found = _both(found, schedule.between(start, end))
        return found

    def open_at(self, moment: datetime) -> bool:
        """Whether people answer at ``moment``. The closing time itself is outside."""
        return any(opens <= moment < closes for opens, closes in self.between(moment, moment + MINUTE))

    def next_open(self, moment: datetime) -> datetime | None:
        """The next opening after ``moment``, or ``moment`` itself when it is open; None within :data:`HORIZON_DAYS`."""
        for days in (8, HORIZON_DAYS):
            for opens, _ in self.between(moment, moment + days * DAY):
                return max(opens, moment)
        return None

    def next_close(self, moment: datetime) -> datetime | None:
        """When it closes, for a moment at which it is open; else None."""
        for opens, closes in self.between(moment, moment + 2 * DAY):
            return closes if opens <= moment else None
        return None

    def after(self, moment: datetime, minutes: float) -> datetime | None:
        """The moment at which so many minutes of open time have passed since ``moment``; None beyond the horizon."""
        left = timedelta(minutes=minutes)
        for opens, closes in self.between(moment, moment + HORIZON_DAYS * DAY):
            opens = max(opens, moment)
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        return None


def _both(one: list[Interval], other: list[Interval]) -> list[Interval]:
    found = [(max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other]
    return sorted((opens, closes) for opens, closes in found if opens < closes)


@dataclass(frozen=True)
class ServiceHours:
    """The hours of one service (chat, phone, e-mail): a language's own stand in place of the usual ones, a skill's
    hold beside them."""

    usual: Schedule
    languages: Mapping[str, Schedule] = field(default_factory=dict)
    skills: Mapping[str, Schedule] = field(default_factory=dict)

    def of(self, language: str | None = None, skill: str | None = None) -> Hours:
        """The hours in which somebody answers in this language with this skill."""
        schedules = [self.languages.get(language or "", self.usual)]
        if skill in self.skills:
            schedules.append(self.skills[skill or ""])
        return Hours(schedules)


def always() -> ServiceHours:
    """Never closed."""
    return ServiceHours(Schedule(ZoneInfo("UTC"), dict.fromkeys(range(7), ((0, 1440),))))
