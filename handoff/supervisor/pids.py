"""The lock of a running Silta, and the pid files of its parts.

``var/run/up.lock`` is held by ``silta up`` for as long as it lives; the kernel lets go of it with the process, however
that ends. ``var/run/NAME.pid`` holds the number of each part's process and a line feed.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from pathlib import Path

from handoff.supervisor.errors import AlreadyRunning

__all__ = ["Lock", "clear_leftovers", "remove_pid", "write_pid"]

LEFTOVER_WAIT_S = 5.0
"""How long processes of a killed run may take to vanish: the kernel ends them with their parent, under load not at
once."""


class Lock:
    """At most one ``silta up`` for one data folder. Hold on to the object; :meth:`release` lets another start."""

    def __init__(self, var: Path) -> None:
        run = var / "run"
        run.mkdir(parents=True, exist_ok=True)
        self.path = run / "up.lock"
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = os.read(self._fd, 32).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise AlreadyRunning(var, pid) from error
        os.ftruncate(self._fd, 0)
        os.write(self._fd, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let go; the file stays, so that nobody locks a file that is being removed."""
        os.ftruncate(self._fd, 0)
        os.close(self._fd)


def write_pid(run: Path, name: str, pid: int) -> None:
    """Write the pid file whole: a reader sees the old number or the new one, never half a number."""
    temporary = run / f".{name}.pid.new"
    temporary.write_text(f"{pid}\n")
    temporary.replace(run / f"{name}.pid")


def remove_pid(run: Path, name: str) -> None:
    (run / f"{name}.pid").unlink(missing_ok=True)


def clear_leftovers(run: Path, var: Path, *, wait_s: float = LEFTOVER_WAIT_S) -> list[str]:
    """Remove pid files of an earlier run and make sure that its processes are gone; return the names it had to end.

    Call it with the :class:`Lock` held. A process is ours when its environment names this data folder and the part, so
    a number that another program got since is left alone.
    """
    ended = []
    for file in sorted(run.glob("*.pid")):
        name = file.stem
        try:
            pid = int(file.read_text())
        except (OSError, ValueError):
            pid = 0
        if pid > 1 and _is_ours(pid, name, var):
            deadline = time.monotonic() + wait_s
            while _is_ours(pid, name, var) and time.monotonic() < deadline:
                time.sleep(0.05)
            if _is_ours(pid, name, var):
                os.kill(pid, signal.SIGKILL)
                ended.append(name)
        file.unlink(missing_ok=True)
    return ended


def _is_ours(pid: int, name: str, var: Path) -> bool:
    """Whether the process runs for this data folder. Without /proc nobody can tell: then it is not."""
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"SILTA_PROCESS={name}".encode() in words and f"SILTA_VAR={var}".encode() in words
