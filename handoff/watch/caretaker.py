"""Puts right what no request will: conversations whose agent has vanished go back to the queue."""

from __future__ import annotations

import asyncio
import logging

from handoff import decisions
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.errors import Refused, StoreUnavailable
from handoff.hub import Hub
from handoff.keys import AGENT_SEEN_GRACE_S

__all__ = ["Caretaker"]

log = logging.getLogger("silta.caretaker")

SWEEP_EVERY_S = 5.0


class Caretaker:
    """Sweeps by Redis' clock; several hubs may sweep at once, the version lets one act."""

    def __init__(self, hub: Hub, *, grace_s: float = AGENT_SEEN_GRACE_S, sweep_every_s: float = SWEEP_EVERY_S) -> None:
        self._hub = hub
        self._grace_s = grace_s
        self._sweep_every_s = sweep_every_s

    async def keep_sweeping(self) -> None:
        """Run for ever. Waits for one grace at first, and again whenever Redis was away: nobody could be noted then,
        and agents who were there all the time must not lose their conversations for it."""
        pause = self._grace_s
        while True:
            await asyncio.sleep(pause)
            try:
                await self.sweep()
                pause = self._sweep_every_s
            except StoreUnavailable:
                pause = self._grace_s

    async def sweep(self) -> None:
        """Take back the conversations of agents who have been away for longer than the grace.

        Raises:
            StoreUnavailable: Redis is away.
        """
        # Those here are noted first: after a sleep of the machine all were last seen long ago.
        await self._hub.presence.touch()
        for conversation, agent in await self._hub.presence.lost(grace_s=self._grace_s):
            await self._take_back(conversation, agent)

    async def _take_back(self, conversation: str, agent: str) -> None:
        def decide(state: Conversation) -> Decision | None:
            if state.status is not Status.ASSIGNED or state.assignee is None or state.assignee.id != agent:
                return None
            return decisions.agent_lost(state, self._hub.texts, at=stamp(now_ms()))

        try:
            await self._hub.store.request(conversation, decide)
            log.info("conversation %s is back in the queue: its agent was away", conversation)
        except StoreUnavailable:
            raise
        except Refused as refused:
            log.warning("conversation %s: %s", conversation, refused)
