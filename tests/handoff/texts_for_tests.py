"""The repository's own texts, read once, and a language's words for assertions."""

from __future__ import annotations

from functools import cache

from handoff.owner.texts import Texts, load_texts
from handoff.settings import ROOT

__all__ = ["OWNER", "texts"]

OWNER = ROOT / "data" / "owner"


@cache
def texts() -> Texts:
    return load_texts(OWNER)
