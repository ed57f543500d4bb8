"""Conversations in Redis: load, decide, commit. The only module that writes a conversation.

A commit is one script with compare-and-set on the version (``scripts/commit.lua``): state, log, queue, the bot's inbox
and the remembered answer change together or not at all.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from handoff.answers import answered, refusal
from handoff.clock import parse_ms
from handoff.commit_plan import Plans
from handoff.conversation import Conversation
from handoff.decisions import Decision
from handoff.errors import Conflict, Erased, NotFound, Refused, StaleVersion, StoreUnavailable
from handoff.keys import ANSWER_TTL_S, HubKeys
from handoff.reads import Reads
from handoff.recent import Recent
from handoff.states import read
from handoff.turns import GIVE_WAY_S, PATIENCE, TURN_TIMEOUT_S, Turns
from handoff.watch import metrics
from handoff.writer import Script, Writer, load_script

__all__ = ["Commit", "Decide", "Store"]

_COMMIT = load_script("commit")
_CONFIRM = load_script("confirm")
_KEPT_EVENTS = load_script("kept_events")
_FORGET_GONE = load_script("forget_gone")
_GIVE_UP = load_script("give_up")
_UNSTICK = load_script("unstick")

_FULL = {
    b"capacity": "There is no room for one conversation more.",
    b"channel": "There is no room for one conversation more on this channel.",
    b"window": "This window is full; choose another.",
}

Decide = Callable[[Conversation], "Decision | Awaitable[Decision | None] | None"]


@dataclass(frozen=True)
class Commit:
    """How a request ended. ``answer`` is what the peer gets; ``repeated`` when it had been answered before."""

    answer: Mapping[str, Any]
    decision: Decision | None = None
    repeated: bool = False


class Store:
    """Reads and writes conversations. All errors of Redis leave it as :class:`StoreUnavailable`, and states that cannot
    be read as :class:`~handoff.errors.Unreadable`."""

    def __init__(self, redis: Redis, writer: Writer, keys: HubKeys, *, bot_timeout_ms: int, timeout_s: float) -> None:
        self.redis = redis
        self.keys = keys
        self._writer = writer
        self._recent = Recent()
        self._turns = Turns()
        self.plans = Plans(keys, bot_timeout_ms=bot_timeout_ms, confirm=writer.replicas > 0)
        self._timeout_s = timeout_s
        self._reads = Reads(redis, timeout_s=timeout_s)

    async def call(self, command: Awaitable[Any]) -> Any:
        """Await a command of the client with the operation's timeout.

        Raises:
            StoreUnavailable: Redis is away or slow.
        """
        try:
            # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the reply.
            async with asyncio.timeout(self._timeout_s):
                return await metrics.timed("read", command)
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreUnavailable(type(error).__name__) from error

    async def load(self, conversation: str) -> Conversation | None:
        """The conversation as it is, or None when nothing was ever written.

        Raises:
            StoreUnavailable: Redis is away or slow.
            Unreadable: this version cannot read it.
        """
        (raw,) = await self._reads.ask(("HGET", self.keys.state(conversation), "state"))
        return read(conversation, raw) if raw is not None else None

    async def met(self, conversation: str) -> tuple[Conversation | None, bool]:
        """As :meth:`load`, and whether it was erased lately."""
        keys = self.keys
        raw, erased = await self._reads.ask(
            ("HGET", keys.state(conversation), "state"), ("EXISTS", keys.erased(conversation))
        )
        return read(conversation, raw) if raw is not None else None, bool(erased)

    def lately(self, conversation: str) -> Conversation | None:
        """The conversation as this process last wrote it, without asking Redis; None when it has not, or long ago."""
        return self._recent.get(conversation)

    async def events(self, conversation: str, *, after: int = 0, most: int | None = None) -> list[dict[str, Any]]:
        """The log's events with numbers above ``after``, ``most`` of them, as agents see them, in order.

        Where replicas must have what is written, they have these: a failover takes back nothing that was shown.

        Raises:
            StoreUnavailable: Redis is away or slow, or too few replicas have the log's end.
        """
        log = self.keys.log(conversation)
        if self._writer.replicas:
            found = await self._writer.run(_KEPT_EVENTS, [log, self.keys.barrier], [after, most or 0])
            return [json.loads(fields[fields.index(b"e") + 1]) for _, fields in found]
        rows = await self.call(self.redis.xrange(log, f"({after}-0", "+", count=most))
        return [json.loads(fields[b"e"]) for _, fields in rows]

    async def last(self, conversation: str) -> int:
        """The highest number in the log, 0 for none."""
        raw = await self.call(self.redis.hget(self.keys.state(conversation), "last"))
        return int(raw or 0)

    async def unstick(self, conversation: str) -> bool:
        """Move the bot's next message up when the one before it is gone from the inbox; whether that was so."""
        keys = self.keys
        names = [keys.inbox, keys.busy(conversation), keys.wait(conversation)]
        return bool(await self._writer.run(_UNSTICK, names, []))

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """Run a script that writes, in a batch with other writes.

        Raises:
            StoreUnavailable: whether it was written is unknown.
        """
        return await self._writer.run(script, keys, args)

    async def forget_gone(self, conversation: str) -> bool:
        """Take a conversation that does not exist out of the lists of conversations; whether it was in one."""
        keys = self.keys
        names = [keys.state(conversation), keys.queue, keys.assigned, keys.due]
        return bool(await self._writer.run(_FORGET_GONE, names, [conversation]))

    def forget(self, conversation: str) -> None:
        """Drop what this process remembers of a conversation: it was erased (I10)."""
        self._recent.forget(conversation)

    async def button(self, conversation: str, button: str) -> dict[str, str] | None:
        """Title and topic of a button that was offered in this conversation."""
        raw = await self.call(self.redis.hget(self.keys.buttons(conversation), button))
        return json.loads(raw) if raw is not None else None

    async def request(
        self,
        conversation: str,
        decide: Decide,
        *,
        scope: str | None = None,
        client_id: str | None = None,
        new: Conversation | None = None,
        took: str | None = None,
    ) -> Commit:
        """Load, decide, commit; again when another was first. Idempotent by ``client_id`` within ``scope``.

        Args:
            decide: from the conversation to a decision, or None for nothing to do; may raise :class:`Refused`. It must
                not make a request to the same conversation: that would wait for this one.
            scope: whose ids these are, a conversation or an agent.
            new: the conversation to begin with when there is none.
            took: entry of ``bot:events`` that is settled by this request.

        Raises:
            Refused: what ``decide`` raised (remembered: the same id gets the same answer), or the conversation is
                missing and ``new`` is not given.
            StoreUnavailable: unknown outcome; the same id may be sent again.
        """
        answer_key = self.keys.answer(scope or conversation, client_id) if client_id else None
        # One after the other on this process: of many at once only one could win, and the others would all ask again.
        async with self._turns.of(conversation):
            guess = await self._on_a_guess(conversation, decide, answer_key, took)
            if isinstance(guess, Commit):
                return guess
            if guess is None:
                return await self._request(conversation, decide, answer_key, new, took)
        # What was written last refuses it. Who lost a race for a conversation sees to it beside the others who did, for
        # nothing is written to the conversation; were it one after the other, the fiftieth would wait for fifty.
        current, seen = await self._look(conversation, answer_key)
        if seen is not None:
            return seen
        if current is not None:
            await self._refuse(current, decide, answer_key)
        async with self._turns.of(conversation):
            return await self._request(conversation, decide, answer_key, new, took)

    async def _refuse(self, current: Conversation, decide: Decide, answer_key: str | None) -> None:
        """Refuse what cannot be done, and remember that it was refused; nothing when it can be done after all."""
        try:
            made = decide(current)
            if isinstance(made, Awaitable):
                await made
        except Refused as refused:
            await self._remember_refusal(current, answer_key, refused)
            raise

    async def _request(
        self,
        conversation: str,
        decide: Decide,
        answer_key: str | None,
        new: Conversation | None,
        took: str | None,
    ) -> Commit:
        current, seen = await self._look(conversation, answer_key)
        if seen is not None:
            return seen
        until, who, lost = monotonic() + TURN_TIMEOUT_S, uuid4().hex, 0
        while monotonic() < until:
            current = _there(current or new)
            try:
                commit = await self._decide_and_commit(current, decide, answer_key, took, who, lost)
            except StaleVersion as stale:
                if stale.wait_ms is not None:
                    await asyncio.sleep(min(stale.wait_ms / 1000, GIVE_WAY_S))
                else:
                    # As it stood when this one lost: to load it would be a step in which to lose again.
                    current = read(conversation, stale.state) if stale.state else None
                    lost += 1
            except StoreUnavailable:
                raise
            except Refused as refused:
                await self._give_up_turn(conversation, who, lost)
                await self._remember_refusal(current, answer_key, refused)
                raise
            else:
                if commit.decision is None:
                    await self._give_up_turn(conversation, who, lost)
                return commit
        raise StoreUnavailable("too many requests for one conversation at once")

    async def _look(self, conversation: str, answer_key: str | None) -> tuple[Conversation | None, Commit | None]:
        """The conversation as it is, and how this request was answered before, if it was."""
        current, seen = await self._load_with_answer(conversation, answer_key)
        if seen is None:
            return current, None
        if self._writer.replicas and answer_key is not None:
            # It may have been written and not confirmed: a replica must have it before it is acknowledged. If it was
            # read from a server that was the primary until just now, the one that is may not know it.
            if not await self._writer.run(_CONFIRM, [answer_key], [ANSWER_TTL_S]):
                raise StoreUnavailable("a failover has taken the answer back")
        return current, Commit(answered(seen), repeated=True)

    async def _give_up_turn(self, conversation: str, who: str, lost: int) -> None:
        if lost >= PATIENCE:
            await self._writer.run(_GIVE_UP, [self.keys.state(conversation)], [who])

    async def _on_a_guess(
        self, conversation: str, decide: Decide, answer_key: str | None, took: str | None
    ) -> Commit | Refused | None:
        """Decide on the latest state that this process knows, which saves the load. The refusal, when that state
        refuses it; None when it says nothing: it may be old, and what needs no write may need one by now."""
        recent = self._recent.get(conversation)
        if recent is None or answer_key is None:
            return None
        try:
            commit = await self._decide_and_commit(recent, decide, answer_key, took)
        except StoreUnavailable:
            raise
        except StaleVersion:
            return None
        except Refused as refused:
            return refused
        return commit if commit.decision is not None or commit.repeated else None

    async def _decide_and_commit(
        self,
        current: Conversation,
        decide: Decide,
        answer_key: str | None,
        took: str | None,
        who: str = "",
        lost: int = 0,
    ) -> Commit:
        made = decide(current)
        decision = await made if isinstance(made, Awaitable) else made
        if decision is None:
            return Commit({})
        try:
            commit = await self._commit(decision, answer_key, took, who, lost)
        except BaseException:
            self._recent.forget(current.id)
            raise
        if commit.decision is not None:
            self._recent.keep(decision.after)
            _count_move(decision)
        return commit

    async def _load_with_answer(self, conversation: str, answer_key: str | None) -> tuple[Conversation | None, Any]:
        pipe = self.redis.pipeline(transaction=False)
        pipe.hget(self.keys.state(conversation), "state")
        if answer_key is not None:
            pipe.get(answer_key)
        replies = await self.call(pipe.execute())
        state = read(conversation, replies[0]) if replies[0] is not None else None
        return state, replies[1] if answer_key is not None else None

    async def _remember_refusal(self, current: Conversation, answer_key: str | None, refused: Refused) -> None:
        if isinstance(refused, (StoreUnavailable, Erased)):
            return
        if current.version:
            self._recent.keep(current)  # the next who asks for the same is refused on a guess
        if answer_key is None:
            return
        await self.call(self.redis.set(answer_key, refusal(refused), ex=ANSWER_TTL_S, nx=True))

    async def _commit(
        self, decision: Decision, answer_key: str | None, took: str | None, who: str = "", lost: int = 0
    ) -> Commit:
        plan, notice = self.plans.plan(decision, answer_key, took, who, lost)
        later = (self.keys.notices, notice) if self._writer.replicas else None
        keys = self.plans.keys(decision.after.id, answer_key)
        reply = await self._writer.run(_COMMIT, keys, [plan, notice], notice=later)
        if reply[0] == b"seen":
            metrics.requests.labels("repeated").inc()
            return Commit(answered(reply[1]), repeated=True)
        if reply[0] == b"stale":
            metrics.requests.labels("conflict").inc()
            raise StaleVersion(reply[1] or None)
        if reply[0] == b"wait":
            metrics.requests.labels("conflict").inc()
            raise StaleVersion(wait_ms=int(reply[1]))
        if reply[0] == b"erased":
            raise Erased
        if reply[0] == b"gone":
            raise Conflict("The offer does not stand any more.", reason="gone")
        if reply[0] == b"full":
            raise Conflict(_FULL[reply[1]], reason="full")
        metrics.requests.labels("written").inc()
        return Commit(decision.answer, decision)


def _there(conversation: Conversation | None) -> Conversation:
    if conversation is None:
        raise NotFound("There is no such conversation.")
    return conversation


def _count_move(decision: Decision) -> None:
    before, after = decision.before, decision.after
    since = before.queued_since
    waited_s = (parse_ms(after.updated_at or since) - parse_ms(since)) / 1000 if since else None
    metrics.observed_move(before.status.value, after.status.value, waited_s)
