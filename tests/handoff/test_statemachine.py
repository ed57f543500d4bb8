"""R24 over the pure core: anything anybody may do, in any order, on conversations in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.errors import Conflict, Refused
from handoff.events import Inbound
from handoff.queue import order as queue
from handoff.queue.assignment import Choice
from tests.handoff.machine import Backend, Decide, Event, HubMachine

pytestmark = pytest.mark.timeout(120)


class Memory(Backend):
    """Redis' part as one would write it down: a dictionary for each key, one request after the other."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.logs: dict[str, list[Event]] = {}
        self.answers: dict[tuple[str, str], Any] = {}
        self.line: dict[str, int] = {}
        self.book: dict[str, str] = {}
        self.asked: dict[str, dict[str, Any]] = {}
        self.given = 0
        self.busy: dict[str, Inbound] = {}
        self.behind: dict[str, deque[Inbound]] = {}
        self.inbox: list[Inbound] = []

    def request(self, new: Conversation, decide: Decide, *, scope: str, id: str | None) -> dict[str, Any]:
        if id is not None and (scope, id) in self.answers:
            return self._repeated(self.answers[scope, id])
        try:
            decision = decide(self.state(new.id) or new)
            if decision is not None:
                self._admit(decision)
        except Refused as refused:
            if id is not None:
                self.answers[scope, id] = refused
            raise
        if decision is None:
            return {}
        self._write(decision)
        if id is not None:
            self.answers[scope, id] = dict(decision.answer)
        return dict(decision.answer)

    @staticmethod
    def _repeated(answer: Mapping[str, Any] | Refused) -> dict[str, Any]:
        if isinstance(answer, Refused):
            raise answer
        return dict(answer)

    def _admit(self, decision: Decision) -> None:
        """What the writing script looks at besides the version."""
        name, agent = decision.after.id, decision.after.assignee
        offer = self.asked.get(name)
        if decision.offer and (offer is None or offer["id"] != decision.offer or offer["over"]):
            raise Conflict("The offer does not stand.", reason="gone")
        if decision.room is not None and agent is not None and self.book.get(name) != agent.id:
            if list(self.book.values()).count(agent.id) >= decision.room.capacity:
                raise Conflict("There is no room.", reason="full")

    def _write(self, decision: Decision) -> None:
        before, after = decision.before, decision.after
        name = after.id
        assert after.version == before.version + 1, "one version for each write"
        assert after.last == before.last + len(decision.entries), "a number for each entry"
        self.states[name] = after.to_json()
        self.logs.setdefault(name, []).extend(entry.for_agent() for entry in decision.entries)
        self.line.pop(name, None)
        if after.status is Status.QUEUED:
            self.line[name] = queue.score(after)
        else:
            self.asked.pop(name, None)
        self.book.pop(name, None)
        if after.assignee is not None:
            self.book[name] = after.assignee.id
        for inbound in decision.inbox:
            if name in self.busy:
                self.behind.setdefault(name, deque()).append(inbound)
            else:
                self.busy[name] = inbound
                self.inbox.append(inbound)

    def state(self, conversation: str) -> Conversation | None:
        raw = self.states.get(conversation)
        return Conversation.from_json(raw) if raw is not None else None

    def log(self, conversation: str) -> list[Event]:
        return list(self.logs.get(conversation, []))

    def queue(self) -> list[str]:
        return sorted(self.line, key=lambda name: (self.line[name], name))

    def assigned(self) -> dict[str, str]:
        return dict(self.book)

    def offers(self) -> dict[str, dict[str, Any]]:
        return {name: dict(offer) for name, offer in self.asked.items()}

    def give(self, choice: Choice, capacity: int) -> bool:
        standing = {name: offer["agent"] for name, offer in self.asked.items() if not offer["over"]}
        has = [*self.book.values(), *standing.values()].count(choice.agent)
        if choice.conversation not in self.line or choice.conversation in standing or has >= capacity:
            return False
        self.given += 1
        self.asked[choice.conversation] = {"id": f"o{self.given}", "agent": choice.agent, "over": False}
        return True

    def take_back(self, offer: Mapping[str, Any], *, declined: bool) -> bool:
        for name, noted in list(self.asked.items()):
            if noted["id"] == offer["id"] and (declined or noted["over"]):
                del self.asked[name]
                return True
        return False

    def end_lease(self, conversation: str) -> None:
        self.asked[conversation]["over"] = True

    def take_inbox(self) -> list[Inbound]:
        taken, self.inbox = self.inbox, []
        return taken

    def settle(self, inbound: Inbound) -> None:
        name = inbound.conversation
        behind = self.behind.get(name)
        if behind:
            self.busy[name] = behind.popleft()
            self.inbox.append(self.busy[name])
        else:
            self.busy.pop(name, None)

    def crash(self) -> None:
        """Everything is read from its JSON each time anyway."""

    def close(self) -> None:
        """Nothing is held."""


class OverThePureCore(HubMachine):
    def make_backend(self) -> Backend:
        return Memory()


TestR24OverThePureCore = OverThePureCore.TestCase
TestR24OverThePureCore.settings = settings(
    max_examples=200, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
