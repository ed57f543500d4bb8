"""The model of a hub that Hypothesis plays against: what people may do in any order, and what must hold after it.

One machine, two backends: conversations in memory (the pure core alone) and in a real Redis (core, store and scripts).
What the machine expects it keeps itself, in words as simple as the promises; it never asks the code under test.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from handoff import decisions
from handoff.clock import stamp
from handoff.conversation import Assignee, Conversation, Responder, Status
from handoff.decisions import Decision, Room, Waits
from handoff.entry import for_visitor
from handoff.errors import Refused
from handoff.events import LANGUAGES, Failure, HandoffRequest, Inbound, InboundKind, Outcome, Reply
from handoff.owner.rules import Rules
from handoff.queue import order as queue
from handoff.queue.assignment import Agent, Choice, Waiting, dispatch
from handoff.queue.room import waiting_of
from tests.handoff.texts_for_tests import texts

__all__ = ["AGENTS", "Backend", "Decide", "HubMachine"]

Event = dict[str, Any]
Decide = Callable[[Conversation], Decision | None]

AGENTS = tuple(Assignee(name.lower(), name) for name in ("Aino", "Mikkel", "Sanna"))
BEGINNING_MS = 1_790_000_000_000
PRIORITIES = ("normal", "high", "urgent")

CAPACITY = {"aino": 1, "mikkel": 1, "sanna": 2}
"""Of each agent: few enough that every story meets the limit."""

RULES = Rules(mode="offer")
LEVELS = dict.fromkeys(LANGUAGES, 3)
SKILLS = frozenset({"general", "billing"})


class Backend(ABC):
    """Where conversations lie."""

    @abstractmethod
    def request(self, new: Conversation, decide: Decide, *, scope: str, id: str | None) -> dict[str, Any]:
        """Do it, once for each id, and return the answer; raises :class:`Refused` (and remembers that, too)."""

    @abstractmethod
    def state(self, conversation: str) -> Conversation | None: ...

    @abstractmethod
    def log(self, conversation: str) -> list[Event]: ...

    @abstractmethod
    def queue(self) -> list[str]:
        """Who waits, first in line first."""

    @abstractmethod
    def assigned(self) -> dict[str, str]:
        """The book of assignments: agent by conversation."""

    @abstractmethod
    def offers(self) -> dict[str, dict[str, Any]]:
        """The offers that are noted, by conversation: id, agent, why; some may be over."""

    @abstractmethod
    def give(self, choice: Choice, capacity: int) -> bool:
        """Offer it; whether that was possible. The lease does not end before :meth:`end_lease`."""

    @abstractmethod
    def take_back(self, offer: Mapping[str, Any], *, declined: bool) -> bool:
        """Declined by the agent, or lapsed; whether it was there to be taken back."""

    @abstractmethod
    def end_lease(self, conversation: str) -> None:
        """The time of an offer runs out."""

    @abstractmethod
    def take_inbox(self) -> list[Inbound]:
        """What the bot is told since the last look, in order; it has it from now on."""

    @abstractmethod
    def settle(self, inbound: Inbound) -> None:
        """The bot is done with this one: the conversation's next message may reach it."""

    @abstractmethod
    def crash(self) -> None:
        """All processes die and come back: what was not written is gone."""

    @abstractmethod
    def close(self) -> None:
        """Give back what it holds."""


@dataclass
class Expected:
    """What a conversation must be, kept by the machine."""

    new: Conversation
    said: list[tuple[str, str, str]] = field(default_factory=list)
    """Messages acknowledged: id, role, text."""
    answers: dict[tuple[str, str], tuple[Decide, dict[str, Any] | str]] = field(default_factory=dict)
    """By scope and id: what was asked, and the answer, or the code of the refusal."""
    holder: str | None = None
    waiting_since: str | None = None
    shown: list[Event] = field(default_factory=list)
    """The log as a follower has been told it, event by event."""


