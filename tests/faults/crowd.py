"""People who do one thing over and over, and what a run is measured by."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from tests.faults.clients import VisitorClient
from tests.faults.history import History, Op
from tests.faults.world import World

__all__ = ["Crowd", "quantile", "rss_mib"]


class Crowd:
    """Visitors who talk on, each as fast as given, until :meth:`stop`; ``with_people`` they wait for a person, so that
    no bot answers."""

    def __init__(self, world: World, count: int, *, pause_s: float = 0.1, with_people: bool = False) -> None:
        self.history = History()
        self.visitors = [
            VisitorClient(f"visitor-{number}", self.history, world.addresses, seed=number) for number in range(count)
        ]
        self._pause_s = pause_s
        self._with_people = with_people
        self._tasks = [asyncio.create_task(self._talk(one), name=one.name) for one in self.visitors]

    async def _talk(self, visitor: VisitorClient) -> None:
        if self._with_people:
            await visitor.do("request_handoff")
        while not visitor.closing.is_set():
            await visitor.say()
            await asyncio.sleep(self._pause_s)

    async def stop(self, *, patience_s: float = 30.0) -> None:
        """Everybody's last message is answered."""
        for visitor in self.visitors:
            visitor.closing.set()
        _, late = await asyncio.wait(self._tasks, timeout=patience_s)
        for visitor in self.visitors:
            visitor.stopping.set()
        await asyncio.gather(*self._tasks)
        for visitor in self.visitors:
            await visitor.drop()
        assert not late, "not everybody was served in the end"

    def answered(self, *, after: float = -math.inf, before: float = math.inf) -> list[Op]:
        """Requests that were answered in this stretch of time."""
        return [op for op in self.history.ops if op.ended_s is not None and after <= op.ended_s < before]


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def rss_mib(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
