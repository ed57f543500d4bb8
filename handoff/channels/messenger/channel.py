"""The Messenger channel of one hub: its parts, put together."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from handoff.access.account import Account
from handoff.channels.messenger.alarms import Alarms
from handoff.channels.messenger.arrivals import Arrivals
from handoff.channels.messenger.choices import LOOK_EVERY_S, Choices
from handoff.channels.messenger.client import Graph
from handoff.channels.messenger.clock import window_clock
from handoff.channels.messenger.decisions import INBOX
from handoff.channels.messenger.doctor import State, of_version
from handoff.channels.messenger.inbox import SETTLE_S, Inbox
from handoff.channels.messenger.keys import MessengerKeys
from handoff.channels.messenger.lanes import POLL_S
from handoff.channels.messenger.life import SignsOfLife
from handoff.channels.messenger.media import Media
from handoff.channels.messenger.outbox import Outbox
from handoff.channels.messenger.people import People
from handoff.channels.messenger.resync import Resync
from handoff.channels.messenger.settings import MessengerSettings
from handoff.channels.messenger.signs import Signs
from handoff.channels.messenger.threads import Threads
from handoff.channels.messenger.webhook import Webhook
from handoff.errors import StoreUnavailable
from handoff.hub import Hub
from handoff.settings import Settings
from handoff.writer import Writer

__all__ = ["Messenger"]

log = logging.getLogger("silta.messenger")

ACCEPT_LINGER_S = 0.02
"""How long a delivery waits for others before it is written. Meta gives us seconds, and one flush of the disk for all
that came in a moment leaves the others to the website."""


class Messenger:
    """Made once for each hub where a page is set up. Run what :meth:`work` gives, and :meth:`close` it."""

    def __init__(
        self,
        hub: Hub,
        writer: Writer,
        settings: Settings,
        page: MessengerSettings,
        *,
        graph: Graph | None = None,
        settle_s: float = SETTLE_S,
        look_s: float = POLL_S,
        offer_every_s: float = LOOK_EVERY_S,
        **sending: Any,
    ) -> None:
        self._hub = hub
        self.store = hub.store
        self.settings = page
        self.keys = MessengerKeys(hub.store.keys)
        self.clock = window_clock(page.test_clock)
        self.graph = graph or Graph(page)
        self.threads = Threads(hub.store, self.keys)
        self.alarms = Alarms(hub.store, hub.fanout, self.keys)
        self.media = Media(settings.var / "messenger", page.media_hosts)
        self.signs = Signs(hub.store, self.keys, self.threads, self.graph, People(hub.store, self.keys, self.graph))
        self.outbox = Outbox(
            hub, writer, self.keys, self.threads, self.graph, page, self.alarms, self.signs, self.clock, **sending
        )
        self.choices = Choices(hub, self.threads, look_every_s=offer_every_s)
        arrivals = Arrivals(
            hub,
            self.threads,
            self.outbox,
            self.graph,
            self.media,
            self.signs,
            self.alarms,
            page,
            self.clock,
            self.choices,
        )
        self.resync = Resync(
            hub.store, self.keys, self.threads, self.graph, page.app_id, self.clock, arrivals.back
        )
        # Of their own: what the website's visitors say must not wait for them.
        self._accepts = Writer(
            hub.store.redis,
            timeout_s=settings.redis_timeout_s,
            replicas=settings.redis_replicas,
            linger_s=ACCEPT_LINGER_S,
            under_way_max=1,  # what Meta sends in order is kept in order
        )
        self.inbox = Inbox(hub.store, self._accepts, writer, self.keys, arrivals, settle_s=settle_s, look_s=look_s)
        self.signs_of_life = SignsOfLife(hub.store, hub.fanout, self.keys)
        hub.trouble = self.trouble

    @classmethod
    def of(cls, hub: Hub, writer: Writer, settings: Settings) -> Messenger | None:
        """The channel, where a page is set up."""
        return cls(hub, writer, settings, settings.messenger) if settings.messenger is not None else None

    def routes(self, sees: Callable[[Request], Awaitable[Account]]) -> list[Route]:
        """HTTP routes; ``sees`` tells which agent asks for a conversation's file, and refuses who may not see it."""
        return Webhook(self.settings, self.inbox, self.media, self._hub.audit, sees).routes()

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """What runs for as long as the hub does: where a courier works, only a look at whether it does."""
        return [self.signs_of_life.keep_looking()] if self.settings.courier else self.lanes()

    def lanes(self) -> list[Coroutine[Any, Any, None]]:
        """Applying what came, sending what is due, offering choices to those who wait, asking who has which thread."""
        self._hub.fanout.watchers |= {self.outbox.noticed, self.signs.noticed}
        return [
            self.inbox.run(),
            self.outbox.run(),
            self.choices.keep_offering(),
            self.resync.keep_asking(),
        ]

    async def begin(self) -> None:
        """Before the work: warns of an old version, and notes that the page inbox never goes away from its
        conversations as an agent's socket may."""
        age = of_version(self.settings.graph_version, datetime.now(UTC).date())
        if age.state is not State.GOOD:
            log.warning("Messenger: %s", age.said)
        self._accepts.start()
        store = self.store
        await store.call(store.redis.zadd(store.keys.seen, {INBOX: "+inf"}))

    async def state(self) -> str:
        """For ``/readyz``: ``up``, or the code of what keeps the page from sending."""
        try:
            return (await self.trouble()).get("code", "up")
        except StoreUnavailable:
            return "unknown"

    async def trouble(self) -> Mapping[str, str]:
        """What keeps the page from sending (``code``, ``at``, ``detail``): Meta's refusal, or a courier that is away.

        Raises:
            StoreUnavailable: Redis is away.
        """
        found = await self.alarms.trouble()
        return found if found or not self.settings.courier else await self.signs_of_life.trouble()

    async def close(self) -> None:
        await self._accepts.stop()
        await self.signs.stop()
        await self.graph.close()
        await self.media.close()
