"""Times as each language tells them: "huomenna klo 9", "på mandag kl. 9.30", "on Monday at 9.30 am". Pure."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

from babel.dates import format_date

from handoff.owner.hours import Hours
from handoff.owner.hours_file import OpeningHours
from handoff.owner.service_texts import ServiceTexts

__all__ = ["Teller", "clock", "clock_span"]

_LOCALES = {"da": "da_DK", "en": "en_GB"}
_SHORT_LOCALES = {"fi": "fi_FI", **_LOCALES}
_SHORT_DATES = {"fi": "d.M.", "da": "d/M", "en": "d MMM"}
_TODAY = {"fi": "tänään", "da": "i dag", "en": "today"}
_TOMORROW = {"fi": "huomenna", "da": "i morgen", "en": "tomorrow"}
_AT = {"fi": "klo ", "da": "kl. ", "en": "at "}
_FI_DAYS = ("maanantaina", "tiistaina", "keskiviikkona", "torstaina", "perjantaina", "lauantaina", "sunnuntaina")

THIS_WEEK_DAYS = 7
"""From so many days on a weekday alone could be mistaken for this week's, and the date is told."""

EMAIL_STEP_S = 15 * 60
"""Answers by e-mail are promised for full quarters of an hour."""


def clock(language: str, minutes: int) -> str:
    """A time of day without its "at": ``9``, ``9.30``, ``9 am``, ``9.30 am``, ``noon``, ``midnight``."""
    hour, minute = divmod(minutes % 1440, 60)
    if language != "en":
        return f"{hour if minutes != 1440 else 24}" + (f".{minute:02d}" if minute else "")
    if minute == 0 and hour in (0, 12):
        return "noon" if hour else "midnight"
    return f"{(hour - 1) % 12 + 1}" + (f".{minute:02d}" if minute else "") + (" am" if hour < 12 else " pm")


def clock_span(language: str, opens: int, closes: int) -> str:
    """From and to, in minutes after midnight: ``9–17``, ``9 am–5 pm``, ``9–11 am``."""
    first, last = clock(language, opens), clock(language, closes)
    if language == "en" and first[-3:] == last[-3:] and first.endswith(("am", "pm")):
        first = first[:-3]
    return f"{first}–{last}"


