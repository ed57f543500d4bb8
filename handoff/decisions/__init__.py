"""What a request does to a conversation: the new state, the entries of its log, and what the bot is told.

Pure: each function takes the conversation as it is and returns a :class:`Decision`; :mod:`handoff.store` writes it in
one atomic step, or refuses it when the conversation has moved meanwhile. Texts come from the owner's files.

By who asks: :mod:`~handoff.decisions.visitor`, :mod:`~handoff.decisions.agent`, :mod:`~handoff.decisions.bot`. All
write into a :class:`Draft`, and so do :mod:`handoff.promises`, :mod:`handoff.bookings`, :mod:`handoff.uploads.said` and
Messenger's own.
"""

from __future__ import annotations

from handoff.decisions.agent import agent_lost, agent_wrote, claim, note, resolve, return_to_bot, transfer
from handoff.decisions.bot import TOPICS_KEPT, bot_answered, bot_late, language_after, let_go
from handoff.decisions.draft import (
    HANDOFF_BUTTON,
    LAST_TEXT_CHARS,
    SYSTEM,
    VISITOR,
    Decision,
    Draft,
    Room,
    author_of,
    must_have,
)
from handoff.decisions.visitor import cancel_handoff, hand_off, rate, set_language, visitor_wrote
from handoff.decisions.waiting import Waits

__all__ = [
    "HANDOFF_BUTTON",
    "LAST_TEXT_CHARS",
    "SYSTEM",
    "TOPICS_KEPT",
    "VISITOR",
    "Decision",
    "Draft",
    "Room",
    "Waits",
    "agent_lost",
    "agent_wrote",
    "author_of",
    "bot_answered",
    "bot_late",
    "cancel_handoff",
    "claim",
    "hand_off",
    "language_after",
    "let_go",
    "must_have",
    "note",
    "rate",
    "resolve",
    "return_to_bot",
    "set_language",
    "transfer",
    "visitor_wrote",
]
