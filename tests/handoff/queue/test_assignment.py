from __future__ import annotations

from dataclasses import replace
from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from handoff import decisions
from handoff.clock import stamp
from handoff.conversation import PRIORITIES, Assignee, Conversation
from handoff.owner.rules import Rules
from handoff.queue import order as queue
from handoff.queue.assignment import Agent, Waiting, ahead, choose, dispatch, in_order, may_serve
from handoff.queue.room import waiting_of
from tests.handoff.texts_for_tests import texts

RULES = Rules(targets={"orders": 60, "billing": 300}, channels={"messenger": 2})
NOW = 10_000_000
LANGUAGES = ("fi", "da", "en")
SKILLS = ("general", "orders", "billing", "technical")
IVY = Agent("ivy", {"fi": 3}, frozenset(SKILLS), 3)
ONE = Waiting("one", "fi", "general", "normal", NOW - 1000)

AGENTS = st.lists(
    st.builds(
        Agent,
        id=st.uuids().map(str),
        languages=st.dictionaries(st.sampled_from(LANGUAGES), st.integers(1, 3), max_size=3),
        skills=st.frozensets(st.sampled_from(SKILLS)),
        capacity=st.integers(1, 4),
        load=st.dictionaries(st.sampled_from(("web", "messenger")), st.integers(0, 3), max_size=2),
        online=st.booleans(),
        free_since_ms=st.integers(0, NOW),
    ),
    max_size=6,
    unique_by=lambda agent: agent.id,
)
WAITING = st.lists(
    st.builds(
        Waiting,
        id=st.uuids().map(str),
        language=st.sampled_from(LANGUAGES),
        skill=st.sampled_from(SKILLS),
        priority=st.sampled_from(PRIORITIES),
        since_ms=st.integers(NOW - 900_000, NOW),
        channel=st.sampled_from(("web", "messenger")),
        lost=st.booleans(),
        consents=st.frozensets(st.sampled_from(LANGUAGES), max_size=2),
    ),
    max_size=12,
    unique_by=lambda waiting: waiting.id,
)


@given(WAITING, AGENTS)
def test_nobody_gets_whom_they_may_not_have_and_no_capacity_is_exceeded(
    waiting: list[Waiting], agents: list[Agent]
) -> None:
    by_id, conversations = {agent.id: agent for agent in agents}, {one.id: one for one in waiting}
    choices = dispatch(waiting, agents, RULES, NOW)
    assert len({choice.conversation for choice in choices}) == len(choices), "each conversation once"
    for choice in choices:
        agent, one = by_id[choice.agent], conversations[choice.conversation]
        assert agent.online
        assert one.skill == "general" or one.skill in agent.skills
        if one.language not in agent.languages:
            assert NOW - one.since_ms >= RULES.other_language_after_s * 1000, "before the owner's time"
            assert one.consents & agent.languages.keys(), "without the visitor's consent"
    for agent in agents:
        taken = [conversations[choice.conversation] for choice in choices if choice.agent == agent.id]
        assert not taken or agent.busy + len(taken) <= agent.capacity, "I8"
        on_messenger = [one for one in taken if one.channel == "messenger"]
        assert not on_messenger or agent.load.get("messenger", 0) + len(on_messenger) <= 2, "I8 by channel"


@given(WAITING, AGENTS)
def test_i7_within_priority_skill_and_language_it_is_first_come_first_served(
    waiting: list[Waiting], agents: list[Agent]
) -> None:
    waiting = [replace(one, lost=False, consents=frozenset(), channel="web") for one in waiting]
    served = {choice.conversation for choice in dispatch(waiting, agents, RULES, NOW)}
    for one in waiting:
        for other in waiting:
            alike = (one.priority, one.skill, one.language) == (other.priority, other.skill, other.language)
            if alike and one.since_ms < other.since_ms and other.id in served:
                assert one.id in served, "the later one was served and the earlier one was not"


@given(WAITING, AGENTS)
def test_nobody_waits_while_somebody_who_may_serve_is_free(waiting: list[Waiting], agents: list[Agent]) -> None:
    choices = dispatch(waiting, agents, RULES, NOW)
    loads = {agent.id: dict(agent.load) for agent in agents}
    served = {choice.conversation: choice.agent for choice in choices}
    for one in waiting:
        if one.id in served:
            load = loads[served[one.id]]
            load[one.channel] = load.get(one.channel, 0) + 1
    later = [replace(agent, load=loads[agent.id]) for agent in agents]
    for one in waiting:
        if one.id not in served:
            assert choose(one, later, RULES, NOW) is None


@given(WAITING, AGENTS)
def test_the_place_told_is_the_place_in_which_dispatch_serves(waiting: list[Waiting], agents: list[Agent]) -> None:
    """One agent after the other has room for one: whoever is at place n among all whom this one could serve is n-th."""
    for agent in agents[:2]:
        single = replace(agent, capacity=1, load={}, online=True)
        left = [one for one in waiting if may_serve(single, one, RULES, NOW)]
        left = [replace(one, channel="web") for one in left]
        counted = {one.id: ahead(one, in_order(left, RULES), [single], RULES, NOW) for one in left}
        place = 0
        while left:
            [choice] = dispatch(left, [single], RULES, NOW)
            assert counted[choice.conversation] == place
            left = [one for one in left if one.id != choice.conversation]
            place += 1


