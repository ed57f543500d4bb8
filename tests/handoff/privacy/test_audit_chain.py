"""The audit log's form (S17): what was changed, dropped, put in or cut off is named by its line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.privacy.audit_chain import TRIMMED, Actor, Anchor, make_line, verify

AINO = Actor("aino", "agent")
AT = "2026-11-22T10:00:00.000Z"


def chain(count: int, **facts: object) -> list[str]:
    lines: list[str] = []
    prev = ""
    for seq in range(1, count + 1):
        line = make_line(
            seq,
            prev,
            at="2026-11-22T10:00:00.000Z",
            actor=AINO,
            action="transcript.read",
            conversation="c",
            facts=facts,
        )
        lines.append(line.text)
        prev = line.hash
    return lines


def test_a_log_as_it_was_written_is_whole() -> None:
    verdict = verify(chain(5), highest=5)
    assert verdict.whole and verdict.lines == verdict.last == 5
    assert verify([], highest=0).whole


@given(st.integers(0, 4), st.data())
def test_s17_one_byte_flipped_names_its_line(number: int, data: st.DataObject) -> None:
    lines = chain(5, over="http")
    raw = bytearray(lines[number].encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    lines[number] = raw.decode("utf-8", "replace")
    assert verify(lines).bad == number + 1


@pytest.mark.parametrize("dropped", [1, 2, 3])
def test_s17_a_line_dropped_is_named(dropped: int) -> None:
    lines = chain(5)
    del lines[dropped]
    assert verify(lines).bad == dropped + 1


def test_s17_a_line_put_in_and_two_swapped_are_named() -> None:
    lines = chain(5)
    assert verify([*lines[:2], lines[1], *lines[2:]]).bad == 3
    assert verify([lines[0], lines[2], lines[1], *lines[3:]]).bad == 2


def test_s17_a_tail_cut_off_is_named_by_the_store_or_by_a_note_outside() -> None:
    lines = chain(5)
    assert verify(lines[:3]).whole  # nobody else knew
    assert verify(lines[:3], highest=5).bad == 4
    assert verify(lines[:3], highest=3, anchors=[Anchor(5, "x", "hub-1")]).bad == 4


def test_s17_a_log_written_anew_does_not_agree_with_a_note_outside() -> None:
    true, false = chain(5), chain(5, over="nothing")
    end = Anchor(4, json.loads(true[3])["hash"], "hub-1")
    assert verify(true, highest=5, anchors=[end]).whole
    assert verify(false, highest=5, anchors=[end]).bad == 4


def test_s17_a_beginning_may_only_be_missing_when_retention_vouches_for_it() -> None:
    lines = chain(4)
    third, last = json.loads(lines[2]), json.loads(lines[3])
    vouching = make_line(
        5,
        last["hash"],
        at=last["at"],
        actor=AINO,
        action=TRIMMED,
        conversation=None,
        facts={"through": 2, "hash": third["prev"]},
    )
    assert verify([*lines[2:], vouching.text]).whole
    assert verify(lines[2:]).bad == 1
    assert verify([*lines[3:], vouching.text]).bad == 1


@pytest.mark.parametrize("action", ["Transcript.Read", "a.b.c", "words of a message", ""])
def test_an_action_is_a_code(action: str) -> None:
    with pytest.raises(ValueError):
        make_line(1, "", at="", actor=AINO, action=action, conversation=None, facts={})


def test_a_fact_is_short_and_a_line_has_no_line_break() -> None:
    line = make_line(
        1, "", at="", actor=AINO, action="login.ok", conversation=None, facts={"a": "x\r\n\x1b[31m" * 1000, "b": [2, 1]}
    )
    assert len(line.text) < 2000 and line.text.isascii() and line.text.isprintable()
    assert json.loads(line.text)["facts"]["b"] == ["1", "2"]
