"""One inbox entry on its way to exactly one outcome: attempts, their limits, and giving up."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Awaitable, Callable

from redis.exceptions import ResponseError

from bot.seam import outcomes
from bot.seam.ending import end
from bot.seam.inbox import Delivery, Inbox
from bot.seam.link import AWAY, Link
from bot.seam.turn import (
    AlreadyAnswered,
    Stage,
    StoreUnavailable,
    TrackerUnreadable,
    Turn,
    TurnConflict,
    TurnLost,
    running,
)
from handoff.events import BadEnvelope, Failure, Inbound, decode_inbound, encode

__all__ = ["Flight"]

log = logging.getLogger(__name__)


class _TooLong(Exception):
    """The turn's limit has passed; what it waits for is the action server, everything else has limits of its own."""


class _NoCommit(Exception):
    """Rasa came back without having saved: no success, whatever it thinks."""


class Flight:
    """See :meth:`complete`."""

    def __init__(
        self,
        delivery: Delivery,
        link: Link,
        inbox: Inbox,
        run: Callable[[Turn], Awaitable[None]],
        up: asyncio.Event,
    ) -> None:
        self._delivery = delivery
        self._link = link
        self._inbox = inbox
        self._run = run
        self._up = up
        self._limits = link.limits

    async def complete(self) -> None:
        """Run the entry until its outcome is committed, it is given up, or it is another process's. Never raises but
        for cancellation, which leaves the entry pending."""
        try:
            inbound = decode_inbound(self._delivery.data)
        except BadEnvelope as error:
            log.error("inbox entry %s is refused: %s", self._delivery.entry, error)
            await self._refuse()
            return
        attempt, pause = self._delivery.attempt, 0.0
        while 0 <= attempt <= self._limits.attempts:
            await asyncio.sleep(pause)
            if await self._attempt(inbound):
                return
            attempt = await self._persist(lambda: self._inbox.fail(self._delivery.entry))
            pause = pause * 2 or self._limits.retry_after
        if attempt > 0:
            log.error("inbox entry %s is given up after %d attempts", self._delivery.entry, self._limits.attempts)
            await self._give_up(inbound, Failure.POISON)

    async def _attempt(self, inbound: Inbound) -> bool:
        """One attempt. True when the entry is settled, False when the attempt failed by the message's own doing."""
        conflicts = 0
        while True:
            try:
                await self._within_limit(Turn(inbound, self._delivery.entry))
            except (AlreadyAnswered, TurnLost) as end:
                log.info("inbox entry %s: %s", self._delivery.entry, end.code)
            except StoreUnavailable:
                await asyncio.sleep(self._limits.retry_after)
                await self._up.wait()
                continue
            except TurnConflict:
                conflicts += 1
                if conflicts < self._limits.attempts:
                    continue
                log.error("inbox entry %s: the tracker changes faster than it can be saved", self._delivery.entry)
                return False
            except _TooLong:
                log.error("inbox entry %s: the turn took more than %g s", self._delivery.entry, self._limits.turn)
                await self._give_up(inbound, Failure.ACTION)
            except (TrackerUnreadable, Exception) as error:
                # Not the message of the error: it may quote the visitor.
                where = "".join(traceback.format_tb(error.__traceback__))
                log.error("inbox entry %s: the turn failed: %s\n%s", self._delivery.entry, type(error).__name__, where)
                return False
            return True

    async def _within_limit(self, turn: Turn) -> None:
        task = asyncio.create_task(self._in_context(turn))
        try:
            await asyncio.wait({task}, timeout=self._limits.turn)
            if not task.done() and turn.stage is Stage.RUNNING:
                raise _TooLong
            await task  # a finished turn may wait for Redis as long as its commit has patience
        finally:
            await end(task)
        if turn.stage is not Stage.DONE:
            raise _NoCommit

    async def _in_context(self, turn: Turn) -> None:
        with running(turn):
            await self._run(turn)

    async def _give_up(self, inbound: Inbound, failure: Failure) -> None:
        outcome = encode(outcomes.failed(inbound, failure))
        await self._persist(
            lambda: self._link.commit(inbound.conversation, entry=self._delivery.entry, outcome=outcome)
        )

    async def _refuse(self) -> None:
        """Acknowledge what is no envelope. Where it names its conversation, the hub hears of it."""
        try:
            raw = json.loads(self._delivery.data)
            inbound = Inbound(raw["conversation"], raw["message_id"], raw["of"])
            if not isinstance(inbound.conversation, str):
                raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError):
            await self._persist(lambda: self._link.commit("", entry=self._delivery.entry))
            return
        await self._give_up(inbound, Failure.POISON)

    async def _persist(self, what: Callable[[], Awaitable[object]]) -> int:
        """Do ``what`` however long Redis is away; -1 when Redis refuses it for good."""
        while True:
            try:
                answer = await what()
            except AWAY:
                await asyncio.sleep(self._limits.retry_after)
                await self._up.wait()
            except ResponseError as error:
                log.error("inbox entry %s: %s", self._delivery.entry, error)
                return -1
            else:
                return answer if isinstance(answer, int) else 0
