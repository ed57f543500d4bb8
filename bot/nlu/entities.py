"""What a message names: order number, e-mail, phone, sum, date, postal code, each in one written form.

For the handoff packet and for agents. Rules, no model: what these look like is known. Where a message names several of
a kind, the first is taken that it does not deny ("not 123456 but 654321"). A value that is not sure is left out: in the
packet it would take the place of an earlier, right one. All are found in any language; the language only decides
between readings (a number without a country, ``449,-``).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from bot.nlu.amounts import SIGN, find_amounts
from bot.nlu.dates import find_dates, find_spoken_days
from bot.nlu.denial import asserted
from bot.nlu.found import Found, blanked, head
from bot.nlu.postal import find_postal_codes

__all__ = ["find_entities"]

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_MASKED = re.compile(r"\[[^\]]*•[^\]]*\]")
"""What the masking on arrival has put in place of a personal number: nothing is looked for in it."""

_SMALL = (
    r"(?:(?:numero\w*|nummer\w*|number|nro|nr|no|id|koodi|kode|code|is|on|er|was|oli|var)(?![^\W\d_])[\s:.,#(-]*){0,3}"
)
"""Small words between a noun and its number."""
_NUMBER = r"(?P<number>(?:[A-Z]{1,5}-?)?\d{2,12}(?:-\d{2,12})*)"
_NUMBER_ENDS = (
    rf"(?!\w|[/-]\w|[.,:]\d{{1,3}}(?!\d)|\s?(?:{SIGN})|\s?(?:kpl|stk|pcs|kg|g|ml|cm|mm|pv|päivää|dage|days)\b)"
)
_ITEMS = (
    r"\s?(?:kappale\w*|stykker|pieces?|of them|items?|units?|tuotetta|varer|paria|par|pairs?|piste\w*|points?|pts)\b"
)
"""Behind a bare number, and behind one of four digits that is called an order's, they say how many; "order 60412,
pieces missing" names the order even without its comma."""
_COUNTS_ITEMS = re.compile(_ITEMS, re.IGNORECASE)
_ORDER = re.compile(
    r"(?:tilau\w*|tilnro|ordre\w*|bestilling\w*|order(?!ed|ing)\w*|köp\w*|parcel|paket\w*|pakke\w*|reference|viite\w*)"
    rf"[\s:.,#(-]*{_SMALL}{_NUMBER}{_NUMBER_ENDS}",
    re.IGNORECASE,
)
_MARKED = re.compile(rf"#\s?{_NUMBER}{_NUMBER_ENDS}", re.IGNORECASE)
_IN_FIVES = re.compile(
    rf"(?:reference|viite)\w*[\s:.,#(-]*{_SMALL}(?P<number>\d{{1,5}}(?: \d{{5}}){{1,3}})(?! ?\d|[\w-])", re.IGNORECASE
)
"""A Finnish reference number, as invoices print it."""
_GOES_ON = re.compile(r" \d{4}(?!\d)")
_DIGITS = range(4, 17)
_NO_ORDER = re.compile(r"(?:19|20)\d\d-\d\d-\d\d|\d\d-\d\d-(?:19|20)\d\d|0\d{1,2}-[\d-]+|20[0-3]\d")
"""A day, a phone number, a year."""
_BARE = re.compile(rf"(?<![\w.,+/-])(?!0\d{{4}}(?!\d))(?P<number>\d{{5,7}}){_NUMBER_ENDS}(?!{_ITEMS})", re.IGNORECASE)
"""Five digits with a zero in front are a postal code, if anything."""
_OTHERS = re.compile(
    r"(?<![^\W\d_])(?:cvr|y-?tunnus\w*|faktura\w*|invoice|regning\w*|lasku\w*|asiakas(?:n\w*|tunnus\w*)?"
    r"|kunde(?:nummer\w*|nr|id|konto)?|customer|client|jäsen\w*|medlem(?:s\w*)?|member\w*|konto(?:en|nummer\w*|nr)?"
    r"|account|ean|tracking|seuranta\w*|sporing\w*|tilau\w*|ordre\w*|order|bestilling\w*"
    r"|\w*kood\w*|\w*kode\w*|\w*codes?|pin|otp|lahjakort\w*|gavekort\w*|gift ?cards?|voucher|kuponki\w*|kupong\w*"
    r"|sku|tuot(?:e|te)\w*|artikkeli\w*|artik(?:el|len)\w*|article|var(?:e|en|enr|enummer\w*)|produkt\w*|product|item"
    r"|sag(?:en|snr|snummer\w*)?|tapau\w*|case|ticket|reklamaatio\w*|reklamation\w*)"
    rf"[\s:.,#(-]*{_SMALL}$",
    re.IGNORECASE,
)
"""A number behind these is a company's, an invoice's, a customer's, a code, a thing's, a case's: no phone's and no
order's."""
_PRODUCT = re.compile(
    r"(?:tuote(?:koodi|numero)\w*|tuotenro|vare(?:nummer|nr)\w*|product (?:code|number)|item (?:code|number|no))"
    r"[\s:.#]*(?P<code>[A-Z0-9][A-Z0-9-]{2,15})\b",
    re.IGNORECASE,
)


