"""Days as customers write them: ``12.5.``, ``d. 3/5``, ``May 12th``, ``toukokuun 12.``, ``i går``, ``viime tiistaina``.

What looks like a day and may be a time, a size or half of something counts only where a word speaks for the day.
"""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

from bot.nlu.found import Found, blanked, head

__all__ = ["find_dates", "find_spoken_days"]

_AHEAD = datetime.timedelta(days=90)
"""A date without a year lies at most this far ahead: visitors write of what was, or of what comes soon."""
_YEARS_AGO, _YEARS_AHEAD = 15, 3
"""A year of two digits lies in this span; ``17.5.98`` is something else."""

# Not inside of a longer number, and not the end of a span.
_START = r"(?<!\w)(?<!\d[.,/:–-])(?<!\d\.[–-])(?<!\d \d[–-])(?<!\d [–-] )(?<!\d\. [–-] )"
_WITH_YEAR = re.compile(
    rf"{_START}(?:20\d\d-\d\d-\d\d|\d{{1,2}}\. ?\d{{1,2}}\.(?: ?20\d\d|\d\d)|\d{{1,2}}[./]\d{{1,2}}[ -]20\d\d"
    r"|\d{1,2}/\d{1,2}/(?:20)?\d\d|\d{1,2}/\d{1,2}-\d\d|\d{1,2}-\d{1,2}-20\d\d)(?!\w|[./:-]\d)"
)
_DOTTED = re.compile(rf"{_START}(?P<day>\d{{1,2}})\.(?:\s?[–-]\s?\d{{1,2}}\.)?(?P<month>\d{{1,2}})\.(?!\w|[,:/]\d)")
_BARE = re.compile(
    rf"{_START}(?P<day>\d{{1,2}})(?P<between>[./])(?P<month>\d{{1,2}})(?![\w%€£$]|[.,:/-]\w|\s?[–-]\s?\d)"
)

