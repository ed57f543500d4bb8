"""The whole of Silta, started with ``./silta up`` as anybody starts it, with its data in a temporary folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from handoff.supervisor import redis_passwords, redis_server
from tests.helpers.waiting import until_sync

__all__ = ["Stack"]

ROOT = Path(__file__).resolve().parents[2]

READY_TIMEOUT_S = 600
"""The first start trains the model when it is missing or old."""

STOP_TIMEOUT_S = 60


class Stack:
    """One ``silta up``. :meth:`start`, and in any case :meth:`close`, which also removes the data."""

    def __init__(
        self, *arguments: str, environ: dict[str, str] | None = None, within: tuple[str, ...] = ()
    ) -> None:
        """``arguments`` of ``silta up``; ``within`` is a command that runs it, such as one of a network of its own."""
        self.arguments = arguments
        self._within = within
        self.folder = Path(tempfile.mkdtemp(prefix="silta-e-"))
        self.var = self.folder / "var"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SILTA_")}
        own = {"SILTA_VAR": str(self.var), "SILTA_PORT": str(self.port)}
        # Visitors of the tests write faster than people.
        self.environ = {**inherited, **own, "SILTA_LIMITS": "off", **(environ or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def redis_url(self) -> str:
        """The embedded Redis, for a test that looks into it."""
        return redis_passwords.address(self.var, redis_server.socket_path(self.var / "run"), "admin")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text()

    def start(self) -> None:
        """Start and wait for the ready line."""
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            command = [*self._within, str(ROOT / "silta"), "up", *self.arguments]
            self._process = subprocess.Popen(command, env=self.environ, stdout=out, stderr=err)
        process = self._process

        def ready() -> bool:
            assert process.poll() is None, f"silta up ended: {self.err or self.out}"
            return "ready at http" in self.out

        until_sync(ready, "silta up is ready", timeout_s=READY_TIMEOUT_S)

    def stop(self) -> int:
        """Ctrl-C; the exit status."""
        assert self._process is not None, "Silta does not run"
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        return self._process.wait(STOP_TIMEOUT_S)

    def kill_up(self) -> None:
        """kill -9 ``silta up`` itself."""
        assert self._process is not None, "Silta does not run"
        self._process.kill()
        self._process.wait()

    def pid(self, name: str) -> int:
        """The process of a part, by its pid file."""
        return int((self.var / "run" / f"{name}.pid").read_text())

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """kill -9 a part; the number of the process that was."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def returns(self, name: str) -> int:
        """How often a part has come back so far: ask before killing it, and hand it to :meth:`wait_back`."""
        return self.out.count(f"silta: {name} is ready again")

    def wait_back(self, name: str, before: int, *, timeout_s: float = 120) -> None:
        """Wait until a part that was killed is ready again."""
        until_sync(lambda: self.returns(name) > before, f"{name} is ready again", timeout_s=timeout_s)

    def silta(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a ``silta`` command beside it."""
        return subprocess.run(
            [str(ROOT / "silta"), *arguments],
            env=self.environ,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self._process.kill()  # the kernel ends the parts with it
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
