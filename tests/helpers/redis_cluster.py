"""A Redis Cluster and a Sentinel trio on loopback, from the server that Silta brings along: parts of them may die."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self

import redis
from redis.exceptions import RedisError

from handoff.events import Keys
from handoff.supervisor import redis_server
from tests.helpers.waiting import until_sync

__all__ = ["Cluster", "Node", "Sentinels"]

NODE_TIMEOUT_MS = 1000
"""After this a silent primary counts as failed: short, since all is on one machine."""

SLOTS = 16384


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Node:
    """One server process on a port."""

    def __init__(self, folder: Path, port: int, *options: str, config: Path | None = None) -> None:
        self.port = port
        self._folder = folder
        self._command = [
            str(redis_server.binary()),
            *([str(config)] if config else []),
            *("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *options,
        ]
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(exist_ok=True)

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        until_sync(self.answers, f"the server on port {self.port} answers")

    def answers(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except (RedisError, OSError):
            return False

    def ask(self, *words: Any) -> Any:
        """One command on a connection of its own."""
        client: Any = redis.Redis(port=self.port, socket_timeout=2, decode_responses=True)
        try:
            return client.execute_command(*words)
        finally:
            client.close()

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "the server does not run"
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9; also of one that was stopped."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _keeping(fsync: str) -> tuple[str, ...]:
    return ("--appendonly", "yes", "--appendfsync", fsync, "--save", "", "--maxmemory-policy", "noeviction")


class _Servers:
    """Processes with their data in one temporary folder."""

    nodes: list[Node]

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="silta-c-"))
        self.nodes = []

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def by_port(self, port: int) -> Node:
        (found,) = [node for node in self.nodes if node.port == port]
        return found


class Cluster(_Servers):
    """Three primaries with ``replicas`` each; ``url`` names two of them."""

    def __init__(self, *, replicas: int = 1, fsync: str = "always") -> None:
        super().__init__()
        count = 3 * (1 + replicas)
        ports = _free_ports(2 * count)
        self._bus = dict(zip(ports[:count], ports[count:], strict=True))
        for number in range(count):
            options = (
                *("--cluster-enabled", "yes", "--cluster-port", str(self._bus[ports[number]])),
                *("--cluster-node-timeout", str(NODE_TIMEOUT_MS), "--cluster-replica-validity-factor", "0"),
                # A replica that joins again must not cut others off for the transfer.
                *("--repl-diskless-sync-delay", "0"),
            )
            self.nodes.append(Node(self.folder / str(number), ports[number], *options, *_keeping(fsync)))

    @property
    def url(self) -> str:
        return f"cluster://127.0.0.1:{self.nodes[0].port},127.0.0.1:{self.nodes[1].port}"

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        first, *others = self.nodes
        for number, primary in enumerate(self.nodes[:3]):
            primary.ask("CLUSTER", "ADDSLOTSRANGE", SLOTS * number // 3, SLOTS * (number + 1) // 3 - 1)
            primary.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in others:
            node.ask("CLUSTER", "MEET", "127.0.0.1", first.port, self._bus[first.port])
        until_sync(lambda: all(self._knows_all(node) for node in self.nodes), "all know each other")
        for number, replica in enumerate(self.nodes[3:]):
            replica.ask("CLUSTER", "REPLICATE", self.nodes[number % 3].ask("CLUSTER", "MYID"))
        until_sync(self.healthy, "the cluster is up and its replicas follow", timeout_s=30)

    def _knows_all(self, node: Node) -> bool:
        return f"cluster_known_nodes:{len(self.nodes)}" in node.ask("CLUSTER", "INFO")

    def healthy(self) -> bool:
        """Whether every node that lives thinks so, and every replica follows."""
        return all(self._fine(node) for node in self.nodes if node.answers())

    @staticmethod
    def _fine(node: Node) -> bool:
        info = node.ask("INFO", "replication")
        follows = info["role"] == "master" or info["master_link_status"] == "up"
        return follows and "cluster_state:ok" in node.ask("CLUSTER", "INFO")

    def primary(self) -> Node:
        """The primary of Silta's slot, as a node that lives sees it."""
        slot = redis.crc.key_slot(Keys().inbox.encode())
        for node in self.nodes:
            if not node.answers():
                continue
            for first, last, (_, port, *_), *_ in node.ask("CLUSTER", "SLOTS"):
                if first <= slot <= last:
                    return self.by_port(port)
        raise AssertionError("nobody serves the slot")


class Sentinels(_Servers):
    """A primary with one replica, and three Sentinels that watch it."""

    NAME = "silta-test"

    def __init__(self, *, fsync: str = "always") -> None:
        super().__init__()
        ports = _free_ports(5)
        keeping = (*_keeping(fsync), "--repl-diskless-sync-delay", "0")
        self.nodes.append(Node(self.folder / "0", ports[0], *keeping))
        self.nodes.append(Node(self.folder / "1", ports[1], *keeping, "--replicaof", f"127.0.0.1 {ports[0]}"))
        self.sentinels = []
        for number, port in enumerate(ports[2:]):
            folder = self.folder / f"sentinel-{number}"
            folder.mkdir()
            config = folder / "sentinel.conf"
            config.write_text(
                f"sentinel monitor {self.NAME} 127.0.0.1 {ports[0]} 2\n"
                f"sentinel down-after-milliseconds {self.NAME} {NODE_TIMEOUT_MS}\n"
                f"sentinel failover-timeout {self.NAME} 5000\n"
            )
            self.sentinels.append(Node(folder, port, "--sentinel", config=config))

    @property
    def url(self) -> str:
        return "sentinel://" + ",".join(f"127.0.0.1:{node.port}" for node in self.sentinels) + f"/{self.NAME}"

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        replica = self.nodes[1]
        until_sync(lambda: replica.ask("INFO", "replication")["master_link_status"] == "up", "the replica follows")
        for node in self.sentinels:
            node.start()
        until_sync(self._watched, "the Sentinels know the replica and each other", timeout_s=30)

    def _watched(self) -> bool:
        for node in self.sentinels:
            rows = node.ask("SENTINEL", "MASTER", self.NAME)
            known = rows if isinstance(rows, dict) else dict(zip(rows[::2], rows[1::2], strict=True))
            if int(known["num-slaves"]) < 1 or int(known["num-other-sentinels"]) < 2:
                return False
        return True

    def healthy(self) -> bool:
        """Whether both servers live, and one follows the other."""
        info = [node.ask("INFO", "replication") for node in self.nodes if node.answers()]
        roles = sorted(str(one["role"]) for one in info)
        return roles == ["master", "slave"] and all(one.get("master_link_status", "up") == "up" for one in info)

    def primary(self) -> Node:
        """The primary, as a Sentinel sees it."""
        for node in self.sentinels:
            if node.answers():
                return self.by_port(int(node.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.NAME)[1]))
        raise AssertionError("no Sentinel lives")

    def close(self) -> None:
        for node in self.sentinels:
            node.kill()
        super().close()