_WEEKDAYS = {
    "fi": ("maanantai", "tiistai", "keskiviikko", "torstai", "perjantai", "lauantai", "sunnuntai"),
    "da": ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"),
    "en": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
}
_DAYS = "|".join(day for days in _WEEKDAYS.values() for day in days)
_NUMBER_OF_WEEKDAY = {day: number for days in _WEEKDAYS.values() for number, day in enumerate(days)}
_NO_DAY = re.compile(
    r"(?:(?<!\w)(?:klo|kl|kello|kellon|klokken|kloen|klockan|at|ca|str|v|kohta|kohdan|kohdassa|pykälä\w*|luku|luvun|clause"
    r"|section|paragraph|punkt\w*|afsnit|kapitel|chapter|versio\w*|version\w*|ios|android|paino\w*|painaa|vejer|weigh\w*"
    r"|alv|moms|vat|sizes?|størrelse\w*)\.?|\w*ko(?:ko|on|koa|ossa|ot)|§)[\s:]*(?:(?:on|oli|er|var|is|was)\s)?$",
    re.IGNORECASE,
)
"""A time, a size, a version or a clause follows."""
_PRICE = re.compile(r"(?:maks\w*|hin(?:ta|na)\w*|betal\w*|kost\w*|pris\w*|cost\w*|paid|price\w*)[\s:]*$", re.IGNORECASE)
_DATED = re.compile(
    r"(?<!\w)(?:den|d|dato(?:en)?|pvm|\w*päivä(?:nä|ksi|än|ni|mme)?|päivätty|viimeistään|dated?|siden|since|lähtien|dateret)"
    r"\.?[\s:]*(?:(?:er|on|is|oli|var|was|den|d\.|the)\s?)?$",
    re.IGNORECASE,
)
_ON_WEEKDAY = re.compile(rf"(?<!\w)(?:{_DAYS})(?:na|ksi|n|s)?,?\s$", re.IGNORECASE)
_ON_SHORT_WEEKDAY = re.compile(r"(?<!\w)(?:ma|ti|ke|to|pe|la|su)\.?\s$", re.IGNORECASE)
"""In Finnish."""
_DONE = re.compile(
    r"(?<!\w)(?:tilasi\w*|tilat\w*|osti\w*|ostettu\w*|lähetin|lähetimme|lähetetty|palautin|palautimme|palautettu"
    r"|bestilt\w*|købt(?:e|es)?|sendt(?:e|es)?|returner\w*|ordered|bought|purchased|sent|returned"
    r"|(?P<when>toimitettu|saapui|leveret|modtaget|modtog|kom|ankom|fik|skrev|ringede|betalte?|afsendt|afleveret|hentet"
    r"|delivered|arrived|received|fra|til|inden|senest|pr|from|on|by))\.?\s(?:(?:on|den|d\.|the)\s?)?$",
    re.IGNORECASE,
)
"""Words with which a bare ``12.5`` or ``12/5`` is a day, where nothing follows that it could count. With those of
``when`` a bare ``8.30`` may be a time."""
_NOTHING_COUNTED = re.compile(
    r"\s*(?:$|[,;!?)]|\.(?:\s|$)|(?:klo|kl|kello|ja|og|and|mutta|men|but|eikä|enkä|så|so|jeg|vi|we)\b)", re.IGNORECASE
)
_TIME_FOLLOWS = re.compile(r"\s(?:klo|kl\.?|kello)\s?\d", re.IGNORECASE)
_COUNTED = re.compile(
    r"\s?(?:[%€£$×]|(?:x|m|cm|mm|kg|g|l|dl|m2|kpl|stk|pcs|e|eur|kr|dkk|metri\w*|meter\w*|metre\w*|kilo\w*|gram\w*|litra\w*"
    r"|lit(?:er|re)\w*|pros\w*|procent|percent|tuuma\w*|tommer|inch\w*|tuntia?|timer?|hours?|min\w*|kertaa|krt|gange|times"
    r"|viikko\w*|uger|weeks|vuotta|år|years|euro\w*|hinta\w*|hinnalla|pris\w*|price\w*|tähteä|stars?|stjerner)\b)",
    re.IGNORECASE,
)
_SENTENCE_ENDS = re.compile(r"\s*$|\s+[A-ZÅÄÖÆØ]")
_PARTS = frozenset(((1, 2), (1, 3), (1, 4), (2, 3), (3, 4), (16, 9), (24, 7)))
"""Half, a third, the form of a screen, and round the clock."""


def find_dates(text: str, language: str | None, today: datetime.date) -> list[Found]:
    """All days that are written with a number, in the order of the text (ISO).

    Args:
        text: as cleaned.
        language: the message's; None is taken as Finnish where it matters.
        today: when it was written, for dates without a year.
    """
    finds = []
    for match in _WITH_YEAR.finditer(text):
        date = _with_year(match.group(), today)
        if date is not None:
            finds.append(Found(*match.span(), date.isoformat()))
    for pattern, sure in ((_DOTTED, _is_dotted_day), (_BARE, _is_bare_day)):
        rest = blanked(text, finds)
        for match in pattern.finditer(rest):
            date = _without_year(int(match["month"]), int(match["day"]), today)
            if date is not None and sure(match, rest, language or "fi"):
                finds.append(Found(*match.span(), date.isoformat()))
    finds += _with_named_month(blanked(text, finds), today)
    return sorted(finds)


def _with_year(written: str, today: datetime.date) -> datetime.date | None:
    first, second, third = re.findall(r"\d+", written)
    if len(first) == 4:
        return _day(int(first), int(second), int(third))
    if len(third) == 4:
        return _day(int(third), int(second), int(first))
    year = 2000 + int(third)
    near = today.year - _YEARS_AGO <= year <= today.year + _YEARS_AHEAD
    return _day(year, int(second), int(first)) if near else None


