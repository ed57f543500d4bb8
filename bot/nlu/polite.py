"""Thanks with a but: "Kiitos avusta, mutta en saanut vastausta" is no small talk, however much of it is thanks.

Most negations after thanks are harmless ("thanks, I don't need anything else"): what follows the thanks is only handed
out here, and understood by itself.
"""

from __future__ import annotations

import re

__all__ = ["POLITE", "denial_after_thanks"]

POLITE = frozenset({"thanks", "stop", "compliment"})
"""Small talk that a denial may follow."""

_TURNS = re.compile(r"(?:[,;:.!–-]+\s+|\s+)(?:mutta|men|but)\s+|[,;:.!–-]+\s+", re.IGNORECASE)
_DENIES = re.compile(
    r"(?<!\w)(?:ei(?:kä|hän|pä|vät)?|en|emme|ikke|ingen|intet|not|no|never|nothing|cannot"
    r"|(?:is|was|did|does|do|has|have|are|could|can)n?['’]?t)(?!\w)",
    re.IGNORECASE,
)


def denial_after_thanks(text: str) -> str | None:
    """What follows the first clause, where something in it is denied; None where nothing is."""
    turn = _TURNS.search(text)
    rest = text[turn.end() :].strip() if turn else ""
    return rest if rest and _DENIES.search(rest) else None
