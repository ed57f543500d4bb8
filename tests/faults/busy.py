"""How busy the machine was with other things while something was measured, as the kernel counts it.

A figure is promised for a machine that has nothing else to do. A process that had to wait for a processor as long as it
ran was slowed by half by others: limits are stretched by as much, and each line of figures says by how much. On a quiet
machine that is next to nothing, and the figure itself is asserted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

__all__ = ["MOST", "Busy"]

MOST = 8.0
"""Above this a measurement says nothing any more, so limits are stretched no further."""


class Busy:
    """Around what is measured: ``with Busy(hub.pid) as busy``. This process counts, too.

    ``stretch``, from the end of the block on: 1 on a quiet machine, 2 where half of the time was spent waiting.
    """

    def __init__(self, *pids: int) -> None:
        self._files = [Path("/proc/self/schedstat"), *(Path(f"/proc/{pid}/schedstat") for pid in pids)]
        self._before = (0, 0)
        self.stretch = 1.0

    @property
    def waited_s(self) -> float:
        """Seconds that these processes were ready and had no processor, since the block began: what to take off a
        time that must be small, for a mean says nothing of the one time in a hundred."""
        return (self._read()[1] - self._before[1]) / 1e9

    def __enter__(self) -> Self:
        self._before = self._read()
        return self

    def __exit__(self, *_: object) -> None:
        ran, waited = (now - then for now, then in zip(self._read(), self._before, strict=True))
        if ran > 0 and waited > 0:
            self.stretch = min(MOST, 1 + waited / ran)

    def __str__(self) -> str:
        return f"the machine was {self.stretch:.1f} x as slow as alone"

    def _read(self) -> tuple[int, int]:
        """Nanoseconds on a processor, and ready without one. None where the kernel does not count."""
        ran = waited = 0
        for file in self._files:
            try:
                numbers = file.read_text().split()
            except OSError:
                continue  # another kernel, or the process has ended
            ran, waited = ran + int(numbers[0]), waited + int(numbers[1])
        return ran, waited
