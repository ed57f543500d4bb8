"""What Redis holds after a run: logs, states and the books beside them, read in one go."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import redis

from handoff.conversation import Conversation, Status
from handoff.events import Keys
from handoff.keys import HubKeys

__all__ = ["Truth", "read_truth"]

Event = dict[str, Any]


@dataclass
class Truth:
    """``logs`` holds each conversation's events in the order of the stream, ``ids`` the numbers of their entries."""

    logs: dict[str, list[Event]] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, Conversation] = field(default_factory=dict)
    lasts: dict[str, int] = field(default_factory=dict)
    queue: set[str] = field(default_factory=set)
    assigned: dict[str, str] = field(default_factory=dict)
    due: set[str] = field(default_factory=set)
    inbox: int = 0
    results: int = 0
    dead: int = 0
    busy: list[str] = field(default_factory=list)
    """Conversations that hold a place on the bot's inbox, or wait for one."""

    def event(self, conversation: str, seq: int) -> Event | None:
        log = self.logs.get(conversation, [])
        return log[seq - 1] if 0 < seq <= len(log) else None

    def settled(self) -> bool:
        """Whether the bot has nothing left to do and the hubs nothing left to write."""
        return not (self.inbox or self.results or self.busy or self.due)

    def in_status(self, status: Status) -> set[str]:
        return {name for name, state in self.states.items() if state.status is status}


def read_truth(url: str) -> Truth:
    """Read everything; the caller sees to it that nobody writes meanwhile, or that it does not matter."""
    keys, truth = HubKeys(), Truth()
    with redis.Redis.from_url(url, socket_timeout=20, protocol=2) as client:
        for raw in client.zrange(keys.index, 0, -1):
            name = raw.decode()
            pipe = client.pipeline(transaction=True)
            pipe.hmget(keys.state(name), "state", "last")
            pipe.xrange(keys.log(name))
            (state, last), rows = pipe.execute()
            truth.states[name] = Conversation.from_json(state)
            truth.lasts[name] = int(last)
            truth.ids[name] = [id.decode() for id, _ in rows]
            truth.logs[name] = [json.loads(fields[b"e"]) for _, fields in rows]
        truth.queue = {raw.decode() for raw in client.zrange(keys.queue, 0, -1)}
        truth.assigned = {name.decode(): agent.decode() for name, agent in client.hgetall(keys.assigned).items()}
        truth.due = {raw.decode() for raw in client.zrange(keys.due, 0, -1)}
        truth.inbox = client.xlen(Keys().inbox)
        truth.results = client.xlen(keys.events)
        truth.dead = client.xlen(keys.dead)
        for pattern in (keys.busy("*"), keys.wait("*")):
            truth.busy += [raw.decode() for raw in client.scan_iter(_literal(pattern), count=1000)]
    return truth


def _literal(pattern: str) -> str:
    """The braces of a hash tag mean nothing to SCAN, but a bracket would."""
    return pattern.replace("[", "\\[")
