"""A Redis on a disk that is slow, full or loses power. Needs ``strace`` (slow disk, power) or root (full disk)."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from handoff.supervisor import redis_server
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until_sync

__all__ = ["NO_MOUNT", "NO_STRACE", "TroubledRedis"]


def _works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


NO_STRACE = "" if _works("strace", "-f", "-e", "trace=fdatasync", "true") else "strace does not work here"
NO_MOUNT = "" if _works("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt") else "no rights to mount a tmpfs"


class TroubledRedis(RedisServer):
    """As the tests' Redis, with another disk.

    Args:
        fsync: ``always`` or ``everysec``.
        slow_ms: what each ``fdatasync`` takes longer.
        traced: keep a record of writes and syncs, for :meth:`cut_power`.
        disk_mib: the size of a disk in memory that its first life writes to; later lives have the real one.
    """

    def __init__(
        self, *, fsync: str = "always", slow_ms: int = 0, traced: bool = False, disk_mib: int | None = None
    ) -> None:
        super().__init__()
        self._fsync = fsync
        self._slow_ms = slow_ms
        self._traced = traced
        self._disk_mib = disk_mib
        self.trace = self.folder / "trace"

    def start(self) -> None:
        command = redis_server.command(redis_server.binary(), self.folder, self.socket)
        command[command.index("always")] = self._fsync
        with (self.folder / "log").open("ab") as log:
            # In a group of its own, so that a kill reaches the server behind its wrapper, too.
            self._process = subprocess.Popen(self._wrapper(command), stdout=log, stderr=log, start_new_session=True)
        until_sync(self.answers, "Redis answers", timeout_s=20)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def _wrapper(self, command: list[str]) -> list[str]:
        if self._slow_ms:
            inject = f"inject=fdatasync:delay_exit={self._slow_ms * 1000}"
            return ["strace", "-D", "-f", "-q", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", inject, *command]
        if self._traced:
            calls = "trace=write,writev,fdatasync,fsync"
            return ["strace", "-D", "-f", "-q", "-y", "-s", "0", "-o", str(self.trace), "-e", calls, *command]
        if self._disk_mib is not None:
            size, self._disk_mib = self._disk_mib, None
            disk = self.folder / "disk"
            disk.mkdir()
            command[command.index("--dir") + 1] = str(disk)
            # What the full disk held is copied to the real one when the server has ended, for its next life.
            script = (
                f'mount -t tmpfs -o size={size}m tmpfs "$0" && {{ "$@"; cp -a "$0"/. "$0"/..; '
                'touch "$0"/../ended; }'
            )
            return ["unshare", "-m", "sh", "-c", script, str(disk), *command]
        return command

    def ended(self) -> bool:
        """Whether the life on the small disk is over and what it wrote is kept."""
        return (self.folder / "ended").exists() and not self.runs

    @property
    def aof(self) -> Path:
        """The append-only file that is written to."""
        (found,) = (self.folder / "appendonlydir").glob("*.incr.aof")
        return found

    def cut_power(self) -> int:
        """Kill it, and take from the append-only file all that no completed sync had covered; how many bytes.

        Raises:
            AssertionError: the record of system calls does not fit the file, so nothing would be proved.
        """
        self.kill()
        until_sync(lambda: not _traced_by(self.trace), "the tracer has ended")
        synced, written = synced_bytes(self.trace.read_text(errors="replace"))
        size = self.aof.stat().st_size
        assert written == size, f"the trace has {written} bytes written, the file has {size}"
        os.truncate(self.aof, synced)
        self.trace.unlink()
        return size - synced

    def tear(self, size_bytes: int) -> None:
        """Cut the end off the append-only file of a dead server."""
        os.truncate(self.aof, self.aof.stat().st_size - size_bytes)

    def kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        super().kill()

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _traced_by(trace: Path) -> bool:
    found = subprocess.run(["fuser", str(trace)], capture_output=True)
    return found.returncode == 0


CALL = re.compile(r"^(?P<pid>\d+) +(?P<call>\w+)\(\d+<(?P<path>[^>]*)>(?P<rest>.*)$")
RESUMED = re.compile(r"^(?P<pid>\d+) +<\.\.\. (?P<call>\w+) resumed>.* = (?P<result>-?\d+)")


def synced_bytes(trace: str) -> tuple[int, int]:
    """From a record of system calls: bytes of the append-only file that a completed sync covers, and bytes written.

    A sync covers what was written before it began.
    """
    written = synced = 0
    begun: dict[str, tuple[str, int]] = {}
    for line in trace.splitlines():
        call, resumed = CALL.match(line), RESUMED.match(line)
        if call is not None and call["path"].endswith(".incr.aof"):
            result = re.search(r"= (-?\d+)", call["rest"])
            if "<unfinished" in call["rest"] or result is None:
                begun[call["pid"]] = (call["call"], written)
            elif call["call"].startswith("write"):
                written += int(result[1])
            elif result[1] == "0":
                synced = max(synced, written)
        elif resumed is not None and resumed["pid"] in begun:
            name, before = begun.pop(resumed["pid"])
            if name.startswith("write"):
                written += int(resumed["result"])
            elif resumed["result"] == "0":
                synced = max(synced, before)
    return synced, written
