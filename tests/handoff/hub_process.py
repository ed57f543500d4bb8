"""The real hub, ``python -m handoff``, as a child process."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from argon2 import PasswordHasher

from handoff.access.accounts import DEMO_SKILLS, Accounts
from handoff.redis_client import connect
from handoff.settings import ROOT
from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.redis_server import RedisServer
from tests.helpers.redis_users import as_user
from tests.helpers.waiting import until_sync

__all__ = ["HubProcess", "free_port", "hub_with_redis"]

READY_TIMEOUT_S = 40.0
STOP_TIMEOUT_S = 15.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class HubProcess:
    """One hub on a port of its own. :meth:`start` after a :meth:`kill` brings it back on the same port."""

    def __init__(self, redis_url: str, *, name: str = "hub-1", files: int | None = None, **environ: str) -> None:
        """``files``: how many it may open at most."""
        self._files = files
        self.redis_url = redis_url
        self.folder = Path(tempfile.mkdtemp(prefix="silta-h-"))
        self.port = free_port()
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("SILTA_")}
        self.environ = {
            **inherited,
            "SILTA_REDIS_URL": as_user(redis_url, "hub"),
            "SILTA_PORT": str(self.port),
            "SILTA_VAR": str(self.folder / "var"),
            "SILTA_PROCESS": name,
            "SILTA_LIMITS": "off",  # these tests write faster than people; what limits is test_limits' matter
            "SILTA_OWNER_DIR": str(self._owner_files()),
            **environ,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def _owner_files(self) -> Path:
        """The owner's files with no pause: these tests count what the bot is told, and each message is its own turn."""
        folder = self.folder / "owner"
        folder.mkdir()
        for path in (ROOT / "data" / "owner").iterdir():
            if path.name != "manners.yml":
                (folder / path.name).symlink_to(path)
        manners = (ROOT / "data" / "owner" / "manners.yml").read_text("utf-8")
        (folder / "manners.yml").write_text(manners.replace("pause_s: 1.2", "pause_s: 0"), "utf-8")
        return folder

    def share(self, port: int, var: str) -> None:
        """Listen on a port beside other hubs, with their key for visitors' tokens."""
        self.port = port
        self.environ |= {"SILTA_PORT": str(port), "SILTA_VAR": var}

    @property
    def health_address(self) -> str:
        """Where this very hub answers for its health."""
        return f"http://127.0.0.1:{self.environ.get('SILTA_HEALTH_PORT', self.port)}"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it has said on standard error, over all its lives."""
        return (self.folder / "log").read_text() if (self.folder / "log").exists() else ""

    @property
    def pid(self) -> int:
        assert self._process is not None, "the hub does not run"
        return self._process.pid

    def add_agents(self) -> None:
        """Give the agents of the tests accounts."""

        async def add() -> None:
            redis = connect(self.redis_url, timeout_s=5)
            accounts = Accounts(redis)
            # Cheap to check, for agents sign in a hundred times; what it costs in earnest is test_accounts' matter.
            accounts._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
            try:
                for name, email in AGENTS.items():
                    role = "supervisor" if name == "Sanna" else "agent"
                    await accounts.add(email, name=name, role=role, skills=DEMO_SKILLS, capacity=100, password=PASSWORD)
            finally:
                await redis.aclose()

        asyncio.run(add())

    def launch(self) -> subprocess.Popen[bytes]:
        """Start without waiting."""
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "handoff"]
            if self._files is not None:
                command = ["/bin/sh", "-c", f'ulimit -n {self._files}; exec "$@"', "sh", *command]
            self._process = subprocess.Popen(command, cwd=ROOT, env=self.environ, stderr=log)
        return self._process

    def start(self) -> None:
        """Start, and wait until sockets are served and notices heard."""
        process = self.launch()

        def ready() -> bool:
            assert process.poll() is None, f"the hub ended: {self.log[-2000:]}"
            try:
                reply = httpx.get(self.health_address + "/readyz", trust_env=False, timeout=2)
            except httpx.HTTPError:
                return False
            return bool(reply.json()["redis"] == "up")

        until_sync(ready, "the hub is ready", timeout_s=READY_TIMEOUT_S)

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None, "the hub does not run"
        self._process.kill()
        self._process.wait()
        self._process = None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "the hub does not run"
        self._process.send_signal(number)

    def wait(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """The exit status of a hub that ends; it can be started again."""
        assert self._process is not None, "the hub does not run"
        status = self._process.wait(timeout_s)
        self._process = None
        return status

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        """Stop it politely, if need be roughly, and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def hub_with_redis(**environ: str) -> Iterator[tuple[HubProcess, RedisServer]]:
    """A running hub that has the agents of ``AGENTS``, and the Redis that it has to itself."""
    with RedisServer() as server:
        hub = HubProcess(server.url, **environ)
        try:
            server.start()
            hub.add_agents()
            hub.start()
            yield hub, server
        finally:
            hub.close()
