"""All parts of Silta together: started stage by stage, kept running, stopped in the opposite order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from itertools import groupby
from typing import Any

from handoff.supervisor import logs
from handoff.supervisor.keeper import Keeper
from handoff.supervisor.plan import Plan, Stage
from handoff.supervisor.settings import UpSettings

__all__ = ["House"]

ROTATE_EVERY_S = 10.0
"""How often the sizes of the logs are looked at: a part that writes 1 MB a second overshoots by one log size."""


class House:
    """The parts of a plan. :meth:`start`, :meth:`keep`, and in any case :meth:`stop`."""

    def __init__(self, settings: UpSettings, plan: Plan, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self.keepers = [
            Keeper(part, run=settings.run, log=settings.log, cwd=settings.root, say=say) for part in plan.parts
        ]

    async def start(self, before_bots: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start all parts, each stage when the one before is ready; ``before_bots`` runs when Redis is.

        Raises:
            PartDied: a part ended, the ones that were ready included.
            PartLate: a part was not ready in time.
            Exception: whatever ``before_bots`` raises.
        """
        watches: list[asyncio.Task[None]] = []
        work = asyncio.create_task(self._start_stages(before_bots, watches), name="start")
        try:
            while not work.done():
                await asyncio.wait({work, *watches}, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
                for watch in watches:
                    if watch.done():
                        watch.result()  # raises PartDied
            work.result()
        finally:
            for task in (work, *watches):
                task.cancel()
            await asyncio.gather(work, *watches, return_exceptions=True)

    async def _start_stages(
        self, before_bots: Callable[[], Coroutine[Any, Any, None]], watches: list[asyncio.Task[None]]
    ) -> None:
        prepared = False
        for stage, members in groupby(self.keepers, key=lambda keeper: keeper.part.stage):
            if stage is not Stage.REDIS and not prepared:
                await before_bots()
                prepared = True
            await _together(*(self._start_one(keeper, watches) for keeper in members))

    async def _start_one(self, keeper: Keeper, watches: list[asyncio.Task[None]]) -> None:
        took = await keeper.start()
        self._say(f"{keeper.part.name} is ready ({took:.1f} s)")
        watches.append(asyncio.create_task(self._raise_when_ended(keeper), name=f"watch {keeper.part.name}"))

    @staticmethod
    async def _raise_when_ended(keeper: Keeper) -> None:
        raise await keeper.ended()

    async def keep(self) -> None:
        """Keep all parts running and their logs small, until cancelled."""
        await _together(self._rotate(), *(keeper.keep() for keeper in self.keepers))

    async def stop(self) -> None:
        """Stop all parts, the last stage first; those of a stage together. Idempotent."""
        for _, members in groupby(reversed(self.keepers), key=lambda keeper: keeper.part.stage):
            await asyncio.gather(*(keeper.stop() for keeper in members), return_exceptions=True)

    def kill(self) -> None:
        """End all parts by force, without waiting."""
        for keeper in self.keepers:
            keeper.kill()

    async def _rotate(self) -> None:
        while True:
            for keeper in self.keepers:
                try:
                    logs.rotate(keeper.log, say=self._say)
                except OSError as error:
                    self._say(f"{keeper.log} could not be put aside: {error}")
            await asyncio.sleep(ROTATE_EVERY_S)


async def _together(*work: Coroutine[Any, Any, None]) -> None:
    """Run all at once; the first that fails ends the others, and its error is raised as it is (no group around it)."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
