"""What a message names: order number, e-mail, phone, sum, date, postal code, each in one written form.

For the handoff packet and for agents. Rules, no model: what these look like is known. Where a message names several of
a kind, the first is taken. All are found in any language; the language only decides between readings (a number without
a country, "kr").
"""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

__all__ = ["find_entities"]

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_MASKED = re.compile(r"\[[^\]]*•[^\]]*\]")
"""What the masking on arrival has put in place of a personal number: nothing is looked for in it."""

_ORDER = re.compile(
    r"(?:tilau\w*|tilnro|ordre\w*|bestilling\w*|order\w*|köp\w*|parcel|paket\w*|pakke\w*|reference|viite\w*)"
    r"[\s:.,#(-]*(?:(?:numero\w*|nro|nr|no|number|is|on|er|nummer\w*|id)\b[\s:.,#(-]*){0,3}"
    r"(?P<number>(?=[A-Z-]{0,5}\d)[A-Z]{0,3}-?\d{4,12})\b(?!\s?(?:€|e\b|eur|kr|dkk))",
    re.IGNORECASE,
)
_MARKED = re.compile(r"#\s?(?P<number>[A-Z]{0,3}-?\d{4,12})\b", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w.,+/-])(?P<number>\d{5,7})(?![\w/-]|[.,]\d)")
_PRODUCT = re.compile(
    r"(?:tuote(?:koodi|numero)\w*|tuotenro|vare(?:nummer|nr)\w*|product (?:code|number)|item (?:code|number|no))"
    r"[\s:.#]*(?P<code>[A-Z0-9][A-Z0-9-]{2,15})\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?P<before>€|eur|dkk|kr\.?)?\s?(?<![\w.,])(?P<whole>\d{1,3}(?:[ .\u00a0]\d{3})+|\d{1,6})"
    r"(?:[.,](?P<cents>\d{2}|-))?(?!\d)\s?(?P<after>€|euro\w*|eur\b|e\b|kroner|kr\b\.?|dkk\b|,-)?",
    re.IGNORECASE,
)
_POSTAL = re.compile(
    r"(?:(?:postinumero\w*|postnummer\w*|postcode|postal code|zip)\W{1,3}(?P<told>\d{4,5})\b"
    r"|\b(?P<code>\d{5}|\d{4})\s+(?P<place>[A-ZÅÄÖÆØ][a-zåäöæø]{2,}))"
)
_NUMERIC_DATE = re.compile(
    r"(?<![\d.,/-])(?:(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)"
    r"|(?P<day2>\d{1,2})[./](?P<month2>\d{1,2})(?:[./](?P<year2>20\d\d|\d\d)|\.(?!\d)|(?=\s|$|[,!?)])))(?![\d/])"
)
_CURRENCY = {"€": "EUR", "e": "EUR", "k": "DKK", "d": "DKK", ",": "DKK"}
_RELATIVE = {
    "toissapäivänä": -2, "eilen": -1, "tänään": 0, "huomenna": 1,
    "i forgårs": -2, "i går": -1, "i dag": 0, "i morgen": 1,
    "yesterday": -1, "today": 0, "tomorrow": 1,
}  # fmt: skip
_AHEAD = datetime.timedelta(days=90)
"""A date without a year lies at most this far ahead: visitors write of what was, or of what comes soon."""


