"""When what a visitor wrote goes to the bot: short messages in a row are read as one, and the bot does not interrupt.

Pure. The conversation keeps what is held back (``Conversation.held``); :mod:`handoff.holds` has the timers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["AT_ONCE", "Pause", "batch"]

BATCH_CHARS = 4000
"""Characters read as one: what one message may have. More waits for the next turn."""

QUESTION_WORDS = 3
"""A question of at least so many words stands by itself; "why?" may belong to what comes next."""


@dataclass(frozen=True)
class Pause:
    """How long is waited for more, in seconds.

    ``pause_s`` after a message, ``question_s`` after a whole question, since nothing need follow; while the visitor is
    seen to type, up to ``typing_s`` after the first message that waits. With ``pause_s`` 0 nothing is held back: every
    message is a turn of its own.
    """

    pause_s: float = 1.2
    question_s: float = 0.5
    typing_s: float = 4.0

    def after_ms(self, text: str) -> int:
        """Milliseconds to wait after this text."""
        whole = text.rstrip(" )\"'”»").endswith("?") and len(text.split()) >= QUESTION_WORDS
        return round(1000 * min(self.pause_s, self.question_s if whole else self.pause_s))

    def due_ms(self, held: Sequence[Mapping[str, Any]]) -> int:
        """When the first batch of ``held`` goes to the bot, in milliseconds since the epoch."""
        first = batch(held)
        last = first[-1]
        if last.get("topic") is not None or len(first) < len(held):
            return int(last["at"])
        return int(last["at"]) + self.after_ms(str(last["text"]))


AT_ONCE = Pause(0.0, 0.0, 0.0)
"""Nothing is held back."""


def batch(held: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """The first of the held messages that are read as one. A button stands alone: what it means is certain.

    Args:
        held: at least one message, in order, each with ``text`` and ``topic`` (None unless a button was pressed).
    """
    if held[0].get("topic") is not None:
        return (held[0],)
    taken = [held[0]]
    length = len(held[0]["text"])
    for message in held[1:]:
        length += 1 + len(message["text"])
        if message.get("topic") is not None or length > BATCH_CHARS:
            break
        taken.append(message)
    return tuple(taken)
