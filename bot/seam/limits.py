"""The named limits of the seam, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """How long and how much. Times are in seconds."""

    slots: int = 16
    """Turns at once in one process. They share one core: more would only delay the renewals between them."""
    block: float = 0.3
    """How long a read of the inbox waits for a message; with ``claim_every`` it bounds how late a takeover is."""
    claim_every: float = 0.4
    """How often entries of dead processes are looked for."""
    takeover: float = 2.5
    """An entry that was not renewed for so long belongs to a dead process. The hub waits 5 s for an answer, and the
    new owner needs part of them."""
    renew_every: float = 0.5
    """A fifth of ``takeover``: several renewals may be late before a living process is robbed."""
    attempts: int = 5
    """Attempts at a message before it is given up. Redis being away is none."""
    retry_after: float = 0.1
    """Pause after a failed attempt, doubled each time: all attempts fit into the hub's 5 s."""
    turn: float = 15.0
    """The longest turn, Redis aside. Nobody waits for the answer by then; the slot must come free."""
    load_patience: float = 3.0
    """How long a load is tried anew while Redis is away. Nothing has run yet, so the turn can start again later."""
    commit_patience: float = 30.0
    """How long a finished turn waits for Redis before it is given up. Giving up means running its actions again."""
    drain: float = 10.0
    """How long a stop waits for running turns before it hands them back."""
    alive: float = 3.0
    """Time to live of the sign that this process reads the inbox."""
    beat_every: float = 1.0
    """How often that sign is renewed, if the reader has come round since."""
    forget: float = 600.0
    """A consumer with nothing pending that was silent for so long is removed from the group."""

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None) -> Limits:
        """The limits with those that ``settings`` names.

        Raises:
            ValueError: an unknown name, or a value that is no positive number.
        """
        known = {field.name: type(getattr(cls, field.name)) for field in fields(cls)}
        chosen: dict[str, Any] = {}
        for name, value in (settings or {}).items():
            if name not in known:
                raise ValueError(f"unknown limit {name!r}")
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
                raise ValueError(f"limit {name!r} must be a positive number, not {value!r}")
            chosen[name] = known[name](value)
        return cls(**chosen)
