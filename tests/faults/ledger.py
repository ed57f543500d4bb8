"""What the fault runs did, kept in a file while they go on: a run that was broken off goes on where it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["Done", "Ledger", "nemesis_minutes"]

_NEMESIS = re.compile(r"\b(\d+) s of nemesis\b")
_ON_PURPOSE = "test_broken.py"
"""Time under faults of hubs that are broken on purpose proves nothing of the hub."""


@dataclass(frozen=True)
class Done:
    """One test that has ended."""

    node: str
    outcome: str
    seconds: float
    lines: list[str] = field(default_factory=list)


class Ledger:
    """A file with a line of JSON for each test. A line that was broken off is left out."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self) -> None:
        """Forget what was done before."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("", "utf-8")

    def add(self, done: Done) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(done), ensure_ascii=False) + "\n")

    def read(self) -> list[Done]:
        """The latest of each test, in the order in which they ended."""
        return list({one.node: one for one in self._lines()}.values())

    def passed(self) -> set[str]:
        return {one.node for one in self.read() if one.outcome == "passed"}

    def _lines(self) -> Iterator[Done]:
        if not self.path.exists():
            return
        for line in self.path.read_text("utf-8").splitlines():
            try:
                yield Done(**json.loads(line))
            except (ValueError, TypeError):
                continue


def nemesis_minutes(done: Sequence[Done]) -> float:
    """Time under random faults in all runs that passed."""
    counted = (one for one in done if one.outcome == "passed" and _ON_PURPOSE not in one.node)
    return sum(int(seconds) for one in counted for line in one.lines for seconds in _NEMESIS.findall(line)) / 60
