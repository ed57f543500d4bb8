"""Which of the values in a message its writer denies: "not 123456 but 654321", "ei 49 vaan 59 euroa".

Who corrects an order number names the wrong one first. But most negations near a value are about something else ("I
have not received order 123456"): so the value is denied only where it is what is said not to be, or where another one
is put in its place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.nlu.found import Found, head

__all__ = ["asserted"]

_NOUN = (
    r"(?:(?:tilau|ordre|bestilling|order|numero|nummer|number|summa|bel[øo]b|amount)\w*|nro?|no|n:o|the|a|an|for|from|on"
    r"|den|det|d|p[åa]|fra|til|kr)"
)
"""Small words between a denial and its value, or between the wrong value and the right one."""
_BETWEEN = rf"(?:\s+{_NOUN}(?!\w)\.?){{0,3}}[\s:#(]*"
_IS_NOT = re.compile(
    r"(?:(?<!\w)(?:ei(?:\s+se)?\s+(?:ole|olekaan|ollut|ollutkaan)|(?:er|var)\s+(?:altså\s+|bare\s+)?ikke"
    rf"|(?:is|was)\s+not|(?:is|was)n['’]?t)|['’]s\s+not){_BETWEEN}$",
    re.IGNORECASE,
)
"""The value is what something is not."""
_NOT = re.compile(rf"(?<!\w)(?:ei(?:kä)?|ikke|not){_BETWEEN}$", re.IGNORECASE)
_NOT_DONE = re.compile(
    r"(?<!\w)(?:en|emme|ei|ikke|not|(?:did|do|was|have|has)n['’]?t)"
    r"(?:\s+(?!(?:saanut|saaneet|tullut|saapunut|f[åa]et|fik|modtaget|modtog|kommet|kom|get|got|receive|received|come)\b)"
    r"[^\W\d_]+){1,2}[\s:#(]*$",
    re.IGNORECASE,
)
"""Something was not done with the value: paid, ordered, meant. What was not received is the thing that is missed."""
_INSTEAD = re.compile(rf"[\s,.;:)–-]*(?:vaan|men|but)(?!\w){_BETWEEN}", re.IGNORECASE)
_RATHER = re.compile(
    r"[\s,.;:)–-]*(?:vaan|men|but|it(?:['’]?s| is| was)|that['’]?s|(?:the )?(?:right|correct)(?: one| number)? is"
    r"|det (?:er|var)|den (?:er|var)|det rigtige (?:nummer )?er|se (?:on|oli)|oikea (?:numero )?on)(?!\w)"
    rf"{_BETWEEN}",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[€£$]?(?:[A-Z]{1,5}-?)?\d", re.IGNORECASE)


def asserted(text: str, finds: Sequence[Found]) -> Found | None:
    """The first of values of one kind, at least one, that the text does not deny."""
    starts = {found.start for found in finds}
    return next((found for found in finds if not _denied(text, found, starts)), None)


def _denied(text: str, found: Found, starts: set[int]) -> bool:
    near = head(text, found.start)
    if _IS_NOT.search(near):
        return True
    if _NOT.search(near):
        return _replaced(_RATHER, text, found, starts)
    return _NOT_DONE.search(near) is not None and _replaced(_INSTEAD, text, found, starts)


def _replaced(by: re.Pattern[str], text: str, found: Found, starts: set[int]) -> bool:
    """Whether another value follows at once, in this one's place."""
    match = by.match(text, found.end)
    return match is not None and (match.end() in starts or _VALUE.match(text, match.end()) is not None)
