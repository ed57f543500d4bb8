from __future__ import annotations

from typing import Any

import pytest

from handoff.channels.messenger.failures import Cure, of_reply
from handoff.owner.texts import CHANNEL


@pytest.mark.parametrize(
    ("status", "code", "subcode", "cure", "name"),
    [
        (400, 10, 2018278, Cure.NEVER, "window_closed"),
        (400, 10, 2018065, Cure.NEVER, "window_closed"),
        (400, 10, 2018108, Cure.NEVER, "window_closed"),
        (400, 10, 2018300, Cure.NOT_OURS, "not_ours"),
        (400, 10, 1893063, Cure.PAUSED, "restricted"),
        (400, 100, 2018001, Cure.NEVER, "invalid"),
        (400, 190, 463, Cure.TOKEN, "token"),
        (401, 190, None, Cure.TOKEN, "token"),
        (403, 200, 1545041, Cure.NEVER, "person_refuses"),
        (400, 230, None, Cure.NEVER, "person_refuses"),
        (400, 551, 1545041, Cure.NEVER, "person_away"),
        (400, 613, None, Cure.SLOWER, "too_many"),
        (400, 4, None, Cure.SLOWER, "too_many"),
        (429, 9, None, Cure.SLOWER, "too_many"),
        (400, 368, None, Cure.PAUSED, "restricted"),
        (400, 2022, None, Cure.PAUSED, "restricted"),
        (500, 1, None, Cure.AGAIN, "graph"),
        (503, 2, None, Cure.AGAIN, "graph"),
        (400, 1200, None, Cure.AGAIN, "graph"),
        (400, 12345, None, Cure.NEVER, "invalid"),
    ],
)
def test_every_error_has_its_meaning(status: int, code: int, subcode: int | None, cure: Cure, name: str) -> None:
    error: dict[str, Any] = {"message": "…", "code": code, "fbtrace_id": "AbC"}
    if subcode is not None:
        error["error_subcode"] = subcode
    failure = of_reply(status, {"error": error})
    assert (failure.cure, failure.code) == (cure, name)
    assert "AbC" in failure.detail
    if cure in (Cure.NEVER, Cure.NOT_OURS):
        assert name in CHANNEL, "what is final is told to the agent in words"


@pytest.mark.parametrize("body", [None, [], "oops", {}, {"error": None}, {"error": {"code": "x"}}])
def test_an_answer_that_is_not_graphs_leaves_open_whether_it_was_done(body: Any) -> None:
    assert of_reply(502, body).cure in (Cure.UNKNOWN, Cure.AGAIN)
    assert of_reply(404, body).cure is Cure.NEVER
