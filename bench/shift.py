"""A simulated shift on a virtual clock, over the very policy that runs: who waits how long, and does the queue keep its
word? ``python -m bench shift [--seed N]``.

Visitors come at random with peaks, agents take what they are offered, let some offers lapse, and are done after random
times. What :mod:`handoff.queue.assignment` decides and :mod:`handoff.queue.eta` tells is held against what then
happens.
"""

from __future__ import annotations

import argparse
import heapq
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bench.erlang import mean_wait, staff_for, within
from handoff.owner.rules import Rules
from handoff.queue.assignment import Agent, Waiting, ahead, dispatch, in_order, may_serve
from handoff.queue.eta import Handling, estimate

__all__ = ["Outcome", "Plan", "Shift", "line_of_one_kind", "main", "staffed"]

LANGUAGES = ("fi", "da", "en")
ARRIVALS = 200_000
"""For the comparison with Erlang's C: waits that follow on each other are alike, so that a mean to a few in a hundred
takes as many."""

SKILLS = ("general", "orders", "billing", "technical")


@dataclass(frozen=True)
class Plan:
    """What happens in a shift. Times in seconds."""

    visitors: int = 1000
    length_s: float = 8 * 3600
    handling_s: float = 300
    languages: Mapping[str, float] = field(default_factory=lambda: {"fi": 0.5, "da": 0.3, "en": 0.2})
    skills: Mapping[str, float] = field(
        default_factory=lambda: {"general": 0.4, "orders": 0.3, "billing": 0.2, "technical": 0.1}
    )
    priorities: Mapping[str, float] = field(default_factory=lambda: {"normal": 0.9, "high": 0.08, "urgent": 0.02})
    peak: float = 1.6
    """How many times as many come in the busiest hour as on average."""
    consenting: float = 0.2
    lapsing: float = 0.03
    """The share of offers that nobody answers."""
    answer_s: float = 3.0
    """The mean time an agent takes to accept."""
    tells: bool = True
    """Whether visitors are told how long it will take, which costs more time than all else."""

    def rate(self, at_s: float) -> float:
        """Arrivals a second: two peaks, before noon and in the afternoon, in triangles over the mean."""
        middle = self.visitors / self.length_s
        place = (at_s / self.length_s * 2) % 1.0
        return middle * (2 - self.peak + 2 * (self.peak - 1) * (1 - abs(2 * place - 1)))


@dataclass
class Outcome:
    """What became of it. Each wait is (seconds, target, what was told); faults are what must never happen."""

    waits: list[tuple[float, float, tuple[int, int] | None]] = field(default_factory=list)
    by_language: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    offers: int = 0
    lapsed: int = 0
    overflowed: int = 0

    @property
    def mean_s(self) -> float:
        return sum(seconds for seconds, _, _ in self.waits) / len(self.waits)

    @property
    def within_target(self) -> float:
        return sum(seconds <= target for seconds, target, _ in self.waits) / len(self.waits)

    @property
    def told(self) -> list[tuple[float, tuple[int, int]]]:
        return [(seconds, eta) for seconds, _, eta in self.waits if eta is not None]

    @property
    def covered(self) -> float:
        told = self.told
        return sum(low <= seconds <= high for seconds, (low, high) in told) / len(told) if told else 1.0


