"""How the bot behaves, as the owner wants it: ``manners.yml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handoff.errors import SettingsError
from handoff.events import LANGUAGES
from handoff.owner.yamlfile import load, refusing
from handoff.pause import Pause

__all__ = ["Manners", "NeverMind", "read_manners"]

LONGEST = 80
"""Characters of a message that may say "never mind" and nothing else; a longer one has something to say."""

MOST_S = 5.0
"""No pause is longer: after that, what is held goes to the bot by the deadline in Redis."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("’", "'") for word in _WORD.findall(text.lower()))


@dataclass(frozen=True)
class NeverMind:
    """Tells who does not want a person any more: ``core`` phrases say it, ``little`` words may stand around them."""

    core: frozenset[tuple[str, ...]] = frozenset()
    little: frozenset[tuple[str, ...]] = frozenset()

    @classmethod
    def of(cls, core: Iterable[str], little: Iterable[str]) -> NeverMind:
        return cls(frozenset(map(_words, core)) - {()}, frozenset(map(_words, little)) - {()})

    def said_in(self, text: str) -> bool:
        """Whether the message says that and nothing else: the phrases cover it, with one of the core among them.

        Whoever says more has a wish that must not be dropped.
        """
        words = _words(text)
        if not words or len(text) > LONGEST or "?" in text:
            return False
        # For each place in the text: whether what stands before can be laid out, without and with a core phrase.
        plain, told = [True, *[False] * len(words)], [False] * (len(words) + 1)
        for start in range(len(words)):
            if not (plain[start] or told[start]):
                continue
            for end in range(start + 1, len(words) + 1):
                phrase = words[start:end]
                if phrase in self.core:
                    told[end] = True
                if phrase in self.little:
                    plain[end] = plain[end] or plain[start]
                    told[end] = told[end] or told[start]
        return told[-1]


@dataclass(frozen=True)
class Manners:
    """The owner's choices."""

    pause: Pause = field(default_factory=Pause)
    never_mind: NeverMind = field(default_factory=NeverMind)


@refusing
def read_manners(path: Path) -> Manners:
    """Read the owner's file; without one, the pauses of :class:`~handoff.pause.Pause`, and only the button leaves the
    queue.

    Raises:
        SettingsError: with file and key of everything that is wrong.
    """
    if not path.is_file():
        return Manners()
    raw = load(path)
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise SettingsError([f"{path}: a mapping is expected"])
    problems: list[str] = []
    for key in sorted(set(map(str, raw)) - {*_SECONDS, "never_mind", "little_words"}):
        named = key or '""'
        problems.append(f"{path}: {named}: is not a setting")
    seconds = {name: _seconds(path, raw, key, getattr(Pause(), name), problems) for key, name in _SECONDS.items()}
    core, little = (_phrases(path, raw, key, problems) for key in ("never_mind", "little_words"))
    if problems:
        raise SettingsError(problems)
    return Manners(Pause(**seconds), NeverMind.of(core, little))


_SECONDS = {"pause_s": "pause_s", "question_pause_s": "question_s", "typing_s": "typing_s"}


def _seconds(path: Path, raw: Mapping[str, Any], key: str, default: float, problems: list[str]) -> float:
    value = raw.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST_S:
        problems.append(f"{path}: {key}: a number of seconds from 0 to {MOST_S:g} is expected")
        return default
    return float(value)


def _phrases(path: Path, raw: Mapping[str, Any], key: str, problems: list[str]) -> list[str]:
    part = raw.get(key)
    if part is None:
        return []
    if not isinstance(part, dict):
        problems.append(f"{path}: {key}: languages with phrases are expected")
        return []
    found: list[str] = []
    for language, phrases in part.items():
        if language not in LANGUAGES:
            problems.append(f"{path}: {key}.{language}: one of {', '.join(LANGUAGES)} is expected")
        elif not isinstance(phrases, list) or not all(isinstance(phrase, str) for phrase in phrases):
            problems.append(f"{path}: {key}.{language}: a list of phrases is expected (quote yes, no, on and off)")
        else:
            found += phrases
    return found
