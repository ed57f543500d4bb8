"""How long somebody will wait: a range from measured handling, or nothing. Pure.

With ``agents`` conversations handled side by side, the n-th in line waits for n of them to end. Each end takes the mean
handling time divided by how many are handled at once; n such ends are about normal around n times that, with a spread
of the square root of n, from which a range that holds in nine of ten cases is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import sqrt

__all__ = ["ETA_MAX_S", "MEASURED_MIN", "Handling", "estimate"]

MEASURED_MIN = 10
"""Fewer conversations than this say nothing about the next."""

MEASURED_MAX = 200
"""Conversations that are remembered for each kind: the last hours count, not last month."""

ETA_MAX_S = 2 * 3600
"""A longer wait is not told: nobody can say what happens until then."""

SPREAD = 1.65
"""Standard deviations to either side for nine of ten."""

ROUND_S = 30
"""A range is told in steps that people believe."""


@dataclass
class Handling:
    """Handling times of the latest conversations, by skill, in seconds."""

    times: dict[str, deque[float]] = field(default_factory=dict)

    def ended(self, skill: str, seconds: float) -> None:
        """A conversation of this skill was handled in so long."""
        self.times.setdefault(skill, deque(maxlen=MEASURED_MAX)).append(seconds)

    def remember(self, lines: Iterable[str]) -> None:
        """Take over what was measured before this process began, newest first as ``{seconds} {skill}``; nothing when
        it has measured itself already."""
        if self.times:
            return
        for line in reversed(list(lines)):
            self.noticed(line)

    def noticed(self, line: str) -> None:
        """A conversation has ended, as ``{seconds} {skill}``."""
        seconds, _, skill = line.partition(" ")
        self.ended(skill, float(seconds))

    def measured(self, skill: str) -> list[float]:
        """Handling times of the skill, or of all where it has too few; empty when even those are too few."""
        own = list(self.times.get(skill, ()))
        if len(own) >= MEASURED_MIN:
            return own
        every = [seconds for times in self.times.values() for seconds in times]
        return every if len(every) >= MEASURED_MIN else []


def estimate(ahead: int, places: int, times: Iterable[float], *, share: float = 1.0) -> tuple[int, int] | None:
    """Seconds, from and to, until somebody with ``ahead`` before them has a person; None when it cannot be known.

    Args:
        places: conversations that those who may answer can have at once; all of them are taken.
        times: measured handling times in seconds.
        share: how much of the places' ends are for this line, where others draw on them too.
    """
    measured = list(times)
    if not measured or places <= 0 or share <= 0:
        return None
    mean = sum(measured) / len(measured)
    spread = sqrt(sum((time - mean) ** 2 for time in measured) / len(measured)) / mean if mean else 0.0
    step = mean / (places * share)
    turns = ahead + 1
    # Ends of many side by side come about at random, whatever one of them takes; of few, as regular as handling is.
    wide = SPREAD * max(spread, 1.0) * step * sqrt(turns)
    low, high = max(0.0, turns * step - wide), turns * step + wide
    if high > ETA_MAX_S:
        return None
    return int(low // ROUND_S * ROUND_S), int(-(-high // ROUND_S) * ROUND_S)