class HubMachine(RuleBasedStateMachine):
    """Visitors, agents and a bot on a hub. A subclass says on which backend."""

    conversations: Bundle[str] = Bundle("conversations")

    def make_backend(self) -> Backend:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.backend = self.make_backend()
        self.known: dict[str, Expected] = {}
        self.told: list[Inbound] = []
        """What the bot holds and has not answered."""
        self.now_ms = BEGINNING_MS
        self.offered: dict[str, tuple[str, bool]] = {}
        """Agent by conversation, of offers that were made and neither used nor taken back; whether the lease runs."""
        self._ids = 0

    def teardown(self) -> None:
        self.backend.close()

    # -- doing

    def _at(self) -> str:
        return stamp(self.now_ms)

    def _id(self) -> str:
        self._ids += 1
        return f"id-{self._ids}"

    def _do(self, name: str, decide: Decide, *, scope: str | None = None, id: str | None = None) -> Any:
        """Ask for it; the answer, or the refusal's code. Either is remembered when the request has an id."""
        expected = self.known[name]
        try:
            answer: Any = self.backend.request(expected.new, decide, scope=scope or name, id=id)
        except Refused as refused:
            answer = refused.code
        if id is not None:
            expected.answers[scope or name, id] = (decide, answer)
        return answer

    @initialize(target=conversations)
    def somebody_is_there(self) -> str:
        return self._begin()

    @rule(target=conversations)
    def arrive(self) -> str:
        return self._begin()

    def _begin(self) -> str:
        name = f"c{len(self.known) + 1}"
        self.known[name] = Expected(Conversation(id=name, language="en"))
        return name

    @rule(seconds=st.integers(0, 90))
    def wait(self, seconds: int) -> None:
        self.now_ms += seconds * 1000

    @rule()
    def crash_and_reload(self) -> None:
        self.backend.crash()

    # -- visitors

    @rule(name=conversations, text=st.sampled_from(["hello", "Hyvää päivää", "hvor er min pakke?", "😀", "x" * 300]))
    def say(self, name: str, text: str) -> None:
        id, at = self._id(), self._at()
        answer = self._do(
            name, lambda state: decisions.visitor_wrote(state, texts(), at=at, text=text, client_id=id), id=id
        )
        assert answer["seq"] >= 1
        self.known[name].said.append((id, "visitor", text))

    @rule(name=conversations, data=st.data())
    def send_again(self, name: str, data: st.DataObject) -> None:
        """I2, R13: the same id gets the same answer, whatever has happened since."""
        expected = self.known[name]
        if not expected.answers:
            return
        (scope, id), (decide, answer) = data.draw(st.sampled_from(sorted(expected.answers.items(), key=str)))
        before = self.backend.log(name)
        try:
            again: Any = self.backend.request(expected.new, decide, scope=scope, id=id)
        except Refused as refused:
            again = refused.code
        assert again == answer, f"asked again, {id} was answered {again} instead of {answer}"
        assert self.backend.log(name) == before, "what comes again has no second effect"

    @rule(name=conversations)
    def ask_for_a_person(self, name: str) -> None:
        at = self._at()
        held = self.known[name].holder
        answer = self._do(
            name, lambda state: decisions.hand_off(state, texts(), at=at, waits=Waits(open=True)), id=self._id()
        )
        assert (answer == "conflict") == (held is not None), answer

    @rule(name=conversations)
    def cancel(self, name: str) -> None:
        at, status = self._at(), self._status(name)
        answer = self._do(
            name, lambda state: decisions.cancel_handoff(state, texts(), at=at, history=()), id=self._id()
        )
        assert (answer in ("conflict", "not_found")) == (status is not Status.QUEUED), (answer, status)

    @rule(name=conversations)
    def choose_finnish(self, name: str) -> None:
        at = self._at()
        self._do(name, lambda state: decisions.set_language(state, at=at, language="fi"), id=self._id())

    @rule(name=conversations, score=st.integers(1, 5))
    def rate(self, name: str, score: int) -> None:
        at = self._at()
        self._do(
            name, lambda state: decisions.rate(state, texts(), at=at, score=score, comment=None), id=self._id()
        )

    @rule(name=conversations)
    def end(self, name: str) -> None:
        at = self._at()
        answer = self._do(
            name,
            lambda state: decisions.resolve(state, texts(), at=at, by=None, outcome=None, history=()),
            id=self._id(),
        )
        if answer != "not_found":
            self.known[name].holder = None

    # -- agents

    @rule(name=conversations, agents=st.lists(st.sampled_from(AGENTS), min_size=1, max_size=3, unique=True))
    def claim(self, name: str, agents: list[Assignee]) -> None:
        """I4, I8, R15: of those who take it at once the first with room wins, and none when somebody has it."""
        status = self._status(name)
        free = [agent.id for agent in agents if self._held(agent.id) < CAPACITY[agent.id]]
        won = [agent.id for agent in agents if not isinstance(self._take(name, agent, ["claimed"]), str)]
        assert won == (free[:1] if status in (Status.BOT, Status.QUEUED) else []), (won, status)
        if won:
            self._has(name, won[0])

    def _take(self, name: str, agent: Assignee, why: list[str], offer: str | None = None) -> Any:
        at = self._at()

        def decide(state: Conversation) -> Decision:
            made = decisions.claim(state, texts(), at=at, agent=agent, why=why)
            return replace(made, room=Room(CAPACITY[agent.id]), offer=offer)

        return self._do(name, decide, scope=agent.id, id=self._id())

    def _held(self, agent: str) -> int:
        return sum(expected.holder == agent for expected in self.known.values())

    def _has(self, name: str, agent: str | None) -> None:
        self.known[name].holder = agent
        if agent is not None:
            self.offered.pop(name, None)

    # -- offers

    @rule()
    def dispatch(self) -> None:
        """I7, I8: who waits is offered in turn to those with room, counting what is on offer to them."""
        line = [one for one in map(self._waiting, self.backend.queue()) if one.id not in self.offered]
        there = [self._agent(agent.id) for agent in AGENTS]
        choices = dispatch(line, there, RULES, self.now_ms)
        left = {one.id: one for one in line} | dict.fromkeys([choice.conversation for choice in choices])
        for choice in choices:
            (own,) = (one for one in line if one.id == choice.conversation)
            for other in left.values():
                if other is not None and (other.priority, other.skill) == (own.priority, own.skill):
                    assert (own.lost, -own.since_ms) >= (other.lost, -other.since_ms), "I7: passed over"
            assert self.backend.give(choice, CAPACITY[choice.agent])
            self.offered[choice.conversation] = (choice.agent, True)
        busy = sum(self._agent(agent.id).busy < CAPACITY[agent.id] for agent in AGENTS)
        served = [one for one in left.values() if one is not None and one.skill in SKILLS]
        assert not (busy and served), "nobody waits without an offer while somebody is free"

    def _waiting(self, name: str) -> Waiting:
        line = queue.entry(self._state(name))
        assert line is not None
        return waiting_of(line, {}, RULES.sticky_s * 1000)

    def _agent(self, id: str) -> Agent:
        load = self._held(id) + sum(agent == id and runs for agent, runs in self.offered.values())
        return Agent(id, LEVELS, SKILLS, CAPACITY[id], {"web": load})

    @rule(name=conversations, agent=st.sampled_from(AGENTS))
    def offer_out_of_turn(self, name: str, agent: Assignee) -> None:
        """A hub with an old picture: the script lets through only what waits, is free, and finds room."""
        _, runs = self.offered.get(name, ("", False))
        may = self._status(name) is Status.QUEUED and not runs and self._agent(agent.id).busy < CAPACITY[agent.id]
        assert self.backend.give(Choice(name, agent.id, ("language",)), CAPACITY[agent.id]) == may
        if may:
            self.offered[name] = (agent.id, True)

    @precondition(lambda self: bool(self.offered))
    @rule(data=st.data(), late=st.booleans())
    def accept(self, data: st.DataObject, late: bool) -> None:
        """I4, I8: only while the lease runs, and with room."""
        name = data.draw(st.sampled_from(sorted(self.offered)))
        if late:
            self.backend.end_lease(name)
            self.offered[name] = (self.offered[name][0], False)
        holder, runs = self.offered[name]
        offer = self.backend.offers()[name]
        assert offer["agent"] == holder
        agent = next(one for one in AGENTS if one.id == holder)
        may = runs and self._held(agent.id) < CAPACITY[agent.id]
        answer = self._take(name, agent, ["language"], offer["id"])
        assert (not isinstance(answer, str)) == may, answer
        if may:
            self._has(name, agent.id)

    @precondition(lambda self: bool(self.offered))
    @rule(data=st.data(), declined=st.booleans())
    def take_back(self, data: st.DataObject, declined: bool) -> None:
        """An agent may decline at any time; what nobody declined is taken back only when its lease is over."""
        name = data.draw(st.sampled_from(sorted(self.offered)))
        _, runs = self.offered[name]
        offer = self.backend.offers()[name]
        done = self.backend.take_back(offer, declined=declined)
        assert done == (declined or not runs)
        if done:
            assert not self.backend.take_back(offer, declined=declined), "once"
            del self.offered[name]

    @rule(name=conversations, agent=st.sampled_from(AGENTS), text=st.sampled_from(["At your service.", "Selvitän"]))
    def answer(self, name: str, agent: Assignee, text: str) -> None:
        id, at = self._id(), self._at()
        answer = self._do(
            name,
            lambda state: decisions.agent_wrote(state, at=at, agent=agent, text=text, client_id=id),
            scope=agent.id,
            id=id,
        )
        assert (not isinstance(answer, str)) == (self.known[name].holder == agent.id), "only who has it may write"
        if not isinstance(answer, str):
            self.known[name].said.append((id, "agent", text))

    @rule(name=conversations, agent=st.sampled_from(AGENTS))
    def note(self, name: str, agent: Assignee) -> None:
        id, at = self._id(), self._at()
        self._do(
            name,
            lambda state: decisions.note(state, at=at, agent=agent, text="a note", client_id=id),
            scope=agent.id,
            id=id,
        )

    @rule(name=conversations, by=st.sampled_from(AGENTS), to=st.sampled_from([*AGENTS, None]))
    def transfer(self, name: str, by: Assignee, to: Assignee | None) -> None:
        at, expected, status = self._at(), self.known[name], self._status(name)

        def decide(state: Conversation) -> Decision:
            skill = None if to else "billing"
            made = decisions.transfer(state, texts(), at=at, by=by, note="please", to=to, skill=skill)
            return replace(made, room=Room(CAPACITY[to.id])) if to else made

        room = to is None or expected.holder == to.id or self._held(to.id) < CAPACITY[to.id]
        answer = self._do(name, decide, scope=by.id, id=self._id())
        allowed = room and (expected.holder == by.id or status is Status.QUEUED)
        assert (not isinstance(answer, str)) == allowed, (answer, status)
        if allowed:
            self._has(name, to.id if to else None)

    @rule(name=conversations, agent=st.sampled_from(AGENTS))
    def give_back(self, name: str, agent: Assignee) -> None:
        at, expected = self._at(), self.known[name]
        answer = self._do(
            name,
            lambda state: decisions.return_to_bot(state, texts(), at=at, agent=agent, note="done here", history=()),
            scope=agent.id,
            id=self._id(),
        )
        assert (not isinstance(answer, str)) == (expected.holder == agent.id)
        if expected.holder == agent.id:
            expected.holder = None

    @rule(name=conversations, agent=st.sampled_from(AGENTS))
    def resolve(self, name: str, agent: Assignee) -> None:
        at, expected = self._at(), self.known[name]
        answer = self._do(
            name,
            lambda state: decisions.resolve(state, texts(), at=at, by=agent, outcome="done", history=()),
            scope=agent.id,
            id=self._id(),
        )
        if answer == "not_found":
            return
        assert (not isinstance(answer, str)) == (expected.holder in (None, agent.id))
        if expected.holder == agent.id:
            expected.holder = None

    @rule(name=conversations)
    def lose_agent(self, name: str) -> None:
        """R16: who vanishes loses what it has; the waiting time is kept."""
        at, expected = self._at(), self.known[name]
        if expected.holder is None:
            return
        before = self._state(name)
        self._do(name, lambda state: decisions.agent_lost(state, texts(), at=at))
        expected.holder = None
        after = self._state(name)
        assert after.status is Status.QUEUED and after.waiting_since == before.waiting_since and after.lost

    # -- the bot

    @rule()
    def bot_reads(self) -> None:
        for inbound in self.backend.take_inbox():
            assert not any(one.conversation == inbound.conversation for one in self.told), "one at a time, in order"
            self.told.append(inbound)

    @precondition(lambda self: bool(self.told))
    @rule(data=st.data(), what=st.sampled_from(["answers", "wants a person", "fails", "says nothing"]))
    def bot_answers(self, data: st.DataObject, what: str) -> None:
        """The bot settles one message; its result may be delivered twice (R1)."""
        inbound = data.draw(st.sampled_from(self.told))
        self.told.remove(inbound)
        outcome = self._outcome(inbound, what)
        at, fallback = self._at(), HandoffRequest(({"code": "bot_unavailable"},))

        def decide(state: Conversation) -> Decision | None:
            return decisions.bot_answered(
                state, texts(), outcome, at=at, waits=Waits(open=True), fallback=fallback
            )

        first = self._do(inbound.conversation, decide, scope="bot", id=inbound.message_id)
        again = self._do(inbound.conversation, decide, scope="bot", id=inbound.message_id)
        assert first == again or not first
        self.backend.settle(inbound)

    def _outcome(self, inbound: Inbound, what: str) -> Outcome:
        replies: tuple[Reply, ...] = ()
        handoff, failure = None, None
        if inbound.kind is InboundKind.MESSAGE:
            if what in ("answers", "wants a person"):
                replies = (Reply(f"echo: {inbound.text}"),)
            if what == "wants a person":
                reason: dict[str, Any] = {"code": "emotion", "topic": None, "evidence": [], "of": inbound.of}
                handoff = HandoffRequest((reason,), "high")
            failure = Failure.ACTION if what == "fails" else None
        return Outcome(
            inbound.conversation,
            inbound.message_id,
            inbound.of,
            inbound.kind,
            replies=replies,
            handoff=handoff,
            failure=failure,
            nlu={"topic": "greet", "confidence": 0.9, "decision": "answer"} if replies else None,
        )

    @rule(name=conversations)
    def bot_is_late(self, name: str) -> None:
        at = self._at()
        self._do(name, lambda state: decisions.bot_late(state, texts(), at=at))

    # -- what must hold

    def _status(self, name: str) -> Status:
        state = self.backend.state(name)
        return state.status if state is not None else Status.BOT

    def _state(self, name: str) -> Conversation:
        state = self.backend.state(name)
        assert state is not None
        return state

    @invariant()
    def i1_i2_i3_what_was_acknowledged_stands_once_and_in_order(self) -> None:
        for name, expected in self.known.items():
            log = self.backend.log(name)
            assert [event["seq"] for event in log] == list(range(1, len(log) + 1)), "I3"
            said = [
                (event["client_id"], event["author"]["role"], event["text"])
                for event in log
                if event["kind"] == "message" and "client_id" in event
            ]
            assert said == expected.said, "I1, I2, and in the order of the acknowledgements"
            assert log[: len(expected.shown)] == expected.shown, "what a follower was told is never written anew"
            expected.shown = log
            state = self.backend.state(name)
            assert (state.last if state else 0) == len(log)

    @invariant()
    def i4_one_responder_and_one_assignee(self) -> None:
        for name, expected in self.known.items():
            state = self.backend.state(name)
            if state is None:
                continue
            assert (state.assignee.id if state.assignee else None) == expected.holder
            assert (state.status is Status.ASSIGNED) == (expected.holder is not None)
            agents = state.status in (Status.QUEUED, Status.ASSIGNED)
            assert state.responder is (Responder.AGENT if agents else Responder.BOT)

    @invariant()
    def i5_every_conversation_stands_in_the_book_of_its_status(self) -> None:
        states = {name: state for name in self.known if (state := self.backend.state(name)) is not None}
        assert set(self.backend.queue()) == {name for name, one in states.items() if one.status is Status.QUEUED}
        assert self.backend.assigned() == {
            name: one.assignee.id for name, one in states.items() if one.assignee is not None
        }

    @invariant()
    def i8_nobody_has_more_than_there_is_room_for(self) -> None:
        assert all(has <= CAPACITY[agent] for agent, has in Counter(self.backend.assigned().values()).items())

    @invariant()
    def an_offer_is_noted_for_what_waits_and_for_nothing_else(self) -> None:
        waiting = set(self.backend.queue())
        for name in [name for name in self.offered if name not in waiting]:
            del self.offered[name]  # taken out of the queue, and the offer with it
        noted = {name: offer["agent"] for name, offer in self.backend.offers().items()}
        assert noted == {name: agent for name, (agent, _) in self.offered.items()}

    @invariant()
    def i6_the_bot_is_silent_unless_it_is_the_responder(self) -> None:
        for name in self.known:
            responder = Responder.BOT
            for event in self.backend.log(name):
                if event["kind"] in ("handoff", "assigned", "agent_lost", "transferred"):
                    responder = Responder.AGENT
                elif event["kind"] in ("returned_to_bot", "resolved", "reopened"):
                    responder = Responder.BOT
                if event["kind"] == "message" and event["author"]["role"] == "bot":
                    assert responder is Responder.BOT, f"I6: {name} at {event['seq']}"

    @invariant()
    def i7_first_come_first_served_within_a_priority(self) -> None:
        line = [self._state(name) for name in self.backend.queue()]
        ranks = [
            (PRIORITIES[::-1].index(one.priority), not one.lost, "" if one.lost else one.waiting_since) for one in line
        ]
        assert ranks == sorted(ranks), ranks

    @invariant()
    def i9_visitors_see_every_number_and_nothing_that_is_for_agents(self) -> None:
        for name in self.known:
            seen = [for_visitor(event) for event in self.backend.log(name)]
            assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))
            assert all("reasons" not in event and "note" not in event for event in seen)
            assert all(set(event) == {"seq", "kind"} for event in seen if event["kind"] == "hidden")