def test_priority_then_who_lost_an_agent_then_the_skills_target() -> None:
    billing = replace(ONE, id="billing", skill="billing")
    orders = replace(ONE, id="orders", skill="orders", since_ms=ONE.since_ms + 30_000)
    lost = replace(ONE, id="lost", lost=True, since_ms=NOW)
    urgent = replace(ONE, id="urgent", priority="urgent", since_ms=NOW)
    order = [one.id for one in in_order([billing, orders, ONE, lost, urgent], RULES)]
    assert order == ["urgent", "lost", "orders", "one", "billing"]


def test_the_same_language_first_and_the_better_speaker_before_the_other() -> None:
    good, some = replace(IVY, id="good"), replace(IVY, id="some", languages={"fi": 1})
    assert choose(ONE, [some, good], RULES, NOW) is not None
    choice = choose(ONE, [some, good], RULES, NOW)
    assert choice is not None and choice.agent == "good" and choice.why == ("language", "idle_longest")
    danish = replace(IVY, languages={"da": 3})
    assert choose(ONE, [danish], RULES, NOW) is None


def test_another_language_needs_the_owners_time_and_the_visitors_consent() -> None:
    dane = replace(IVY, id="dane", languages={"da": 3, "en": 2})
    waited = replace(ONE, since_ms=NOW - RULES.other_language_after_s * 1000)
    assert choose(waited, [dane], RULES, NOW) is None, "time without consent"
    assert choose(replace(ONE, consents=frozenset({"en"})), [dane], RULES, NOW) is None, "consent without time"
    choice = choose(replace(waited, consents=frozenset({"en"})), [dane], RULES, NOW)
    assert choice is not None and choice.why[0] == "other_language:en"
    both = choose(replace(waited, consents=frozenset({"en"})), [dane, replace(IVY, languages={"fi": 1})], RULES, NOW)
    assert both is not None and both.agent == "ivy", "even a poor speaker of the own language comes first"


def test_the_agent_of_before_comes_first_for_a_while_if_free() -> None:
    known = replace(IVY, id="known", load={"web": 1}, free_since_ms=NOW)
    again = replace(ONE, last_agent="known", last_agent_until_ms=NOW + 1)
    choice = choose(again, [IVY, known], RULES, NOW)
    assert choice is not None and choice.agent == "known" and "same_agent" in choice.why
    late = choose(replace(again, last_agent_until_ms=NOW), [IVY, known], RULES, NOW)
    assert late is not None and late.agent == "ivy"
    full = choose(again, [IVY, replace(known, capacity=1)], RULES, NOW)
    assert full is not None and full.agent == "ivy"


def test_among_equals_the_least_busy_and_then_the_longest_idle() -> None:
    first, later = replace(IVY, id="first", free_since_ms=1), replace(IVY, id="a-later", free_since_ms=2)
    choice = choose(ONE, [later, first], RULES, NOW)
    assert choice is not None and choice.agent == "first"
    choice = choose(ONE, [later, replace(first, load={"web": 1})], RULES, NOW)
    assert choice is not None and choice.agent == "a-later"


def test_who_declined_is_asked_last_but_asked_when_nobody_else_can() -> None:
    declined = replace(ONE, passed={"ivy": NOW + 1})
    other = replace(IVY, id="other", free_since_ms=NOW)
    choice = choose(declined, [IVY, other], RULES, NOW)
    assert choice is not None and choice.agent == "other"
    alone = choose(declined, [IVY], RULES, NOW)
    assert alone is not None and alone.agent == "ivy"


def test_who_passed_it_on_is_asked_last_as_long_as_it_waits_though_the_visitor_was_with_them() -> None:
    mikkel = Assignee("mikkel", "Mikkel")
    begun = decisions.claim(Conversation("c", language="fi"), texts(), at=stamp(NOW - 60_000), agent=mikkel).after
    passed = decisions.transfer(begun, texts(), at=stamp(NOW), by=mikkel, note="not mine", skill="general").after
    one = waiting_of(queue.entry(passed) or {}, {}, RULES.sticky_s * 1000)
    known, other = replace(IVY, id="mikkel"), replace(IVY, id="other", load={"web": 2}, free_since_ms=NOW)
    choice = choose(one, [known, other], RULES, NOW)
    assert choice is not None and (choice.agent, choice.why) == ("other", ("language", "least_busy"))
    [much_later] = dispatch([one], [known, other], RULES, NOW + 3_600_000)
    assert much_later.agent == "other"
    alone = choose(one, [known], RULES, NOW)
    assert alone is not None and alone.agent == "mikkel", "better than nobody"


def test_with_nobody_there_the_place_is_among_those_of_the_same_kind() -> None:
    dane, finn = replace(ONE, id="dane", language="da"), replace(ONE, id="finn", since_ms=NOW)
    assert ahead(finn, in_order([ONE, dane, finn], RULES), [], RULES, NOW) == 1


def test_a_thousand_waiting_are_decided_within_the_limit() -> None:
    agents = [replace(IVY, id=f"a{n}", languages={LANGUAGES[n % 3]: 3}, capacity=5) for n in range(40)]
    waiting = [
        Waiting(f"c{n}", LANGUAGES[n % 3], SKILLS[n % 4], PRIORITIES[n % 3], NOW - n * 1000) for n in range(1000)
    ]
    took = []
    for _ in range(5):
        began = process_time()
        assert len(dispatch(waiting, agents, RULES, NOW)) == 200
        took.append(process_time() - began)
    assert min(took) < 0.05, "50 ms of work: by the clock on the wall, a busy machine would decide this test"
