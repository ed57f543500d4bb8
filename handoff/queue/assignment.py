"""Who gets whom: the order of the queue and the choice of the agent. Pure.

Order: priority; then who lost an agent; then who is nearest to missing, or has longest missed, the target of the skill.
Since every target is a constant, this is the order of ``waiting_since + target``, which never changes while somebody
waits: nobody is overtaken by time alone. Within one priority, skill and language it is first come, first served (I7).

Choice: only agents who speak the visitor's language (or one that the visitor has agreed to, after the owner's time),
have the skill, are online and have room (I8). Among them: who has not passed it, the agent of before, then the better
language, then who has least to do, then who has been free the longest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from handoff.conversation import PRIORITIES
from handoff.owner.rules import GENERAL, Rules

__all__ = [
    "Agent", "Choice", "Kind", "Waiting", "ahead", "choose", "dispatch", "dispatch_in_order", "in_order", "kind_of",
    "may_serve", "place",
]  # fmt: skip

BEST_LEVEL = 3
"""Levels of a language: 3 native or as good, 2 good, 1 enough to help."""


@dataclass(frozen=True)
class Agent:
    """An agent as dispatch sees one. ``languages`` are levels by language, ``load`` conversations by channel."""

    id: str
    languages: Mapping[str, int]
    skills: frozenset[str]
    capacity: int
    load: Mapping[str, int] = field(default_factory=dict)
    online: bool = True
    free_since_ms: int = 0
    """When the agent last took a conversation or became free; smaller is longer ago."""

    @property
    def busy(self) -> int:
        return sum(self.load.values())


@dataclass(frozen=True)
class Waiting:
    """A conversation that waits, as dispatch sees it."""

    id: str
    language: str
    skill: str
    priority: str
    since_ms: int
    channel: str = "web"
    lost: bool = False
    consents: frozenset[str] = frozenset()
    """Other languages that the visitor has agreed to."""
    last_agent: str | None = None
    last_agent_until_ms: int = 0
    passed: Mapping[str, int] = field(default_factory=dict)
    """Until when an agent who declined, or let an offer lapse, is asked last."""
    passed_by: frozenset[str] = frozenset()
    """Agents who had it or saw it and passed it on: they are asked last as long as it waits."""
    queued_ms: int = 0
    """Since when it waits this time: after a transfer or the loss of an agent that is later than ``since_ms``, which
    keeps the place. 0 for the same."""

    @property
    def waits_since_ms(self) -> int:
        return self.queued_ms or self.since_ms


@dataclass(frozen=True)
class Choice:
    """An agent for a conversation, and the codes that say why."""

    conversation: str
    agent: str
    why: tuple[str, ...]


def place(waiting: Waiting, rules: Rules) -> tuple[int, bool, int, str]:
    """Sorts conversations in the order of dispatch."""
    due = waiting.since_ms + rules.target(waiting.skill) * 1000
    return PRIORITIES.index(waiting.priority), not waiting.lost, due, waiting.id


def in_order(waiting: Iterable[Waiting], rules: Rules) -> list[Waiting]:
    """Conversations in the order in which they are dispatched."""
    return sorted(waiting, key=lambda one: place(one, rules))


def _language(agent: Agent, waiting: Waiting, rules: Rules, now_ms: int) -> tuple[str, int] | None:
    """The language they can talk in and the agent's level; None when there is none yet."""
    own = agent.languages.get(waiting.language, 0)
    if own:
        return waiting.language, own
    if now_ms - waiting.since_ms < rules.other_language_after_s * 1000:
        return None
    shared = [(agent.languages.get(language, 0), language) for language in waiting.consents]
    level, language = max(shared, default=(0, ""))
    return (language, level) if level else None


def may_serve(agent: Agent, waiting: Waiting, rules: Rules, now_ms: int) -> bool:
    """Whether language and skill fit, be there room or not."""
    fits = waiting.skill == GENERAL or waiting.skill in agent.skills
    return fits and _language(agent, waiting, rules, now_ms) is not None


def has_room(agent: Agent, channel: str, rules: Rules) -> bool:
    """Whether the agent is online and below every capacity."""
    most = rules.channels.get(channel, agent.capacity)
    return agent.online and agent.busy < agent.capacity and agent.load.get(channel, 0) < most


