"""A house of fakes: the real supervisor and a real Redis, with small stand-ins for hub, bot and action server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from handoff.supervisor import redis_passwords, redis_server
from tests.helpers.waiting import until_sync

FAKES = Path(__file__).parent / "fakes"
REPOSITORY = Path(__file__).resolve().parents[3]
MAIN = """
import dataclasses, os, pathlib, sys
from handoff.supervisor.settings import UpSettings
from handoff.supervisor.up import run_up
settings = UpSettings.read(os.environ, bots=int(sys.argv[2]))
sys.exit(run_up(dataclasses.replace(settings, root=pathlib.Path(sys.argv[1]))))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class FakeHouse:
    """``silta up`` over a root that holds fakes. :meth:`up` starts it; :attr:`out` and :attr:`err` are its output."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.var = folder / "var"
        self.port = free_port()
        self._out, self._err = folder / "out", folder / "err"
        self.process: subprocess.Popen[bytes] | None = None
        shutil.copytree(FAKES, self.root, ignore=shutil.ignore_patterns("__pycache__"))
        for room in ("hub", "bot"):
            python = self.root / ".venv" / room / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
            python.chmod(0o755)

    @property
    def redis_url(self) -> str:
        return redis_passwords.address(self.var, redis_server.socket_path(self.var / "run"), "admin")

    def up(self, *, bots: int = 1, environ: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SILTA_")}
        settings = {
            "SILTA_VAR": str(self.var),
            "SILTA_PORT": str(self.port),
            "SILTA_PATIENCE": "0.1",
            "PYTHONPATH": str(REPOSITORY),
        }
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", MAIN, str(self.root), str(bots)],
                env={**inherited, **settings, **(environ or {})},
                stdout=out,
                stderr=err,
            )
        return self.process

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    @property
    def order(self) -> list[str]:
        """What the fakes did: ``start NAME`` and ``stop NAME``."""
        file = self.var / "order"
        return file.read_text().splitlines() if file.exists() else []

    def wait_ready(self) -> None:
        def ready() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, f"silta up ended: {self.err}"
            return "ready at http" in self.out

        until_sync(ready, "the ready line", timeout_s=20)

    def wait_end(self, timeout_s: float = 20) -> int:
        assert self.process is not None
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"silta up has not ended: {self.out}{self.err}, {self.order}") from None

    def pid(self, name: str) -> int:
        return int((self.var / "run" / f"{name}.pid").read_text())

    def pids(self) -> list[int]:
        return [int(file.read_text()) for file in sorted((self.var / "run").glob("*.pid"))]

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits for its parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


@pytest.fixture
def house() -> Iterator[FakeHouse]:
    folder = Path(tempfile.mkdtemp(prefix="silta-h-"))
    made = FakeHouse(folder)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def running(house: FakeHouse) -> FakeHouse:
    """The house, ready."""
    house.up()
    house.wait_ready()
    return house


def interrupt(house: FakeHouse) -> None:
    assert house.process is not None
    house.process.send_signal(signal.SIGINT)
