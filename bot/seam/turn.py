"""The turn that a piece of code runs in, and what can end it early.

The channel sets the turn around Rasa's handling of a message; the tracker store finds it in the context and commits
with the inbox entry it names. The ends are ``BaseException``s on purpose: Rasa swallows every ``Exception`` of a
tracker store and goes on with a blank tracker in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from handoff.events import Inbound

__all__ = [
    "AlreadyAnswered",
    "Stage",
    "StoreUnavailable",
    "TrackerUnreadable",
    "Turn",
    "TurnConflict",
    "TurnEnded",
    "TurnLost",
    "current_turn",
    "running",
]


class Stage(Enum):
    RUNNING = "running"
    """Redis knows nothing of it yet; it may be stopped and run again."""
    COMMITTING = "committing"
    """Done, on its way to Redis."""
    DONE = "done"
    """Redis said so."""


@dataclass
class Turn:
    """One attempt at one inbox entry."""

    inbound: Inbound
    entry: str
    """Stream id of the inbox entry."""
    stage: Stage = Stage.RUNNING
    metadata: dict[str, Any] = field(default_factory=dict)
    """What the message tells the components of the pipeline; completed once the tracker is loaded."""
    failed_actions: list[str] = field(default_factory=list)
    """Names of the actions that raised or could not be reached. Rasa itself goes on as if they had run."""


class TurnEnded(BaseException):
    """A turn that came to no commit. ``code`` is stable."""

    code = "turn.ended"


class StoreUnavailable(TurnEnded):
    """Redis cannot be reached. No fault of the message: it is run again when Redis is back."""

    code = "turn.store_unavailable"


class TurnLost(TurnEnded):
    """The entry belongs to another process by now, or was finished by one."""

    code = "turn.lost"


class TurnConflict(TurnEnded):
    """The tracker was changed after it was loaded. Run it again."""

    code = "turn.conflict"


class AlreadyAnswered(TurnEnded):
    """The tracker holds this message id: the entry was acknowledged and nothing else."""

    code = "turn.already_answered"


class TrackerUnreadable(TurnEnded):
    """The stored events cannot be turned into a tracker, or new ones not into JSON. Counts as a failed attempt."""

    code = "turn.tracker_unreadable"


_turn: ContextVar[Turn | None] = ContextVar("silta_turn", default=None)


def current_turn() -> Turn | None:
    """The turn this code runs in; None for reminders and other work that no inbox entry asked for."""
    return _turn.get()


@contextmanager
def running(turn: Turn) -> Iterator[Turn]:
    """Make ``turn`` the current one."""
    token = _turn.set(turn)
    try:
        yield turn
    finally:
        _turn.reset(token)