class Shift:
    """One shift. :meth:`run` gives the same for the same seed."""

    def __init__(self, plan: Plan, agents: Sequence[Agent], rules: Rules, seed: int) -> None:
        self._plan = plan
        self._rules = rules
        self._random = random.Random(seed)
        self._agents = {agent.id: agent for agent in agents}
        self._waiting: dict[str, Waiting] = {}
        self._offered: set[str] = set()
        self._eta: dict[str, tuple[int, int] | None] = {}
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._now = 0.0
        self._handling = Handling()
        self.outcome = Outcome()

    @property
    def _now_ms(self) -> int:
        return round(self._now * 1000)

    def _at(self, when: float, what: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when, self._count, what))

    def run(self) -> Outcome:
        """Let the shift pass, and everybody be served."""
        at = 0.0
        for n in range(self._plan.visitors):
            # The rate of the moment is near enough over one gap of seconds.
            at += self._random.expovariate(self._plan.rate(at))
            self._at(at, lambda n=n: self._arrive(n))  # type: ignore[misc]  # the default binds it now
        while self._events:
            self._now, _, what = heapq.heappop(self._events)
            what()
            self._dispatch()
        if self._waiting:
            self.outcome.faults.append(f"{len(self._waiting)} were never served")
        return self.outcome

    def _one_of(self, shares: Mapping[str, float]) -> str:
        return self._random.choices(list(shares), list(shares.values()))[0]

    def _arrive(self, n: int) -> None:
        plan = self._plan
        language = self._one_of(plan.languages)
        others = [other for other in plan.languages if other != language]
        agreed = others and self._random.random() < plan.consenting
        one = Waiting(
            id=f"c{n:06d}",
            language=language,
            skill=self._one_of(plan.skills),
            priority=self._one_of(plan.priorities),
            since_ms=self._now_ms,
            consents=frozenset(others if agreed else ()),
        )
        self._waiting[one.id] = one
        self._eta[one.id] = self._told(one) if plan.tells else None
        if agreed:
            self._at(self._now + self._rules.other_language_after_s, lambda: None)

    def _told(self, one: Waiting) -> tuple[int, int] | None:
        """What the visitor is told on arrival, as the waiting room tells it."""
        agents = list(self._agents.values())
        own = [agent for agent in agents if may_serve(agent, one, self._rules, self._now_ms)]
        if any(agent.busy < agent.capacity for agent in own):
            return None
        before = ahead(one, in_order(self._waiting.values(), self._rules), agents, self._rules, self._now_ms)
        return estimate(before, sum(agent.busy for agent in own), self._handling.measured(one.skill))

    def _dispatch(self) -> None:
        if len(self._offered) == len(self._waiting) or not any(a.busy < a.capacity for a in self._agents.values()):
            return
        free = [one for one in self._waiting.values() if one.id not in self._offered]
        for choice in dispatch(free, self._agents.values(), self._rules, self._now_ms):
            self._offer(self._waiting[choice.conversation], self._agents[choice.agent])

    def _offer(self, one: Waiting, agent: Agent) -> None:
        self.outcome.offers += 1
        self._check(one, agent)
        self._offered.add(one.id)
        self._agents[agent.id] = self._with(self._agents[agent.id], one.channel, +1)
        if self._random.random() < self._plan.lapsing:
            self._at(self._now + self._rules.lease_s, lambda: self._lapse(one, agent.id))
        elif self._plan.answer_s:
            answer_s = min(self._random.expovariate(1 / self._plan.answer_s), self._rules.lease_s * 0.99)
            self._at(self._now + answer_s, lambda: self._take(one, agent.id))
        else:
            self._take(one, agent.id)

    def _check(self, one: Waiting, agent: Agent) -> None:
        """What must never happen."""
        faults, waited_s = self.outcome.faults, (self._now_ms - one.since_ms) / 1000
        if self._agents[agent.id].busy >= agent.capacity:
            faults.append(f"I8: {agent.id} has no room for {one.id}")
        if one.language not in agent.languages:
            self.outcome.overflowed += 1
            if waited_s < self._rules.other_language_after_s or not one.consents & agent.languages.keys():
                faults.append(f"{one.id} got {agent.id} without the language, after {waited_s:.0f} s")
        kind = (one.priority, one.skill, one.language)
        for other in self._waiting.values():
            same = (other.priority, other.skill, other.language) == kind and other.consents == one.consents
            if same and other.id not in self._offered and other.since_ms < one.since_ms:
                faults.append(f"I7: {one.id} was offered before {other.id}")

    @staticmethod
    def _with(agent: Agent, channel: str, more: int, free_since_ms: int | None = None) -> Agent:
        load = {**agent.load, channel: agent.load.get(channel, 0) + more}
        return replace(agent, load=load, free_since_ms=agent.free_since_ms if free_since_ms is None else free_since_ms)

    def _lapse(self, one: Waiting, agent: str) -> None:
        self.outcome.lapsed += 1
        self._agents[agent] = self._with(self._agents[agent], one.channel, -1)
        self._offered.discard(one.id)
        passed = {**one.passed, agent: self._now_ms + self._rules.accept_pause_s * 1000}
        self._waiting[one.id] = replace(one, passed=passed)

    def _take(self, one: Waiting, agent: str) -> None:
        del self._waiting[one.id]
        self._offered.discard(one.id)
        seconds = (self._now_ms - one.since_ms) / 1000
        self.outcome.waits.append((seconds, self._rules.target(one.skill), self._eta.pop(one.id)))
        self.outcome.by_language[one.language] += 1
        handled_s = self._random.expovariate(1 / self._plan.handling_s)
        self._at(self._now + handled_s, lambda: self._done(one, agent, handled_s))

    def _done(self, one: Waiting, agent: str, handled_s: float) -> None:
        self._handling.ended(one.skill, handled_s)
        self._agents[agent] = self._with(self._agents[agent], one.channel, -1, self._now_ms)


