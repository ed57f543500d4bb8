"""The connection to Redis: the scripts, and patience while Redis is away."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import redis.asyncio as redis
from redis.exceptions import ConnectionError, ReadOnlyError, ResponseError, TimeoutError

from bot.seam.limits import Limits
from bot.seam.replay import Loaded
from handoff.events import Keys
from handoff.redis_address import pool

__all__ = ["AWAY", "Link", "process_name", "redis_url"]

log = logging.getLogger(__name__)

AWAY = (ConnectionError, TimeoutError, OSError)
"""Errors that say nothing about the message: Redis is away, or not able to write."""
OPERATION_TIMEOUT = 2.0
"""Seconds for one command. Far more than any needs; a Redis that hangs must not hang the bot."""
UNWELL = (
    *("NOGROUP", "MISCONF", "MASTERDOWN", "BUSY", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS"),
    "command not allowed when used memory",  # OOM: the client takes its code away
)
"""Answers of a Redis that cannot write just now, or that was emptied: no more the message's fault than no answer."""
SCRIPTS = ("load", "commit", "renew", "claim", "fail", "release", "sweep")

T = TypeVar("T")


def redis_url() -> str | None:
    """The address of Redis, or None where there is none (``rasa shell``, ``rasa test``)."""
    return os.environ.get("SILTA_REDIS_URL") or None


@lru_cache(maxsize=1)
def process_name() -> str:
    """This process's name in the consumer group: unique, so that a dead one's entries are never taken for ours."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


class Link:
    """Redis as the seam sees it. One a process; safe for many turns at once.

    Raises in every method, unless said otherwise: one of :data:`AWAY`.
    """

    def __init__(
        self, url: str, keys: Keys | None = None, limits: Limits | None = None, name: str | None = None
    ) -> None:
        self.name = name or process_name()
        self.keys = keys or Keys()
        self.limits = limits or Limits()
        self.redis = self._client(url)
        # A blocking read occupies its connection: it gets one of its own.
        self.reader = self._client(url)
        self._scripts = {
            name: self.redis.register_script((Path(__file__).parent / "lua" / f"{name}.lua").read_text("utf-8"))
            for name in SCRIPTS
        }

    @staticmethod
    def _client(url: str) -> redis.Redis[bytes]:
        connections = pool(
            url,
            redis.ConnectionPool,
            key=Keys().inbox,
            socket_timeout=OPERATION_TIMEOUT,
            socket_connect_timeout=OPERATION_TIMEOUT,
            retry_on_timeout=False,
        )
        return redis.Redis(connection_pool=connections)

    async def script(self, name: str, keys: Sequence[str], args: Sequence[Any] = ()) -> Any:
        """Run one of the scripts."""
        try:
            return await self._scripts[name](keys=list(keys), args=list(args))
        except ResponseError as error:
            if isinstance(error, ReadOnlyError) or str(error).startswith(UNWELL):
                raise ConnectionError(str(error)) from error
            raise

    async def patiently(self, what: Callable[[], Awaitable[T]], patience: float) -> T:
        """Do ``what``, again and again while Redis is away, for ``patience`` seconds at most.

        It may run twice in Redis where an answer was lost on the way: it must bear that.
        """
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + patience, 0.02
        while True:
            try:
                return await what()
            except AWAY:
                if loop.time() + pause > deadline:
                    raise
                # The pool's other idle connections are most likely dead too.
                await self.redis.connection_pool.disconnect(inuse_connections=False)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.25)

    async def load(self, conversation: str, entry: str = "") -> Loaded | None:
        """The stored tracker of a conversation, from its checkpoint on; None when it is wanted for an ``entry`` that
        is another process's by now."""
        keys = [self.keys.tracker(conversation), self.keys.checkpoint(conversation), self.keys.inbox]
        args = [Keys.GROUP, self.name, entry]
        length, checkpoint, events = await self.patiently(
            lambda: self.script("load", keys, args), self.limits.load_patience
        )
        return Loaded(length, checkpoint, events) if length >= 0 else None

    async def commit(
        self,
        conversation: str,
        *,
        entry: str = "",
        length: int = -1,
        events: Sequence[str] = (),
        checkpoint: str = "",
        outcome: str = "",
    ) -> str:
        """Store ``events`` behind the ``length`` stored ones (-1: however many), publish ``outcome``, acknowledge
        ``entry`` and let the conversation's next message onto the inbox: all of it or nothing.

        Returns:
            ``done``, ``already``, ``gone``, ``stolen`` or ``conflict``; see ``commit.lua``.
        """
        keys = self.keys
        names = [
            keys.inbox,
            keys.events,
            keys.tracker(conversation),
            keys.checkpoint(conversation),
            keys.busy(conversation),
            keys.wait(conversation),
        ]
        args = [Keys.GROUP, self.name, entry, length, checkpoint, outcome, *events]
        said: bytes = await self.patiently(lambda: self.script("commit", names, args), self.limits.commit_patience)
        return said.decode()

    async def close(self) -> None:
        """Give the connections back. Never raises."""
        for client in (self.redis, self.reader):
            try:
                await client.close(close_connection_pool=True)
            except AWAY as error:
                log.debug("closing the connection to Redis: %s", type(error).__name__)
