"""Who is there: what each agent has set, and when an agent's socket was last seen, by Redis' clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from handoff.errors import StoreUnavailable
from handoff.keys import AGENT_SEEN_GRACE_S
from handoff.store import Store

__all__ = ["TOUCH_EVERY_S", "VALUES", "Presence"]

VALUES = ("online", "away", "offline")

TOUCH_EVERY_S = 5.0
"""How often a connected agent is noted. An agent counts as there for three times as long."""


class Presence:
    """Presence of all agents; this process notes those who have a socket here."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._here: Counter[str] = Counter()

    async def arrived(self, agent: str) -> str:
        """A socket of the agent has opened; returns what the agent had set, online at first."""
        self._here[agent] += 1
        redis, keys = self._store.redis, self._store.keys
        value = await self._store.call(redis.hget(keys.presence, agent))
        if value is None or value == b"offline":
            await self.set(agent, "online")
            value = b"online"
        if await self.did_something(agent):
            value = b"online"
        await self.touch()
        return value.decode() if isinstance(value, bytes) else str(value)

    def left(self, agent: str) -> None:
        """A socket of the agent has closed; the grace begins with the last one."""
        self._here[agent] -= 1
        if self._here[agent] <= 0:
            del self._here[agent]

    async def set(self, agent: str, value: str) -> None:
        """What the agent wants others to see, one of :data:`VALUES`."""
        await self._store.call(self._store.redis.hset(self._store.keys.presence, agent, value))

    async def touch(self) -> None:
        """Note every agent who is connected here."""
        if self._here:
            now = await self.now_ms()
            here = dict.fromkeys(self._here, now)
            if here:  # the last may have left meanwhile, and Redis' client takes no empty list
                await self._store.call(self._store.redis.zadd(self._store.keys.seen, here))

    async def did_something(self, agent: str) -> bool:
        """The agent did something in some window; whether that brought them back from being idle."""
        now = await self.now_ms()
        redis, keys = self._store.redis, self._store.keys
        pipe = redis.pipeline(transaction=False)
        pipe.zadd(keys.active, {agent: now})
        pipe.srem(keys.idle, agent)
        _, was_idle = await self._store.call(pipe.execute())
        if was_idle:
            await self.set(agent, "online")
        return bool(was_idle)

    async def note_idle(
        self, *, away_after_s: float, online: Collection[str], tell: Callable[[dict[str, Any]], Awaitable[None]]
    ) -> None:
        """Agents who have been online and have done nothing in any window for so long are away."""
        if not online:
            return
        redis, keys, agents = self._store.redis, self._store.keys, sorted(online)
        before = await self.now_ms() - round(away_after_s * 1000)
        done = await self._store.call(redis.zmscore(keys.active, agents))
        for agent, at in zip(agents, done, strict=True):
            if at is not None and at < before and await self._store.call(redis.sadd(keys.idle, agent)):
                await self.set(agent, "away")
                await tell({"presence": {"agent": agent, "value": "away", "idle": True}})

    async def now_ms(self) -> int:
        """Redis' clock."""
        seconds, micros = await self._store.call(self._store.redis.time())
        return int(seconds) * 1000 + int(micros) // 1000

    async def online(self) -> int:
        """How many agents are online and connected somewhere."""
        since = await self.now_ms() - int(3 * TOUCH_EVERY_S * 1000)
        redis, keys = self._store.redis, self._store.keys
        pipe = redis.pipeline(transaction=False)
        pipe.zrangebyscore(keys.seen, since, "+inf")
        pipe.hgetall(keys.presence)
        seen, values = await self._store.call(pipe.execute())
        return sum(1 for agent in seen if values.get(agent) == b"online")

    async def is_there(self, agent: str) -> bool:
        """Whether the agent is connected somewhere and not offline."""
        since = await self.now_ms() - int(3 * TOUCH_EVERY_S * 1000)
        seen = await self._store.call(self._store.redis.zscore(self._store.keys.seen, agent))
        value = await self._store.call(self._store.redis.hget(self._store.keys.presence, agent))
        return seen is not None and seen >= since and value != b"offline"

    async def lost(self, *, grace_s: float = AGENT_SEEN_GRACE_S) -> Sequence[tuple[str, str]]:
        """Conversations whose agent has been away for longer than the grace, as (conversation, agent)."""
        assigned = await self._store.call(self._store.redis.hgetall(self._store.keys.assigned))
        if not assigned:
            return ()
        before = await self.now_ms() - round(grace_s * 1000)
        agents = sorted(set(assigned.values()))
        seen = await self._store.call(self._store.redis.zmscore(self._store.keys.seen, agents))
        gone = {agent for agent, at in zip(agents, seen, strict=True) if at is None or at < before}
        return [(conversation.decode(), agent.decode()) for conversation, agent in assigned.items() if agent in gone]

    async def last_seen(self, agents: Collection[str]) -> dict[str, int]:
        """When each of them was last connected, milliseconds by Redis' clock; who never was is left out."""
        names = sorted(agents)
        seen = await self._store.call(self._store.redis.zmscore(self._store.keys.seen, names)) if names else []
        return {agent: int(at) for agent, at in zip(names, seen, strict=True) if at is not None}

    async def keep_touching(self) -> None:
        """Run for ever: note the connected."""
        while True:
            try:
                await self.touch()
            except StoreUnavailable:
                pass  # noted again when Redis is back; the grace is far longer
            await asyncio.sleep(TOUCH_EVERY_S)
