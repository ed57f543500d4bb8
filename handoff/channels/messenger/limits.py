"""Messenger's limits, and how a text is cut to them. Pure.

Lengths are counted in UTF-16 units, the largest of the ways to count: what fits so fits however Meta counts.
"""

from __future__ import annotations

import regex

__all__ = [
    "BUTTONS_MAX",
    "METADATA_MAX",
    "PAYLOAD_MAX",
    "QUICK_REPLIES_MAX",
    "TEMPLATE_TEXT_MAX",
    "TEXT_MAX",
    "TITLE_MAX",
    "length",
    "split",
]

TEXT_MAX = 1900
"""Of one message: Meta refuses 2000."""

TITLE_MAX = 20
"""Of a button: longer ones are cut by Meta."""

QUICK_REPLIES_MAX = 13
BUTTONS_MAX = 3
TEMPLATE_TEXT_MAX = 640
PAYLOAD_MAX = 1000
METADATA_MAX = 1000

_SEAMS = (
    regex.compile(r"\n\s*\n"),  # paragraphs
    regex.compile(r"\n"),
    regex.compile(r"[.!?…:;]+[\p{Pe}\p{Pf}\p{Pi}\"']*\s+"),  # sentences
    regex.compile(r"\s+"),  # words
)
_GRAPHEME = regex.compile(r"\X")


def length(text: str) -> int:
    """UTF-16 units."""
    return len(text) + sum(character > "\uffff" for character in text)


def split(text: str, limit: int = TEXT_MAX) -> list[str]:
    """``text`` in parts of at most ``limit``: at paragraphs, else at sentences, else at words, else between graphemes.

    The parts joined are the text. A single grapheme that is longer than the limit is cut, for nothing else is left.
    """
    parts = []
    rest = text
    while length(rest) > limit:
        end = _cut(rest, limit)
        parts.append(rest[:end])
        rest = rest[end:]
    return [*parts, rest] if rest or not parts else parts


def _cut(text: str, limit: int) -> int:
    """Where the first part of a text that is too long ends."""
    room = _fitting(text, limit)
    # A seam in the first third leaves a stump of a message: then the next finer one is better.
    for seam in _SEAMS:
        ends = [match.end() for match in seam.finditer(text, 0, room + 1) if room // 3 < match.end() <= room]
        if ends:
            return ends[-1]
    end = 0
    for match in _GRAPHEME.finditer(text):
        if match.end() > room:
            break
        end = match.end()
    return end or max(room, 1)


def _fitting(text: str, limit: int) -> int:
    """How many characters from the start fit."""
    units = 0
    for place, character in enumerate(text):
        units += 2 if character > "\uffff" else 1
        if units > limit:
            return place
    return len(text)
