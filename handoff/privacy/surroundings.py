"""What the words around a number say that it is: ten digits may be a CPR number, a telephone or an order.

A number that its own check digits prove needs no words. A CPR number has none to rely on, so the words decide, and
where they are silent, the number is taken for what would do harm in the open. Pure.
"""

from __future__ import annotations

import re

__all__ = ["is_labelled_otherwise", "names_person", "speaks_of_cpr"]

BEFORE = 40
"""Characters before a number in which it may be named."""
AFTER = 25
NEAR = 28
"""A word for orders or telephones must stand this near: further off it belongs to another part of the sentence."""

_PERSON = re.compile(
    r"cpr|person(?:ligt?)?[- ]?(?:nummer|nr|number)|henkil[öo](?:n?numer|tunnu|turva|koodi)|sosiaaliturva|\bhetu|\bsotu"
    r"|syntym[äa]|f(?:ø|oe)d(?:t|sel)|sygesikring|sundhedskort|social security|\bssn\b|date of birth|\bborn\b|\bdob\b"
    r"|(?:personal|national|identity|danish|finnish)[- ](?:id\b|identity|identification|number|code)"
    r"|\bid(?:entity|entification|entitets)?[- ]?(?:number|nummer|code|kode|nr|no)\b",
    re.IGNORECASE,
)
_THING = (
    r"(?:order|ordre|tilau|bestilling|booking|pakk|paket|parcel|kolli|l[äa]hety|forsendelse|shipment|seuran|track|sporing"
    r"|lasku|faktura|invoice|kuit|kvittering|receipt|viit|ref|tuot|vare|item|artik|sku\b|serie|serial|ean\b|gtin"
    r"|imei|return|retur|palautu)"
)
_HOLDER = (
    r"(?:asiak|kunde|customer|medlem|j[äa]sen|member|konto|account|tili|gavekort|lahjakort|gift ?card|rabat|sag|case)"
)
_NUMBER = r"(?:numer\w*|nummer\w*|number\w*|nro?\b|no\b|id\b|kod\w*|cod\w*|tunnu\w*|#)"
_NUMBERED = rf"(?:{_THING}|{_HOLDER})\w*[- ]?{_NUMBER}"
_PHONE = (
    r"(?:\bpuh\b|puhelin|soit|numeroo|\btel\b|\btlf\b|\btelef|phone|\bcall|\bring(?:e|er|et)?\b|\bmobil|\bmob\b"
    r"|whats ?app|\bsms|tekst(?:aa|i|ari)|text me|k[äa]nny|\bgsm|\bn[åa]s\b|reach me|tavoit)"
)
_LABEL = re.compile(_NUMBERED, re.IGNORECASE)
_CALLS = re.compile(_PHONE, re.IGNORECASE)
_RIGHT_BEFORE = re.compile(
    rf"(?:\b{_THING}\w*|#)[\s:.,#(=-]*(?:(?:is|was|on|oli|er|var|med|with|{_NUMBER})[\s:.#=-]*){{0,2}}$", re.IGNORECASE
)
_RIGHT_AFTER = re.compile(
    rf"^[\s,]*(?:kr\b|dkk|eur|€|kpl|stk|pcs|%|(?:(?:is|on|er|=|\()\s*)?(?:my|the|our|mit|min|vores)?\s*"
    rf"(?:{_NUMBERED}|{_PHONE}))",
    re.IGNORECASE,
)
_EARLIER_NUMBER = re.compile(r"\d{6,}|\d{3,}[ -]\d{3,}")
_FINNISH_PHONE = re.compile(r"0(?:4[01]|50)")
_FINNISH = re.compile(
    r"[äö]|\b(?:hei|moi|moikka|kiitos|olen|oon|minun|mun|mulle|ok|se on|numero\w*|ja|ei|nyt|voi\w*|miss[aä]|mik[aä])\b",
    re.IGNORECASE,
)


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    """The words before and after a number, as far as the numbers next to it."""
    before = text[max(0, start - BEFORE) : start]
    earlier = [match.end() for match in _EARLIER_NUMBER.finditer(before)]
    after = text[end : end + AFTER]
    later = _EARLIER_NUMBER.search(after)
    return before[earlier[-1] :] if earlier else before, after[: later.start()] if later else after


def names_person(text: str, start: int, end: int) -> bool:
    """Whether the words around ``text[start:end]`` speak of an identity code."""
    before, after = _around(text, start, end)
    if _PERSON.search(before):
        return True
    return not _labelled(before, phones=True) and _PERSON.search(after) is not None


def is_labelled_otherwise(text: str, start: int, end: int, *, phones: bool) -> bool:
    """Whether the words around ``text[start:end]`` say that it is an order, a parcel, an invoice or, with ``phones``,
    a telephone."""
    before, after = _around(text, start, end)
    return _labelled(before, phones=phones) or _RIGHT_AFTER.search(after) is not None


def _labelled(before: str, *, phones: bool) -> bool:
    near = before[-NEAR:]
    return bool(_LABEL.search(near) or _RIGHT_BEFORE.search(before) or (phones and _CALLS.search(near)))


def speaks_of_cpr(text: str, start: int, end: int, digits: str, *, separator: str) -> bool:
    """Whether ten digits that begin with a day of birth are to be taken for a CPR number.

    Args:
        digits: the ten.
        separator: what stands between the sixth and the seventh. CPR numbers are written ``DDMMYY-XXXX``, telephones
            and orders are not.
    """
    if names_person(text, start, end):
        return True
    if is_labelled_otherwise(text, start, end, phones="-" not in separator):
        return False
    if separator or not _FINNISH_PHONE.match(digits):
        return True
    # 0401234567 is the form of a Finnish mobile, and what a visitor who is asked for a telephone writes: nothing else.
    words = text[:start] + text[end:]
    return any(character.isalpha() for character in words) and _FINNISH.search(words) is None
