"""The dispatcher: offers waiting conversations to agents, takes back what has lapsed, and notes who is idle.

Every hub runs one; nothing is lost when one dies in the middle. Two that propose the same conversation to two agents
make one offer, since the script lets one through.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from handoff.errors import StoreUnavailable
from handoff.hub import Hub
from handoff.queue.assignment import Kind, dispatch_in_order
from handoff.queue.offers import Offers
from handoff.tasks import nudged

__all__ = ["Dispatcher"]

log = logging.getLogger("silta.dispatch")

LOOK_EVERY_S = 0.5
"""Leases are looked at so often: the next agent is asked at most this much later."""

PASSED_KEPT_MS = 3600_000
"""Notes of who passed are swept out after an hour beyond their end."""


class Dispatcher:
    """Run :meth:`keep_dispatching` for ever; give :meth:`noticed` to the fan-out's watchers after the room's."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._offers = Offers(hub.store)
        self._moved = asyncio.Event()

    def noticed(self, notice: Mapping[str, Any]) -> None:
        """Somebody may be free, or waiting."""
        if {"queue", "offer_gone", "presence", "reconnected"} & notice.keys():
            self._moved.set()

    async def keep_dispatching(self) -> None:
        while True:
            await nudged(self._moved, LOOK_EVERY_S)
            try:
                await self.once()
            except StoreUnavailable:
                await asyncio.sleep(LOOK_EVERY_S)

    async def once(self) -> int:
        """Take back what has lapsed, then offer what can be offered; how many offers were made.

        Raises:
            StoreUnavailable: Redis is away.
        """
        hub, rules = self._hub, self._hub.owner.now.rules
        room = hub.room
        room.now_ms = await hub.presence.now_ms()
        for offer in [offer for offer in room.offers.values() if offer["until_ms"] <= room.now_ms]:
            await self._offers.lapse(offer, pause_s=rules.accept_pause_s)
            room.taken_back(offer, room.now_ms + rules.accept_pause_s * 1000)
        await hub.presence.note_idle(away_after_s=rules.away_after_s, online=room.online, tell=hub.fanout.publish)
        if rules.mode != "offer":
            return 0
        made, hopeless = 0, set[Kind]()
        waiting = room.to_offer(without=hopeless)
        for choice in dispatch_in_order(waiting, room.agents(), rules, room.now_ms, hopeless=hopeless):
            capacity = room.accounts[choice.agent].capacity
            made += await self._offers.give(choice, capacity=capacity, lease_s=rules.lease_s)
        await self._forget(room.passed, room.now_ms)
        return made

    async def _forget(self, passed: Mapping[str, Mapping[str, int]], now_ms: int) -> None:
        old = [
            f"{conversation} {agent}"
            for conversation, agents in passed.items()
            for agent, until in agents.items()
            if until < now_ms - PASSED_KEPT_MS
        ]
        if old:
            await self._hub.store.call(self._hub.store.redis.hdel(self._hub.store.keys.passed, *old))
