"""What the service has asked a person to write in the thread, and for how long an answer is expected. Pure.

A number that is written later, or to somebody else, is what it says: an order number for the agent who has asked for
one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from handoff.conversation import Conversation, Status
from handoff.entry import Kind, Role

__all__ = ["ASKED_MAX_MS", "Question"]

ASKED_MAX_MS = 30 * 60 * 1000
"""How long a question stands. Who looks for the number in another app is back by then; who writes a number the next day
does not mean a question of yesterday."""

_TURNS = frozenset(
    kind.value
    for kind in (
        Kind.ASSIGNED,
        Kind.AGENT_LOST,
        Kind.TRANSFERRED,
        Kind.RETURNED_TO_BOT,
        Kind.RESOLVED,
        Kind.REOPENED,
        Kind.CALLBACK,
    )
)
"""With these the conversation has gone on without an answer."""


@dataclass(frozen=True)
class Question:
    """``kind`` of what is asked for, ``phone`` or ``email``, with the ``window`` of a call; ``seq`` is the number of
    the entry that asks, ``at`` when its occasion happened (ms, by Meta's clock)."""

    kind: str
    window: str
    seq: int
    at: int

    @classmethod
    def read(cls, text: str) -> Question | None:
        """What :meth:`written` has made; None for anything else."""
        kind, *rest = text.split(":")
        if kind not in ("phone", "email") or len(rest) != 3 or not (rest[1].isdigit() and rest[2].isdigit()):
            return None
        return cls(kind, rest[0], int(rest[1]), int(rest[2]))

    def written(self) -> str:
        """As the thread keeps it."""
        return f"{self.kind}:{self.window}:{self.seq}:{self.at}"

    def stands(self, state: Conversation, since: Iterable[Mapping[str, Any]], *, at: int, key: str) -> bool:
        """Whether a message of the moment ``at`` may answer it.

        Args:
            since: the log's events after the question.
            key: the message's own: where it was written before, and is applied again, it is no other.
        """
        if state.status is Status.ASSIGNED or at - self.at > ASKED_MAX_MS:
            return False
        return not any(_goes_on(event) for event in since if event.get("client_id") != key)


def _goes_on(event: Mapping[str, Any]) -> bool:
    """Whether somebody other than the service has spoken, or the conversation has moved."""
    said = event["kind"] == Kind.MESSAGE.value and event["author"]["role"] != Role.SYSTEM.value
    return said or event["kind"] in _TURNS
