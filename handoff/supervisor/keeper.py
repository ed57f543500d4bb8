"""Keeps one part running: ready in time at the start, started again with back-off when it dies later. What runs and is
only late then is left running: it may serve already, or be about to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from handoff.supervisor.errors import PartDied, PartLate
from handoff.supervisor.logs import last_line
from handoff.supervisor.pids import remove_pid, write_pid
from handoff.supervisor.plan import Part
from handoff.supervisor.process import Process, describe_exit
from handoff.supervisor.readiness import POLL_S

__all__ = ["BACK_OFF_MOST_S", "BACK_OFF_S", "STEADY_S", "Keeper"]

BACK_OFF_S = 0.5
"""Before the first new start: short, since a part that was killed starts well at once."""

BACK_OFF_MOST_S = 30.0
"""The back-off doubles up to this: a part that cannot start must not eat the machine, nor wait long
when it can again."""

STEADY_S = 60.0
"""A part that was ready for so long has recovered: its next death starts with the short back-off."""


class Keeper:
    """One part and its process, over all its lives.

    :meth:`start`, then :meth:`keep` in a task of its own; cancel that task before :meth:`stop`.
    """

    def __init__(self, part: Part, *, run: Path, log: Path, cwd: Path, say: Callable[[str], None]) -> None:
        self.part = part
        self.log = log / f"{part.name}.log"
        self._run = run
        self._cwd = cwd
        self._say = say
        self._process: Process | None = None

    @property
    def process(self) -> Process | None:
        """The process of the current life; None before the first and after :meth:`stop`."""
        return self._process

    async def start(self) -> float:
        """Start the part and wait until it is ready; return the seconds that took.

        Raises:
            PartDied: it ended before.
            PartLate: it was not ready in time; it still runs, and :meth:`stop` ends it.
        """
        begun = asyncio.get_running_loop().time()
        process = self._spawn()
        if not await self._is_ready(process, self.part.ready, self.part.ready_timeout_s):
            raise PartLate(self.part.name, self.part.ready_timeout_s, self.log)
        return asyncio.get_running_loop().time() - begun

    async def ended(self) -> PartDied:
        """Wait for the end of the process and return it as the reason of a failed start."""
        process = self._process
        if process is None:
            raise RuntimeError(f"{self.part.name} was not started")
        status = await process.wait()
        return PartDied(self.part.name, describe_exit(status), last_line(self.log), self.log)

    async def keep(self) -> None:
        """Start the part again whenever it dies, for ever, and say so."""
        loop = asyncio.get_running_loop()
        delay_s = BACK_OFF_S
        since = loop.time()
        while self._process is not None:
            how = describe_exit(await self._process.wait())
            remove_pid(self._run, self.part.name)
            if loop.time() - since >= STEADY_S:
                delay_s = BACK_OFF_S
            self._say(f"{self.part.name} {how}: starting it again in {delay_s:g} s (log: {self.log})")
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, BACK_OFF_MOST_S)
            begun = loop.time()
            try:
                await self._start_again()
                self._say(f"{self.part.name} is ready again ({loop.time() - begun:.1f} s)")
            except PartDied:
                pass  # the next round says so
            except PartLate as stuck:
                self._say(f"{stuck}: it is stuck and is ended")
                await self._process.stop(timeout_s=self.part.stop_timeout_s)
            since = loop.time()

    async def _start_again(self) -> None:
        """Start the part beside the others and wait until it is ready, however long a part takes that is not stuck.

        Raises:
            PartDied: it ended before.
            PartLate: it is stuck; it still runs.
        """
        part, process = self.part, self._spawn()
        ready = part.ready_again or part.ready
        if await self._is_ready(process, ready, part.ready_timeout_s):
            return
        self._say(f"{PartLate(part.name, part.ready_timeout_s, self.log)}: it runs on and is waited for")
        left_s = None if part.stuck_after_s is None else part.stuck_after_s - part.ready_timeout_s
        if not await self._is_ready(process, ready, left_s):
            raise PartLate(part.name, part.stuck_after_s or 0.0, self.log)

    async def _is_ready(
        self, process: Process, ready: Callable[[Process], Awaitable[bool]], timeout_s: float | None
    ) -> bool:
        """Wait until the process is ready; whether it was in time.

        Raises:
            PartDied: it ended before.
        """
        ended = asyncio.ensure_future(process.wait())
        asked = asyncio.ensure_future(_until(ready, process))
        try:
            done, _ = await asyncio.wait({ended, asked}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if ended in done:
                raise PartDied(self.part.name, describe_exit(ended.result()), last_line(self.log), self.log)
            if asked in done:
                asked.result()
            return asked in done
        finally:
            for task in (ended, asked):
                task.cancel()
            await asyncio.gather(ended, asked, return_exceptions=True)

    async def stop(self) -> int | None:
        """End the part, in time or by force; return the status of its last life."""
        process = self._process
        if process is None:
            return None
        try:
            return await process.stop(timeout_s=self.part.stop_timeout_s)
        finally:
            self.kill()  # nothing stays behind, also when this is being cancelled
            self._process = None

    def kill(self) -> None:
        """End the part by force, without waiting."""
        if self._process is not None:
            self._process.kill()
            remove_pid(self._run, self.part.name)

    def _spawn(self) -> Process:
        try:
            process = Process.start(
                self.part.name, self.part.command, log=self.log, cwd=self._cwd, environ=self.part.environ
            )
        except OSError as error:
            raise PartDied(self.part.name, "could not be run", str(error), self.log) from error
        self._process = process
        with contextlib.suppress(OSError):  # a full disk must not keep the part from running
            write_pid(self._run, self.part.name, process.pid)
        return process


async def _until(ready: Callable[[Process], Awaitable[bool]], process: Process) -> None:
    while not await ready(process):  # noqa: ASYNC110 (another process: there is no event to wait for)
        await asyncio.sleep(POLL_S)
