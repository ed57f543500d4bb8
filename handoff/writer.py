"""Group commit: scripts that wait at the same moment go to Redis in one batch and share one fsync.

With ``appendfsync always`` a write costs a disk flush of a few milliseconds; one transaction of many scripts costs
the same flush once. A timeout leaves the outcome of the whole batch unknown, so every script carries its request's id
and may be sent again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from handoff.errors import StoreUnavailable
from handoff.tasks import end
from handoff.watch import metrics

__all__ = ["BATCH_MAX", "READ_BYTES", "WAITING_MAX", "Script", "Writer", "load_script"]

log = logging.getLogger("silta.writer")

BATCH_MAX = 128
"""Scripts in one batch: what one timeout can put in doubt. 128 already fill the disk's flushes at 20,000 a second."""

APART_S = 0.02
"""A batch goes while another is under way only when that one has been gone for so long: on a disk that flushes in
milliseconds there is one at a time, which costs least. On a slow one a write would wait for the flush under way, then
for that of the batch before its own, then for its own; so it waits for two."""

UNDER_WAY_MAX = 16
"""Batches under way at once, each on a connection of its own: with a flush of 200 ms a batch goes every 20."""

READ_BYTES = 15 * 1024
"""Redis reads 16 KiB of a connection, does what it has read, flushes and only then reads on. So a longer batch waits on
a slow disk for others' flushes too, one for each 16 KiB: there it goes in parts of this size (what is left is for the
commands around), each on a connection of its own, which are all read before the next flush."""

WAITING_MAX = 4096
"""Scripts that may wait; more are refused with ``try_later`` rather than kept in memory while Redis hangs."""


@dataclass(frozen=True)
class Script:
    """A Lua script's text and its SHA-1, by which Redis knows it."""

    text: str
    sha: str


def load_script(name: str) -> Script:
    """Read ``handoff/scripts/<name>.lua``."""
    text = (Path(__file__).parent / "scripts" / f"{name}.lua").read_text("utf-8")
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


@dataclass
class _Call:
    script: Script
    keys: Sequence[str]
    args: Sequence[bytes | int]
    result: asyncio.Future[Any]
    notice: tuple[str, str] | None = None

    @property
    def size(self) -> int:
        """Bytes it takes on the way to Redis, about: each part has a line with its length before it."""
        parts = [*(key.encode() for key in self.keys), *(arg for arg in self.args if isinstance(arg, bytes))]
        return sum(map(len, parts)) + 16 * (len(self.keys) + len(self.args)) + 80


