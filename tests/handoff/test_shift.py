"""A small shift of ``bench/shift.py`` on its virtual clock: does the queue keep its word?"""

from __future__ import annotations

import pytest

from bench.erlang import mean_wait, must_wait, staff_for, within
from bench.shift import Plan, Shift, line_of_one_kind, mixed, staffed
from handoff.owner.rules import Rules

RULES = Rules(targets={"billing": 180})
PLAN = Plan(visitors=300, length_s=3 * 3600)


def test_erlangs_c_is_that_of_the_tables() -> None:
    assert must_wait(2.0, 3) == pytest.approx(0.4444, abs=1e-4)
    assert mean_wait(2.0, 3, 180) == pytest.approx(80.0, abs=0.1)
    assert must_wait(3.0, 3) == 1.0 and within(3.0, 3, 180, 1000) == 0.0
    assert staff_for(10.0, 300, 120, 0.95) == 14
    assert within(10.0, 14, 300, 120) >= 0.95 > within(10.0, 13, 300, 120)


def test_with_as_many_agents_as_erlang_asks_for_nearly_all_are_answered_within_the_target() -> None:
    outcome = Shift(PLAN, mixed(staffed(PLAN, RULES), 1), RULES, 1).run()
    assert outcome.faults == [], "I7, I8, languages"
    assert len(outcome.waits) == PLAN.visitors, "I5: everybody is served"
    assert outcome.within_target >= 0.95
    assert outcome.lapsed > 0, "offers that nobody answers go to the next"


def test_with_too_few_nobody_is_forgotten_or_misled() -> None:
    outcome = Shift(PLAN, staffed(PLAN, RULES, count=13), RULES, 2).run()
    assert outcome.faults == [] and len(outcome.waits) == PLAN.visitors
    assert len(outcome.told) > 50 and outcome.covered >= 0.8


def test_a_shift_is_the_same_for_the_same_seed() -> None:
    agents = staffed(PLAN, RULES, count=16)
    assert Shift(PLAN, agents, RULES, 7).run().waits == Shift(PLAN, agents, RULES, 7).run().waits


def test_the_mean_wait_of_one_kind_is_erlangs() -> None:
    simulated, theory = line_of_one_kind(20_000, 4, 2.4, seed=1)
    assert simulated == pytest.approx(theory, rel=0.1)
