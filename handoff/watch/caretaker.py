"""Puts right what no request will: conversations whose agent has vanished go back to the queue, and so do those that
were put off and come due while their agent is away; call-backs that their agent will not make are others' again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence

from handoff import bookings, decisions, promises
from handoff.access.account import Account
from handoff.callbacks import is_open
from handoff.clock import now_ms, parse_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.errors import Refused, StoreUnavailable
from handoff.hub import Hub
from handoff.keys import AGENT_SEEN_GRACE_S

__all__ = ["Caretaker"]

log = logging.getLogger("silta.caretaker")

SWEEP_EVERY_S = 5.0

CALLS_EVERY_S = 30.0
"""How often all open call-backs are read. They come due by the quarter of an hour, and there may be hundreds."""


class Caretaker:
    """Sweeps by Redis' clock; several hubs may sweep at once, the version lets one act."""

    def __init__(
        self,
        hub: Hub,
        *,
        grace_s: float = AGENT_SEEN_GRACE_S,
        sweep_every_s: float = SWEEP_EVERY_S,
        calls_every_s: float = CALLS_EVERY_S,
    ) -> None:
        self._hub = hub
        self._grace_s = grace_s
        self._sweep_every_s = sweep_every_s
        self._calls_every_s = calls_every_s

    async def keep_sweeping(self) -> None:
        """Run for ever. Waits for one grace at first, and again whenever Redis was away: nobody could be noted then,
        and agents who were there all the time must not lose their conversations for it."""
        pause, clock = self._grace_s, asyncio.get_running_loop().time
        calls_at = 0.0
        while True:
            await asyncio.sleep(pause)
            try:
                await self.sweep()
                if clock() >= calls_at:
                    await self.sweep_calls()
                    calls_at = clock() + self._calls_every_s
                pause = self._sweep_every_s
            except StoreUnavailable:
                pause = self._grace_s

    async def sweep(self) -> None:
        """Take back the conversations of agents who have been away for longer than the grace, but for those that stay
        with them.

        Raises:
            StoreUnavailable: Redis is away.
        """
        # Those here are noted first: after a sleep of the machine all were last seen long ago.
        await self._hub.presence.touch()
        lost = await self._hub.presence.lost(grace_s=self._grace_s)
        stay = await self._staying([conversation for conversation, _ in lost])
        for conversation, agent in lost:
            if conversation not in stay:
                await self._take_back(conversation, agent)

    async def _staying(self, conversations: Sequence[str]) -> set[str]:
        """Those that were put off to a time ahead and wait for nobody till then. Their agent is to come back."""
        now = await self._hub.presence.now_ms() if conversations else 0
        states = await self._hub.lists.states([conversation.encode() for conversation in conversations])
        put_off = {
            state.id: state.assignee.id
            for state in states
            if state.assignee is not None and promises.is_put_off(state, now)
        }
        employed = await self._with_accounts(put_off.values())
        return {conversation for conversation, agent in put_off.items() if agent in employed}

    async def _take_back(self, conversation: str, agent: str) -> None:
        def decide(state: Conversation) -> Decision | None:
            if state.status is not Status.ASSIGNED or state.assignee is None or state.assignee.id != agent:
                return None
            gone = promises.holder_away if state.snooze is not None else decisions.agent_lost
            return gone(state, self._hub.texts, at=stamp(now_ms()))

        await self._set_right(conversation, decide, "conversation %s is back in the queue: its agent was away")

    async def _set_right(self, conversation: str, decide: Callable[[Conversation], Decision | None], done: str) -> None:
        """One conversation; what refuses is said, and keeps nobody else waiting. ``done`` is said of what was done."""
        try:
            await self._hub.store.request(conversation, decide)
            log.info(done, conversation)
        except StoreUnavailable:
            raise
        except Refused as refused:
            log.warning("conversation %s: %s", conversation, refused)

    # -- call-backs

    async def sweep_calls(self) -> None:
        """Give back the call-backs whose agent has no account any more, or has not been there since it was time.

        Raises:
            StoreUnavailable: Redis is away.
        """
        store, keys = self._hub.store, self._hub.store.keys
        pipe = store.redis.pipeline(transaction=False)
        pipe.zrange(keys.callbacks, 0, -1)
        pipe.zrange(keys.replies, 0, -1)
        calls, mails = await store.call(pipe.execute())
        taken = {}
        for state in await self._hub.lists.states([*calls, *mails]):
            if state.callback is not None and is_open(state.callback) and state.callback["assignee"] is not None:
                taken[state.id] = state.callback
        holders = {callback["assignee"]["id"] for callback in taken.values()}
        employed, seen = await self._with_accounts(holders), await self._hub.presence.last_seen(holders)
        now, grace_ms = await self._hub.presence.now_ms(), round(self._grace_s * 1000)
        remind_ms = self._hub.owner.now.rules.callbacks.remind_min * 60_000
        for conversation, callback in taken.items():
            agent = callback["assignee"]["id"]
            # An e-mail has no window in which to begin: it is time when it is brought up.
            time = parse_ms(callback["from"]) if callback["from"] else parse_ms(callback["by"]) - remind_ms
            # Who was there once it was time may be on the phone by now, with a line that has broken.
            absent = seen.get(agent, 0) < time - grace_ms
            if agent not in employed or (time <= now and absent):
                await self._release(conversation, callback["id"], agent)

    async def _release(self, conversation: str, callback: str, agent: str) -> None:
        def decide(state: Conversation) -> Decision | None:
            held = state.callback if is_open(state.callback) else None
            if held is None or held["assignee"] is None or held["assignee"]["id"] != agent:
                return None
            return bookings.release(state, at=stamp(now_ms()), agent=None, id=callback)

        done = "the call-back of conversation %s is free again: its agent is not there"
        await self._set_right(conversation, decide, done)

    async def _with_accounts(self, agents: Collection[str]) -> set[str]:
        """Those who have an account that is not disabled."""
        names, store = sorted(set(agents)), self._hub.store
        rows = await store.call(store.redis.hmget(store.keys.agents, names)) if names else []
        accounts = [Account.from_json(row) for row in rows if row is not None]
        return {account.id for account in accounts if not account.disabled}
