from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.clock import stamp
from handoff.conversation import PRIORITIES, Assignee, Conversation, Status
from handoff.queue import order as queue

WAITING = Conversation(
    "c", status=Status.QUEUED, waiting_since=stamp(1_795_256_130_123), reasons=({"code": "asked", "topic": None},)
)
TIMES = st.integers(min_value=0, max_value=9_000_000_000_000)


@given(st.sampled_from(PRIORITIES), st.sampled_from(PRIORITIES), TIMES, TIMES)
def test_i7_priority_comes_first_and_then_who_waited_longer(one: str, other: str, since: int, other_since: int) -> None:
    a = replace(WAITING, priority=one, waiting_since=stamp(since))
    b = replace(WAITING, priority=other, waiting_since=stamp(other_since))
    ranks = (PRIORITIES.index(one), since), (PRIORITIES.index(other), other_since)
    assert (queue.score(a) < queue.score(b)) == (ranks[0] < ranks[1])
    assert float(queue.score(a)) == queue.score(a), "a sorted set's double must hold it exactly"


def test_who_lost_an_agent_is_first_within_the_priority_but_not_before_a_higher_one() -> None:
    lost = replace(WAITING, lost=True)
    longest = replace(WAITING, waiting_since=stamp(1000))
    assert queue.score(lost) < queue.score(longest)
    assert queue.score(replace(longest, priority="high")) < queue.score(lost)


def test_who_does_not_wait_has_no_place() -> None:
    with pytest.raises(ValueError, match="does not wait"):
        queue.score(Conversation("c"))


@pytest.mark.parametrize("status", [Status.BOT, Status.RESOLVED])
def test_a_conversation_that_needs_nobody_is_no_line_of_the_queue(status: Status) -> None:
    assert queue.entry(replace(WAITING, status=status)) is None


def test_a_line_says_who_waits_why_and_since_when() -> None:
    line = queue.entry(replace(WAITING, last_text="apua", language="da", priority="high"))
    assert line is not None
    assert line["conversation"] == "c"
    assert (line["language"], line["priority"], line["last_text"]) == ("da", "high", "apua")
    assert line["reason"] == {"code": "asked", "topic": None}
    assert line["assignee"] is None


def test_a_line_without_a_reason_and_with_an_agent() -> None:
    taken = replace(WAITING, status=Status.ASSIGNED, reasons=(), assignee=Assignee("a", "Aino"))
    line = queue.entry(taken)
    assert line is not None
    assert line["reason"] is None
    assert line["assignee"] == {"id": "a", "name": "Aino"}


def test_a_line_tells_this_wait_apart_from_the_first_wish() -> None:
    passed = replace(WAITING, queued_at=stamp(1_795_256_999_000), passed_by=("a",))
    line = queue.entry(passed)
    assert line is not None
    assert (line["waiting_since"], line["queued_at"]) == (WAITING.waiting_since, passed.queued_at)
    assert line["passed_by"] == ["a"]
    assert queue.score(passed) == queue.score(WAITING), "the place is kept"


def test_agents_are_told_when_a_line_moves_and_not_of_every_word_in_a_taken_conversation() -> None:
    waiting = queue.entry(WAITING)
    more = queue.entry(replace(WAITING, last_text="more", last=9))
    taken = replace(WAITING, status=Status.ASSIGNED, assignee=Assignee("a", "Aino"))
    said = replace(taken, last_text="more", last=9)
    assert queue.moved(None, waiting) and queue.moved(waiting, None)
    assert not queue.moved(None, None)
    assert queue.moved(waiting, more), "who waits is shown with the latest words"
    assert not queue.moved(waiting, dict(waiting or {}))
    assert queue.moved(waiting, queue.entry(taken))
    assert not queue.moved(queue.entry(taken), queue.entry(said))
    assert queue.moved(queue.entry(taken), queue.entry(replace(said, priority="urgent")))
