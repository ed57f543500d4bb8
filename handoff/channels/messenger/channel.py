"""The Messenger channel of one hub: its parts, put together."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from handoff.channels.messenger.alarms import Alarms
from handoff.channels.messenger.arrivals import Arrivals
from handoff.channels.messenger.client import Graph
from handoff.channels.messenger.clock import window_clock
from handoff.channels.messenger.decisions import INBOX
from handoff.channels.messenger.doctor import State, of_version
from handoff.channels.messenger.inbox import SETTLE_S, Inbox
from handoff.channels.messenger.keys import MessengerKeys
from handoff.channels.messenger.media import Media
from handoff.channels.messenger.outbox import Outbox
from handoff.channels.messenger.people import People
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
        **sending: Any,
    ) -> None:
        self._hub = hub
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
        )
        self.inbox = Inbox(hub.store, writer, self.keys, arrivals, settle_s=settle_s)
        hub.trouble = self.alarms.trouble
        hub.fanout.watchers |= {self.outbox.noticed, self.signs.noticed}

    @classmethod
    def of(cls, hub: Hub, writer: Writer, settings: Settings) -> Messenger | None:
        """The channel, where a page is set up."""
        return cls(hub, writer, settings, settings.messenger) if settings.messenger is not None else None

    def routes(self, signed_in: Callable[[Request], Awaitable[Any]]) -> list[Route]:
        """HTTP routes; ``signed_in`` checks an agent's cookie."""
        return Webhook(self.settings, self.inbox, self.media, signed_in).routes()

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """What runs for as long as the hub does."""
        return [self.inbox.run(), self.outbox.run()]

    async def begin(self) -> None:
        """Before the work: warns of an old version, and notes that the page inbox never goes away from its
        conversations as an agent's socket may."""
        age = of_version(self.settings.graph_version, datetime.now(UTC).date())
        if age.state is not State.GOOD:
            log.warning("Messenger: %s", age.said)
        store = self._hub.store
        await store.call(store.redis.zadd(store.keys.seen, {INBOX: "+inf"}))

    async def state(self) -> str:
        """For ``/readyz``: ``up``, or the code of what keeps the page from sending."""
        try:
            return (await self.alarms.trouble()).get("code", "up")
        except StoreUnavailable:
            return "unknown"

    async def close(self) -> None:
        await self.signs.stop()
        await self.graph.close()
        await self.media.close()
