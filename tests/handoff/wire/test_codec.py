from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.errors import BadRequest, Conflict, TooLarge
from handoff.wire import agent, codec, visitor

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("decode", [visitor.decode, agent.decode])
@given(frame=JSON, text=st.text())
def test_s7_whatever_comes_is_a_frame_or_a_refusal(decode: Any, frame: Any, text: str) -> None:
    for raw in (json.dumps(frame), text):
        with pytest.raises(codec.Malformed) as refused:
            decode(raw)
        assert refused.value.refused.code in ("bad_request", "too_large")
        assert codec.dump(codec.error(refused.value.id, refused.value.refused)).encode("utf-8")


@pytest.mark.parametrize(
    "raw", ["", "{", "null", "[]", '"hello"', "7", "[" * 10_000, '{"type":"ping","id":""}', '{"id":"x"}']
)
def test_what_is_no_frame_is_a_bad_request(raw: str) -> None:
    with pytest.raises(codec.Malformed) as refused:
        visitor.decode(raw)
    assert refused.value.refused.code == "bad_request"


def test_a_refusal_carries_the_id_that_it_answers() -> None:
    with pytest.raises(codec.Malformed) as refused:
        visitor.decode('{"type":"dance","id":"x1"}')
    assert refused.value.id == "x1"
    with pytest.raises(codec.Malformed) as refused:
        visitor.decode('{"type":"dance","id":7}')
    assert refused.value.id is None


def test_a_field_that_is_unknown_missing_or_of_a_wrong_kind_is_named() -> None:
    for raw, named in (
        ('{"type":"typing","on":true,"by":1}', "'by'"),
        ('{"type":"typing"}', "on: missing in typing"),
        ('{"type":"typing","on":1}', "on: true or false"),
        ('{"type":"rating","id":"x","score":6}', "score: a whole number from 1 to 5"),
        ('{"type":"rating","id":"x","score":true}', "score: a whole number"),
        ('{"type":"language","id":"x","value":"sv"}', "value: one of fi, da, en"),
        ('{"type":"language","id":"x","value":["fi"]}', "value: one of"),
        ('{"type":"message","id":"x","text":7}', "text: a text"),
        ('{"type":"message","id":"x","text":" \\n "}', "text: must not be empty"),
        ('{"type":"message","id":"x","text":"\\ud800"}', "text: not valid Unicode"),
    ):
        with pytest.raises(codec.Malformed) as refused:
            visitor.decode(raw)
        assert named in str(refused.value.refused), raw
        assert refused.value.refused.extra["field"] == named.partition(":")[0].strip("'"), raw


def test_the_field_of_a_refusal_can_always_be_sent() -> None:
    for raw, field in (
        ('{"type":"typing","on":true,"\\ud800":1}', "\\ud800"),
        ('{"type":"dance"}', "type"),
        ('{"type":"ping","id":7}', "id"),
        (json.dumps({"type": "message", "id": "x", "text": "a" * 5000}), "text"),
    ):
        with pytest.raises(codec.Malformed) as refused:
            visitor.decode(raw)
        frame = json.loads(codec.dump(codec.error("x", refused.value.refused)).encode("utf-8"))
        assert frame["field"] == field


@pytest.mark.parametrize("id", ["", "x" * 65, "with space", "ä", "a\nb"])
def test_an_id_is_one_to_64_visible_ascii_characters(id: str) -> None:
    with pytest.raises(BadRequest):
        codec.identifier("id", id)
    assert codec.identifier("id", "x" * 64) == "x" * 64


def test_a_text_may_have_4000_characters_and_not_one_more() -> None:
    check = codec.text()
    assert check("text", "ä" * 4000) == "ä" * 4000
    with pytest.raises(TooLarge) as refused:
        check("text", "ä" * 4001)
    assert refused.value.extra == {"limit": 4000}


@pytest.mark.parametrize(
    ("tag", "language"),
    [("fi", "fi"), ("fi-FI", "fi"), ("DA_dk", "da"), ("en-GB", "en"), ("nb-NO", "da"), ("sv", None), ("tlh", None)],
)
def test_a_hint_is_one_of_the_languages_or_nothing(tag: str, language: str | None) -> None:
    assert codec.language_hint("language", tag) == language


def test_a_mapping_is_checked_key_by_key() -> None:
    check = codec.mapping(codec.identifier, codec.integer(0, 9), most=1)
    assert check("cursors", {"a": 9}) == {"a": 9}
    for bad in ({"a": 10}, {"": 1}, {"a": 1, "b": 2}, [1]):
        with pytest.raises(BadRequest):
            check("cursors", bad)


def test_an_optional_field_may_be_null() -> None:
    assert codec.optional(codec.boolean)("on", None) is None
    assert codec.optional(codec.boolean)("on", True) is True


def test_answers_have_the_shape_of_the_contract() -> None:
    assert codec.ack("x", {"seq": 3}) == {"type": "ack", "id": "x", "seq": 3}
    wrong = codec.error("x", Conflict("taken", assignee={"id": "a"}))
    assert wrong == {"type": "error", "id": "x", "code": "conflict", "message": "taken", "assignee": {"id": "a"}}
    assert json.loads(codec.dump({"text": "ä"})) == {"text": "ä"}
