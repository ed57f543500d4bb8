"""What Graph's errors mean for us. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = ["Cure", "Failure", "of_reply"]


class Cure(Enum):
    """What to do about a failed call."""

    AGAIN = "again"
    """It was not done; later it may be."""
    UNKNOWN = "unknown"
    """It may have been done: wait for the echo before sending again."""
    SLOWER = "slower"
    """Too many calls: later, and fewer."""
    NEVER = "never"
    """This message will not go."""
    NOT_OURS = "not_ours"
    """Another app has the thread."""
    TOKEN = "token"  # noqa: S105 -- a name
    """The page's token is no good: nothing goes until the owner renews it."""
    PAUSED = "paused"
    """Meta has restricted the page: nothing goes for now."""


@dataclass(frozen=True)
class Failure:
    """``code`` is ours and stable, see the ``channel`` texts; ``detail`` is Meta's numbers, for logs."""

    cure: Cure
    code: str
    detail: str = ""


_WINDOW = frozenset({2018278, 2018065, 2018108})
_NOT_OURS = 2018300
_RESTRICTED = 1893063
_TEMPORARY = frozenset({1, 2, 1200})
_TOO_MANY = frozenset({4, 17, 32, 613, 80006})
_BLOCKED = frozenset({368, 2022})


def of_reply(status: int, body: Any) -> Failure:
    """The failure in a reply that is not 200."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, Mapping):
        # A gateway on the way has answered: what lies behind it may have taken the message.
        return Failure(Cure.UNKNOWN if status >= 500 else Cure.NEVER, "graph", f"HTTP {status}")
    code, subcode = _int(error.get("code")), _int(error.get("error_subcode"))
    detail = f"HTTP {status} code {code}/{subcode} trace {str(error.get('fbtrace_id', ''))[:64]}"
    cure, name = _meaning(status, code, subcode)
    return Failure(cure, name, detail)


def _meaning(status: int, code: int, subcode: int) -> tuple[Cure, str]:
    if code == 10:
        return _of_permission(subcode)
    if code == 190:
        return Cure.TOKEN, "token"
    if code in _TOO_MANY or status == 429:
        return Cure.SLOWER, "too_many"
    if code in _BLOCKED:
        return Cure.PAUSED, "restricted"
    if code == 551:
        return Cure.NEVER, "person_away"
    if code in (200, 230):
        return Cure.NEVER, "person_refuses"
    if code in _TEMPORARY or status >= 500:
        return Cure.AGAIN, "graph"
    return Cure.NEVER, "invalid"


def _of_permission(subcode: int) -> tuple[Cure, str]:
    if subcode == _NOT_OURS:
        return Cure.NOT_OURS, "not_ours"
    if subcode == _RESTRICTED:
        return Cure.PAUSED, "restricted"
    return Cure.NEVER, "window_closed" if subcode in _WINDOW else "person_refuses"


def _int(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
