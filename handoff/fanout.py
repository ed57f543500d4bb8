"""From Redis to the sockets of this process: notices say what was written, the log says it again when one was missed.

A notice carries the new events, so the common case needs no read. Each subscription remembers the last number it sent;
a gap, a lost connection to Redis or the periodic check reads the log from there on (I3). A lost notice loses nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from handoff.errors import StoreUnavailable
from handoff.store import Store
from handoff.watch import metrics

__all__ = ["Fanout", "Listener", "Subscription"]

log = logging.getLogger("silta.fanout")

CHECK_EVERY_S = 10.0
"""How often subscriptions are compared with the log even when nothing seems wrong."""

PAGE = 128
"""Events read and sent before the socket must have taken them: half an outbox."""

RETRY_S = 0.5
"""Pause before the next attempt when Redis is away."""

PUBLISH_TIMEOUT_S = 1.0
"""For a notice that is not kept; later than this nobody wants to know who typed."""

SUBSCRIBE_TIMEOUT_S = 5.0


class Listener(Protocol):
    """A socket that follows conversations."""

    def deliver(self, conversation: str, event: Mapping[str, Any]) -> None:
        """Send an event; called in the order of the log, each once."""

    def resync(self, conversation: str, start: int) -> None:
        """Forget what was delivered: the events from number ``start`` on follow anew (R23)."""

    def typing(self, conversation: str, who: Mapping[str, Any]) -> None:
        """Somebody types, or stops."""

    @property
    def crowded(self) -> bool:
        """Whether more should be delivered only after :meth:`flushed`."""

    def erased(self, conversation: str) -> None:
        """The conversation was erased: forget it."""

    async def flushed(self) -> None:
        """Return when what was delivered is with the kernel."""


class Subscription:
    """One socket's view of one conversation. ``sent`` is the last number it has."""

    __slots__ = (
        *("_closed", "_fanout", "_known", "_reading", "_task", "_told", "conversation", "held", "listener", "sent"),
    )

    def __init__(self, fanout: Fanout, conversation: str, sent: int, listener: Listener, *, held: bool = False) -> None:
        self.conversation = conversation
        self.held = held
        """Whether nothing is delivered yet; only what is there is noted."""
        self.sent = sent
        self.listener = listener
        self._fanout = fanout
        self._known = sent
        self._told = 0
        self._reading = False
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    def offer(self, events: list[dict[str, Any]], last: int) -> None:
        """New events, already written. Sends those that follow; reads the log when some are missing."""
        self._known = max(self._known, last)
        self._told += 1
        if self._reading or self.held:
            return
        if not events and last < self.sent:
            self._task = asyncio.create_task(self._read_quietly(), name="catch-up")
        for event in events:
            if event["seq"] == self.sent + 1:
                self.sent = event["seq"]
                self.listener.deliver(self.conversation, event)
        if self.sent < self._known:
            self._task = asyncio.create_task(self._read_quietly(), name="catch-up")

    async def release(self, sent: int, last: int) -> None:
        """Begin to deliver to a subscription that was held.

        Args:
            sent: the last number that the socket has.
            last: the log's end, looked at after the subscription was made.

        Raises:
            StoreUnavailable: as in :meth:`catch_up`.
        """
        self.sent, self.held = sent, False
        await self.catch_up(last)

    async def catch_up(self, last: int | None = None) -> None:
        """Send what the log holds above ``sent``, and what is written meanwhile, in pages.

        Without ``last`` it asks the log for its end itself: what is written between an earlier look and the
        subscription has no notice that would reach it.

        Raises:
            StoreUnavailable: the log could not be read; ``sent`` tells how far it came.
        """
        if self._reading:
            return
        self._reading = True
        try:
            if last is None:
                last = await self._fanout.store.last(self.conversation)
            self._known = max(self._known, last)  # looked at after the wait, in which a notice may have raised it
            if last < self.sent and not self._closed:
                # A failover has taken back what had not reached a replica, and never was acknowledged.
                self._known = last
                self._restart(1)
            while self.sent < self._known and not self._closed:
                metrics.caught_up.inc()
                told = self._told
                page = await self._fanout.store.events(self.conversation, after=self.sent, most=PAGE)
                if not page and await self._fanout.store.last(self.conversation) <= self.sent:
                    if self._told != told:
                        continue  # a notice has overtaken the answer: what it tells of is there now
                    self._known = self.sent  # announced and not there: nothing is missing
                    break
                if not page:
                    # Written between the two looks, unless the log was cut.
                    page = await self._fanout.store.events(self.conversation, after=self.sent, most=PAGE)
                first = page[0]["seq"] if page else self._known + 1
                if first != self.sent + 1:
                    self._restart(first)  # the log begins later by now: retention has cut it
                await self._deliver(page)
        finally:
            self._reading = False

    def _restart(self, start: int) -> None:
        self.sent = start - 1
        metrics.resyncs.inc()
        self.listener.resync(self.conversation, start)

    async def _deliver(self, page: list[dict[str, Any]]) -> None:
        for event in page:
            if self._closed:
                break
            self.sent = event["seq"]
            self.listener.deliver(self.conversation, event)
            if self.listener.crowded:
                await self.listener.flushed()
        await self.listener.flushed()

    async def _read_quietly(self) -> None:
        try:
            await self.catch_up()
        except StoreUnavailable:
            pass  # the check after the reconnection reads again

    def close(self) -> None:
        """Stop receiving, also in the middle of a long replay. Idempotent."""
        self._closed = True
        self._fanout.drop(self)


