"""What an emotion changes about a message that was understood: a person is needed, whatever the topic."""

from __future__ import annotations

from dataclasses import replace

from bot.judgement.emotions import Emotion
from bot.nlu.decision import Decision
from bot.nlu.understanding import Understood

__all__ = ["EMOTION", "judged", "needed"]

EMOTION = "emotion"
"""The intent of a message whose topic alone needs no person, and whose emotion does."""

CERTAIN_TOPIC = 0.9
"""A message this sure of a topic that is answered needs more than a likely tone to go to a person …"""
PLAIN = 0.85
"""… namely this much: most of what lies between is a plain question in lively words. On data held apart it spares four
false alarms for each emotional message that it misses."""


def needed(at_least: float, decision: str, confidence: float) -> float:
    """How sure an emotion must be to call a person, given the owner's ``at_least`` and what the topic alone makes of
    the message."""
    plain = decision == Decision.ANSWER.value and confidence >= CERTAIN_TOPIC
    return max(at_least, PLAIN) if plain else at_least


def judged(understood: Understood, emotion: Emotion | None) -> Understood:
    """``understood`` with the emotion in it. Without one, it stays as it was."""
    if emotion is None:
        return understood
    return replace(understood, decision=Decision.HANDOFF, choices=(), emotion=emotion.as_property())
