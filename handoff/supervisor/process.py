"""One child process: started in a session of its own, watched, stopped, and nothing of it left behind."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from handoff.supervisor.logs import open_log

__all__ = ["Process", "describe_exit"]

PR_SET_PDEATHSIG = 1
POLL_S = 0.1
"""How often a child is looked at where the kernel cannot tell of its end (systems other than Linux)."""


def _die_with_parent() -> Callable[[], None] | None:
    """What a child does before it becomes its program: ask the kernel to be killed when we are.

    Otherwise a killed ``silta up`` leaves parts behind that hold the ports and block the next start. SIGKILL, because a
    part that cannot finish without its neighbours must not linger; nothing acknowledged depends on a clean end.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the request was in place
            os._exit(1)

    return before_exec


class Process:
    """A running child. Make it with :meth:`start`, inside the event loop."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes]) -> None:
        self.name = name
        self.pid = popen.pid
        self._popen = popen
        self._loop = asyncio.get_running_loop()
        self._exited: asyncio.Future[int] = self._loop.create_future()
        self._pidfd = -1
        self._poller: asyncio.Task[None] | None = None
        try:
            self._pidfd = os.pidfd_open(self.pid)
            self._loop.add_reader(self._pidfd, self._reap)
        except (AttributeError, OSError):  # no Linux, or an old one
            self._poller = self._loop.create_task(self._poll(), name=f"poll {name}")

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        cwd: Path,
        environ: Mapping[str, str],
        output: int | None = None,
    ) -> Process:
        """Start the command with its output going to the log, or to the descriptor ``output``.

        Raises:
            OSError: the program cannot be run.
        """
        fd = open_log(log)
        try:
            now = datetime.now(timezone.utc).isoformat(timespec="seconds")
            os.write(fd, f"--- {now} {name} starts\n".encode())
            # The event loop's thread forks, and it lives as long as we do: the kernel ties a child to its thread. What
            # runs before exec takes no lock, so other threads cannot make it hang.
            popen = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=fd if output is None else output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=dict(environ),
                start_new_session=True,  # Ctrl-C in the terminal reaches us alone: we stop the parts in order
                preexec_fn=_die_with_parent(),
            )
        finally:
            os.close(fd)
        return cls(name, popen)

    @property
    def status(self) -> int | None:
        """Exit status as :mod:`subprocess` counts, negative for a signal; None while it runs."""
        return self._exited.result() if self._exited.done() else None

    async def wait(self) -> int:
        """Wait for the end; may be called by many and be cancelled."""
        return await asyncio.shield(self._exited)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process; nothing happens when it has ended."""
        if not self._exited.done():
            self._popen.send_signal(number)

    def kill(self) -> None:
        """End the process and all it has started, at once."""
        if not self._exited.done():
            self._kill_group()

    async def stop(self, *, timeout_s: float, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask the process to end, and end it when it has not after ``timeout_s``. Returns its status."""
        self.send(number)
        try:
            async with asyncio.timeout(timeout_s):
                return await self.wait()
        except TimeoutError:
            self.kill()
            return await self.wait()

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # nobody left; macOS refuses for a zombie
            pass

    async def _poll(self) -> None:
        while self._popen.poll() is None:  # noqa: ASYNC110 (this is where the kernel gives us no event)
            await asyncio.sleep(POLL_S)
        self._reap()

    def _reap(self) -> None:
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
            # What the process left behind in its group must go before its number is free for others.
            self._kill_group()
        status = self._popen.wait()
        if not self._exited.done():
            self._exited.set_result(status)


def describe_exit(status: int) -> str:
    """The end of a process in words: ``ended with status 1`` or ``was ended by SIGKILL``."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
