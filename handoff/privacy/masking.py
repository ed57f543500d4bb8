"""Identity codes, payment cards and bank accounts are covered on arrival (I11): before log, tracker, model and metrics.

The hub calls :func:`mask` before it writes anything; ``silta parse`` shows what the bot would see. So this is, beside
:mod:`handoff.events`, the second module that both sides import, and the reason is that two masks would not agree for
long. It stands on the standard library alone and runs on Python 3.10; it knows nothing of hub or bot.

What is masked: Finnish HETU (date, any century sign, mod 31), Danish CPR (date; mod 11 never rejects, so the words
around it decide, see :mod:`handoff.privacy.surroundings`), cards (beginning, length, Luhn), IBAN (length, mod 97).
Order numbers, telephones, dates, amounts and tracking numbers stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from handoff.privacy.numbers import IBAN_LENGTHS, card_lengths, is_card, is_day, is_hetu, is_iban
from handoff.privacy.surroundings import is_labelled_otherwise, names_person, speaks_of_cpr

__all__ = ["MASK", "Kind", "Masked", "mask"]


class Kind(str, Enum):
    """What was masked. The names are the same in every language."""

    HETU = "HETU"
    CPR = "CPR"
    CARD = "CARD"
    IBAN = "IBAN"


@dataclass(frozen=True)
class Masked:
    """A text that may be kept. ``spans`` are the places of the masks in it, ``kinds`` what each one covers, and
    ``values`` what was there: for whoever may seal it, and never for a log or anything else."""

    text: str
    kinds: tuple[Kind, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    values: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def count(self) -> int:
        """How many numbers were masked."""
        return len(self.kinds)


MASK = {kind: f"[{kind.value} ••••]" for kind in Kind}
"""What stands in place of a number: of about its length, and nothing of the number is left."""

LEAST_DIGITS = 9
"""The shortest number looked for (a HETU whose check character is a letter) has so many digits."""

_HETU = re.compile(
    r"(?<!\d)(\d\d)[./ ]?(\d\d)[./ ]?(\d\d)(?: ?([-+YXWVUABCDEF]) ?| )?(\d{3}) ?([\dA-FHJ-NPR-Y])(?![^\W_])",
    re.IGNORECASE,
)
_CPR = re.compile(r"(?<!\d)(\d\d)(\d\d)\d\d( ?- ?| )?\d{4}(?!\d)")
_LOOSE_CPR = re.compile(r"(?<!\d)(\d\d)[ ./-]?(\d\d)[ ./-]?(?:19|20)?\d\d[ ./-]{0,3}\d\d ?\d\d(?!\d)")
# "at 04…" is English: a space after the country only where it is in capitals.
_IBAN = re.compile(r"(?<![^\W_])(?:[A-Z]{2} ?|[A-Za-z]{2})\d\d(?:[ -]?[A-Za-z\d]){11,28}")
_GROUPS = re.compile(r"\d{3,}(?:( |-|\.|  | - )\d{3,}(?:\1\d{3,})*(?:\1\d\d?)?)?(?!\d)")
_DIGITS = re.compile(r"\d+")
_CARD_MOST = 19
_CARD_FORMS = frozenset({(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4)})
"""As cards have their digits in groups: two telephones or orders in two lines have others."""

_GAP = re.compile(r" *[\t-\r\x1c-\x1e\x85\u2028\u2029][\t-\r\x1c-\x1e\x85\u2028\u2029 ]*")

_UNSEEN = frozenset({"Cf", "Me"})
_DASHES = frozenset("\u2212\u2043")

Found = tuple[int, int, Kind]


def mask(text: str) -> Masked:
    """``text`` with every personal number in it covered. What is masked stays so: masking again changes nothing."""
    if sum(map(str.isdigit, text)) < LEAST_DIGITS:
        return Masked(text)
    found = _found(text)
    if not found:
        return Masked(text)
    found.sort()
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    done = length = 0
    for start, end, kind in found:
        before = text[done:start]
        pieces += (before, MASK[kind])
        spans.append((length + len(before), length + len(before) + len(MASK[kind])))
        length = spans[-1][1]
        done = end
    covered = tuple(text[start:end] for start, end, _ in found)
    return Masked("".join((*pieces, text[done:])), tuple(kind for _, _, kind in found), tuple(spans), covered)


def _found(text: str) -> list[Found]:
    """Places of personal numbers in the text, which do not overlap."""
    plain, origin = _plain(text)
    found: list[Found] = []

    def add(looked: Iterable[Found], origin: Sequence[int]) -> None:
        taken = list(found)
        for first, last, kind in looked:
            start, end = origin[first], origin[last - 1] + 1
            if not any(start < other_end and other < end for other, other_end, _ in taken):
                found.append((start, end, kind))

    for look in _LOOKS:
        add(look(plain), origin)
    joined, places, gaps = _joined(plain, origin)
    if gaps:
        for look in _LOOKS:
            broken = (one for one in look(joined) if any(one[0] < gap < one[1] for gap in gaps))
            add((one for one in broken if _is_one(joined, *one)), places)
    return found


def _joined(plain: str, origin: Sequence[int]) -> tuple[str, list[int], list[int]]:
    """The text with a single space for every tab, line break and what is blank beside it; where its characters stand,
    and where those spaces are. Whoever pastes from an invoice or a table pastes these into a number."""
    pieces: list[str] = []
    places: list[int] = []
    gaps: list[int] = []
    done = 0
    for match in _GAP.finditer(plain):
        pieces.append(plain[done : match.start()])
        places.extend(origin[done : match.start()])
        gaps.append(len(places))
        pieces.append(" ")
        places.append(origin[match.start()])
        done = match.end()
    return "".join((*pieces, plain[done:])), [*places, *origin[done:]], gaps


def _is_one(text: str, start: int, end: int, kind: Kind) -> bool:
    """Whether what goes over a tab or the end of a line is one number, and not two that follow each other in a list:
    check digits and form prove it, or the words call it so."""
    if kind is Kind.IBAN:
        return True
    if kind is Kind.CARD:
        form = tuple(len(group) for group in _DIGITS.findall(text[start:end]))
        return form in _CARD_FORMS or _speaks_of_cards(text, start, end)
    if kind is Kind.HETU and not text[start:end].replace(" ", "").isalnum():
        return True  # with its century's sign
    return names_person(text, start, end)


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """The text with digits, dashes and spaces in their plain form, and where each of its characters stands in it.

    Invisible characters are left out: a number must not slip through because a zero-width space was pasted with it.
    """
    if text.isascii():
        return text, range(len(text))
    characters: list[str] = []
    origin: list[int] = []
    for place, character in enumerate(text):
        plain = _plain_character(character)
        if plain:
            characters.append(plain)
            origin.append(place)
    return "".join(characters), origin


def _plain_character(character: str) -> str:
    if character.isascii():
        return character
    category = unicodedata.category(character)
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if category == "Pd" or character in _DASHES:
        return "-"
    if category in _UNSEEN or "\ufe00" <= character <= "\ufe0f":
        return ""
    if category == "Zs":
        return " "
    composed = unicodedata.normalize("NFKC", character)
    return composed if len(composed) == 1 else character


def _ibans(text: str) -> Iterator[Found]:
    for match in _IBAN.finditer(text):
        country = match.group()[:2].upper()
        wanted = int(IBAN_LENGTHS.get(country, 0))
        characters = [place for place in range(*match.span()) if text[place].isalnum()]
        if not 0 < wanted <= len(characters):
            continue
        end = characters[wanted - 1] + 1
        if end < len(text) and text[end].isalnum():
            continue
        if is_iban("".join(text[place] for place in characters[:wanted])):
            yield match.start(), end, Kind.IBAN


def _hetus(text: str) -> Iterator[Found]:
    for match in _HETU.finditer(text):
        day, month, year, sign, number, check = match.groups()
        if sign is None and check.isdigit():
            continue  # ten digits: a CPR number, if anything
        if not is_hetu(day + month + year, number, check):
            continue
        # A dash and a digit at the end is the form of a CPR number too: the word for it settles which.
        around = text[max(0, match.start() - 20) : match.end() + 20].lower()
        danish = sign == "-" and check.isdigit() and "cpr" in around
        yield match.start(), match.end(), Kind.CPR if danish else Kind.HETU


def _cards(text: str) -> Iterator[Found]:
    for run in _GROUPS.finditer(text):
        groups = [(run.start() + group.start(), run.start() + group.end()) for group in _DIGITS.finditer(run.group())]
        first = 0
        while first < len(groups):
            last = _card_from(text, groups[first:])
            if last is None:
                first += 1
                continue
            start, end = groups[first][0], groups[first + last][1]
            if not _is_other_number(text, start, end):
                yield start, end, Kind.CARD
            first += last + 1


def _card_from(text: str, groups: list[tuple[int, int]]) -> int | None:
    """The index of the group with which a card's number that begins in the first one ends; the longest that is one."""
    digits = ""
    ends: dict[int, int] = {}
    for index, (start, end) in enumerate(groups):
        digits += text[start:end]
        if len(digits) > _CARD_MOST:
            break
        ends[len(digits)] = index
    for length in card_lengths(digits):
        if length in ends and is_card(digits[:length]):
            return ends[length]
    return None


