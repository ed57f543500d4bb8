"""Why a conversation is passed on to a person: reasons as the handoff packet carries them. Standard library alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "ACKNOWLEDGED_AS",
    "EMOTIONS",
    "EXPLANATIONS",
    "SIGNS",
    "emotion",
    "explained",
    "human_topic",
    "reason",
    "sentences",
    "wording",
]

EXPLANATIONS = {
    "asked": "Asks for a person",
    "human_topic": "Needs a person: {topic}",
    "emotion": "The visitor is {emotion}",
    "not_understood": "Messages in a row the bot did not understand: {count}",
    "answer_did_not_help": "Says that the answer did not help",
    "bot_unavailable": "The bot did not answer in time",
    "agent_stepped_in": "{name} stepped in",
    "asked_again": "Asks the same again after the answer: {topic}",
    "emotion_rising": "Stronger from message to message: the visitor is {emotion}",
}
"""Explanations in English, for places without an agent's language: by code, the last two by :func:`wording`."""

EMOTIONS = {
    "hot_anger": "angry",
    "cold_anger": "coldly angry",
    "sadness": "sad",
    "fear": "frightened",
    "despair": "desperate",
}
ACKNOWLEDGED_AS = {
    "hot_anger": "human/complaint",
    "cold_anger": "human/complaint",
    "sadness": "ack_sadness",
    "fear": "ack_fear",
    "despair": "ack_despair",
}
"""Whose words acknowledge an emotion where the topic has none of its own: a topic, or a text of the part ``system``.
Anger gets an apology, sorrow and fear do not."""
SIGNS = {"capitals": "capital letters", "exclamations": "exclamation marks"}

_ENDS = ".!?…"


def sentences(text: str) -> list[str]:
    """The sentences of a message, as written; a line end closes one, a dot inside a number or a word does not."""
    found: list[str] = []
    start = 0
    for place, character in enumerate(text):
        last = place + 1 == len(text)
        closes = character in _ENDS and (last or text[place + 1].isspace())
        if closes or character == "\n" or last:
            piece = text[start : place + 1].strip()
            if piece:
                found.append(piece)
            start = place + 1
    return found


def reason(
    code: str, *, topic: str | None = None, evidence: Sequence[str] = (), of: int | None = None
) -> dict[str, Any]:
    """One reason without its explanation; absent fields are left out."""
    made: dict[str, Any] = {"code": code}
    if topic is not None:
        made["topic"] = topic
    made["evidence"] = list(evidence)
    if of is not None:
        made["of"] = of
    return made


def human_topic(topic: str, evidence: Sequence[str], of: int | None = None) -> dict[str, Any]:
    """The reason for a topic that sends a conversation to a person."""
    if topic == "human/talk_to_human":
        code = "asked"
    elif topic == "answer_did_not_help":
        return reason("answer_did_not_help", evidence=evidence, of=of)
    else:
        code = "human_topic"
    return reason(code, topic=topic, evidence=evidence, of=of)


def emotion(judged: Mapping[str, Any], of: int | None = None, *, rising: bool = False) -> dict[str, Any]:
    """The reason for an emotion, from the message's property of that name; ``emotion`` is its label, ``rising`` that
    it is one which grew over several messages."""
    made = reason("emotion", evidence=judged["evidence"], of=of)
    made |= {"emotion": judged["label"], "signs": list(judged.get("signs") or ())}
    return {**made, "rising": True} if rising else made


def wording(given: Mapping[str, Any]) -> str:
    """Which explanation a reason has: that of its code, or of what the course of the conversation adds to it."""
    if given.get("again"):
        return "asked_again"
    return "emotion_rising" if given.get("rising") else str(given["code"])


def explained(given: Mapping[str, Any], why: str = "", **values: str) -> dict[str, Any]:
    """A reason with its explanation in English: ``why``, where the owner's texts have one for its topic, or that of
    :data:`EXPLANATIONS`, the placeholders filled from ``values``."""
    if given["code"] == "emotion":
        signs = [SIGNS[sign] for sign in given.get("signs") or () if sign in SIGNS]
        quotes = [f"“{quote}”" for quote in given["evidence"]]
        name = EMOTIONS.get(str(given.get("emotion")), "")
        said = f"{name} ({', '.join(signs)})" if signs else name
        values = {"emotion": ": ".join((said, *[", ".join(quotes)] * bool(quotes))), **values}
    return {**given, "explanation": why or EXPLANATIONS[wording(given)].format(**values)}
