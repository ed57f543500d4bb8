"""What follows from a ranking of topics: answer, ask back, or pass on to a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["DID_NOT_HELP", "TALK_TO_HUMAN", "Decision", "Thresholds", "Verdict", "decide", "needs_person"]

TALK_TO_HUMAN = "human/talk_to_human"
DID_NOT_HELP = "answer_did_not_help"


class Decision(str, Enum):
    """What the bot does with a message."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    HANDOFF = "handoff"


@dataclass(frozen=True)
class Thresholds:
    """When to do what. All are probabilities or shares between 0 and 1."""

    answer: float = 0.65
    """A topic at least this likely is answered. The chances are calibrated, so of what is answered at the very limit
    one in three is wrong, and of all that is answered a few in a hundred: better asked back than answered wrongly."""
    person: float = 0.5
    """Human topics at least this likely together go to a person, when the likeliest topic is one of them: asking back
    which grief it is would hurt where empathy is needed."""
    choice: float = 0.1
    """A topic at least this likely is offered when the bot asks back."""
    choices: int = 3
    """At most this many topics are offered."""
    strange: float = 0.01
    """A message stranger than all but this share of genuine ones is not answered."""


@dataclass(frozen=True)
class Verdict:
    """``decision`` with the topics to offer, where it is to ask back (none when nothing was understood)."""

    decision: Decision
    choices: tuple[str, ...] = ()


def needs_person(topic: str) -> bool:
    """Whether the topic alone sends a conversation to a person."""
    return topic.startswith("human/") or topic == DID_NOT_HELP


def decide(
    ranking: list[tuple[str, float]], in_domain: float, thresholds: Thresholds | None = None
) -> Verdict:
    """Judge a ranking of topics (likeliest first, with calibrated probabilities) and its in-domain share."""
    limits = thresholds or Thresholds()
    if not ranking or in_domain < limits.strange:
        return Verdict(Decision.CLARIFY)
    topic, chance = ranking[0]
    if needs_person(topic):
        if sum(probability for name, probability in ranking if needs_person(name)) >= limits.person:
            return Verdict(Decision.HANDOFF)
    elif chance >= limits.answer:
        return Verdict(Decision.ANSWER)
    offered = [name for name, probability in ranking if probability >= limits.choice and "/" in name]
    return Verdict(Decision.CLARIFY, tuple(offered[: limits.choices]))
