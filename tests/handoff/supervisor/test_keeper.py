from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from handoff.supervisor.errors import PartLate
from handoff.supervisor.keeper import Keeper
from handoff.supervisor.plan import Part, Stage
from handoff.supervisor.process import Process
from tests.helpers.waiting import until


class House:
    """A part that only sleeps and is ready when the test says so, and what was said of it."""

    def __init__(self, folder: Path, *, again: bool = True, stuck_after_s: float | None = None) -> None:
        self.ready, self.serves = True, True
        self.said: list[str] = []

        async def ready(_: Process) -> bool:
            return self.ready

        async def serves(_: Process) -> bool:
            return self.serves

        self.part = Part(
            "hub-1", Stage.HUB, ("sleep", "1000"), dict(os.environ), ready, 0.2, 2.0,
            ready_again=serves if again else None, stuck_after_s=stuck_after_s,
        )  # fmt: skip
        self.keeper = Keeper(self.part, run=folder, log=folder, cwd=folder, say=self.said.append)

    @property
    def pid(self) -> int:
        assert self.keeper.process is not None
        return self.keeper.process.pid

    async def says(self, words: str) -> None:
        async def said() -> bool:
            return any(words in line for line in self.said)

        await until(said, words)

    def die(self) -> None:
        assert self.keeper.process is not None
        self.keeper.process.kill()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        await self.keeper.start()
        task = asyncio.create_task(self.keeper.keep())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.keeper.stop()


async def test_the_first_start_asks_whether_all_is_up(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.ready = False
    with pytest.raises(PartLate):
        await house.keeper.start()
    await house.keeper.stop()


async def test_a_part_that_is_started_again_is_asked_what_it_can_answer_for_by_itself(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.kept():
        house.ready = False
        house.die()
        await house.says("is ready again")


async def test_a_part_that_is_late_and_alive_is_left_running_and_looked_on_for(tmp_path: Path) -> None:
    house = House(tmp_path, again=False)
    async with house.kept():
        house.ready, old = False, house.pid
        house.die()
        await house.says("was not ready within 0 s")
        late = house.pid
        assert late != old
        await asyncio.sleep(1)  # it was ended, and started again, within this
        assert (house.pid, house.keeper.process and house.keeper.process.status) == (late, None)
        house.ready = True
        await house.says("is ready again")
        assert house.pid == late
        assert len([line for line in house.said if "starting it again" in line]) == 1


async def test_a_part_that_shows_no_life_for_very_long_is_stuck_and_starts_anew(tmp_path: Path) -> None:
    house = House(tmp_path, stuck_after_s=0.6)
    async with house.kept():
        house.serves = False
        house.die()
        await house.says("it is stuck and is ended")
        house.serves = True
        await house.says("is ready again")


async def test_a_part_that_dies_while_it_is_waited_for_is_started_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.kept():
        house.serves = False
        house.die()
        await house.says("it runs on and is waited for")
        house.serves = True
        house.die()
        await house.says("is ready again")
        assert any("starting it again in 1 s" in line for line in house.said), "the back-off goes on"
