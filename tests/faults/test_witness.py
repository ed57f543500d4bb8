"""That the witness can see: writes that break a promise about offers and room, and those that do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from handoff.clock import stamp
from handoff.conversation import Assignee, Conversation, Status
from handoff.keys import HubKeys
from tests.faults.witness import LAG_MS, Command, Witness, read_file

KEYS = HubKeys()
NOON_MS = 1_790_000_000_000
LEASE_MS = 5_000


def words(*parts: object) -> Command:
    return tuple(part if isinstance(part, bytes) else str(part).encode() for part in parts)


def stands(name: str, status: Status, since_ms: int, *, at_ms: int, agent: str | None = None) -> list[Command]:
    """A write that leaves the conversation so."""
    state = Conversation(
        id=name,
        status=status,
        waiting_since=stamp(since_ms),
        assignee=Assignee(agent, agent) if agent else None,
        updated_at=stamp(at_ms),
    )
    book = ("HSET", KEYS.assigned, name, agent) if agent else ("HDEL", KEYS.assigned, name)
    return [
        words("HSET", KEYS.state(name), "version", 1, "last", 0, "state", state.to_json()),
        words(*book),
        words("ZADD", KEYS.index, at_ms, name),
    ]


def offered(name: str, agent: str, *, at_ms: int, id: str = "o") -> Command:
    offer = {"id": id, "conversation": name, "agent": agent, "until_ms": at_ms + LEASE_MS, "why": ["language"]}
    return words("HSET", KEYS.offers, name, json.dumps(offer))


def accepted(name: str, agent: str, *, at_ms: int, since_ms: int) -> list[Command]:
    event = {"kind": "assigned", "author": {"id": agent}, "why": ["language"]}
    state, *rest = stands(name, Status.ASSIGNED, since_ms, at_ms=at_ms, agent=agent)
    said = words("XADD", KEYS.log(name), "1-0", "e", json.dumps(event))
    return [state, said, rest[0], words("HDEL", KEYS.offers, name), rest[1]]


@pytest.fixture
def witness() -> Witness:
    return Witness({"aino": 1, "mikkel": 2}, LEASE_MS)


def hear(witness: Witness, *commands: Command) -> list[str]:
    for command in commands:
        witness.watch(command)
    return [breach.partition(":")[0] for breach in witness.breaches]


def test_offers_in_turn_that_are_accepted_in_time_break_nothing(witness: Witness) -> None:
    commands = [
        *stands("a", Status.QUEUED, NOON_MS, at_ms=NOON_MS),
        *stands("b", Status.QUEUED, NOON_MS + 1, at_ms=NOON_MS + 1),
        offered("a", "aino", at_ms=NOON_MS + 2),
        offered("b", "mikkel", at_ms=NOON_MS + 3),
        *accepted("a", "aino", at_ms=NOON_MS + 100, since_ms=NOON_MS),
        *accepted("b", "mikkel", at_ms=NOON_MS + 100, since_ms=NOON_MS + 1),
    ]
    assert hear(witness, *commands) == []
    assert (witness.offered, witness.accepted, witness.fullest["aino"]) == (2, 2, 1)


def test_i7_who_came_before_and_was_left_waiting_is_noticed(witness: Witness) -> None:
    late = NOON_MS + LAG_MS + 1000
    commands = [
        *stands("a", Status.QUEUED, NOON_MS, at_ms=NOON_MS),
        *stands("b", Status.QUEUED, NOON_MS + 1, at_ms=late),
        offered("b", "mikkel", at_ms=late + 1),
    ]
    assert hear(witness, *commands) == ["I7"]


def test_i8_more_than_there_is_room_for_is_noticed_in_offers_and_in_assignments(witness: Witness) -> None:
    commands = [
        *stands("a", Status.ASSIGNED, NOON_MS, at_ms=NOON_MS, agent="aino"),
        *stands("b", Status.QUEUED, NOON_MS, at_ms=NOON_MS),
        offered("b", "aino", at_ms=NOON_MS + 1),
    ]
    assert hear(witness, *commands) == ["I8"]
    assert hear(witness, *accepted("b", "aino", at_ms=NOON_MS + 2, since_ms=NOON_MS)) == ["I8", "I8"]


@pytest.mark.parametrize("late_ms", [LEASE_MS, LEASE_MS + 1])
def test_i4_an_offer_that_is_accepted_after_its_end_is_noticed(witness: Witness, late_ms: int) -> None:
    commands = [
        *stands("a", Status.QUEUED, NOON_MS, at_ms=NOON_MS),
        offered("a", "aino", at_ms=NOON_MS),
        *accepted("a", "aino", at_ms=NOON_MS + late_ms, since_ms=NOON_MS),
    ]
    assert hear(witness, *commands) == ["I4"]


def test_i4_a_second_offer_while_one_stands_is_noticed(witness: Witness) -> None:
    commands = [
        *stands("a", Status.QUEUED, NOON_MS, at_ms=NOON_MS),
        offered("a", "aino", at_ms=NOON_MS),
        offered("a", "mikkel", at_ms=NOON_MS + LEASE_MS - 1, id="p"),
    ]
    assert hear(witness, *commands) == ["I4"]


def test_the_file_is_read_in_the_order_of_its_parts_without_a_torn_end(tmp_path: Path) -> None:
    parts = tmp_path / "appendonlydir"
    parts.mkdir()
    (parts / "a.aof.10.incr.aof").write_bytes(b"*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n*2\r\n$3\r\nDEL\r\n$9\r\nto")
    (parts / "a.aof.9.incr.aof").write_bytes(b"#TS:1\r\n*2\r\n$3\r\nDEL\r\n$3\r\na\r\n\r\n")
    assert list(read_file(tmp_path)) == [(b"DEL", b"a\r\n"), (b"DEL", b"b")]
