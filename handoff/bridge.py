"""From the bot back to the conversation: takes results off ``bot:events``, and notices when none comes in time.

A result is settled (taken off the stream) in the same write that appends its replies; a hub that dies before leaves it
pending for another. Deadlines lie in a sorted set by Redis' clock, so any hub may tell the visitor.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from handoff import decisions
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.decisions import Decision
from handoff.errors import NotFound, StoreUnavailable, Unreadable
from handoff.events import BadEnvelope, Failure, HandoffRequest, Keys, Outcome, decode_outcome
from handoff.hub import Hub
from handoff.owner.rules import GENERAL
from handoff.queue.routing import Routing
from handoff.watch import metrics

__all__ = ["BotBridge"]

log = logging.getLogger("silta.bridge")

READ_COUNT = 32
"""Results taken at a time: enough for a burst, few enough to leave some to other hubs."""

BLOCK_MS = 2000
"""How long a read waits for results."""

CLAIM_IDLE_S = 3.0
"""A result that another hub took and did not settle for so long is taken over: it settles in milliseconds, and after
the bot's limit of 5 s an answer is worth nothing. Taking over from a hub that is only slow does no harm, since a result
has one effect. (Was 15 s: every answer that a dying hub had in hand was late.)"""

SWEEP_EVERY_S = 0.25
"""How often deadlines are looked at: the visitor hears at most this much later."""

RECLAIM_EVERY_S = 1.0
"""How often results of other hubs are looked for; at most once for each :data:`BLOCK_MS` while nothing comes."""

AWAY_PAUSE_S = 0.5
"""Pause before the next attempt when Redis is away."""

ORDER_PAUSE_S = 0.05
ORDER_TRIES = 20
"""A result waits up to a second for the one before it in its conversation, which another hub may have taken; the
results read with it wait too, so not for longer (R18)."""

DELIVERIES_MAX = 5
TRY_PAUSE_S = 0.02
"""A result that cannot be used is tried five times, by one hub or by as many as it has brought down, and then set
aside. The pauses double: 0.6 s in all, for the results read with it wait (R18: a second at most)."""

LATE_AT_ONCE = 100
"""Visitors told in one go that the bot is late: they share a few flushes of the disk."""

NEEDED_ANYWAY = frozenset({"action_request_handoff", "action_answer_did_not_help"})
"""Actions whose failure still means that a person is needed, so the hub queues the conversation itself."""


Row = tuple[bytes, "dict[bytes, bytes] | None"]
"""An entry of the stream; no fields when it was deleted while it was pending."""

AWAY = (StoreUnavailable, RedisError, OSError, TimeoutError)
"""Errors that say nothing about a result: Redis is away, and the result stays pending."""


class BotBridge:
    """Reads the bot's results and keeps its deadlines. Run :meth:`read` and :meth:`keep_deadlines` for ever.

    ``process`` is this hub's name among the consumers. A hub that is started again under its old name goes on at once
    with what it had taken; two hubs of one name do no harm.
    """

    def __init__(
        self,
        hub: Hub,
        blocking: Redis,
        routing: Routing,
        *,
        process: str,
        claim_idle_s: float = CLAIM_IDLE_S,
        reclaim_every_s: float = RECLAIM_EVERY_S,
        block_ms: int = BLOCK_MS,
    ) -> None:
        self._hub = hub
        self._blocking = blocking
        self._routing = routing
        self._process = process
        self._keys = hub.store.keys
        self._claim_idle_ms = round(claim_idle_s * 1000)
        self._reclaim_every_s = reclaim_every_s
        self._block_ms = block_ms
        self._joined = False

    async def read(self) -> None:
        """Take and apply results until cancelled: own pending ones first, then new ones."""
        clock = asyncio.get_running_loop().time
        while True:
            try:
                await self._ensure_group()
                await self._finish_own()
                reclaimed = clock()
                while True:
                    await self._apply(await self._take(">"))
                    if clock() - reclaimed >= self._reclaim_every_s:
                        await self._apply(await self._reclaim())
                        reclaimed = clock()
            except AWAY as error:
                log.warning("results of the bot: %s; trying again", type(error).__name__)
                await asyncio.sleep(AWAY_PAUSE_S)

    async def _finish_own(self) -> None:
        start = "0"
        while rows := await self._take(start):
            await self._apply(await self._survivable(rows))
            start = rows[-1][0].decode()

    async def _ensure_group(self) -> None:
        try:
            # From the beginning: what is on the stream is what has not been settled, so nothing is skipped (R28).
            await self._blocking.xgroup_create(self._keys.events, Keys.HUB_GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        else:
            if self._joined:
                metrics.rebuilt.inc()
                log.critical("the hubs' group on %s had vanished; it is back and misses nothing", self._keys.events)
        self._joined = True

    async def _take(self, start: str) -> list[Row]:
        block = self._block_ms if start == ">" else None
        found: Any = await self._blocking.xreadgroup(
            Keys.HUB_GROUP, self._process, {self._keys.events: start}, count=READ_COUNT, block=block
        )
        if not found:
            return []
        streams = found.items() if isinstance(found, dict) else found
        rows: list[Row] = []
        for _, entries in streams:
            rows.extend(_flat(entries))
        return rows

    async def _reclaim(self) -> list[Row]:
        reply: Any = await self._blocking.xautoclaim(
            self._keys.events, Keys.HUB_GROUP, self._process, min_idle_time=self._claim_idle_ms, count=READ_COUNT
        )
        return await self._survivable(_flat(reply[1]))

    async def _survivable(self, rows: list[Row]) -> list[Row]:
        """Less those that were begun too often: they bring down every hub that takes them (R18)."""
        if not rows:
            return rows
        pending: Any = await self._blocking.xpending_range(
            self._keys.events, Keys.HUB_GROUP, min=rows[0][0], max=rows[-1][0], count=2 * READ_COUNT,
            consumername=self._process,
        )
        worn = {entry["message_id"] for entry in pending if entry["times_delivered"] > DELIVERIES_MAX}
        for id, fields in rows:
            if id in worn and fields:
                await self._set_aside(id, fields, f"taken {DELIVERIES_MAX} times and never settled")
        return [row for row in rows if row[0] not in worn]

    async def _apply(self, rows: list[Row]) -> None:
        lanes: dict[str, list[tuple[bytes, dict[bytes, bytes], Outcome]]] = {}
        for id, fields in rows:
            if not fields:
                await self._remove(id)
                continue
            try:
                outcome = decode_outcome(fields[b"data"])
            except (BadEnvelope, KeyError) as error:
                await self._set_aside(id, fields, f"it cannot be read: {error}")
                continue
            lanes.setdefault(outcome.conversation, []).append((id, fields, outcome))
        # Conversations side by side, the results of one in order.
        ends = await asyncio.gather(*(self._lane(lane) for lane in lanes.values()), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end

    async def _lane(self, lane: list[tuple[bytes, dict[bytes, bytes], Outcome]]) -> None:
        for id, fields, outcome in lane:
            for attempt in range(DELIVERIES_MAX):
                try:
                    await self._settle_in_order(id.decode(), outcome)
                    break
                except AWAY:
                    raise
                except Exception:
                    log.exception("a result of conversation %s cannot be used", outcome.conversation)
                    await asyncio.sleep(TRY_PAUSE_S * 2**attempt)
            else:
                # It would end every hub that reads it, one after the other. The visitor is told that the bot is late.
                await self._set_aside(id, fields, f"conversation {outcome.conversation}: it cannot be used")

    async def _settle_in_order(self, id: str, outcome: Outcome) -> None:
        for _ in range(ORDER_TRIES):
            if await self._settle(id, outcome):
                return
            await asyncio.sleep(ORDER_PAUSE_S)
        await self._settle(id, outcome, in_order=False)

    async def _settle(self, id: str, outcome: Outcome, *, in_order: bool = True) -> bool:
        """Write what a result brings; False when the one before it has not been written yet."""
        early = False

        def decide(conversation: Conversation) -> Decision | None:
            nonlocal early
            pending = conversation.bot_pending
            early = in_order and not conversation.turn and outcome.of in pending and pending[0] != outcome.of
            if early:
                return None
            spoken = replace(conversation, language=decisions.language_after(conversation, outcome))
            skill = outcome.handoff.skill if outcome.handoff is not None else GENERAL
            return decisions.bot_answered(
                conversation,
                self._hub.texts,
                outcome,
                at=stamp(now_ms()),
                waits=self._hub.moment.waits(spoken, skill),
                # Part of the answer, and so in its language, whatever the visitor has chosen since.
                additions=self._hub.moment.additions(outcome.language or spoken.language, outcome.nlu),
                first=self._hub.moment.announced(spoken, outcome.nlu),
                fallback=self._fallback(outcome),
            )

        try:
            commit = await self._hub.store.request(
                outcome.conversation, decide, scope="bot", client_id=outcome.message_id, took=id
            )
        except NotFound:
            commit = None
            metrics.results_of_gone.inc()
            log.info("a result is settled without effect: conversation %s is gone", outcome.conversation)
        if early:
            return False
        if commit is None or commit.decision is None:
            await self._remove(id)
        else:
            # What came while the bot was busy is its next turn.
            self._hub.holds.look(commit.decision.after)
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

    async def _set_aside(self, id: bytes, fields: dict[bytes, bytes], why: str) -> None:
        """Onto the dead letters, for a person to look at, and off the stream: both or neither. And the alarm."""
        kept: dict[Any, Any] = {**fields, b"from": b"bot:events", b"id": id}
        pipe = self._hub.store.redis.pipeline(transaction=True)
        pipe.xadd(self._hub.store.keys.dead, kept)
        pipe.xack(self._keys.events, Keys.HUB_GROUP, id)
        pipe.xdel(self._keys.events, id)
        await self._hub.store.call(pipe.execute())
        metrics.dead.labels("bot:events").inc()
        log.critical("result %s of the bot is set aside as a dead letter: %s", id.decode(), why)

    async def _remove(self, id: bytes | str) -> None:
        # Both or neither: a result that is acknowledged and not deleted would lie on the stream for ever.
        pipe = self._hub.store.redis.pipeline(transaction=True)
        pipe.xack(self._keys.events, Keys.HUB_GROUP, id)
        pipe.xdel(self._keys.events, id)
        await self._hub.store.call(pipe.execute())

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
        late = await store.call(store.redis.zrangebyscore(store.keys.due, "-inf", now, start=0, num=LATE_AT_ONCE))
        # At once, for a bot that dies leaves many waiting and each is promised to hear in time.
        ends = await asyncio.gather(
            *(self._tell_late(conversation.decode(), now) for conversation in late), return_exceptions=True
        )
        for conversation, end in zip(late, ends, strict=True):
            if isinstance(end, StoreUnavailable):
                raise end
            if end is not None:
                log.error("conversation %s cannot be told that the bot is late", conversation.decode(), exc_info=end)

    async def _tell_late(self, conversation: str, now: int) -> None:
        store = self._hub.store

        async def decide(state: Conversation) -> Decision | None:
            # Looked up on the version that the decision is made on: an answer or a new deadline may have come since.
            due = await store.call(store.redis.zscore(store.keys.due, conversation))
            if due is None or due > now:
                return None
            made = decisions.bot_late(state, self._hub.texts, at=stamp(now_ms()))
            if made is None:
                await store.call(store.redis.zrem(store.keys.due, conversation))
            return made

        try:
            if (await store.request(conversation, decide)).decision is not None:
                metrics.bot_late.inc()
        except NotFound:
            await store.call(store.redis.zrem(store.keys.due, conversation))
        except Unreadable:
            return  # a hub that can read it tells the visitor; its deadline stands
        if await store.unstick(conversation):
            log.error("conversation %s: its entry on the bot's inbox was gone; the next one is up", conversation)


def _flat(rows: Any) -> list[Row]:
    """Entries of one stream as (id, fields), whatever shape the client's protocol gives them."""
    flat: list[Row] = []
    for row in rows:
        if isinstance(row, list) and row and isinstance(row[0], (list, tuple)):
            flat.extend(_flat(row))
        elif row is not None:
            flat.append((row[0], row[1]))
    return flat
