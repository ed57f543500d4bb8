"""Redis' own file as a witness: each write of a run in the order in which Redis did them, over all its lives.

The logs of conversations say what happened in each; only the append-only file says what happened before what in all of
them together, and so whether an agent ever had more than there was room for (I8), and whether an offer went past
somebody who had waited longer (I7).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handoff.conversation import Conversation, Status
from handoff.keys import HubKeys

__all__ = ["LAG_MS", "Witness", "hear", "read_file"]

Command = tuple[bytes, ...]

LAG_MS = 15_000
"""Who offers goes by notices, and a hub that was frozen or cut off hears them late; it has the queue anew within so
long after a fault of a run. Nobody may be passed over for longer."""


def read_file(folder: Path) -> Iterator[Command]:
    """The commands of the append-only file in ``folder``, oldest first; a torn end is left out."""
    for path in sorted(folder.glob("appendonlydir/*.incr.aof"), key=lambda path: int(path.name.split(".")[-3])):
        yield from _commands(path.read_bytes())


def _commands(raw: bytes) -> Iterator[Command]:
    at = 0
    while at < len(raw):
        if raw[at : at + 1] == b"#":  # a stamp
            at = raw.index(b"\r\n", at) + 2
            continue
        try:
            end = raw.index(b"\r\n", at)
            count, at = int(raw[at + 1 : end]), end + 2
            words = []
            for _ in range(count):
                end = raw.index(b"\r\n", at)
                size = int(raw[at + 1 : end])
                words.append(raw[end + 2 : end + 2 + size])
                at = end + 2 + size + 2
        except ValueError:
            return
        if at > len(raw):
            return
        yield tuple(words)


@dataclass
class Witness:
    """What the file tells of offers and assignments, folded write by write. ``capacities`` are by agent's id; all
    offers have the same lease."""

    capacities: Mapping[str, int]
    lease_ms: int
    lag_ms: int = LAG_MS
    keys: HubKeys = field(default_factory=HubKeys)
    breaches: list[str] = field(default_factory=list)
    offered: int = 0
    accepted: int = 0
    fullest: Counter[str] = field(default_factory=Counter)
    """The most that each agent ever had at a time."""

    def __post_init__(self) -> None:
        self._assigned: dict[str, str] = {}
        self._offers: dict[str, dict[str, Any]] = {}
        self._states: dict[str, Conversation] = {}
        self._free_from: dict[str, int] = {}
        """Since when a waiting conversation has been without an offer."""
        self._accepting: dict[str, int] = {}
        """Conversations accepted in this very write, and until when the offer stood."""
        self._now_ms = 0

    def watch(self, command: Command) -> None:
        """The next write."""
        name, *words = (word.decode("utf-8", "replace") for word in command)
        if len(words) < 2:
            return
        key, rest = words[0], words[1:]
        match name.upper():
            case "HSET":
                self._set(key, dict(zip(rest[::2], rest[1::2], strict=False)))
            case "HDEL" if key == self.keys.assigned:
                for conversation in rest:
                    self._assigned.pop(conversation, None)
            case "HDEL" if key == self.keys.offers:
                for conversation in rest:
                    self._ended(conversation)
            case "ZADD" if key == self.keys.index:
                self._written(rest[-1], int(float(rest[-2])))
            case "XADD" if key.endswith(":log"):
                self._said(key, rest)

    def _set(self, key: str, fields: Mapping[str, str]) -> None:
        if key == self.keys.assigned:
            for conversation, agent in fields.items():
                self._taken(conversation, agent)
        elif key == self.keys.offers:
            for conversation, raw in fields.items():
                self._offer(conversation, json.loads(raw))
        elif "state" in fields and key.startswith(self.keys.state("")):
            self._stands(Conversation.from_json(fields["state"]))

    def _written(self, conversation: str, now_ms: int) -> None:
        self._now_ms = max(self._now_ms, now_ms)
        until_ms = self._accepting.pop(conversation, now_ms + 1)
        if until_ms <= now_ms:
            self.breaches.append(f"I4: the offer of {conversation} was accepted {now_ms - until_ms} ms after its end")

    def _taken(self, conversation: str, agent: str) -> None:
        self._assigned[conversation] = agent
        has = sum(holder == agent for holder in self._assigned.values())
        self.fullest[agent] = max(self.fullest[agent], has)
        if has > self.capacities.get(agent, has):
            self.breaches.append(f"I8: {agent} got {conversation} and has {has}, there is room for less")

    def _offer(self, conversation: str, offer: dict[str, Any]) -> None:
        agent, now = offer["agent"], offer["until_ms"] - self.lease_ms
        self._now_ms = max(self._now_ms, now)
        self.offered += 1
        before = self._offers.get(conversation)
        if before is not None and before["until_ms"] > now:
            self.breaches.append(f"I4: {conversation} was offered to {agent} while {before['agent']} was asked")
        stand = [one["agent"] for one in self._offers.values() if one["until_ms"] > now and one is not before]
        has = sum(holder == agent for holder in [*self._assigned.values(), *stand])
        if has >= self.capacities.get(agent, has + 1):
            self.breaches.append(f"I8: {conversation} was offered to {agent}, who has {has} and room for no more")
        self._in_turn(conversation)
        self._offers[conversation] = offer
        self._free_from.pop(conversation, None)

    def _in_turn(self, conversation: str) -> None:
        """I7: nobody of the same kind who came before has been without an offer for long."""
        own = self._states.get(conversation)
        if own is None or own.status is not Status.QUEUED:
            self.breaches.append(f"I5: {conversation} was offered and does not wait")
            return
        for other, since in self._free_from.items():
            state = self._states[other]
            if _kind(state) == _kind(own) and _place(state) < _place(own) and since < self._now_ms - self.lag_ms:
                self.breaches.append(
                    f"I7: {conversation} was offered before {other}, which came before it and had no offer for "
                    f"{(self._now_ms - since) / 1000:.1f} s"
                )

    def _ended(self, conversation: str) -> None:
        self._offers.pop(conversation, None)
        state = self._states.get(conversation)
        if state is not None and state.status is Status.QUEUED:
            self._free_from.setdefault(conversation, self._now_ms)

    def _stands(self, state: Conversation) -> None:
        before = self._states.get(state.id)
        self._states[state.id] = state
        if state.status is not Status.QUEUED:
            self._free_from.pop(state.id, None)
        elif before is None or before.status is not Status.QUEUED or _place(before) != _place(state):
            self._free_from[state.id] = self._now_ms

    def _said(self, key: str, rest: list[str]) -> None:
        event = json.loads(rest[-1])
        why = event.get("why")
        if event["kind"] != "assigned" or not why or why == ["claimed"]:
            return
        self.accepted += 1
        conversation = key.removeprefix(self.keys.state("")).removesuffix(":log")
        offer, agent = self._offers.get(conversation), event["author"]["id"]
        if offer is None or offer["agent"] != agent:
            self.breaches.append(f"I4: {agent} accepted {conversation}, which was not on offer to it ({offer})")
        else:
            self._accepting[conversation] = offer["until_ms"]


def _kind(state: Conversation) -> tuple[str, str, str, str]:
    return state.priority, state.skill, state.language, state.channel


def _place(state: Conversation) -> tuple[bool, str]:
    return not state.lost, state.waiting_since or ""


def hear(folder: Path, capacities: Mapping[str, int], *, lease_ms: int) -> Witness:
    """Let the file in ``folder`` speak; breaches are in the witness that comes back."""
    witness = Witness(capacities, lease_ms)
    for command in read_file(folder):
        witness.watch(command)
    return witness