def _without_year(month: int, day: int, today: datetime.date) -> datetime.date | None:
    dates = (_day(year, month, day) for year in (today.year + 1, today.year, today.year - 1))
    return next((date for date in dates if date is not None and date <= today + _AHEAD), None)


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _is_dotted_day(match: re.Match[str], text: str, language: str) -> bool:
    """Whether ``12.5.`` is a day. At the end of a sentence the dot may be the sentence's."""
    near, tail = head(text, match.start()), text[match.end() :]
    if _NO_DAY.search(near) or _COUNTED.match(tail):
        return False
    if _DATED.search(near):
        return True
    if language == "en":
        return _DONE.search(near) is not None
    if _SENTENCE_ENDS.match(tail):
        # Danish writes a time so, and seldom a day.
        return not _PRICE.search(near) and (language == "fi" or len(match["month"]) == 1)
    return True


def _is_bare_day(match: re.Match[str], text: str, language: str) -> bool:
    """Whether ``12.5`` or ``12/5`` is a day: it needs a word that says so."""
    near, tail = head(text, match.start()), text[match.end() :]
    if _NO_DAY.search(near) or _COUNTED.match(tail):
        return False
    if _DATED.search(near) or _TIME_FOLLOWS.match(tail):
        return True
    slash = match["between"] == "/"
    if slash and (int(match["day"]), int(match["month"])) in _PARTS:
        return False
    if slash and language != "fi" and int(match["day"]) > 12:
        return True  # no half of anything, no mark out of so many
    if _ON_WEEKDAY.search(near) or (language == "fi" and _ON_SHORT_WEEKDAY.search(near)):
        return slash or len(match["month"]) == 1  # 10.12 may be a time
    done = _DONE.search(near)
    if done is None or not _NOTHING_COUNTED.match(tail):
        return False
    return slash or done["when"] is None


# -- months by their names ---------------------------------------------------------------------------------------------


def _with_named_month(text: str, today: datetime.date) -> list[Found]:
    finds = []
    for match in _named_date().finditer(text):
        month = _months()[(match["month"] or match["month2"]).lower()]
        day = int(match["day"] or match["day2"])
        date = _day(int(match["year"]), month, day) if match["year"] else _without_year(month, day, today)
        if date is not None and (_is_after_day if match["day"] else _is_before_day)(match, text):
            finds.append(Found(*match.span(), date.isoformat()))
    return finds


_ENGLISH_WORDS = ("may", "march", "mar")
"""Months that are other words, too."""
_AT_A_DAY = re.compile(r"(?<!\w)(?:on|since|from|until|till|by|before|after|dated|as of)\s(?:the\s)?$", re.IGNORECASE)
_CLAUSE_ENDS = re.compile(r"\s*(?:$|[.,;:!?)])")


def _is_after_day(match: re.Match[str], text: str) -> bool:
    """Whether the month of ``12 May`` is one, and no verb ("the 2 may be lost")."""
    if match["month"].lower() not in _ENGLISH_WORDS or not match["month"].islower():
        return True
    spoken = match["ordinal"] or match["year"] or _AT_A_DAY.search(head(text, match.start()))
    return bool(spoken or _CLAUSE_ENDS.match(text[match.end() :]))


