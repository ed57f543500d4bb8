"""What an emotion changes about a message that was understood: a person is needed, whatever the topic."""

from __future__ import annotations

from dataclasses import replace

from bot.judgement.emotions import Emotion
from bot.nlu.decision import Decision
from bot.nlu.understanding import Understood

__all__ = ["EMOTION", "judged"]

EMOTION = "emotion"
"""The intent of a message whose topic alone needs no person, and whose emotion does."""


def judged(understood: Understood, emotion: Emotion | None) -> Understood:
    """``understood`` with the emotion in it. Without one, it stays as it was."""
    if emotion is None:
        return understood
    return replace(understood, decision=Decision.HANDOFF, choices=(), emotion=emotion.as_property())