def find_entities(text: str, language: str | None, today: datetime.date) -> dict[str, str]:
    """The entities of a message.

    Args:
        text: the message as cleaned (:func:`bot.nlu.cleaning.clean`).
        language: the message's language; None is taken as Finnish where it matters.
        today: the day on which its visitor wrote it: "yesterday" and dates without a year start from it.

    Returns:
        Any of ``order_number``, ``product_code``, ``email``, ``phone`` (E.164), ``amount`` (``49.90 EUR``), ``date``
        (ISO) and ``postal_code``.
    """
    found: dict[str, str] = {}
    rest = _MASKED.sub(lambda match: " " * len(match.group()), text)
    rest = _note(rest, [Found(*match.span(), match.group().lower()) for match in _EMAIL.finditer(rest)], found, "email")
    codes = [Found(*match.span(), match["code"].upper()) for match in _PRODUCT.finditer(rest)]
    rest = _note(rest, codes, found, "product_code")
    rest = _note(rest, _orders(rest), found, "order_number")
    rest = _note(rest, find_amounts(rest, language), found, "amount")
    rest = _note(rest, find_dates(rest, language, today), found, "date")
    if "date" not in found:
        _note(rest, find_spoken_days(rest, today), found, "date")
    rest = _note(rest, find_postal_codes(rest), found, "postal_code")
    rest = _note(rest, _phones(rest, language), found, "phone")
    if "order_number" not in found:
        _note(rest, _bare_orders(rest), found, "order_number")
    return found


def _note(text: str, finds: Sequence[Found], found: dict[str, str], name: str) -> str:
    """Note under ``name`` the first that is not denied; what was found is not looked at again."""
    if finds and (first := asserted(text, finds)) is not None:
        found[name] = first.value
    return blanked(text, finds)


def _orders(text: str) -> list[Found]:
    """Numbers that are called an order's, in the order of the text."""
    finds = [Found(*match.span(), match["number"].replace(" ", "")) for match in _IN_FIVES.finditer(text)]
    for pattern in (_ORDER, _MARKED):
        for match in pattern.finditer(blanked(text, finds)):
            number = match["number"].upper()
            # In two groups of four it is one number; whether it ends with them is not sure.
            cut = len(number) == 4 and _GOES_ON.match(text, match.end()) is not None
            digits = sum(map(str.isdigit, number))
            cut = cut or (digits == 4 and _COUNTS_ITEMS.match(text, match.end()) is not None)
            if digits in _DIGITS and not _NO_ORDER.fullmatch(number) and not cut:
                finds.append(Found(*match.span(), number))
    return sorted(finds)


def _bare_orders(text: str) -> list[Found]:
    """Numbers of an order's length without a word that says what they are."""
    return [
        Found(*match.span(), match["number"])
        for match in _BARE.finditer(text)
        if not _OTHERS.search(head(text, match.start()))
    ]


def _phones(text: str, language: str | None) -> list[Found]:
    if sum(map(str.isdigit, text)) < 5:
        return []  # most messages: the search below is not cheap
    import phonenumbers

    regions = ("DK", "FI") if language == "da" else ("FI", "DK")
    for region in regions:
        finds = [
            Found(match.start, match.end, phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164))
            for match in phonenumbers.PhoneNumberMatcher(text, region)
            # Any eight digits are a Danish number.
            if match.number.country_code != 45
            or not match.raw_string[0].isdigit()
            or not _OTHERS.search(head(text, match.start))
        ]
        if finds:
            return finds
    return []
