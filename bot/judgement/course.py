"""The course of a conversation: what several messages show together and none alone. Pure, over a tracker's events.

Two things call a person: anger that rises from message to message though none is plainly angry by itself, and the same
question asked again after it was answered. Asked again once, in other words and without insisting, the answer is given
once more with the offer of a person. A question that adds something (a day, a size, another thing) is another question,
however much it sounds like the one before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import takewhile
from math import sqrt
from typing import Any

from bot import places
from bot.judgement.cues import Lexicon

__all__ = ["COURSE", "Course", "Next", "Turn", "judge", "turns"]

COURSE = "action_course"
"""The action that passes a conversation on for its course."""

LOOK_BACK = 4
"""Messages before the latest that count: what was said long ago is not this matter any more."""
ANGERS = frozenset({"hot_anger", "cold_anger"})
RISEN = 0.3
"""So likely must anger be in the latest message …"""
TOGETHER = 0.75
"""… and so likely added up over the last three: half of it alone would be an alarm at mild impatience."""
THREE = 3
ALIKE = 0.55
"""Two questions are in nearly the same words from this cosine of their letters' triples on."""
SOMEWHAT = 0.3
"""From here on a word that may insist ("but", "again") is taken to: below, it is another question's. Any such word
counted once; of plain further questions ("are you still open at Christmas?") most were taken for insisting."""
SAME_WORD = 2 / 3
"""So much of the shorter of two words must both begin with to be one word with other endings …"""
SAME_LETTERS = 3
"""… and at least so many letters."""
OFTEN = 2
"""Asked again so often, in whatever words, the answer does not help."""
ANSWERS = frozenset({"utter_faq", "action_answer_several"})
LEXICON = "course.yml"
_GAPS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Turn:
    """One message of the visitor and what followed. ``anger`` is how likely the message shows some."""

    text: str
    topic: str | None
    pressed: bool
    answered: bool
    anger: float


class Next(Enum):
    """What follows from the course."""

    NOTHING = "nothing"
    OFFER = "offer"
    """The answer once more, with the offer of a person."""
    PERSON = "person"


@dataclass(frozen=True)
class Course:
    """``again`` and ``rising`` are reasons for a person, ``next`` what to do."""

    next: Next = Next.NOTHING
    again: bool = False
    rising: bool = False


def turns(events: Iterable[Mapping[str, Any]]) -> list[Turn]:
    """The latest turns of a tracker's events (as dicts), the latest first; none from before a person's part."""
    found: list[Turn] = []
    answered = False
    for event in reversed(list(events)):
        kind = event.get("event")
        if kind == "resume":
            break
        if kind == "action" and event.get("name") in ANSWERS:
            answered = True
        if kind == "user":
            found.append(_turn(event, answered))
            answered = False
            if len(found) > LOOK_BACK:
                break
    return found


def _turn(event: Mapping[str, Any], answered: bool) -> Turn:
    understood = (event.get("parse_data") or {}).get("silta") or {}
    sent = (event.get("metadata") or {}).get("silta") or {}
    feeling = understood.get("feeling") or {}
    return Turn(
        text=str(event.get("text") or ""),
        topic=understood.get("topic"),
        pressed=bool(sent.get("topic")),
        answered=answered,
        anger=float(feeling.get("score") or 0.0) if feeling.get("label") in ANGERS else 0.0,
    )


def judge(latest: Sequence[Turn]) -> Course:
    """What the turns show, the latest first; the latest need not be answered yet."""
    if not latest:
        return Course()
    rising = _rising([turn.anger for turn in latest[:THREE]])
    again = _again(latest)
    if rising or again is Next.PERSON:
        return Course(Next.PERSON, again is Next.PERSON, rising)
    return Course(again)


def _rising(angers: Sequence[float]) -> bool:
    return len(angers) > 1 and angers[0] >= RISEN and angers[0] > angers[1] > 0 and sum(angers) >= TOGETHER


def _again(latest: Sequence[Turn]) -> Next:
    now = latest[0]
    if now.pressed or not (now.topic or "").startswith("faq/"):
        return Next.NOTHING
    before = [turn for turn in latest[1:] if turn.topic == now.topic and turn.answered]
    if not before:
        return Next.NOTHING
    says = _says(now.text)
    if says.insists:
        return Next.PERSON
    asked = _triples(now.text)
    bar = SOMEWHAT if says.doubtful and not (says.further or says.pleased) else ALIKE
    if any(
        _alike(asked, _triples(turn.text)) >= bar and not _adds(says.words, turn.text)
        for turn in before
        if not turn.pressed
    ):
        return Next.PERSON
    if says.further:
        return Next.NOTHING
    return Next.PERSON if len(before) >= OFTEN and not says.pleased else Next.OFFER


@lru_cache(maxsize=1)
def _lexicon() -> Lexicon:
    return Lexicon.read(places.EMOTION / LEXICON)


@dataclass(frozen=True)
class _Said:
    """How a message is asked: whether it insists, or may; whether it begins as a further question, or pleased; and its
    words that ask for something."""

    insists: bool
    doubtful: bool
    further: bool
    pleased: bool
    words: tuple[str, ...]


def _says(text: str) -> _Said:
    lexicon, text = _lexicon(), text.replace("\u2019", "'")
    found = [cue for cue in lexicon.find(text) if cue.name in lexicon.names]
    first = len(text) - len(text.lstrip())
    names, begins = {cue.name for cue in found}, {cue.name for cue in found if cue.start == first}
    rest = text
    for cue in found:
        rest = f"{rest[: cue.start]}{' ' * (cue.end - cue.start)}{rest[cue.end :]}"
    return _Said(
        insists="insisting" in names,
        doubtful="doubtful" in names,
        further="further" in begins,
        pleased="pleased" in begins,
        words=_words(rest),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(_GAPS.sub(" ", text.lower()).split())


def _adds(words: Iterable[str], before: str) -> bool:
    """Whether one of the words is none of those in ``before``: a day, a size, another thing."""
    known = _words(before)
    return any(not any(_same(word, other) for other in known) for word in words)


def _same(one: str, other: str) -> bool:
    """Whether two words are one, but for their endings. Numbers have none."""
    if one == other or one.isdigit() or other.isdigit():
        return one == other
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return common >= max(SAME_LETTERS, SAME_WORD * min(len(one), len(other)))


def alike(one: str, other: str) -> float:
    """The cosine of two texts' triples of letters, 0 to 1: endings may differ, as they do in Finnish."""
    return _alike(_triples(one), _triples(other))


def _alike(first: Counter[str], second: Counter[str]) -> float:
    common = sum(count * second[triple] for triple, count in first.items())
    length = sqrt(sum(n * n for n in first.values()) * sum(n * n for n in second.values()))
    return common / length if length else 0.0


def _triples(text: str) -> Counter[str]:
    flat = f" {_GAPS.sub(' ', text.lower()).strip()} "
    return Counter(flat[place : place + 3] for place in range(len(flat) - 2))
