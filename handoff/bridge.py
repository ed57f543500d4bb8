"""From the bot back to the conversation: takes results off ``bot:events``, and notices when none comes in time.

A result is settled (taken off the stream) in the same write that appends its replies; a hub that dies before leaves it
pending for another. Deadlines lie in a sorted set by Redis' clock, so any hub may tell the visitor.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from handoff import decisions
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.errors import NotFound, StoreUnavailable
from handoff.events import BadEnvelope, Failure, HandoffRequest, Keys, Outcome, decode_outcome
from handoff.hub import Hub
from handoff.routing import Routing

__all__ = ["BotBridge"]

log = logging.getLogger("silta.bridge")

READ_COUNT = 32
"""Results taken at a time: enough for a burst, few enough to leave some to other hubs."""

BLOCK_MS = 2000
"""How long a read waits for results."""

CLAIM_IDLE_MS = 15_000
"""A result that another hub took and did not settle for so long is taken over."""

SWEEP_EVERY_S = 0.25
"""How often deadlines are looked at: the visitor hears at most this much later."""

RECLAIM_EVERY_S = 5.0
AWAY_PAUSE_S = 0.5
"""Pause before the next attempt when Redis is away."""

ORDER_PAUSE_S = 0.05
ORDER_TRIES = 40
"""A result waits up to two seconds for the one before it in its conversation, which another hub may have taken."""

NEEDED_ANYWAY = frozenset({"action_request_handoff", "action_answer_did_not_help"})
"""Actions whose failure still means that a person is needed, so the hub queues the conversation itself."""


class BotBridge:
    """Reads the bot's results and keeps its deadlines. Run :meth:`read` and :meth:`keep_deadlines` for ever."""

    def __init__(self, hub: Hub, blocking: Redis, routing: Routing, *, process: str) -> None:
        self._hub = hub
        self._blocking = blocking
        self._routing = routing
        self._process = process
        self._keys = hub.store.keys

    async def read(self) -> None:
        """Take and apply results until cancelled: own pending ones first, then new ones."""
        while True:
            try:
                await self._ensure_group()
                await self._apply(await self._take("0"))
                reclaimed = asyncio.get_running_loop().time()
                while True:
                    await self._apply(await self._take(">"))
                    if asyncio.get_running_loop().time() - reclaimed >= RECLAIM_EVERY_S:
                        await self._apply(await self._reclaim())
                        reclaimed = asyncio.get_running_loop().time()
            except (StoreUnavailable, RedisError, OSError, TimeoutError) as error:
                log.warning("results of the bot: %s; trying again", type(error).__name__)
                await asyncio.sleep(AWAY_PAUSE_S)

    async def _ensure_group(self) -> None:
        try:
            await self._blocking.xgroup_create(self._keys.events, Keys.HUB_GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _take(self, start: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        block = BLOCK_MS if start == ">" else None
        found: Any = await self._blocking.xreadgroup(
            Keys.HUB_GROUP, self._process, {self._keys.events: start}, count=READ_COUNT, block=block
        )
        if not found:
            return []
        streams = found.items() if isinstance(found, dict) else found
        entries: list[tuple[bytes, dict[bytes, bytes]]] = []
        for _, rows in streams:
            entries.extend(_flat(rows))
        return entries

    async def _reclaim(self) -> list[tuple[bytes, dict[bytes, bytes]]]:
        reply: Any = await self._blocking.xautoclaim(
            self._keys.events, Keys.HUB_GROUP, self._process, min_idle_time=CLAIM_IDLE_MS, count=READ_COUNT
        )
        return _flat(reply[1])

    async def _apply(self, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        lanes: dict[str, list[tuple[bytes, Outcome]]] = {}
        for id, fields in entries:
            try:
                outcome = decode_outcome(fields[b"data"])
            except (BadEnvelope, KeyError) as error:
                log.error("a result of the bot cannot be read and is set aside: %s", error)
                await self._set_aside(id, fields)
                continue
            lanes.setdefault(outcome.conversation, []).append((id, outcome))
        # Conversations side by side, the results of one in order.
        await asyncio.gather(*(self._lane(lane) for lane in lanes.values()))

    async def _lane(self, lane: list[tuple[bytes, Outcome]]) -> None:
        for id, outcome in lane:
            for _ in range(ORDER_TRIES):
                if await self._settle(id.decode(), outcome):
                    break
                await asyncio.sleep(ORDER_PAUSE_S)
            else:
                await self._settle(id.decode(), outcome, in_order=False)

    async def _settle(self, id: str, outcome: Outcome, *, in_order: bool = True) -> bool:
        """Write what a result brings; False when the one before it has not been written yet."""
        early = False

        def decide(conversation: Conversation) -> Decision | None:
            nonlocal early
            pending = conversation.bot_pending
            early = in_order and outcome.of in pending and pending[0] != outcome.of
            if early:
                return None
            return decisions.bot_answered(
                conversation,
                self._hub.texts,
                outcome,
                at=stamp(now_ms()),
                waits=self._hub.waits(),
                fallback=self._fallback(outcome),
            )

        try:
            commit = await self._hub.store.request(
                outcome.conversation, decide, scope="bot", client_id=outcome.message_id, took=id
            )
        except NotFound:
            commit = None
        if early:
            return False
        if commit is None or commit.decision is None:
            await self._hub.store.call(self._hub.store.redis.xack(self._keys.events, Keys.HUB_GROUP, id))
            await self._hub.store.call(self._hub.store.redis.xdel(self._keys.events, id))
        return True

    def _fallback(self, outcome: Outcome) -> HandoffRequest:
        """The handoff to make when the bot wanted one and could not."""
        if outcome.failure is not Failure.ACTION or outcome.failed_action not in NEEDED_ANYWAY:
            return HandoffRequest(())
        topic = str((outcome.nlu or {}).get("topic") or "")
        reasons: list[dict[str, Any]] = []
        if topic == "human/talk_to_human":
            reasons.append({"code": "asked", "topic": topic, "evidence": [], "of": outcome.of})
        elif topic.startswith("human/"):
            reasons.append({"code": "human_topic", "topic": topic, "evidence": [], "of": outcome.of})
        elif outcome.failed_action == "action_answer_did_not_help":
            reasons.append({"code": "answer_did_not_help", "topic": None, "evidence": [], "of": outcome.of})
        reasons.append({"code": "bot_unavailable", "topic": None, "evidence": [], "of": outcome.of})
        priority, skill = self._routing.of(topic)
        return HandoffRequest(tuple(reasons), priority, skill)

    async def _set_aside(self, id: bytes, fields: dict[bytes, bytes]) -> None:
        store = self._hub.store
        kept: dict[Any, Any] = {**fields, b"from": b"bot:events", b"id": id}
        await store.call(store.redis.xadd(store.keys.dead, kept))
        await store.call(store.redis.xack(self._keys.events, Keys.HUB_GROUP, id))
        await store.call(store.redis.xdel(self._keys.events, id))

    # -- deadlines

    async def keep_deadlines(self) -> None:
        """Tell visitors whose message the bot has not answered in time, until cancelled."""
        while True:
            try:
                await self._sweep()
            except StoreUnavailable:
                pass  # Redis is away: nothing can be told now, the deadline stands
            await asyncio.sleep(SWEEP_EVERY_S)

    async def _sweep(self) -> None:
        store = self._hub.store
        now = await self._hub.presence.now_ms()
        late = await store.call(store.redis.zrangebyscore(store.keys.due, "-inf", now, start=0, num=100))
        for conversation in late:
            await self._tell_late(conversation.decode())

    async def _tell_late(self, conversation: str) -> None:
        def decide(state: Conversation) -> Decision | None:
            return decisions.bot_late(state, self._hub.texts, at=stamp(now_ms()))

        store = self._hub.store
        try:
            commit = await store.request(conversation, decide)
        except NotFound:
            commit = None
        if commit is None or commit.decision is None:
            state = await store.load(conversation)
            if state is None or state.status is not Status.BOT or not state.bot_pending:
                await store.call(store.redis.zrem(store.keys.due, conversation))


def _flat(rows: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Entries of one stream as (id, fields), whatever shape the client's protocol gives them; deleted ones are None."""
    flat = []
    for row in rows:
        if isinstance(row, list) and row and isinstance(row[0], (list, tuple)):
            flat.extend(_flat(row))
        elif row is not None and row[1] is not None:
            flat.append((row[0], row[1]))
    return flat
