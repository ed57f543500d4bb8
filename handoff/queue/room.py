"""The waiting room: every waiting and assigned conversation and every agent, as this process knows them from notices.

A mirror in memory, never the truth: it serves to tell places and to propose who gets whom. What it proposes is written
by scripts that look at Redis. It is filled anew after every (re)connection and every :data:`FILL_EVERY_S`.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from handoff import callbacks
from handoff.access.accounts import Account
from handoff.clock import parse_ms, stamp
from handoff.conversation import Status
from handoff.errors import StoreUnavailable
from handoff.events import LANGUAGES
from handoff.owner.files import LiveOwner
from handoff.owner.rules import GENERAL
from handoff.queue import order as queue
from handoff.queue.assignment import Agent, Kind, Waiting, has_room, may_serve
from handoff.queue.eta import Handling, estimate
from handoff.queue.hearing import Hearing, put
from handoff.queue.lineup import LineUp
from handoff.queue.presence import TOUCH_EVERY_S
from handoff.states import readable
from handoff.store import Store
from handoff.tasks import nudged

__all__ = ["FILL_EVERY_S", "SUPERVISOR", "WaitingRoom", "agent_of"]

FILL_EVERY_S = 30.0
"""A notice that was lost is made good after so long."""

LOOK_EVERY_S = 1.0
"""Agents, offers and windows are read so often, or at once when presence changes."""

VISITOR_GRACE_S = 60
"""A visitor whose socket has been gone for longer is offered to nobody until it is back (R17)."""

WAITS_KEPT = 50
"""The latest waits, from which the usual one is told."""

SUPERVISOR = "supervisor"
"""The skill of everybody who leads: where a conversation goes that is passed to a supervisor."""

Line = Mapping[str, Any]


def _skills_of(account: Account) -> frozenset[str]:
    """What an agent can be asked for."""
    return frozenset({*account.skills, *((SUPERVISOR,) if account.leads else ())})


def agent_of(account: Account, *, online: bool, load: Mapping[str, int], free_since_ms: int = 0) -> Agent:
    """An account as dispatch sees it."""
    levels = {language: account.levels.get(language, 3) for language in account.languages}
    return Agent(account.id, levels, _skills_of(account), account.capacity, load, online, free_since_ms)


def waiting_of(line: Line, passed: Mapping[str, int], sticky_ms: int) -> Waiting:
    """A line of the queue as dispatch sees it."""
    served_at = parse_ms(line["served_at"]) if line.get("served_at") else 0
    return Waiting(
        id=line["conversation"],
        language=line["language"],
        skill=line["skill"],
        priority=line["priority"],
        since_ms=parse_ms(line["waiting_since"]),
        channel=line["channel"],
        lost=bool(line["lost"]),
        consents=frozenset(line.get("consents") or ()),
        last_agent=line.get("served_by"),
        last_agent_until_ms=served_at + sticky_ms if served_at else 0,
        passed=passed,
        passed_by=frozenset(line.get("passed_by") or ()),
        queued_ms=parse_ms(line["queued_at"]) if line.get("queued_at") else 0,
    )


class WaitingRoom:
    """See the module. Give :meth:`noticed` to the fan-out's watchers and run :meth:`keep_filled` for ever."""

    def __init__(self, store: Store, owner: LiveOwner) -> None:
        self._store = store
        self._owner = owner
        self.lines: dict[str, Line] = {}
        self.accounts: dict[str, Account] = {}
        self.online: frozenset[str] = frozenset()
        self.values: dict[str, str] = {}
        """What each agent has set, of those who are connected."""
        self.offers: dict[str, dict[str, Any]] = {}
        self.passed: dict[str, dict[str, int]] = {}
        self.taken: Counter[int] = Counter()
        self.seen: dict[str, int] = {}
        self.handling = Handling()
        self.waits: deque[float] = deque(maxlen=WAITS_KEPT)
        """How long those waited whom somebody took last, in seconds."""
        self.now_ms = 0
        """Redis' clock at the last look."""
        self._looked_s = 0.0
        """The loop's clock at the same moment."""
        self._free_since: dict[str, int] = {}
        self.filled = False
        self._lineup = LineUp(owner.now.rules)
        self._held: dict[str, tuple[str, str]] = {}
        """Agent and channel by conversation, for all that somebody has."""
        self._stale = asyncio.Event()
        self._hearing = Hearing()

    # -- keeping it filled

    def noticed(self, notice: Mapping[str, Any]) -> None:
        """Something was written."""
        if "queue" in notice:
            self._moved(notice["conversation"], notice["queue"])
        if "handled" in notice:
            self.handling.noticed(notice["handled"])
        if "offer" in notice:
            offer = notice["offer"]
            self._offered(offer["conversation"], offer)
        if "offer_gone" in notice:
            self.taken_back(notice["offer_gone"], notice.get("passed_until_ms", 0))
        if "reconnected" in notice:
            self.filled = False
            self._hearing.reconnected()
        if {"reconnected", "presence", "callback", "accounts"} & notice.keys():
            self._stale.set()

    def taken_back(self, offer: Mapping[str, Any], until_ms: int) -> None:
        """An offer was declined or has lapsed; until then its agent is asked last."""
        conversation, agent = offer["conversation"], offer["agent"]
        if self.offers.get(conversation, {}).get("id") == offer["id"]:
            self._offered(conversation, None)
        if until_ms:
            self.passed.setdefault(conversation, {})[agent] = until_ms
            self._hearing.passed(conversation, agent, until_ms)

    def _offered(self, conversation: str, offer: dict[str, Any] | None) -> None:
        put(self.offers, {conversation: offer})
        self._hearing.offer(conversation, offer)

    def _moved(self, conversation: str, line: Line | None) -> None:
        before = self.lines.get(conversation)
        put(self.lines, {conversation: line})
        self._hearing.line(conversation, line)
        self._lined_up(conversation, line)
        if line is None or line["status"] != Status.QUEUED.value:
            self._offered(conversation, None)
            self.passed.pop(conversation, None)
        if before is not None and line is not None and before["assignee"] is None and line["assignee"]:
            # A hub of an earlier version does not tell since when it has waited this time.
            since = before.get("queued_at") or before["waiting_since"]
            self.waits.append(max(0.0, (self.now_ms - parse_ms(since)) / 1000))
        if before is not None and before["assignee"] and (line is None or line["assignee"] != before["assignee"]):
            self._free_since[before["assignee"]["id"]] = self.now_ms

    def _lined_up(self, conversation: str, line: Line | None) -> None:
        if line is not None and line["status"] == Status.QUEUED.value:
            self._lineup.put(waiting_of(line, {}, self._lineup.rules.sticky_s * 1000))
        else:
            self._lineup.remove(conversation)
        if line is not None and line["assignee"]:
            self._held[conversation] = (line["assignee"]["id"], line["channel"])
        else:
            self._held.pop(conversation, None)

    @property
    def lineup(self) -> LineUp:
        """Everybody who waits, by the rules in force."""
        rules = self._owner.now.rules
        if self._lineup.rules is not rules:
            self._line_up_anew()
        return self._lineup

    def _line_up_anew(self) -> None:
        self._lineup = LineUp(self._owner.now.rules)
        self._held = {}
        for conversation, line in self.lines.items():
            self._lined_up(conversation, line)

    async def keep_filled(self) -> None:
        filled = -FILL_EVERY_S
        clock = asyncio.get_running_loop().time
        while True:
            try:
                if not self.filled or clock() - filled > FILL_EVERY_S:
                    await self.fill()
                    filled = clock()
                else:
                    await self.look()
            except StoreUnavailable:
                pass  # tried again in a moment
            await nudged(self._stale, LOOK_EVERY_S)

    async def fill(self) -> None:
        """Read everything anew. What notices tell meanwhile stands, for it may have been read before that.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with self._hearing.reading() as heard:
            lines = await self._read_lines()
            put(lines, heard.lines)
            self.lines = lines
            self._line_up_anew()
            await self.look()
            self.filled = not heard.reconnected

    async def _read_lines(self) -> dict[str, Line]:
        redis, keys = self._store.redis, self._store.keys
        pipe = redis.pipeline(transaction=False)
        pipe.zrange(keys.queue, 0, -1)
        pipe.hkeys(keys.assigned)
        pipe.lrange(keys.handled, 0, -1)
        waiting, assigned, handled = await self._store.call(pipe.execute())
        self.handling.remember(line.decode() for line in handled)
        pipe = redis.pipeline(transaction=False)
        for conversation in (*waiting, *assigned):
            pipe.hget(keys.state(conversation.decode()), "state")
        rows = await self._store.call(pipe.execute()) if waiting or assigned else []
        lines = {state.id: queue.entry(state) for state in readable((*waiting, *assigned), rows)}
        return {id: line for id, line in lines.items() if line is not None}

    async def look(self) -> None:
        """Read what no notice tells: clocks, agents, offers, windows.

        Raises:
            StoreUnavailable: Redis is away.
        """
        redis, keys = self._store.redis, self._store.keys
        pipe = redis.pipeline(transaction=False)
        pipe.time()
        pipe.zrange(keys.seen, 0, -1, withscores=True)
        pipe.hgetall(keys.presence)
        pipe.hvals(keys.agents)
        pipe.hgetall(keys.offers)
        pipe.hgetall(keys.passed)
        pipe.zrange(keys.callbacks, 0, -1, withscores=True)
        pipe.zrange(keys.visitors_seen, 0, -1, withscores=True)
        with self._hearing.reading() as heard:
            time, seen, values, accounts, offers, passed, windows, visitors = await self._store.call(pipe.execute())
        self.now_ms = int(time[0]) * 1000 + int(time[1]) // 1000
        self._looked_s = asyncio.get_running_loop().time()
        since = self.now_ms - round(3 * TOUCH_EVERY_S * 1000)
        here = {agent.decode() for agent, at in seen if at >= since}
        self.values = {agent.decode(): value.decode() for agent, value in values.items() if agent.decode() in here}
        self.online = frozenset(agent for agent, value in self.values.items() if value == "online")
        found = (Account.from_json(row) for row in accounts)
        self.accounts = {account.id: account for account in found if not account.disabled}
        self.offers = {conversation.decode(): json.loads(raw) for conversation, raw in offers.items()}
        put(self.offers, heard.offers)
        self.passed = {}
        for name, until in passed.items():
            conversation, _, agent = name.decode().partition(" ")
            self.passed.setdefault(conversation, {})[agent] = int(until)
        for conversation, agents in heard.passed.items():
            self.passed.setdefault(conversation, {}).update(agents)
        self.taken = Counter(int(score) for _, score in windows)
        self.seen = {conversation.decode(): int(at) for conversation, at in visitors}

    async def refresh(self, *, listening: bool) -> None:
        """Look; fill anew where no notices (``listening``) keep it filled."""
        if self.filled and listening:
            await self.look()
        else:
            await self.fill()

    # -- what it shows

    def agents(self) -> list[Agent]:
        """Everybody who is online, with what they have."""
        loads: dict[str, Counter[str]] = {}
        for holder, channel in self._held.values():
            loads.setdefault(holder, Counter())[channel] += 1
        for conversation, offer in self.offers.items():
            offered = self.lines.get(conversation)
            if offered is not None and offer["until_ms"] > self.now_ms:
                loads.setdefault(offer["agent"], Counter())[offered["channel"]] += 1
        return [
            agent_of(account, online=True, load=loads.get(id, {}), free_since_ms=self._free_since.get(id, 0))
            for id, account in self.accounts.items()
            if id in self.online
        ]

    def left_s(self, offer: Mapping[str, Any]) -> float:
        """How long an offer holds from now on, in seconds, by Redis' clock, which ends it."""
        left_ms = int(offer["until_ms"]) - self.now_ms
        since_look_s = asyncio.get_running_loop().time() - self._looked_s
        return max(0.0, round(left_ms / 1000 - since_look_s, 3))

    def answers(self, language: str, skill: str = GENERAL) -> bool:
        """Whether somebody who is online speaks the language and has the skill."""
        here = (self.accounts[id] for id in self.online if id in self.accounts)
        return any(language in one.languages and (skill == GENERAL or skill in _skills_of(one)) for one in here)

    def waiting(self) -> list[Waiting]:
        """Everybody who waits, in the order of dispatch."""
        return list(self.lineup.in_order())

    def to_offer(self, without: Set[Kind]) -> Iterator[Waiting]:
        """Those who are there and have no offer, in the order of dispatch; ``without`` as for :class:`LineUp`."""
        for one in self.lineup.in_order(without):
            if one.id not in self.offers and self.present(one):
                passed = self.passed.get(one.id)
                yield replace(one, passed=passed) if passed else one

    def present(self, waiting: Waiting) -> bool:
        """Whether the visitor is there to be answered; one on Messenger always is."""
        if waiting.channel != "web":
            return True
        return self.now_ms - max(self.seen.get(waiting.id, 0), waiting.since_ms) <= VISITOR_GRACE_S * 1000

    def statuses(self, conversations: list[str]) -> dict[str, dict[str, Any]]:
        """What each of these visitors is told of the wait; only those who wait."""
        lineup, agents = self.lineup, self.agents()
        found = ((conversation, lineup.get(conversation)) for conversation in conversations)
        return {conversation: self._status(one, agents) for conversation, one in found if one is not None}

    def _status(self, one: Waiting, agents: list[Agent]) -> dict[str, Any]:
        settings, now = self._owner.now, datetime.now(UTC)
        before = self.lineup.ahead(one, agents, self.now_ms)
        own = [agent for agent in agents if may_serve(agent, one, settings.rules, self.now_ms)]
        hours = settings.hours.of("chat").of(one.language, one.skill)
        is_open = hours.open_at(now)
        opens = None if is_open else hours.next_open(now)
        return {
            "type": "status",
            "status": Status.QUEUED.value,
            "position": before + 1,
            "ahead": before,
            "eta_s": self._eta(one, before, own),
            "agents": len(own),
            "open": is_open,
            "opens_at": stamp(round(opens.timestamp() * 1000)) if opens else None,
            "choices": self._choices(one, own, agents, is_open, now),
        }

    def _eta(self, one: Waiting, before: int, own: list[Agent]) -> list[int] | None:
        rules = self._owner.now.rules
        if any(has_room(agent, one.channel, rules) for agent in own):
            return None  # somebody is free: the wait hangs on a person's decision, which nobody has measured
        told = estimate(before, sum(agent.busy for agent in own), self.handling.measured(one.skill))
        return list(told) if told is not None else None

    def _choices(
        self, one: Waiting, own: list[Agent], agents: list[Agent], is_open: bool, now: datetime
    ) -> list[dict[str, Any]]:
        settings = self._owner.now
        # The clock of the last look may be behind a conversation that has just come.
        waited_s = max(0.0, (self.now_ms - one.since_ms) / 1000)
        if is_open and own and waited_s < settings.rules.choices_after_s:
            return []
        choices: list[dict[str, Any]] = [{"kind": "wait"}]
        found = self.windows(one.language, now)[: settings.rules.callbacks.shown]
        if found:
            choices.append({"kind": "callback", "windows": [window.frame() for window in found]})
        by = settings.teller.email_by(now, one.language)
        if by is not None:
            choices.append({"kind": "email", "by": stamp(round(by.timestamp() * 1000))})
        if waited_s >= settings.rules.other_language_after_s or (is_open and not own):
            others = self._other_languages(one, agents)
            if others:
                choices.append({"kind": "other_language", "languages": others})
        return choices

    def _other_languages(self, one: Waiting, agents: list[Agent]) -> list[str]:
        """Languages of those who are here and have the skill, and to which the visitor has not agreed yet."""
        rules = self._owner.now.rules
        there = []
        for language in LANGUAGES:
            if language == one.language or language in one.consents:
                continue
            asked = replace(one, language=language)
            if any(may_serve(agent, asked, rules, self.now_ms) for agent in agents):
                there.append(language)
        return there

    def windows(self, language: str, now: datetime) -> list[callbacks.Window]:
        """Windows for call-backs that have room."""
        settings = self._owner.now
        hours = settings.hours.of("phone").of(language)
        return callbacks.windows(now, hours, settings.rules.callbacks, self.taken)
