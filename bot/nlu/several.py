"""Several questions in one message: taken apart, so that each can be understood by itself.

A message is taken apart only where its parts ask by themselves; a story around one question stays whole.
"""

from __future__ import annotations

import re

from bot.nlu.cleaning import words
from bot.reasons import sentences

__all__ = ["MOST_QUESTIONS", "questions"]

MOST_QUESTIONS = 4
"""Parts that are looked at: each costs what a message costs, and who asks more wants a person."""
_LEAST_WORDS = 2
"""Words of a part that can ask: fewer ("when?") lean on the part before."""

# What opens a question or a request, in each language; Finnish asks by endings, too.
_OPENS = re.compile(
    r"(?:mi\w{0,8}|koska|kosk\w+|kui\w*|paljo\w*|mont\w+|kuka|ket\w+|kauan\w*|voi\w*|halu\w+|\w+(?:ko|kö|ks|kohan|köhän)"
    r"|hva\w?|hvo\w+|hvem|hvilke\w*|kan|må|er|har|koster|tager|får|skal|vil|findes"
    r"|what\w*|when|where\w*|how|which|who\w*|why|can|could|do|does|did|is|are|will|would|may|have|has)\b",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"[,;]? (?:ja|sekä|entä|og|samt|and|plus) (?:(?:myös|sitten|sit|også|så|also|then) )?", re.IGNORECASE
)


def questions(text: str) -> list[str]:
    """The parts of a message that ask something each, at most :data:`MOST_QUESTIONS`; none when it asks one thing.

    Sentences that end with a question mark, or that begin as questions do, and clauses that follow an "and" and begin
    so. Sentences that only tell are left out.
    """
    parts = [part for sentence in sentences(text) for part in _clauses(sentence)]
    asking = [part for part in parts if _asks(part)][:MOST_QUESTIONS]
    return asking if len(asking) > 1 else []


def _clauses(sentence: str) -> list[str]:
    """A sentence, cut before every "and" that a question follows."""
    found: list[str] = []
    start = 0
    for match in _JOINED.finditer(sentence):
        if _OPENS.match(sentence, match.end()) and _OPENS.match(sentence[start:].lstrip()):
            found.append(sentence[start : match.start()].strip())
            start = match.end()
    return [*found, sentence[start:].strip()]


def _asks(part: str) -> bool:
    return len(words(part)) >= _LEAST_WORDS and (part.endswith("?") or _OPENS.match(part) is not None)