def find_entities(text: str, language: str | None = None, today: datetime.date | None = None) -> dict[str, str]:
    """The entities of a message.

    Args:
        text: the message as cleaned (:func:`bot.nlu.cleaning.clean`).
        language: the message's language; None is taken as Finnish where it matters.
        today: the day on which it was written, for dates without a year.

    Returns:
        Any of ``order_number``, ``product_code``, ``email``, ``phone`` (E.164), ``amount`` (``49.90 EUR``), ``date``
        (ISO) and ``postal_code``.
    """
    today = today or datetime.datetime.now(datetime.timezone.utc).date()
    found: dict[str, str] = {}
    rest = _MASKED.sub(lambda match: " " * len(match.group()), text)
    rest = _take(rest, _EMAIL, found, "email")
    rest = _take(rest, _PRODUCT, found, "product_code", "code")
    rest = _take(rest, _ORDER, found, "order_number", "number")
    rest = _take(rest, _MARKED, found, "order_number", "number")
    rest = _date(rest, found, today)
    rest = _phone(rest, found, language)
    rest = _amount(rest, found)
    rest = _postal(rest, found)
    if "order_number" not in found:
        _take(rest, _BARE, found, "order_number", "number")
    return found


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def _take(text: str, pattern: re.Pattern[str], found: dict[str, str], name: str, group: str | int = 0) -> str:
    """Note the first match under ``name`` unless there is one already; what matched is not looked at again."""
    match = pattern.search(text)
    if match is None:
        return text
    value = match.group(group)
    found.setdefault(name, value.upper() if name in ("order_number", "product_code") else value.lower())
    return _blank(text, *match.span())


def _phone(text: str, found: dict[str, str], language: str | None) -> str:
    if sum(map(str.isdigit, text)) < 5:
        return text  # most messages: the search below is not cheap
    import phonenumbers

    regions = ("DK", "FI") if language == "da" else ("FI", "DK")
    for region in regions:
        for match in phonenumbers.PhoneNumberMatcher(text, region):
            found["phone"] = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
            return _blank(text, match.start, match.end)
    return text


def _amount(text: str, found: dict[str, str]) -> str:
    for match in _AMOUNT.finditer(text):
        sign = match["after"] or match["before"] or (match["cents"] == "-" and ",-") or ""
        if not sign:
            continue
        whole = re.sub(r"\D", "", match["whole"])
        cents = f".{match['cents']}" if match["cents"] and match["cents"] != "-" else ""
        found["amount"] = f"{int(whole)}{cents} {_CURRENCY[sign[0].lower()]}"
        return _blank(text, *match.span())
    return text


def _postal(text: str, found: dict[str, str]) -> str:
    match = _POSTAL.search(text)
    if match is None:
        return text
    found["postal_code"] = match["told"] or match["code"]
    return _blank(text, *match.span())


def _date(text: str, found: dict[str, str], today: datetime.date) -> str:
    for match in _NUMERIC_DATE.finditer(text):
        year = match["year"] or match["year2"]
        date = _day(year, match["month"] or match["month2"], match["day"] or match["day2"], today)
        if date is not None:
            found["date"] = date.isoformat()
            return _blank(text, *match.span())
    named = _named_date().search(text)
    if named is not None:
        month = _months()[(named["month"] or named["month2"]).lower()]
        date = _day(named["year"], str(month), named["day"] or named["day2"], today)
        if date is not None:
            found["date"] = date.isoformat()
            return _blank(text, *named.span())
    low = text.lower()
    for word, days in _RELATIVE.items():
        if re.search(rf"(?<!\w){word}(?!\w)", low):
            found["date"] = (today + datetime.timedelta(days=days)).isoformat()
            break
    return text


def _day(year: str | None, month: str, day: str, today: datetime.date) -> datetime.date | None:
    try:
        if year is not None:
            return datetime.date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
        years = (today.year + 1, today.year, today.year - 1)
        dates = [datetime.date(candidate, int(month), int(day)) for candidate in years]
        return next(date for date in dates if date <= today + _AHEAD)
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Names of the months in our languages, long and short, with their numbers."""
    from babel.dates import get_month_names

    names: dict[str, int] = {}
    for locale in ("fi", "da", "en"):
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, locale).items():
                    names[name.lower().rstrip(".")] = number
    return names


@lru_cache(maxsize=1)
def _named_date() -> re.Pattern[str]:
    months = "|".join(sorted(map(re.escape, _months()), key=len, reverse=True))
    return re.compile(
        rf"\b(?:(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?\s(?:of\s)?(?P<month>{months})"
        rf"|(?P<month2>{months})\s(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?)\b\.?(?:,?\s(?P<year>20\d\d))?",
        re.IGNORECASE,
    )
