"""Figures of the whole house, read from Redis when somebody asks for them."""

from __future__ import annotations

import math

from handoff.channels.messenger.keys import MessengerKeys
from handoff.channels.messenger.usages import Usages
from handoff.clock import parse_ms
from handoff.errors import StoreUnavailable
from handoff.hub import Hub
from handoff.watch import metrics

__all__ = ["look"]


async def look(hub: Hub) -> None:
    """Bring the shared gauges up to date; no number where Redis does not answer, rather than an old one."""
    try:
        await _look(hub)
        metrics.redis_up.set(1)
    except StoreUnavailable:
        metrics.redis_up.set(0)
        for gauge in metrics.SHARED:
            gauge.set(math.nan)


async def _look(hub: Hub) -> None:
    store, keys = hub.store, hub.store.keys
    messenger = MessengerKeys(keys)
    pipe = store.redis.pipeline(transaction=False)
    pipe.zcard(keys.queue)
    pipe.hlen(keys.assigned)
    pipe.zcard(keys.due)
    pipe.xlen(keys.inbox)
    pipe.xlen(keys.dead)
    pipe.zcard(messenger.due_in)
    pipe.zcard(messenger.due_out)
    waiting, assigned, due, inbox, dead, came, to_send = await store.call(pipe.execute())
    metrics.queue_waiting.set(waiting)
    metrics.assigned.set(assigned)
    metrics.bot_waiting.set(due)
    metrics.bot_inbox.set(inbox)
    metrics.dead_letters.set(dead)
    metrics.messenger_in.set(came)
    metrics.messenger_out.set(to_send)
    metrics.messenger_usage.set(await Usages(store, messenger).percent())
    metrics.agents_online.set(await hub.presence.online())
    now = await hub.presence.now_ms()
    since = [parse_ms(line["queued_at"]) for line in await hub.lists.queue() if line["queued_at"]]
    metrics.queue_oldest.set((now - min(since)) / 1000 if since else 0)
