"""The sentences of one message, looked at one by one: at a glance first, and encoded only where that leaves it open.

To encode a sentence costs nearly what a message costs. Its words cost a twentieth of that, and what the whole message
means is known already: both together tell of most sentences that they cannot be what is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.nlu.classifier import Classifier, Example, Ranking
from bot.nlu.decision import CALLBACK, TALK_TO_HUMAN, needs_person

__all__ = ["Glance", "Pieces"]

Floats = npt.NDArray[np.float32]

_LEAST = 1e-6
"""A smaller likelihood says no more."""
_WORDS_OF_ONE, _FAINT_ONE = 4.0, -4.6
"""Whether a sentence may be about a topic: so many times the decision value of its words, and the logarithm of its
likelihood at a glance, must reach this. Of examples held out, alone or beside a question, each that surely speaks of
not wanting to live did, and of what was looked at not half."""
_WORDS_OF_NEED, _FAINT_NEED = 8.0, -1.3
"""The same of what needs a person: 99 of 100 that surely do, each of the 73 that call a person by themselves, and half
of what was looked at."""
_FAINT_WISH = 0.02
"""A sentence this likely at a glance may ask for a person or a call."""
_FAINT_ANSWER = 0.05
"""A question this likely at a glance to be about a topic may be answered."""
_AS_GOOD = 0.1
"""Sentences whose words speak for a topic nearly as much as those of the best are compared by all their features."""


@dataclass(frozen=True)
class Glance:
    """What a sentence's words say, in the classifier's order of topics: their share ``words`` of the decision values,
    and ``chances``, the likelihoods that they have together with the sense of the whole message."""

    words: Floats
    chances: Floats


@dataclass
class Pieces:
    """The pieces of one message, each glanced at and encoded once, however often it is asked for.

    Args:
        classifier: of topics.
        count: the counted features of a piece.
        encode: all its features.
        whole: the message's.
    """

    classifier: Classifier
    count: Callable[[str], tuple[Any, ...]]
    encode: Callable[[str], Example]
    whole: Example
    _ranked: dict[str, Ranking] = field(default_factory=dict)
    _glanced: dict[str, Glance] = field(default_factory=dict)

    def rank(self, piece: str) -> Ranking:
        """All topics of a piece, likeliest first. The first time it is encoded, and that is what costs."""
        if piece not in self._ranked:
            self._ranked[piece] = self.classifier.rank(self.encode(piece))
        return self._ranked[piece]

    def glance(self, piece: str) -> Glance:
        """What the words of a piece say."""
        if piece not in self._glanced:
            words = self.classifier.words(self.count(piece))
            self._glanced[piece] = Glance(words, self.classifier.probabilities(words + self._sense))
        return self._glanced[piece]

    def chance(self, piece: str, *topics: str) -> float:
        """How likely a piece is about one of these topics."""
        ranking = self.rank(piece)
        return sum(chance for name, chance in zip(ranking.topics, ranking.probabilities, strict=True) if name in topics)

    def needs_person(self, piece: str) -> float:
        """How likely it needs a person."""
        return self.chance(piece, *self._names(self._human))

    def asks_for_person(self, piece: str) -> float:
        """How likely it asks for a person or a call."""
        return self.chance(piece, TALK_TO_HUMAN, CALLBACK)

    def may_be_about(self, piece: str, topic: str) -> bool:
        """Whether a closer look could show that it surely is about a topic."""
        return self._may(piece, self._places(topic), _WORDS_OF_ONE, _FAINT_ONE)

    def may_need_person(self, piece: str) -> bool:
        """Whether a closer look could show that it surely needs a person."""
        return self._may(piece, self._human, _WORDS_OF_NEED, _FAINT_NEED)

    def may_ask_for_person(self, piece: str) -> bool:
        """Whether a closer look could show that it asks for a person or a call."""
        return self._at_a_glance(piece, self._places(TALK_TO_HUMAN, CALLBACK)) >= _FAINT_WISH

    def may_be_answered(self, piece: str) -> bool:
        """Whether a closer look could show that it is about something that is answered."""
        return float(np.delete(self.glance(piece).chances, self._human).max(initial=0.0)) >= _FAINT_ANSWER

    def best(self, pieces: Sequence[str], topic: str) -> int:
        """Which of them speaks most for a topic: by their words, and where several are as good, by all."""
        (place,) = self._places(topic)
        by_words = [float(self.glance(piece).words[place]) for piece in pieces]
        good = [number for number, value in enumerate(by_words) if value >= max(by_words) - _AS_GOOD]
        if len(good) == 1:
            return good[0]
        return max(good, key=lambda number: float(self.rank(pieces[number]).decisions[place]))

    @cached_property
    def _sense(self) -> Floats:
        return self.classifier.sense(self.whole.pools)

    @cached_property
    def _human(self) -> list[int]:
        return [place for place, name in enumerate(self.classifier.topics) if needs_person(name)]

    def _names(self, places: Sequence[int]) -> list[str]:
        return [self.classifier.topics[place] for place in places]

    def _places(self, *topics: str) -> list[int]:
        return [place for place, name in enumerate(self.classifier.topics) if name in topics]

    def _at_a_glance(self, piece: str, places: Sequence[int]) -> float:
        return float(self.glance(piece).chances[places].sum())

    def _may(self, piece: str, places: Sequence[int], weight: float, least: float) -> bool:
        """Whether the words of a piece say enough of topics at ``places``."""
        if not places:
            return False
        words = float(self.glance(piece).words[places].max())
        return weight * words + log(max(self._at_a_glance(piece, places), _LEAST)) >= least
