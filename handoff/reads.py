"""Group reading: what is asked of Redis in one step of the event loop goes there in one batch.

Two thousand visitors who come back at the same moment each want two things of Redis. A connection of the pool, a
timeout and a system call each way for every one of them cost the hub more than all the rest of a welcome.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from handoff.errors import StoreUnavailable
from handoff.watch import metrics

__all__ = ["BATCH_MAX", "Reads"]

BATCH_MAX = 256
"""Askers in one batch: what one timeout refuses, and how long the others of the process wait for its replies."""

Command = Sequence[str | int]


class Reads:
    """Asks for commands that only read. One for each client; each batch has a connection of the pool to itself."""

    def __init__(self, redis: Redis, *, timeout_s: float) -> None:
        self._redis = redis
        self._timeout_s = timeout_s
        self._asked: list[tuple[Sequence[Command], asyncio.Future[list[Any]]]] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def ask(self, *commands: Command) -> list[Any]:
        """Run the commands and return their replies as Redis words them, in order.

        Raises:
            StoreUnavailable: Redis is away or slow, or refuses one of them.
        """
        loop = asyncio.get_running_loop()
        if not self._asked:
            loop.call_soon(self._go)
        mine: asyncio.Future[list[Any]] = loop.create_future()
        self._asked.append((commands, mine))
        return await mine

    def _go(self) -> None:
        asked, self._asked = self._asked, []
        for start in range(0, len(asked), BATCH_MAX):
            reading = asyncio.create_task(self._read(asked[start : start + BATCH_MAX]), name="reads")
            self._under_way.add(reading)
            reading.add_done_callback(self._under_way.discard)

    async def _read(self, batch: list[tuple[Sequence[Command], asyncio.Future[list[Any]]]]) -> None:
        try:
            pipe = self._redis.pipeline(transaction=False)
            for commands, _ in batch:
                for command in commands:
                    pipe.execute_command(*command)
            async with asyncio.timeout(self._timeout_s):
                replies = iter(await metrics.timed("read", pipe.execute(raise_on_error=False)))
        except asyncio.CancelledError:
            self._fail(batch, "the hub is stopping")
            raise
        except (RedisError, OSError, TimeoutError) as error:
            self._fail(batch, type(error).__name__)
            return
        except Exception as error:
            # Nobody may be left waiting for ever.
            self._fail(batch, type(error).__name__)
            raise
        for commands, mine in batch:
            answers = [next(replies) for _ in commands]
            wrong = next((answer for answer in answers if isinstance(answer, Exception)), None)
            if mine.done():
                continue
            if wrong is not None:
                mine.set_exception(StoreUnavailable(type(wrong).__name__))
            else:
                mine.set_result(answers)

    def _fail(self, batch: list[tuple[Sequence[Command], asyncio.Future[list[Any]]]], why: str) -> None:
        for _, mine in batch:
            if not mine.done():
                mine.set_exception(StoreUnavailable(why))
