"""What a replica's word costs: a conversation's write, acknowledged by the primary alone or by a replica as well.

One primary and one replica on this machine, both flushing before they answer, and the store of a hub with its group
commit. The floor beside it is the same primary without any replica. On one machine both share cores and disk, so this
is the dearest it can be but for the way between machines, which comes on top.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import redis
import uvloop
from redis.exceptions import RedisError

from bench.measure import Latencies
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.decisions import Decision
from handoff.entry import Author, Entry, Kind, Role
from handoff.keys import HubKeys
from handoff.redis_client import connect
from handoff.store import Store
from handoff.supervisor import redis_server
from handoff.supervisor.ports import free_ports
from handoff.writer import Writer

__all__ = ["main"]

SECONDS = 6.0
RATE = 100.0
AT_ONCE = 200
LIMIT_WRITES = 6000
CONVERSATIONS = 500


@contextmanager
def _server(folder: Path, port: int, *options: str) -> Iterator[None]:
    folder.mkdir()
    command = redis_server.command(redis_server.binary(), folder, folder / "socket")
    command[command.index("--port") + 1] = str(port)
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not _answers(port):
            if time.monotonic() > deadline:
                raise RuntimeError("a Redis of the measurement does not start")
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    client = redis.Redis(port=port, socket_timeout=1)
    try:
        info = client.info("replication")
        return bool(info["role"] == "master" or info["master_link_status"] == "up")
    except (RedisError, OSError):
        return False
    finally:
        client.close()


def _said(state: Conversation) -> Decision:
    at = stamp(now_ms())
    entry = Entry(state.last + 1, at, Kind.MESSAGE, Author(Role.VISITOR), text="Where is my order? " * 5)
    after = replace(state, version=state.version + 1, last=entry.seq, created_at=state.created_at or at, updated_at=at)
    return Decision(state, after, (entry,), answer={"seq": entry.seq})


class _Load:
    """Writes to many conversations over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._new = [Conversation(id=str(uuid.uuid4())) for _ in range(CONVERSATIONS)]
        self._sent = 0

    async def _write(self, due: float, seen: list[float]) -> None:
        self._sent += 1
        new = self._new[self._sent % CONVERSATIONS]
        await self._store.request(new.id, _said, client_id=str(uuid.uuid4()), new=new)
        seen.append((time.perf_counter() - due) * 1000)

    async def at_rate(self) -> Latencies:
        seen: list[float] = []
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for n in range(round(RATE * SECONDS)):
                due = begun + n / RATE
                await asyncio.sleep(max(due - time.perf_counter(), 0))
                group.create_task(self._write(due, seen))
        return Latencies(seen, RATE, time.perf_counter() - begun)

    async def at_limit(self) -> Latencies:
        seen: list[float] = []
        begun, left = time.perf_counter(), LIMIT_WRITES

        async def one_after_the_other() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await self._write(time.perf_counter(), seen)

        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
        return Latencies(seen, None, time.perf_counter() - begun)


async def _measure(port: int, replicas: int) -> tuple[Latencies, Latencies]:
    client = connect(f"redis://127.0.0.1:{port}", timeout_s=5.0)
    writer = Writer(client, timeout_s=5.0, replicas=replicas)
    writer.start()
    try:
        load = _Load(Store(client, writer, HubKeys(), bot_timeout_ms=5000, timeout_s=5.0))
        await load.at_rate()  # everything warm
        return await load.at_rate(), await load.at_limit()
    finally:
        await writer.stop()
        await client.aclose()


def main() -> None:
    """Print latencies at a fixed rate and at the limit, with ratios to a primary without a replica."""
    folder = Path(tempfile.mkdtemp(prefix="silta-b-"))
    primary, replica = free_ports(2)
    rows: list[tuple[str, Latencies, Latencies]] = []
    try:
        with _server(folder / "primary", primary):
            rows.append(("primary alone", *uvloop.run(_measure(primary, 0))))
            with _server(folder / "replica", replica, "--replicaof", f"127.0.0.1 {primary}"):
                rows.append(("a replica follows, not waited for", *uvloop.run(_measure(primary, 0))))
                rows.append(("SILTA_REDIS_REPLICAS=1", *uvloop.run(_measure(primary, 1))))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _, floor, floor_limit = rows[0]
    for name, at_rate, at_limit in rows:
        print(at_rate.line(name, floor))
        print(at_limit.line(name, floor_limit))


if __name__ == "__main__":
    main()
