"""Sums of money as customers write them: ``1 234,50 €``, ``1.249 kr.``, ``€1,299.00``, ``449,-``.

A sum needs a currency. One that may mean something else (a span, a size, a flat's door) is left out.
"""

from __future__ import annotations

import re

from bot.nlu.found import Found, head

__all__ = ["SIGN", "find_amounts"]

_EURO_ENDINGS = (
    r"(?:a|o|oa|n|t|s|on|oon|ja|jen|ssa|ss|sta|st|lla|l|lta|lt|lle|ksi|ks|na|illa|ista|ani|jani|ni)?"
    r"(?:kin|kaan|han|ko)?\b"
)
SIGN = rf"[€£$](?!\d)|euro{_EURO_ENDINGS}|eur\b|e(?![\w-]|\.\w|\smail)|kroner?s?\b|kr\b\.?|(?:dkk|gbp|usd|sek|nok)\b"
"""A currency behind a number, for a pattern that does not mind case. In ``2 e-mailia`` and ``38 european`` is none."""
_CENTS = r"(?:\d{1,2}|[-–—](?!\w))"
_NUMBER = (
    rf"\d{{1,3}}(?: \d{{3}})+(?:[.,]{_CENTS})?"
    rf"|\d{{1,3}}(?:\.\d{{3}})+(?:,{_CENTS})?"
    rf"|\d{{1,3}}(?:,\d{{3}})+(?:\.{_CENTS})?"
    rf"|\d{{1,7}}(?:[.,]{_CENTS})?"
)
_AMOUNT = re.compile(
    r"(?:(?<!\w)(?P<before>[€£$]|euro?|dkk|gbp|usd|sek|nok|kr\.?)\s?|(?<![\w.,])(?<!\d[-–])(?<!\d [-–] ))"
    rf"(?P<number>{_NUMBER})(?![.,]?\d)(?!\s?[-–]\s?[€£$]?\d)"
    rf"(?:\s?(?P<after>{SIGN})|(?!\w)(?!\s(?:mio|milj|million|mil|thousand|tusind|tuhat)))",
    re.IGNORECASE,
)
_DECIMALS = re.compile(r"[.,](\d{1,2}|[-–—])$")
_COMMAS = re.compile(r"\d{1,3}(?:,\d{3})+")
_SIZE = re.compile(r"(?:\w*koko|kokoa|koossa|koot|sizes?|str|størrelse\w*)[.:]?\s(?:(?:on|er|is)\s)?$", re.IGNORECASE)
_STREET = re.compile(
    r"\w(?:tie|katu|kuja|polku|ranta|rinne|väylä|kaari|raitti|aukio|tori|vej|gade|allé)\s$", re.IGNORECASE
)
"""Behind a house number, E is a door."""
_CURRENCY = {
    "€": "EUR", "e": "EUR", "£": "GBP", "g": "GBP", "$": "USD", "u": "USD",
    "k": "DKK", "d": "DKK", "s": "SEK", "n": "NOK",
}  # fmt: skip
_DASHED = {"fi": "EUR", "da": "DKK"}
"""What ``449,-`` is without a currency; elsewhere it is not written."""


def find_amounts(text: str, language: str | None = None) -> list[Found]:
    """All sums, each with its currency (``49.90 EUR``)."""
    finds = []
    for match in _AMOUNT.finditer(text):
        currency = _currency(match, text, language or "fi")
        if currency is None:
            continue
        whole, cents, *_ = (*_DECIMALS.split(match["number"]), "")
        small = f".{cents:0<2}" if cents.isdigit() else ""
        finds.append(Found(*match.span(), f"{int(re.sub(r'[ .,]', '', whole))}{small} {currency}"))
    return finds


def _currency(match: re.Match[str], text: str, language: str) -> str | None:
    """The currency, or None where the number is no sum or not surely one."""
    before, after, number = match["before"], match["after"], match["number"]
    near = head(text, match.start())
    if re.match(r"0\d", number):
        return None  # a phone's
    if _SIZE.search(near) or (after in ("e", "E") and _STREET.search(near)):
        return None
    if before or after:
        # In Finnish and Danish a comma begins the decimals, and sums have two of them: is this 1 234 or 1.234?
        doubtful = not before and language != "en" and _COMMAS.fullmatch(number)
        return None if doubtful else _CURRENCY[(before or after)[0].lower()]
    return _DASHED.get(language) if number[-1] in "-–—" and number[-2] == "," else None