def staffed(plan: Plan, rules: Rules, share: float = 0.95, count: int | None = None) -> list[Agent]:
    """Agents for a plan: for each language as many as Erlang's C asks for in the busiest hour, all skills each.

    Args:
        count: so many in all instead, shared out in the same proportions.
    """
    needed = {}
    for language, part in plan.languages.items():
        load = plan.visitors / plan.length_s * plan.peak * part * plan.handling_s
        target_s = min(rules.target(skill) for skill in plan.skills) - rules.lease_s - plan.answer_s
        needed[language] = staff_for(load, plan.handling_s, target_s, share)
    if count is not None:
        total = sum(needed.values())
        shares = {language: max(1, round(agents * count / total)) for language, agents in needed.items()}
        most = max(shares, key=lambda language: shares[language])
        shares[most] += count - sum(shares.values())
        needed = shares
    return [
        Agent(f"{language}-{n:02d}", {language: 3}, frozenset(plan.skills), 1)
        for language, agents in needed.items()
        for n in range(agents)
    ]


def mixed(agents: Sequence[Agent], seed: int) -> list[Agent]:
    """The same people as in a real house: some speak more, some know less, some take two at a time."""
    chance = random.Random(seed)
    made = []
    for agent in agents:
        languages = dict(agent.languages)
        if chance.random() < 0.3:
            languages.setdefault(chance.choice(LANGUAGES), 2)
        skills = agent.skills if chance.random() < 0.7 else agent.skills - {chance.choice(SKILLS[1:])}
        made.append(replace(agent, languages=languages, skills=skills, capacity=chance.choice((1, 1, 2))))
    return made


def line_of_one_kind(visitors: int, agents: int, load: float, seed: int) -> tuple[float, float]:
    """The mean wait in seconds that the simulation gives for one skill and one language, and Erlang's C for it."""
    handling_s = 300.0
    plan = Plan(
        visitors=visitors,
        length_s=visitors * handling_s / load,
        handling_s=handling_s,
        languages={"fi": 1.0},
        skills={"general": 1.0},
        priorities={"normal": 1.0},
        peak=1.0,
        consenting=0.0,
        lapsing=0.0,
        answer_s=0.0,
        tells=False,
    )
    people = [Agent(f"a{n:02d}", {"fi": 3}, frozenset(), 1) for n in range(agents)]
    simulated = Shift(plan, people, Rules(), seed).run()
    return simulated.mean_s, mean_wait(load, agents, handling_s)


def _told(name: str, outcome: Outcome, agents: int) -> str:
    return (
        f"{name:<27} {agents:3d} agents  mean wait {outcome.mean_s:6.1f} s  in target {outcome.within_target:6.1%}  "
        f"ETA told {len(outcome.told):4d}, right {outcome.covered:6.1%}  overflowed {outcome.overflowed:3d}  "
        f"lapsed {outcome.lapsed:3d}  faults {len(outcome.faults)}"
    )


def main(given: Sequence[str] = ()) -> int:
    """Print the figures of a shift. Returns 1 when one is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench shift")
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args(list(given)).seed
    rules = Rules(targets={"billing": 180})
    plan = Plan()
    by_erlang = staffed(plan, rules)
    runs = [
        ("40 agents, real mixture", mixed(staffed(plan, rules, count=40), seed)),
        ("as many as Erlang C asks for", by_erlang),
        ("too few: 8 in 10 of these", staffed(plan, rules, count=round(len(by_erlang) * 0.8))),
    ]
    outcomes = []
    for name, agents in runs:
        outcome = Shift(plan, agents, rules, seed).run()
        outcomes.append(outcome)
        print(_told(name, outcome, len(agents)))
        for fault in outcome.faults[:5]:
            print("   ", fault)
    ratios = []
    for agents, load in ((5, 3.5), (10, 7.5), (20, 16.0)):
        simulated, theory = line_of_one_kind(ARRIVALS, agents, load, seed)
        ratios.append(simulated / theory)
        print(
            f"one skill, {agents:2d} agents, load {load:4.1f}: mean wait {simulated:6.1f} s, Erlang C {theory:6.1f} s, "
            f"ratio {simulated / theory:.3f}; within 120 s by Erlang C {within(load, agents, 300.0, 120.0):.1%}"
        )
    told = [one for outcome in outcomes for one in outcome.told]
    covered = sum(low <= seconds <= high for seconds, (low, high) in told) / max(1, len(told))
    print(f"ETA right in {covered:.1%} of {len(told)}")
    kept = (
        not any(outcome.faults for outcome in outcomes)
        and outcomes[0].within_target >= 0.95
        and outcomes[1].within_target >= 0.95
        and all(0.9 <= ratio <= 1.1 for ratio in ratios)
        and covered >= 0.8
    )
    print("kept" if kept else "MISSED")
    return 0 if kept else 1
