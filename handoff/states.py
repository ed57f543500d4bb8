"""States as they are kept: one that cannot be read costs its conversation, not the hub, also where many are read.

What is odd about one is said once for each conversation, or field.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from handoff.conversation import Conversation
from handoff.errors import Unreadable
from handoff.watch import metrics

__all__ = ["SAID_MAX", "read", "readable", "readable_one"]

log = logging.getLogger("silta.states")

SAID_MAX = 10_000
"""Remembered as said: after a step back many may be unreadable. Beyond it all may be said, and counted, once more."""

_said: set[str] = set()


def read(conversation: str, raw: str | bytes) -> Conversation:
    """The conversation as it is kept.

    Raises:
        Unreadable: this version cannot read it.
    """
    try:
        state = Conversation.from_json(raw)
    except Unreadable as unreadable:
        if _is_new(f"conversation {conversation}"):
            metrics.unreadable.inc()
            log.error("conversation %s is left alone: %s", conversation, unreadable)
        raise
    for field in state.beyond:
        if _is_new(f"field {field}"):
            log.warning("a newer version has written %r into conversations; it is kept as it is", field)
    return state


def readable_one(conversation: str | bytes, raw: str | bytes | None) -> Conversation | None:
    """The conversation as it is kept; None where there is none, or none that this version can read."""
    if raw is None:
        return None
    try:
        return read(conversation if isinstance(conversation, str) else conversation.decode(), raw)
    except Unreadable:
        return None


def readable(conversations: Iterable[str | bytes], rows: Iterable[str | bytes | None]) -> list[Conversation]:
    """Those of the conversations that are there and can be read, with what is kept of each in ``rows``."""
    states = (readable_one(conversation, raw) for conversation, raw in zip(conversations, rows, strict=True))
    return [state for state in states if state is not None]


def _is_new(what: str) -> bool:
    if what in _said:
        return False
    if len(_said) >= SAID_MAX:
        _said.clear()
    _said.add(what)
    return True