def _is_other_number(text: str, start: int, end: int) -> bool:
    """Whether letters belong to the number, or the words say it is an order's or a parcel's."""
    if (start and text[start - 1].isupper()) or text[end : end + 1].isupper():
        return True
    if _speaks_of_cards(text, start, end):
        return False
    return is_labelled_otherwise(text, start, end, phones=False)


def _speaks_of_cards(text: str, start: int, end: int) -> bool:
    around = text[max(0, start - 40) : end + 25].lower()
    return any(word in around for word in ("kort", "card", "visa", "maksu", "betal", "pay", "amex"))


def _cprs(text: str) -> Iterator[Found]:
    for match in _CPR.finditer(text):
        start, end = match.span()
        day, month, separator = match.groups()
        if not is_day(day, month):
            continue
        separator = separator or ""
        digits = "".join(character for character in match.group() if character.isdigit())
        if _is_part_of_more(text, start, end, separator=separator) and not names_person(text, start, end):
            continue
        if speaks_of_cpr(text, start, end, digits, separator=separator):
            yield start, end, Kind.CPR
    for match in _LOOSE_CPR.finditer(text):
        # Written as no CPR number is: only where it is called one, and is not found above already.
        if is_day(match[1], match[2]) and not _CPR.fullmatch(match.group()) and names_person(text, *match.span()):
            yield match.start(), match.end(), Kind.CPR


def _is_part_of_more(text: str, start: int, end: int, *, separator: str) -> bool:
    """Whether the digits are the middle of a longer code (``SK-010190-1234``, ``+45…``, ``12 010190 1234``)."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before[-1:].isalpha() or before[-1:] in ("+", "#", "_", "/") or after[:1].isalpha() or after[:1] == "_":
        return True
    if len(before) == 2 and before[1] in "-.," and before[0].isalnum():
        return True
    if len(after) == 2 and after[0] in "-.,/" and after[1].isalnum():
        return True
    spaced = (before[1:] == " " and before[0].isdigit()) or (after[:1] == " " and after[1:].isdigit())
    return spaced and "-" not in separator


_LOOKS = (_ibans, _hetus, _cards, _cprs)
"""In this order: what its check digits prove goes before what the words decide."""
