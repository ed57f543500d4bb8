"""What follows from a ranking of topics: answer, ask back, or pass on to a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

__all__ = [
    "CALLBACK",
    "DID_NOT_HELP",
    "IN_DANGER",
    "TALK_TO_HUMAN",
    "UNOFFERED",
    "URGENT",
    "Decision",
    "Limits",
    "Thresholds",
    "Verdict",
    "decide",
    "needs_person",
    "offered_as",
]

TALK_TO_HUMAN = "human/talk_to_human"
CALLBACK = "human/callback"
IN_DANGER = "human/self_harm"
"""The topic whose words tell the visitor whom to call at once."""
DID_NOT_HELP = "answer_did_not_help"
URGENT = frozenset({IN_DANGER, "human/fraud"})
"""Urgent where the owner's ``handoff.yml`` says nothing of them: a line that is missing there must make nobody who is
in danger, or whose money is being taken, wait at the end of the queue."""
UNOFFERED = frozenset(
    {
        IN_DANGER,
        "human/bereavement",
        "human/illness_or_crisis",
        "human/financial_hardship",
        "human/child_protection",
        "human/data_breach",
        "human/fraud",
        "human/staff_conduct",
        "human/legal_threat",
        "human/repeated_contact",
    }
)
"""Never on a button: what they are called is written for agents. Asked "Which do you mean? [Death in the family]" on a
guess, who is near it is hurt, and everybody else puzzled; a person is offered in their place."""
FAINT_DANGER = 0.5
"""This share of :attr:`Thresholds.danger` is enough where danger is all there would be to ask about."""


class Decision(str, Enum):
    """What the bot does with a message."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    HANDOFF = "handoff"


@dataclass(frozen=True)
class Thresholds:
    """When to do what. All but ``choices`` are probabilities or shares between 0 and 1.

    The defaults follow from what a wrong move costs, on calibrated probabilities: an answer shall be right 19 times of
    20, a question back costs little, and where a person is more likely needed than not, one is called.
    """

    answer: float = 0.8
    """A topic at least this likely is answered. It was 0.65; of the messages between, every third got a wrong answer,
    while a question back with three topics nearly always holds the right one."""
    small_talk: float = 0.55
    """Small talk at least this likely is answered: a wrong word there costs little, and a question back about small
    talk is odd, as it can only offer other topics."""
    person: float = 0.7
    """When the topics that need a person are together this likely, one is called. It was 0.5; below this, a question
    back that offers the topic costs little where nothing presses."""
    pressing: float = 0.4
    """When those of them that press (the owner gives them priority high or urgent) are together this likely, one is
    called: asking back would hurt where empathy is needed. On examples held out these two limits find more of what
    presses than 0.5 for all did, at fewer false alarms; of 100 messages for a person they ask back at 1 or 2 more."""
    danger: float = 0.25
    """When the visitor is this likely to speak of not wanting to live, a person is called and the visitor is told whom
    to call at once, whatever else the message may be about: told for nothing it does little harm, not told it may
    cost a life."""
    choice: float = 0.03
    """A topic at least this likely is offered when the bot asks back; a person in place of :data:`UNOFFERED` ones."""
    choices: int = 3
    """At most this many topics are offered."""
    strange: float = 0.01
    """A message stranger than all but this share of genuine ones is not answered."""


def _cautious() -> dict[str, Thresholds]:
    return {
        "fi": Thresholds(answer=0.85, danger=0.17),
        "da": Thresholds(answer=0.85, pressing=0.35),
    }


@dataclass(frozen=True)
class Limits:
    """Thresholds of each language; a language without its own has the ``general`` ones.

    Finnish and Danish want to be surer: so their answers on training examples held out are right about as often as
    English ones from 0.8 on (90 to 91 %, of examples that are harder than what most visitors write). Their other
    numbers are those with which, on such examples, what presses and who is in danger is found about as often as in
    English, at about as many false alarms as before.
    """

    general: Thresholds = field(default_factory=Thresholds)
    languages: Mapping[str, Thresholds] = field(default_factory=_cautious)
    pressing: frozenset[str] = frozenset()
    """The topics to which :attr:`Thresholds.pressing` applies."""

    def of(self, language: str | None) -> Thresholds:
        """Those for a message in this language; None where it is not known."""
        return self.languages.get(language or "", self.general)


@dataclass(frozen=True)
class Verdict:
    """``decision`` about ``topic``, with the topics to offer where it is to ask back (none when nothing was
    understood)."""

    decision: Decision
    topic: str
    choices: tuple[str, ...] = ()


def needs_person(topic: str) -> bool:
    """Whether the topic alone sends a conversation to a person."""
    return topic.startswith("human/") or topic == DID_NOT_HELP


def offered_as(topic: str) -> str:
    """The topic on whose button a visitor with this matter would press."""
    return TALK_TO_HUMAN if topic in UNOFFERED else topic


def decide(
    ranking: Sequence[tuple[str, float]],
    in_domain: float,
    thresholds: Thresholds | None = None,
    pressing: Collection[str] = (),
) -> Verdict:
    """Judge a ranking of topics (likeliest first, at least one, with calibrated probabilities) and its in-domain share.

    A message may be about one of several topics for a person, none of them likely alone: their sum decides, and the
    likeliest of them is the topic then; of those that are ``pressing`` a smaller sum is enough. Danger goes before
    everything, even in words that look strange.
    """
    limits = thresholds or Thresholds()
    topic, chance = ranking[0]
    if dict(ranking).get(IN_DANGER, 0.0) >= limits.danger:
        return Verdict(Decision.HANDOFF, IN_DANGER)
    if in_domain < limits.strange:
        return Verdict(Decision.CLARIFY, topic)
    human = [(name, probability) for name, probability in ranking if needs_person(name)]
    presses = [(name, probability) for name, probability in human if name in pressing]
    if sum(probability for _, probability in human) >= limits.person:
        return Verdict(Decision.HANDOFF, human[0][0])
    if presses and sum(probability for _, probability in presses) >= limits.pressing:
        return Verdict(Decision.HANDOFF, presses[0][0])
    if not needs_person(topic) and chance >= (limits.answer if "/" in topic else limits.small_talk):
        return Verdict(Decision.ANSWER, topic)
    likely = [(name, probability) for name, probability in ranking if probability >= limits.choice and "/" in name]
    if [name for name, _ in likely] == [IN_DANGER] and likely[0][1] >= FAINT_DANGER * limits.danger:
        return Verdict(Decision.HANDOFF, IN_DANGER)
    offered = dict.fromkeys(offered_as(name) for name, _ in likely)
    return Verdict(Decision.CLARIFY, topic, tuple(offered)[: limits.choices])
