"""One message understood: cleaned, its language heard, encoded once, its topic ranked, a decision made.

The Rasa components and the command line both go through here, so that ``silta parse`` says what the bot does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.encoder.choice import AnyEncoder
from bot.encoder.encoder import unit
from bot.nlu.classifier import Classifier, Example
from bot.nlu.cleaning import clean
from bot.nlu.decision import DID_NOT_HELP, IN_DANGER, TALK_TO_HUMAN, Decision, Limits, Verdict, decide, needs_person
from bot.nlu.entities import find_entities
from bot.nlu.features import count, featurise
from bot.nlu.letters import Letters
from bot.nlu.pieces import Pieces
from bot.nlu.polite import POLITE, denial_after_thanks
from bot.nlu.scope import Scope
from bot.nlu.several import questions
from bot.nlu.zones import Zones
from bot.reasons import sentences

__all__ = ["FALLBACK", "FOREIGN", "FOREIGN_FAQ", "SEVERAL", "Topical", "Understood", "pressed"]

FALLBACK = "nlu_fallback"
"""The intent of a message that was not understood."""
FOREIGN = "foreign_language"
"""The intent of a message in a language that is not spoken here."""
FOREIGN_FAQ = "foreign_faq"
"""The same, where the answer is known all the same: it follows in English."""
SEVERAL = "several"
"""The intent of a message that asks several things whose answers are known: all are given."""
_RUNNERS_UP = 4
_MOST_ANSWERS = 3
"""Answers to one message; more would be a wall of text."""
_BEYOND_DOUBT = 0.9
"""A part of a message this sure of its topic asks for it even where the whole does not look like it."""
_HINT = 0.005
"""From this likelihood that a person is needed on, or where the wish for one is among the runners-up, the sentences of
a message are looked at one by one …"""
_SURE = 0.98
"""… and one that is as sure as this calls a person: a wish among questions must not be dropped."""
_BACKGROUND_HINT = 0.05
_BACKGROUND_SURE = 0.99
"""What is told before a question is mostly its background ("My gran died years ago and left me a chair. Do you have
fabric for it?"). Unless it asks for a person itself, it must show in the whole, and be as sure as this. On messages
that the model did not know, 0.98 and 0.99 spared 9 of 15 alarms that 0.95 and 0.97 raised, and missed one of 391
that need a person."""
_ASKS = 0.5
"""So likely must a sentence be to ask for a person or a call, not to count as background."""
_IN_DANGER_SURE = 0.9
"""One sentence of not wanting to live is enough, wherever it stands."""
_NOT_HELPED = 0.5
"""What follows thanks is more likely than not that the answer did not help. Of 26 such messages 5 of 6 reached it that
meant so, and of the others none came beyond 0.3."""
_LONGEST_EVIDENCE = 12
"""Sentences of one message that are weighed against each other as evidence; a longer message is quoted from its
first ones."""


@dataclass(frozen=True)
class Understood:
    """What is known of one message. ``runners_up`` are the next topics with their probabilities, ``choices`` the
    topics to offer when the bot asks back, ``also`` what is asked and answered besides the topic, ``evidence`` the
    visitor's words behind a handoff."""

    topic: str
    confidence: float
    runners_up: tuple[tuple[str, float], ...]
    decision: Decision
    in_domain: float
    choices: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    language: str | None = None
    entities: dict[str, str] = field(default_factory=dict)
    emotion: dict[str, Any] | None = None
    example: Example | None = field(default=None, repr=False, compare=False)
    """The message's features, for what is judged on them besides; no part of the property."""

    def intent(self, foreign: bool = False) -> str:
        """The intent from which Rasa's rules go on; ``foreign``: written in a language not spoken here."""
        if foreign and self.decision is not Decision.HANDOFF:
            answerable = self.decision is Decision.ANSWER and self.topic.startswith("faq/")
            return FOREIGN_FAQ if answerable else FOREIGN
        if self.decision is Decision.CLARIFY:
            return FALLBACK
        return SEVERAL if self.decision is Decision.ANSWER and self.also else self.topic.partition("/")[0]

    def as_property(self) -> dict[str, Any]:
        """The form in which it travels with the message through Rasa to the hub."""
        return {
            "topic": self.topic,
            "confidence": round(self.confidence, 4),
            "runners_up": [[topic, round(chance, 4)] for topic, chance in self.runners_up],
            "decision": self.decision.value,
            "in_domain": round(self.in_domain, 4),
            "choices": list(self.choices),
            "also": list(self.also),
            "evidence": list(self.evidence),
            "language": self.language,
            "entities": self.entities,
            "emotion": self.emotion,
        }


def pressed(topic: str, known: Sequence[str], language: str | None) -> Understood:
    """A button: its topic is certain. ``handoff`` asks for a person; a topic that is not ``known`` (none of those
    offered, or one that no longer exists) is not understood."""
    if topic == "handoff":
        topic = TALK_TO_HUMAN
    if topic not in known:
        return Understood(FALLBACK, 0.0, (), Decision.CLARIFY, 0.0, language=language)
    decision = Decision.HANDOFF if needs_person(topic) else Decision.ANSWER
    return Understood(topic, 1.0, (), decision, 1.0, language=language)


@dataclass
class Topical:
    """Encoder, classifier, scope and letters together, and where the visitors live."""

    encoder: AnyEncoder
    classifier: Classifier
    scope: Scope
    limits: Limits = field(default_factory=Limits)
    letters: Letters = field(default_factory=Letters)
    zones: Zones = field(default_factory=Zones.read)

    def features(self, text: str, language: str | None = None) -> Example:
        """The features of a message or a part of one, its missing letters restored (English misses none)."""
        return featurise(self.encoder, self._restored(text, language))

    def _restored(self, text: str, language: str | None) -> str:
        return text if language == "en" else self.letters.restore(text)

    def understand(self, text: str, language: str | None = None, at: float | None = None) -> Understood:
        """Understand a typed message. Never fails on odd text: what holds no word is not understood.

        ``at`` is when it was written, in seconds since the epoch; None is now.
        """
        written, text = text, clean(text)
        if not any(character.isalnum() for character in text):
            return Understood(FALLBACK, 0.0, (), Decision.CLARIFY, 0.0, language=language)
        example = self.features(text, language)
        ranking = self.classifier.rank(example)
        in_domain = self.scope.share(unit(example.pools[-1]), ranking.decisions)
        pairs = list(zip(ranking.topics, ranking.probabilities, strict=True))
        verdict = decide(pairs, in_domain, self.limits.of(language), self.limits.pressing)
        pieces = self._pieces(example, language)
        danger = Verdict(Decision.HANDOFF, IN_DANGER)
        if verdict != danger and self._in_danger(written, pieces):
            verdict = danger
        elif self._thanks_in_vain(text, verdict, pieces):
            verdict = Verdict(Decision.HANDOFF, DID_NOT_HELP)
        asked = () if verdict.decision is Decision.HANDOFF else self._asked(text, pieces, pairs, language)
        if verdict.decision is not Decision.HANDOFF and self._wishes_person(written, pieces, pairs):
            if not asked and verdict.decision is Decision.ANSWER:
                asked = (verdict.topic,)
            verdict = Verdict(Decision.HANDOFF, next(name for name, _ in pairs if needs_person(name)))
        elif asked:
            verdict = Verdict(Decision.ANSWER, verdict.topic if verdict.topic in asked else asked[0])
        topic = verdict.topic
        evidence: tuple[str, ...] = ()
        if verdict.decision is Decision.HANDOFF:
            quote, besides = self._evidence(written, pieces, topic, language)
            evidence, asked = (quote,), (*asked, *besides)
        return Understood(
            topic=topic,
            confidence=dict(pairs)[topic],
            runners_up=tuple([pair for pair in pairs if pair[0] != topic][:_RUNNERS_UP]),
            decision=verdict.decision,
            in_domain=in_domain,
            choices=verdict.choices,
            also=tuple(name for name in dict.fromkeys(asked) if name != topic and name.startswith("faq/")),
            evidence=evidence,
            language=language,
            entities=find_entities(text, language, self.zones.day(at, language)),
            example=example,
        )

    def _pieces(self, whole: Example, language: str | None) -> Pieces:
        """What looks at the parts of a message."""
        return Pieces(
            self.classifier,
            count=lambda piece: count(self.encoder, self._restored(piece, language)),
            encode=lambda piece: self.features(piece, language),
            whole=whole,
        )

    def _asked(
        self, text: str, pieces: Pieces, pairs: Sequence[tuple[str, float]], language: str | None
    ) -> tuple[str, ...]:
        """The topics that the parts of a message ask for, where they are several: each sure by itself, and likely in
        the whole unless it is beyond doubt."""
        near = {topic for topic, _ in pairs[: 1 + _RUNNERS_UP]}
        enough = self.limits.of(language).answer
        asked: list[str] = []
        for part in questions(text):
            ranking = pieces.rank(part)
            topic, chance = ranking.topics[0], ranking.probabilities[0]
            sure = chance >= (enough if topic in near else _BEYOND_DOUBT)
            if sure and topic.startswith("faq/") and topic not in asked:
                asked.append(topic)
        return tuple(asked[:_MOST_ANSWERS]) if len(asked) > 1 else ()

    def _wishes_person(self, text: str, pieces: Pieces, pairs: Sequence[tuple[str, float]]) -> bool:
        """Whether one of several sentences surely needs a person, though the whole is about something else. Looked at
        only where the whole hints at it."""
        hint = sum(chance for name, chance in pairs if needs_person(name))
        if hint < _HINT and all(name != TALK_TO_HUMAN for name, _ in pairs[: 1 + _RUNNERS_UP]):
            return False
        said = sentences(text)[:_LONGEST_EVIDENCE]
        if len(said) < 2:
            return False
        last_question = max((number for number, piece in enumerate(said) if piece.endswith("?")), default=-1)
        for number, piece in enumerate(said):
            told = number < last_question
            if told and hint < _BACKGROUND_HINT and not pieces.may_ask_for_person(piece):
                continue
            if not pieces.may_need_person(piece):
                continue
            background = told and pieces.asks_for_person(piece) < _ASKS
            sure = pieces.needs_person(piece) >= (_BACKGROUND_SURE if background else _SURE)
            if sure and (hint >= _BACKGROUND_HINT or not background):
                return True
        return False

    def _in_danger(self, text: str, pieces: Pieces) -> bool:
        """Whether one of several sentences speaks of not wanting to live, though the whole is about something else. All
        are glanced at, whatever the whole hints at: among sentences about a parcel one of danger vanishes."""
        said = sentences(text)[:_LONGEST_EVIDENCE]
        if len(said) < 2:
            return False
        return any(
            pieces.may_be_about(piece, IN_DANGER) and pieces.chance(piece, IN_DANGER) >= _IN_DANGER_SURE
            for piece in said
        )

    def _thanks_in_vain(self, text: str, verdict: Verdict, pieces: Pieces) -> bool:
        """Whether the message thanks, and goes on that it did not help. Only who thanks and denies something is looked
        at closely."""
        if verdict.decision is not Decision.ANSWER or verdict.topic not in POLITE:
            return False
        rest = denial_after_thanks(text)
        return rest is not None and pieces.chance(rest, DID_NOT_HELP) >= _NOT_HELPED

    def _evidence(self, text: str, pieces: Pieces, topic: str, language: str | None) -> tuple[str, tuple[str, ...]]:
        """The sentence that speaks most for a topic that needs a person, and what other sentences ask that can be
        answered. The sentence is as it was written: an agent is shown it in the message."""
        said = sentences(text)[:_LONGEST_EVIDENCE]
        if len(said) < 2:
            return text.strip(), ()
        best = pieces.best(said, topic)
        besides: list[str] = []
        for number, piece in enumerate(said):
            if number == best or not piece.endswith("?") or not pieces.may_be_answered(piece):
                continue
            ranking = pieces.rank(piece)
            sure = ranking.probabilities[0] >= self.limits.of(language).answer
            if sure and ranking.topics[0].startswith("faq/"):
                besides.append(ranking.topics[0])
        return said[best], tuple(besides[: _MOST_ANSWERS - 1])
