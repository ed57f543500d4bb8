"""The processes of a benchmark: a Redis as ``silta up`` starts it, a hub, and what else is asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection

from redis import Redis
from redis.exceptions import RedisError

from handoff.settings import ROOT
from handoff.supervisor import redis_server
from handoff.supervisor.ports import free_ports

__all__ = ["House", "house"]


@dataclass
class House:
    """What is running: ports of hub and floor, Redis' address, the hub's process id."""

    hub_port: int
    floor_port: int
    redis_url: str
    env: Mapping[str, str]
    folder: Path
    running: list[subprocess.Popen[bytes]]
    hub_pid: int = 0

    def start_hub(self) -> None:
        """Start it and wait until it takes connections."""
        self._launch()
        _until(lambda: create_connection(("127.0.0.1", self.hub_port)).close())

    def restart_hub(self) -> None:
        """Kill it and start it at once, as ``silta up`` does, without waiting until it is there."""
        (hub,) = (one for one in self.running if one.pid == self.hub_pid)
        hub.kill()
        hub.wait()
        self.running.remove(hub)
        self._launch()

    def _launch(self) -> None:
        with (self.folder / "hub.log").open("ab") as log:
            hub = subprocess.Popen([sys.executable, "-m", "handoff"], env=self.env, stderr=log)
        self.running.append(hub)
        self.hub_pid = hub.pid

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.hub_port}"

    def hub_rss_mib(self) -> float:
        """The hub's resident memory."""
        status = Path(f"/proc/{self.hub_pid}/status").read_text("ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    def hub_cpu_s(self) -> float:
        """Processor time that the hub has used so far."""
        fields = Path(f"/proc/{self.hub_pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def house(*, hub: bool = True, floor: bool = False) -> Iterator[House]:
    """Everything started and answering, and removed again at the end."""
    folder = Path(tempfile.mkdtemp(prefix="silta-b-"))
    socket = folder / "redis.sock"
    url = f"unix://{socket}"
    hub_port, floor_port = free_ports(2)
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SILTA_")},
        "SILTA_LIMITS": "off",  # the hub is measured, not what is kept from it
        "SILTA_REDIS_URL": url,
        "SILTA_PORT": str(hub_port),
        "SILTA_VAR": str(folder / "var"),
        "PYTHONPATH": str(ROOT),
    }
    running: list[subprocess.Popen[bytes]] = []
    try:
        redis = redis_server.command(redis_server.binary(), folder, socket)
        running.append(subprocess.Popen(redis, stdout=subprocess.DEVNULL))
        _until(lambda: Redis.from_url(url).ping())
        made = House(hub_port, floor_port, url, env, folder, running)
        if hub:
            made.start_hub()
        if floor:
            running.append(subprocess.Popen([sys.executable, "-m", "bench.floor", str(floor_port), url], env=env))
            _until(lambda: create_connection(("127.0.0.1", floor_port)).close())
        yield made
    finally:
        for process in reversed(running):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _until(look: Callable[[], object]) -> None:
    for _ in range(400):
        try:
            look()
            return
        except (OSError, RedisError):
            time.sleep(0.05)
    raise SystemExit("bench: a process did not come up")
