"""Work that lies in lanes, one for each person or conversation: any hub takes a lane that is due, one at a time has it.

A lane is held for a lease by Redis' clock. A holder that dies gives it up by that alone, and one that only slept finds
its token gone; so whatever is done in a lane must be safe to repeat.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from redis.exceptions import RedisError

from handoff.errors import StoreUnavailable
from handoff.store import Store
from handoff.tasks import end
from handoff.writer import Writer, load_script

__all__ = ["AT_ONCE", "LEASE_S", "POLL_S", "Lanes", "Left", "Lost"]

log = logging.getLogger("silta.messenger")

_TAKE, _KEEP, _RELEASE, _WAKE = (load_script(f"lane_{name}") for name in ("take", "keep", "release", "wake"))

LEASE_S = 20.0
"""How long a lane is held without a sign, and so how long a dead hub's work waits (R1): longer than one call to Graph
with its timeouts (15 s)."""

FRESH = 8
"""A lease of which less than this part is gone is not renewed: what is left outlasts the slowest call."""

POLL_S = 0.25
"""How often other hubs' leftovers are looked for; own news wake at once."""

GATHER_S = 0.01
"""After news, so long until the look: two hundred events a second would otherwise be as many looks."""

AT_ONCE = 16
"""Lanes that one hub works on side by side: with Graph at 2 s a call that is 8 messages a second for each hub, and the
sockets of the web never wait for more than these."""

AWAY_PAUSE_S = 0.5


class Lost(Exception):
    """The lane belongs to another by now: stop at once."""


@dataclass(frozen=True)
class Left:
    """How a lane is left. ``delay_s`` until it is due again if there is work; ``upto`` what is done of a log, ``done``
    the entries of a stream that are."""

    delay_s: float = 0.0
    upto: int | None = None
    done: tuple[bytes, ...] = ()


class Lanes:
    """Takes due lanes and works on them. ``work`` gets a lane and a function to call before each slow step, which
    raises :class:`Lost`. ``source`` names what holds a lane's work: its stream, or (``of_log``) the state of a
    conversation, whose log is the work."""

    def __init__(
        self,
        store: Store,
        writer: Writer,
        *,
        due: str,
        held: str,
        source: Callable[[str], str],
        of_log: bool = False,
        work: Callable[[str, Callable[[], Awaitable[None]]], Awaitable[Left]],
        lease_s: float = LEASE_S,
        poll_s: float = POLL_S,
        at_once: int = AT_ONCE,
    ) -> None:
        self._store = store
        self._writer = writer
        self._due = due
        self._held = held
        self._source = source
        self._of_log = of_log
        self._work = work
        self._lease_ms = round(lease_s * 1000)
        self._poll_s = poll_s
        self._at_once = at_once
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()

    def nudge(self) -> None:
        """Something may be due: look soon."""
        self._news.set()

    async def wake(self, lane: str) -> None:
        """Do not wait for the lane's next attempt."""
        await self._writer.run(_WAKE, [self._due, self._held], [lane])
        self.nudge()

    async def run(self) -> None:
        """Take and work until cancelled."""
        try:
            while True:
                try:
                    pause = await self._round()
                except (StoreUnavailable, RedisError, OSError, TimeoutError):
                    pause = AWAY_PAUSE_S
                await self._rest(pause)
        finally:
            await end(*self._tasks.values())

    async def _rest(self, pause: float) -> None:
        try:
            async with asyncio.timeout(pause):
                await self._news.wait()
            # Much news in a moment is one look at Redis.
            await asyncio.sleep(GATHER_S)
        except TimeoutError:
            pass
        self._news.clear()

    async def _round(self) -> float:
        """Start what is due; seconds until the next look."""
        room = self._at_once - len(self._tasks)
        if room <= 0:
            return self._poll_s
        redis, call = self._store.redis, self._store.call
        pipe = redis.pipeline(transaction=False)
        pipe.time()
        pipe.zrange(self._due, 0, room + len(self._tasks), withscores=True)
        (seconds, micros), rows = await call(pipe.execute())
        now = int(seconds) * 1000 + int(micros) // 1000
        for raw, at in rows:
            lane = raw.decode()
            if at > now:
                return float(max(min((at - now) / 1000, self._poll_s), 0.005))
            if lane not in self._tasks and len(self._tasks) < self._at_once:
                self._start(lane)
        return self._poll_s

    def _start(self, lane: str) -> None:
        task = asyncio.create_task(self._one(lane), name="messenger-lane")
        self._tasks[lane] = task

        def over(_: asyncio.Task[None]) -> None:
            self._tasks.pop(lane, None)
            self.nudge()

        task.add_done_callback(over)

    async def _one(self, lane: str) -> None:
        token = secrets.token_hex(8)
        names = [self._due, self._held]
        left = Left(AWAY_PAUSE_S)
        try:
            if not await self._writer.run(_TAKE, names, [lane, token, self._lease_ms]):
                return

            held_since = asyncio.get_running_loop().time()

            async def keep() -> None:
                nonlocal held_since
                now = asyncio.get_running_loop().time()
                if now - held_since < self._lease_ms / 1000 / FRESH:
                    return
                if not await self._writer.run(_KEEP, names, [lane, token, self._lease_ms]):
                    raise Lost
                held_since = now

            left = await self._work(lane, keep)
        except (StoreUnavailable, RedisError, OSError, TimeoutError):
            await asyncio.sleep(AWAY_PAUSE_S)
        except Lost:
            return
        except Exception:
            log.exception("a lane of Messenger failed; it is tried again")
            left = Left(5.0)
        try:
            upto = str(-1 if left.upto is None else left.upto) if self._of_log else ""
            delay = round(left.delay_s * 1000)
            given: list[str | bytes | int] = [lane, token, delay, upto, *left.done]
            await self._writer.run(_RELEASE, [*names, self._source(lane)], given)
        except (StoreUnavailable, RedisError, OSError, TimeoutError):
            pass  # the lease ends by itself