class Teller:
    """Tells times to the readers of a language, in their zone."""

    def __init__(self, hours: OpeningHours, texts: ServiceTexts) -> None:
        self.hours = hours
        self.texts = texts

    def when(self, language: str, moment: datetime, now: datetime, *, by: bool = False) -> str:
        """Day and time: "huomenna klo 9", "on Monday at 9 am"; with ``by`` as it stands behind "by"."""
        local = self._local(language, moment)
        time = f"{_AT[language]}{clock(language, local.hour * 60 + local.minute)}"
        day = self._day(language, local.date(), self._local(language, now).date())
        if by:
            day = day.removeprefix("on ").removeprefix("på ")
        return self._named(language, f"{day} {time}")

    def stamp(self, language: str, moment: datetime) -> str:
        """Date and time to the minute, for a transcript: "2.3.2026 klo 10.05", "2. marts 2026 kl. 10.05"."""
        local = self._local(language, moment)
        time = f"{local.hour:02d}:{local.minute:02d}" if language == "en" else f"{local.hour}.{local.minute:02d}"
        if language == "fi":
            day = f"{local.day}.{local.month}.{local.year}"
        else:
            day = format_date(local.date(), "d MMMM y" if language == "en" else "d. MMMM y", locale=_LOCALES[language])
        return self._named(language, f"{day} {'at ' if language == 'en' else _AT[language]}{time}")

    def time(self, language: str, moment: datetime, now: datetime) -> str:
        """The time alone when it is today, "klo 17", else with its day."""
        local = self._local(language, moment)
        if local.date() != self._local(language, now).date():
            return self.when(language, moment, now)
        at = "" if language == "en" else _AT[language]
        return self._named(language, at + clock(language, local.hour * 60 + local.minute))

    def zones(self) -> dict[str, dict[str, str]]:
        """For each language the zone in which its readers are told times (``zone``, an IANA name) and what is written
        behind a time so that nobody mistakes it (``name``, may be empty)."""
        names = self.hours.zone_names
        return {of: {"zone": zone.key, "name": names.get(of, "")} for of, zone in self.hours.zones.items()}

    def window(self, language: str, start: datetime, end: datetime, now: datetime) -> str:
        """A window within one day: "tänään klo 14–15"."""
        first, last = self._local(language, start), self._local(language, end)
        closes = last.hour * 60 + last.minute or 1440
        span = clock_span(language, first.hour * 60 + first.minute, closes)
        day = self._day(language, first.date(), self._local(language, now).date())
        between = ", " if language == "en" else f" {_AT[language]}"
        return self._named(language, f"{day}{between}{span}")

    def window_title(self, language: str, start: datetime, end: datetime, now: datetime) -> str:
        """The same for a narrow button, without the zone: "ma klo 14–15", and from a week on with the date."""
        first, last = self._local(language, start), self._local(language, end)
        span = clock_span(language, first.hour * 60 + first.minute, last.hour * 60 + last.minute or 1440)
        ahead = (first.date() - self._local(language, now).date()).days
        if ahead == 0:
            day = _TODAY[language]
        elif ahead == 1:
            day = _TOMORROW[language]
        elif ahead < THIS_WEEK_DAYS:
            day = format_date(first.date(), "EEE", locale=_SHORT_LOCALES[language])
        else:
            day = format_date(first.date(), _SHORT_DATES[language], locale=_SHORT_LOCALES[language])
        return f"{day}, {span}" if language == "en" else f"{day} {_AT[language]}{span}"

    def open_text(self, language: str, hours: Hours, now: datetime) -> str:
        """Whether people are there, and until or from when."""
        if hours.open_at(now):
            closes = hours.next_close(now)
            if closes is None or closes - now >= timedelta(hours=24):
                return self.texts.say(language, "hours.open_always")
            return self.texts.say(language, "hours.open_until", until=self.time(language, closes, now))
        opens = hours.next_open(now)
        if opens is None:
            return self.texts.say(language, "hours.closed")
        return self.texts.say(language, "hours.closed_until", opens=self.when(language, opens, now))

    def email_by(self, now: datetime, language: str) -> datetime | None:
        """By when an e-mail that is written now is answered: the quarter of an hour after the owner's time, as people
        say it. So those who wait and are told it are not told another time with every second that passes."""
        due = self.hours.of("email").of(language).after(now, self.hours.email_within_h * 60)
        if due is None:
            return None
        return datetime.fromtimestamp(math.ceil(due.timestamp() / EMAIL_STEP_S) * EMAIL_STEP_S, UTC)

    def email_text(self, language: str, now: datetime) -> str:
        """The same as a sentence; empty when it cannot be said."""
        by = self.email_by(now, language)
        return self.texts.say(language, "hours.email_by", by=self.when(language, by, now, by=True)) if by else ""

    def _local(self, language: str, moment: datetime) -> datetime:
        return moment.astimezone(self.hours.zones[language])

    def _named(self, language: str, text: str) -> str:
        name = self.hours.zone_names.get(language)
        return f"{text} {name}" if name else text

    def _day(self, language: str, day: date, today: date) -> str:
        ahead = (day - today).days
        if ahead == 0:
            return _TODAY[language]
        if ahead == 1:
            return _TOMORROW[language]
        near = 1 < ahead < THIS_WEEK_DAYS
        if language == "fi":
            name = _FI_DAYS[day.weekday()]
            return name if near else f"{name} {day.day}.{day.month}."
        if language == "da":
            named = format_date(day, "EEEE" if near else "EEEE 'den' d. MMMM", locale=_LOCALES[language])
            return f"på {named}" if near else named
        return "on " + format_date(day, "EEEE" if near else "EEEE d MMMM", locale=_LOCALES[language])
