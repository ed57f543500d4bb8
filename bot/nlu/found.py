"""A value that was found in a text, and what stands around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Found", "blanked", "head"]

_NEAR = 60
"""Characters before a find that are looked at: a noun with a few small words between. More would only cost time."""


class Found(NamedTuple):
    """A value in its written form, and where it stands."""

    start: int
    end: int
    value: str


def head(text: str, start: int) -> str:
    """What stands right before ``start``."""
    return text[max(0, start - _NEAR) : start]


def blanked(text: str, finds: Iterable[Found]) -> str:
    """The text with spaces in place of ``finds``: what was understood once is not looked at again."""
    for found in finds:
        text = text[: found.start] + " " * (found.end - found.start) + text[found.end :]
    return text