def _is_before_day(match: re.Match[str], text: str) -> bool:
    """Whether ``May 12`` is a day, and not "I may 3 times" or "in May 2 parcels"."""
    if match["nth"] or match["year"]:
        return True
    near = head(text, match.start())
    if match["genitive"]:
        return _CLAUSE_ENDS.match(text[match.end() :]) is not None
    if match["month2"].lower() in _ENGLISH_WORDS and match["month2"].islower():
        return _AT_A_DAY.search(near) is not None
    return bool(_AT_A_DAY.search(near) or _CLAUSE_ENDS.match(text[match.end() :]))


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Names of the months in our languages, long and short, with their numbers."""
    from babel.dates import get_month_names

    names: dict[str, int] = {"sept": 9}
    for locale in ("fi", "da", "en"):
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, locale).items():
                    names[name.lower().rstrip(".")] = number
    names.update({f"{name}n": number for name, number in names.items() if name.endswith("kuu")})
    return names


@lru_cache(maxsize=1)
def _named_date() -> re.Pattern[str]:
    months = "|".join(sorted(map(re.escape, _months()), key=len, reverse=True))
    return re.compile(
        rf"(?<!\w)(?<!\d[.,/–-])(?:(?P<day>\d{{1,2}})(?:\.?\s?[–-]\s?\d{{1,2}})?(?P<ordinal>\.|st|nd|rd|th)?"
        rf"\s?(?:of\s|päivän?ä?\s)?(?P<month>{months})"
        rf"|(?P<month2>{months})(?P<genitive>(?<=kuun))?\s(?P<day2>\d{{1,2}})(?P<nth>st|nd|rd|th|\.?\s?p(?:äivä|nä|:nä|vä)"
        r"\w*|(?<=kuun \d)\.|(?<=kuun \d\d)\.)?)(?![\w:]|[.,/-]\d)\.?(?:,?\s(?P<year>20\d\d)(?!\w))?",
        re.IGNORECASE,
    )


# -- days without a number ---------------------------------------------------------------------------------------------

_RELATIVE = {
    "toissapäivänä": -2, "eilen": -1, "tänään": 0, "huomenna": 1, "ylihuomenna": 2,
    "i forgårs": -2, "i går": -1, "igår": -1, "i aftes": -1, "i dag": 0, "idag": 0, "i morgen": 1, "imorgen": 1,
    "i overmorgen": 2, "the day before yesterday": -2, "day before yesterday": -2, "yesterday": -1, "today": 0,
    "tomorrow": 1, "the day after tomorrow": 2, "day after tomorrow": 2,
}  # fmt: skip
_SPOKEN = re.compile(
    rf"(?<!\w)(?:(?P<relative>{'|'.join(sorted(_RELATIVE, key=len, reverse=True))})"
    rf"|(?P<week>viime|tämän|ensi) viikon (?P<of_week>{'|'.join(_WEEKDAYS['fi'])})na"
    rf"|(?P<which>viime|ensi|tänä|sidste|næste|denne|last|next|this) (?P<weekday>{_DAYS})(?:(?<=[io])na)?"
    rf"|i (?P<past>{'|'.join(_WEEKDAYS['da'])})s|på (?P<coming>{'|'.join(_WEEKDAYS['da'])}))(?!\w)",
    re.IGNORECASE,
)
_WEEKS = {"viime": -1, "tämän": 0, "ensi": 1}
_BACK, _ON = ("viime", "sidste", "last"), ("ensi", "næste", "next")


def find_spoken_days(text: str, today: datetime.date) -> list[Found]:
    """The days that are named from the day of writing on: ``eilen``, ``i fredags``, ``next Monday``."""
    finds = []
    for match in _SPOKEN.finditer(text):
        date = _spoken(match, today)
        if date is not None:
            finds.append(Found(*match.span(), date.isoformat()))
    return finds


def _spoken(match: re.Match[str], today: datetime.date) -> datetime.date | None:
    if match["relative"]:
        return today + datetime.timedelta(days=_RELATIVE[match["relative"].lower()])
    monday = today - datetime.timedelta(days=today.weekday())
    number = _NUMBER_OF_WEEKDAY[(match["of_week"] or match["weekday"] or match["past"] or match["coming"]).lower()]
    if match["week"]:
        return monday + datetime.timedelta(weeks=_WEEKS[match["week"].lower()], days=number)
    past = today - datetime.timedelta(days=(today.weekday() - number - 1) % 7 + 1)
    coming = today + datetime.timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    if match["past"] or match["coming"]:
        return past if match["past"] else coming
    # Said on a Tuesday, some mean with "next Friday" that of this week and some that of the next.
    which = match["which"].lower()
    if which in _BACK:
        return past if past < monday else None
    if which in _ON:
        return coming if coming >= monday + datetime.timedelta(weeks=1) else None
    this = monday + datetime.timedelta(days=number)
    return this if this >= today else None