class Fanout:
    """Listens to notices and hands them to subscriptions and to watchers of the queue."""

    def __init__(
        self, redis: Redis, store: Store, *, check_every_s: float = CHECK_EVERY_S, retry_s: float = RETRY_S
    ) -> None:
        self._redis = redis
        self.store = store
        self._check_every_s = check_every_s
        self._retry_s = retry_s
        self._subscriptions: dict[str, set[Subscription]] = defaultdict(set)
        self.first: tuple[Callable[[dict[str, Any]], None], ...] = ()
        """Called with every notice before anybody else, in this order."""
        self.watchers: set[Callable[[dict[str, Any]], None]] = set()
        """Called with every notice: agents' sockets, the waiting line."""
        self.listening = asyncio.Event()

    def subscribe(self, conversation: str, sent: int, listener: Listener, *, held: bool = False) -> Subscription:
        """Deliver the conversation's events above ``sent`` from now on; call ``catch_up`` for those written before.

        With ``held``, deliver none before ``release``: for who has yet to learn what is in the log.
        """
        subscription = Subscription(self, conversation, sent, listener, held=held)
        self._subscriptions[conversation].add(subscription)
        return subscription

    def drop(self, subscription: Subscription) -> None:
        found = self._subscriptions.get(subscription.conversation)
        if found is not None:
            found.discard(subscription)
            if not found:
                del self._subscriptions[subscription.conversation]

    def of(self, conversation: str) -> tuple[Subscription, ...]:
        """Subscriptions of a conversation on this process."""
        return tuple(self._subscriptions.get(conversation, ()))

    async def publish(self, notice: Mapping[str, Any]) -> None:
        """Tell every hub something that is not kept (typing). Lost when Redis is away."""
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await self._redis.publish(self.store.keys.notices, json.dumps(notice))
        except (RedisError, OSError, TimeoutError):
            pass

    async def listen(self) -> None:
        """Run for ever: receive notices, and reconcile after every (re)connection."""
        while True:
            try:
                await self._listen_once()
            except (StoreUnavailable, RedisError, OSError, TimeoutError) as error:
                self.listening.clear()
                log.warning("notices: connection lost (%s)", type(error).__name__)
            await asyncio.sleep(self._retry_s)

    async def _listen_once(self) -> None:
        async with self._redis.pubsub() as pubsub:
            async with asyncio.timeout(SUBSCRIBE_TIMEOUT_S):
                await pubsub.subscribe(self.store.keys.notices)
            reconnected = True
            checked = asyncio.get_running_loop().time()
            while True:
                message = await pubsub.get_message(
                    ignore_subscribe_messages=False, timeout=min(1.0, self._check_every_s)
                )
                if message is not None and message["type"] == "message":
                    self._dispatch_safely(message["data"])
                now = asyncio.get_running_loop().time()
                if reconnected or now - checked >= self._check_every_s:
                    await self.reconcile()
                    for watcher in (*self.first, *self.watchers):
                        if reconnected:
                            watcher({"reconnected": True})
                    self.listening.set()
                    reconnected, checked = False, now

    def _dispatch_safely(self, raw: bytes) -> None:
        try:
            self._dispatch(raw)
        except Exception:
            # One notice that cannot be used must not end the notices of everybody; the log has what it said.
            log.exception("a notice could not be used")

    def _dispatch(self, raw: bytes) -> None:
        notice = json.loads(raw)
        for watcher in self.first:
            watcher(notice)
        if "events" in notice:
            for subscription in self.of(notice["conversation"]):
                subscription.offer(notice["events"], notice["last"])
        elif "erased" in notice:
            self.store.forget(notice["conversation"])
            for subscription in self.of(notice["conversation"]):
                subscription.close()
                subscription.listener.erased(notice["conversation"])
        elif "typing" in notice:
            for subscription in self.of(notice["conversation"]):
                if not subscription.held:
                    subscription.listener.typing(notice["conversation"], notice["typing"])
        for watcher in tuple(self.watchers):
            watcher(notice)

    async def reconcile(self) -> None:
        """Compare every subscription with the log and read what is missing."""
        conversations = list(self._subscriptions)
        for start in range(0, len(conversations), 500):
            chunk = conversations[start : start + 500]
            pipe = self._redis.pipeline(transaction=False)
            for conversation in chunk:
                pipe.hget(self.store.keys.state(conversation), "last")
            for conversation, last in zip(chunk, await self.store.call(pipe.execute()), strict=True):
                for subscription in self.of(conversation):
                    subscription.offer([], int(last or 0))
