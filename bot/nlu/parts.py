"""How long each part of a training takes: by the clock, and in processor time of all threads meanwhile."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator

__all__ = ["Parts", "parts", "progress"]

progress = logging.getLogger("silta.progress")
"""Gets one line for each step of a training; the command line shows them."""


class Parts:
    """Adds up the time of parts that follow one another (none inside another)."""

    def __init__(self) -> None:
        self.spent: dict[str, tuple[float, float]] = {}
        self.start()

    def start(self) -> None:
        """Forget what was, and begin to count."""
        self.spent.clear()
        self._began = time.monotonic(), time.process_time()

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """What happens inside is this part; the same name again adds to it."""
        began, cpu = time.monotonic(), time.process_time()
        try:
            yield
        finally:
            took, used = self.spent.get(name, (0.0, 0.0))
            self.spent[name] = took + time.monotonic() - began, used + time.process_time() - cpu

    def lines(self) -> list[str]:
        """A line for each part in the order of their beginning, one for what lies between them, and the whole."""
        whole = time.monotonic() - self._began[0], time.process_time() - self._began[1]
        rest = (
            whole[0] - sum(took for took, _ in self.spent.values()),
            whole[1] - sum(used for _, used in self.spent.values()),
        )
        rows = {**self.spent, "Rasa itself": rest, "in all": whole}
        return [f"{took:7.1f} s {used:7.1f} s of processor time  {name}" for name, (took, used) in rows.items()]


parts = Parts()
"""Those of the training that runs in this process; one runs at a time."""
