"""Signs of emotion that can be named and pointed at: words of the lexicon, capital letters, runs of marks.

The lexicon is ``data/emotion/cues.yml``. A sign proves nothing alone ("pirun kätevä"): the model weighs them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

__all__ = ["SURFACE", "BadLexicon", "Cue", "Lexicon"]

SURFACE = ("capitals", "exclamations", "questions", "length", "brevity", "smile", "numbers")
"""Signs that need no lexicon, in the order of :meth:`Lexicon.features`."""

_MOST = 3
"""A sign that comes oftener than this says no more."""

_LONGEST_WORD = 40
"""So much of the word before a run of marks belongs to it; a wall of characters is no word."""

_MARK = re.compile(r"\[[A-Z]+ •+\]")  # a masked number: its capitals are nobody's shouting
_CAPITALS = re.compile(r"(?<!\w)[A-ZÅÄÖÆØÉ]{3,}(?:[\W\d]+[A-ZÅÄÖÆØÉ]{2,})*(?!\w)")
_MARKS = re.compile(r"[!?][!?1]+")  # the 1 of a slipped shift key
_SMILE = re.compile(r"[:;=]-?[)D]+|\bx+D+\b|[\U0001F600-\U0001F60F\U0001F618-\U0001F61D\U0001F923\u2764\U0001F44D]|❤")
_LETTERS = (("ä", "[äa]"), ("ö", "(?:ö|oe?)"), ("å", "(?:å|aa?)"), ("æ", "(?:æ|ae?)"), ("ø", "(?:ø|oe?)"))

_FIRST = {"ä": "a", "å": "a", "æ": "a", "ö": "o", "ø": "o"}
"""What a word may begin with when its first letter is written plainly."""


class BadLexicon(ValueError):
    """The lexicon has a mistake; the text names file and place."""

    code = "cues.bad"

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(f"{self.code}: {file}: {what}")


@dataclass(frozen=True)
class Cue:
    """One sign: its name, and the place of the words in the text."""

    name: str
    start: int
    end: int


class Lexicon:
    """Finds signs. ``names`` are those of the lexicon, in its order."""

    def __init__(self, words: Mapping[str, Mapping[str, list[str]]]) -> None:
        self.words = words
        self.names = tuple(words)
        self._patterns = tuple(
            re.compile(_pattern(sorted({word for part in languages.values() for word in part})), re.IGNORECASE)
            for languages in words.values()
        )

    @classmethod
    def read(cls, file: Path) -> Lexicon:
        """Read ``cues.yml``.

        Raises:
            BadLexicon: it is no YAML, or something in it is no list of words.
        """
        try:
            raw: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise BadLexicon(file, "cannot be read as YAML") from error
        if not isinstance(raw, dict):
            raise BadLexicon(file, "must be a list of signs")
        for name, languages in raw.items():
            if not isinstance(languages, dict):
                raise BadLexicon(file, f"{name}: must hold languages")
            for language, words in languages.items():
                if not isinstance(words, list) or not all(isinstance(word, str) and word.strip("* ") for word in words):
                    raise BadLexicon(file, f"{name}.{language}: must be a list of words (quote what is a number)")
        return cls(raw)

    def find(self, text: str) -> list[Cue]:
        """Every sign in ``text`` that has a place, from the first on."""
        found = [
            Cue(name, match.start(), match.end())
            for name, pattern in zip(self.names, self._patterns, strict=True)
            for match in pattern.finditer(text)
        ]
        found += [Cue("capitals", *span) for span in _shouted(text)]
        found += _marked(text)
        return sorted(found, key=lambda cue: (cue.start, -cue.end))

    def features(self, text: str, cues: list[Cue]) -> npt.NDArray[np.float32]:
        """The signs as numbers: for each of :attr:`names`, then of :data:`SURFACE`."""
        counted = dict.fromkeys((*self.names, "capitals", "exclamations", "questions"), 0)
        for cue in cues:
            counted[cue.name] += 1
        letters = sum(map(str.isalpha, text))
        words = len(text.split())
        shouted = sum(end - start for start, end in _shouted(text)) / max(letters, 1)
        values = [min(counted[name], _MOST) / _MOST for name in self.names]
        values += [
            min(shouted, 1.0),
            min(counted["exclamations"], _MOST) / _MOST,
            min(counted["questions"], _MOST) / _MOST,
            min(words, 80) / 80,
            float(words <= _MOST),
            float(_SMILE.search(text) is not None),
            min(sum(map(str.isdigit, text)), 20) / 20,
        ]
        return np.array(values, np.float32)


def _marked(text: str) -> Iterator[Cue]:
    """Runs of exclamation and question marks, each with the word before it. Linear in the text, whatever it holds."""
    for match in _MARKS.finditer(text):
        run = match.group()
        before = text[max(0, match.start() - _LONGEST_WORD) : match.start()]
        start = match.start() - (len(before.split()[-1]) if before and not before[-1].isspace() else 0)
        if "!" in run and run.count("!") + run.count("?") > 1:
            yield Cue("exclamations", start, match.end())
        if "??" in run:
            yield Cue("questions", start, match.end())


def _shouted(text: str) -> Iterator[tuple[int, int]]:
    """Places where at least two words, or one long one, stand in capitals; a lone "FAQ" or "SYKSY20" is no shouting."""
    covered = [match.span() for match in _MARK.finditer(text)]
    for match in _CAPITALS.finditer(text):
        start, end = match.span()
        if any(start < other_end and other_start < end for other_start, other_end in covered):
            continue
        if end - start >= 6 or " " in match.group():
            yield start, end


def _pattern(words: list[str]) -> str:
    """Any of the words; those with the same first letter stand together, for of others none is tried then."""
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(_FIRST.get(word[0].lower(), word[0].lower()), []).append(_word(word))
    first = {letter: "".join(other for other, plain in _FIRST.items() if plain == letter) for letter in groups}
    parts = [
        (f"(?=[{re.escape(letter)}{first[letter]}])" if letter.isalnum() else "") + f"(?:{'|'.join(group)})"
        for letter, group in groups.items()
    ]
    return rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)"


def _word(word: str) -> str:
    parts = []
    for character in word.lower():
        if character == "*":
            parts.append(r"\w{0,20}")  # bounded: two open ends in one word would cost the square of a long one
        elif character == " ":
            parts.append(r"\s+")
        else:
            parts.append(dict(_LETTERS).get(character) or re.escape(character))
    return "".join(parts)
