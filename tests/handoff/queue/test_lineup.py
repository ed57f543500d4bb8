from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from handoff.owner.rules import Rules
from handoff.queue.assignment import Agent, Kind, Waiting, ahead, in_order, kind_of
from handoff.queue.lineup import LineUp

RULES = Rules(targets={"billing": 30})
NOW = 1_000_000

people = st.builds(
    Waiting,
    id=st.uuids().map(str),
    language=st.sampled_from(["fi", "da", "en"]),
    skill=st.sampled_from(["general", "billing"]),
    priority=st.sampled_from(["normal", "urgent"]),
    since_ms=st.integers(NOW - 600_000, NOW),
    lost=st.booleans(),
    consents=st.sampled_from([frozenset[str](), frozenset[str](), frozenset({"en"})]),
)
crowds = st.lists(people, max_size=25, unique_by=lambda one: one.id)
agents = st.lists(
    st.builds(
        Agent,
        id=st.sampled_from("abc"),
        languages=st.sampled_from([{"fi": 3}, {"en": 2}, {"da": 1, "en": 3}]),
        skills=st.sampled_from([frozenset({"general"}), frozenset({"billing"})]),
        capacity=st.just(2),
    ),
    max_size=3,
)


def lined_up(crowd: list[Waiting]) -> LineUp:
    line = LineUp(RULES)
    for one in crowd:
        line.put(one)
    return line


@given(crowds)
def test_i7_the_order_is_that_of_dispatch_whatever_the_order_of_arrival(crowd: list[Waiting]) -> None:
    assert list(lined_up(crowd).in_order()) == in_order(crowd, RULES)


@given(crowds, st.data())
def test_who_has_left_stands_nowhere_and_who_waits_otherwise_once(crowd: list[Waiting], data: st.DataObject) -> None:
    line = lined_up(crowd)
    gone = data.draw(st.sets(st.sampled_from([one.id for one in crowd])) if crowd else st.just(set()))
    changed = [replace(one, priority="high", skill="general") for one in crowd if one.id not in gone]
    for conversation in gone:
        line.remove(conversation)
        line.remove(conversation)
    for one in changed:
        line.put(one)
    assert list(line.in_order()) == in_order(changed, RULES) and len(line) == len(changed)
    assert all(line.get(one.id) == one for one in changed) and all(line.get(id) is None for id in gone)


@given(crowds, agents)
def test_a_place_is_counted_as_one_by_one(crowd: list[Waiting], there: list[Agent]) -> None:
    line, order = lined_up(crowd), in_order(crowd, RULES)
    for one in crowd:
        assert line.ahead(one, there, NOW) == ahead(one, order, there, RULES, NOW)


@given(crowds)
def test_a_kind_that_is_left_out_on_the_way_is_left_out_whole(crowd: list[Waiting]) -> None:
    without: set[Kind] = set()
    seen = []
    for one in lined_up(crowd).in_order(without):
        seen.append(kind_of(one))
        without.add(kind_of(one))
    assert len(seen) == len(set(seen)) == len({kind_of(one) for one in crowd})
