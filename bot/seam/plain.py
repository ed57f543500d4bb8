"""Keeps what a visitor typed from being taken for a command.

Rasa obeys a text that begins with ``/``: ``/restart`` un-pauses, ``/intent{"slot": "x"}`` sets slots.
"""

from __future__ import annotations

import unicodedata

__all__ = ["plain"]

HARMLESS = "\u2044"
"""FRACTION SLASH: looks the same, means nothing to Rasa, and no Unicode normalisation turns it into ``/``."""


def _invisible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs", "Mn")


def plain(text: str) -> str:
    """``text`` with every slash at its beginning replaced, also one that is full-width or stands behind blanks,
    zero-width or control characters. The length stays. What does not begin with a slash comes back as it is.
    """
    characters = list(text)
    for index, character in enumerate(characters):
        if unicodedata.normalize("NFKC", character) == "/":
            characters[index] = HARMLESS
        elif not _invisible(character):
            break
    return "".join(characters)
