from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from handoff import states
from handoff.conversation import Conversation
from handoff.states import readable, readable_one
from handoff.watch import metrics


@pytest.fixture(autouse=True)
def nothing_said() -> Iterator[None]:
    states._said.clear()
    yield
    states._said.clear()


def counted() -> float:
    return metrics.REGISTRY.get_sample_value("silta_unreadable_conversations_total") or 0.0


def test_of_many_those_that_can_be_read_are_read() -> None:
    one, two = Conversation("a"), Conversation("b")
    rows = [one.to_json(), None, '{"id": "x", "status": "asleep"}', two.to_json().encode()]
    assert readable(["a", "gone", b"x", b"b"], rows) == [one, two]


def test_what_cannot_be_read_is_said_and_counted_once(caplog: pytest.LogCaptureFixture) -> None:
    before = counted()
    for _ in range(3):
        assert readable_one("x1", "{}") is None
    assert readable_one(b"x2", "{}") is None
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert "x1" in caplog.text and "x2" in caplog.text
    assert counted() == before + 2


def test_a_field_of_a_newer_version_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    rows = [json.dumps({**json.loads(Conversation(id).to_json()), "mood": 1}) for id in "ab"]
    assert [state.id for state in readable("ab", rows)] == ["a", "b"]
    assert len(caplog.records) == 1
    assert "'mood'" in caplog.text


def test_what_was_said_takes_no_more_room_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "SAID_MAX", 3)
    for number in range(10):
        readable_one(f"x{number}", "{}")
    assert len(states._said) <= 3