def choose(waiting: Waiting, agents: Sequence[Agent], rules: Rules, now_ms: int) -> Choice | None:
    """The agent for one conversation; None when nobody is free for it."""
    best: tuple[tuple[bool, bool, int, int, int, str], Agent, str] | None = None
    for agent in agents:
        if not has_room(agent, waiting.channel, rules) or not may_serve(agent, waiting, rules, now_ms):
            continue
        spoken = _language(agent, waiting, rules, now_ms)
        if spoken is None:
            continue
        passed = agent.id in waiting.passed_by or waiting.passed.get(agent.id, 0) > now_ms
        sticky = _sticky(agent, waiting, now_ms)
        own = spoken[0] == waiting.language
        level = spoken[1] if own else spoken[1] - BEST_LEVEL
        rank = (passed, not sticky, -level, agent.busy, agent.free_since_ms, agent.id)
        if best is None or rank < best[0]:
            best = (rank, agent, spoken[0])
    if best is None:
        return None
    return Choice(waiting.id, best[1].id, _why(waiting, best[1], best[2], now_ms))


def _sticky(agent: Agent, waiting: Waiting, now_ms: int) -> bool:
    return agent.id == waiting.last_agent and waiting.last_agent_until_ms > now_ms


def _why(waiting: Waiting, agent: Agent, spoken: str, now_ms: int) -> tuple[str, ...]:
    codes = ["same_agent"] if _sticky(agent, waiting, now_ms) else []
    codes.append("language" if spoken == waiting.language else f"other_language:{spoken}")
    if waiting.skill != GENERAL:
        codes.append("skill")
    if agent.busy == 0:
        codes.append("idle_longest")
    else:
        codes.append("least_busy")
    return tuple(codes)


Kind = tuple[str, str, str, frozenset[str]]


def kind_of(one: Waiting) -> Kind:
    """What decides who may serve: language, skill, channel, and the other languages agreed to."""
    return one.language, one.skill, one.channel, one.consents


def dispatch(waiting: Iterable[Waiting], agents: Iterable[Agent], rules: Rules, now_ms: int) -> list[Choice]:
    """Conversations and agents brought together, in order, until nobody is free or nobody waits.

    Somebody for whom nobody is free holds up none behind who can be served by others.
    """
    return dispatch_in_order(in_order(waiting, rules), agents, rules, now_ms, hopeless=set())


def dispatch_in_order(
    waiting: Iterable[Waiting], agents: Iterable[Agent], rules: Rules, now_ms: int, *, hopeless: set[Kind]
) -> list[Choice]:
    """The same for those who are in order already. Kinds for which nobody is free are added to ``hopeless``, so that
    ``waiting`` may leave them out from there on."""
    there = {agent.id: agent for agent in agents if agent.online and agent.busy < agent.capacity}
    choices: list[Choice] = []
    if not there:
        return choices
    for one in waiting:
        # Without consents the kind alone decides who may serve, so a thousand of one kind are looked at once.
        kind = kind_of(one)
        if kind in hopeless:
            continue
        choice = choose(one, list(there.values()), rules, now_ms)
        if choice is None:
            if not one.consents:
                hopeless.add(kind)
            continue
        choices.append(choice)
        agent = taken(there[choice.agent], one.channel, now_ms)
        if agent.busy < agent.capacity:
            there[agent.id] = agent
        else:
            del there[agent.id]
            if not there:
                break
    return choices


def taken(agent: Agent, channel: str, now_ms: int) -> Agent:
    """The agent with one conversation more."""
    load = {**agent.load, channel: agent.load.get(channel, 0) + 1}
    return replace(agent, load=load, free_since_ms=now_ms)


def ahead(waiting: Waiting, others: Sequence[Waiting], agents: Collection[Agent], rules: Rules, now_ms: int) -> int:
    """How many of ``others``, which are in order, are dispatched before ``waiting``: those before it in the order for
    whom at least one of the agents that may serve ``waiting`` may come. When there is no such agent, those before it
    with the same language and skill."""
    own = [agent for agent in agents if agent.online and may_serve(agent, waiting, rules, now_ms)]
    count = 0
    known: dict[tuple[str, str], bool] = {}
    for other in others:
        if other.id == waiting.id:
            break
        kind = (other.language, other.skill)
        if other.consents or kind not in known:
            competes = any(may_serve(agent, other, rules, now_ms) for agent in own) if own else _alike(other, waiting)
            if not other.consents:
                known[kind] = competes
        else:
            competes = known[kind]
        count += competes
    return count


def _alike(one: Waiting, other: Waiting) -> bool:
    return (one.language, one.skill) == (other.language, other.skill)