class Writer:
    """Runs scripts in batches. One for each hub process. Of two that wait at the same moment either may be first: who
    cares awaits the one before asking for the other.

    The caller starts it with :meth:`start` and stops it with :meth:`stop`. With ``replicas`` a batch counts as written
    only when so many replicas have it, so that a primary may be lost for good: one ``WAIT`` for each batch.
    ``linger_s`` is how long a batch waits for company: for writes that nobody waits for, so that they flush less often.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        timeout_s: float,
        replicas: int = 0,
        batch_max: int = BATCH_MAX,
        waiting_max: int = WAITING_MAX,
        under_way_max: int = UNDER_WAY_MAX,
        linger_s: float = 0.0,
    ) -> None:
        self._redis = redis
        self._linger_s = linger_s
        self._timeout_s = timeout_s
        self.replicas = replicas
        # Less than the operation's timeout, so that the server's answer comes first.
        self._wait_ms = round(timeout_s * 1000 * 3 / 4)
        self._batch_max = batch_max
        self._under_way_max = under_way_max
        self._calls: asyncio.Queue[_Call] = asyncio.Queue(waiting_max)
        self._task: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._went_s = 0.0
        self._stopped = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="writer")

    async def stop(self) -> None:
        """Ends the writer; scripts still waiting, and those that come later, fail as unavailable. Idempotent."""
        self._stopped = True
        if self._task is not None:
            await end(self._task)
            self._task = None
        for sending in tuple(self._under_way):
            await end(sending)
        while not self._calls.empty():
            call = self._calls.get_nowait()
            if not call.result.done():
                call.result.set_exception(StoreUnavailable("the hub is stopping"))

    async def run(
        self,
        script: Script,
        keys: Sequence[str],
        args: Sequence[str | bytes | int],
        *,
        notice: tuple[str, str] | None = None,
    ) -> Any:
        """Run one script and return its reply.

        Args:
            notice: channel and text to publish when the reply begins with ``done``, once replicas have it. A notice
                that the script itself publishes could tell of what a failover takes back.

        Raises:
            StoreUnavailable: Redis is away or slow, or too many wait; whether it was written is unknown.
            UnicodeEncodeError: an argument is no valid text; nothing was written.
        """
        if self._stopped:
            raise StoreUnavailable("the hub is stopping")
        # Encoded here, so that half a character fails its own request and not the batch it would have travelled in.
        sent = [arg.encode() if isinstance(arg, str) else arg for arg in args]
        call = _Call(script, keys, sent, asyncio.get_running_loop().create_future(), notice)
        try:
            self._calls.put_nowait(call)
        except asyncio.QueueFull:
            raise StoreUnavailable("too many writes wait") from None
        return await call.result

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await self._may_go(clock)
            batch = [await self._calls.get()]
            if self._linger_s:
                try:
                    await asyncio.sleep(self._linger_s)
                except asyncio.CancelledError:
                    _fail(batch, StoreUnavailable("the hub is stopping"))
                    raise
            while len(batch) < self._batch_max and not self._calls.empty():
                batch.append(self._calls.get_nowait())
            self._went_s = clock()
            # With one under way still, the disk is a slow one.
            room = self._under_way_max - len(self._under_way) if self._under_way else 1
            for part in _parts(batch, room):
                sending = asyncio.create_task(self._deliver(part), name="batch")
                self._under_way.add(sending)
                sending.add_done_callback(self._under_way.discard)

    async def _may_go(self, clock: Callable[[], float]) -> None:
        """Wait until no batch is under way, or the last has been for long."""
        while self._under_way:
            left = None
            if len(self._under_way) < self._under_way_max:
                left = self._went_s + APART_S - clock()
                if left <= 0:
                    return
            await asyncio.wait(self._under_way, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    async def _deliver(self, batch: list[_Call]) -> None:
        try:
            await self._send(batch)
            await self._publish(batch)
        except asyncio.CancelledError:
            _fail(batch, StoreUnavailable("the hub is stopping"))
            raise
        except (RedisError, OSError, TimeoutError) as error:
            _fail(batch, StoreUnavailable(type(error).__name__))
        except Exception as error:
            # A batch that came to nothing must not leave its requests waiting for ever.
            log.exception("a batch of %d writes failed", len(batch))
            _fail(batch, StoreUnavailable(type(error).__name__))

    async def _send(self, batch: list[_Call]) -> None:
        missing = await self._pipeline(batch)
        if missing:
            # Redis was restarted and has forgotten its scripts; those calls ran nothing, so they may run now.
            for script in {call.script.sha: call.script for call in missing}.values():
                async with asyncio.timeout(self._timeout_s):
                    await self._redis.script_load(script.text)
            _fail(await self._pipeline(missing), StoreUnavailable("the script was not kept"))

    async def _pipeline(self, batch: list[_Call]) -> list[_Call]:
        pipe = self._redis.pipeline(transaction=False)
        # Redis reads 16 KiB of a connection at a time and flushes after each: what is longer would cost a flush for
        # every part. In a transaction nothing is done before the end has been read, and all of it is one flush.
        together = len(batch) > 1
        if together:
            pipe.execute_command("MULTI")
        for call in batch:
            pipe.evalsha(call.script.sha, len(call.keys), *call.keys, *call.args)
        if together:
            pipe.execute_command("EXEC")
        if self.replicas:
            pipe.execute_command("WAIT", self.replicas, self._wait_ms)
        async with asyncio.timeout(self._timeout_s):
            replies = await metrics.timed("write", pipe.execute(raise_on_error=False))
        have = replies.pop() if self.replicas else 0
        if together:
            done = replies[-1]
            replies = [done] * len(batch) if isinstance(done, Exception) else list(done)
        if self.replicas:
            replies = [_kept(reply, have, self.replicas) for reply in replies]
        return _settle(batch, replies)

    async def _publish(self, batch: list[_Call]) -> None:
        """Say what was written and is kept. A notice that is lost is made up for by the fan-out's own look."""
        pipe = self._redis.pipeline(transaction=False)
        for call in batch:
            if call.notice is not None and _done(call.result):
                pipe.publish(*call.notice)
        if len(pipe):
            async with asyncio.timeout(self._timeout_s):
                await pipe.execute(raise_on_error=False)


def _parts(batch: list[_Call], most: int) -> list[list[_Call]]:
    """The batch in as many parts as Redis would read it in, ``most`` at most, with about as many scripts in each."""
    most = min(most, len(batch))
    if most <= 1:
        return [batch]
    wanted = max(1, min(math.ceil(sum(call.size for call in batch) / READ_BYTES), most))
    return [batch[first::wanted] for first in range(wanted)]


def _settle(batch: Sequence[_Call], replies: Sequence[Any]) -> list[_Call]:
    """Give each call its reply; those whose script Redis does not know come back."""
    missing = []
    for call, reply in zip(batch, replies, strict=True):
        if isinstance(reply, NoScriptError):
            missing.append(call)
        elif call.result.done():
            continue
        elif isinstance(reply, Exception):
            call.result.set_exception(StoreUnavailable(str(reply)[:200]))
        else:
            call.result.set_result(reply)
    return missing


def _kept(reply: Any, have: Any, wanted: int) -> Any:
    """The reply, if as many replicas have it as are wanted; otherwise a failover could take it back, and whether it was
    written is unknown, as after a timeout."""
    if isinstance(reply, Exception) or (not isinstance(have, Exception) and int(have) >= wanted):
        return reply
    return RedisError(f"only {have} replicas have it")


def _done(result: asyncio.Future[Any]) -> bool:
    if not result.done() or result.cancelled() or result.exception() is not None:
        return False
    reply = result.result()
    return isinstance(reply, list) and bool(reply) and reply[0] == b"done"


def _fail(batch: Sequence[_Call], error: StoreUnavailable) -> None:
    for call in batch:
        if not call.result.done():
            metrics.requests.labels("unavailable").inc()
            call.result.set_exception(error)
