from __future__ import annotations

from typing import Any

import pytest

from handoff.watch.alert import Alert

AT, LATER = "2026-11-21T10:15:30.123Z", "2026-11-21T10:20:00.000Z"


def wait(minutes: int, target: str = "2") -> Alert:
    return Alert("wait:c1", "wait", "c1", None, {"minutes": minutes, "target": target})


def call(**values: Any) -> Alert:
    told = {"key": "callback_due", "from": "2026-11-21T11:00:00.000Z", "to": "2026-11-21T12:00:00.000Z", **values}
    return Alert("callback:c1:due", "callback", "c1", None, told)


@pytest.mark.parametrize(
    ("before", "after", "is_told"),
    [
        *((2, 2, False), (2, 4, False), (2, 5, True), (5, 9, False), (9, 10, True), (10, 19, False), (10, 60, True)),
        *((60, 119, False), (61, 120, True), (120, 179, False), (120, 660, True)),
    ],
)
def test_a_wait_that_goes_on_is_told_again_in_steps(before: int, after: int, is_told: bool) -> None:
    anew = wait(after).anew(wait(before).kept(AT), LATER)
    assert anew == (wait(after).kept(AT) if is_told else None)


def test_another_target_is_told_at_once() -> None:
    assert wait(3, "1").anew(wait(3).kept(AT), LATER) == wait(3, "1").kept(AT)


def test_a_call_that_was_moved_is_another_alert_and_one_that_was_taken_the_same() -> None:
    kept = call().kept(AT)
    assert call().anew(kept, LATER) is None
    moved = call(to="2026-11-21T13:00:00.000Z").anew(kept, LATER)
    assert moved == {**kept, "values": {**kept["values"], "to": "2026-11-21T13:00:00.000Z"}, "at": LATER}
    taken = Alert("callback:c1:due", "callback", "c1", "mikkel", call().values)
    assert taken.anew(kept, LATER) == {**kept, "for_agent": "mikkel"}
