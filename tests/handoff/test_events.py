from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.events import (
    BadEnvelope,
    Button,
    Failure,
    HandoffRequest,
    Inbound,
    InboundKind,
    Keys,
    Line,
    Outcome,
    Reply,
    decode_inbound,
    decode_outcome,
    encode,
)

INBOUND = Inbound("c", "m", 3, InboundKind.RESUME, "hei", "faq/x", "da", "web", 1.5, (Line("agent", "moi", 2.0),))
OUTCOME = Outcome(
    "c",
    "m",
    3,
    language="fi",
    replies=(Reply("hei", (Button("Palautus", "faq/return_how"),)), Reply("moi")),
    nlu={"topic": "greet"},
    handoff=HandoffRequest(({"code": "asked"},), "high", "orders"),
    failure=Failure.ACTION,
    failed_action="action_x",
    slots={"a": 1},
)


@given(st.text(), st.integers(), st.sampled_from(InboundKind))
def test_what_the_hub_sends_the_bot_reads(text: str, of: int, kind: InboundKind) -> None:
    sent = Inbound("c", "m", of, kind, text)
    if text.isprintable():
        assert decode_inbound(encode(sent)) == sent


def test_every_field_survives_both_ways() -> None:
    assert decode_inbound(encode(INBOUND)) == INBOUND
    assert decode_inbound(encode(INBOUND).encode()) == INBOUND
    assert decode_outcome(encode(OUTCOME)) == OUTCOME
    assert decode_outcome(encode(Outcome("c", "m", 1))) == Outcome("c", "m", 1)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"v": 2}, "version"),
        ({"surprise": 1}, "surprise"),
        ({"conversation": 5}, "conversation"),
        ({"of": True}, "of"),
        ({"kind": "dance"}, "kind"),
        ({"text": None}, "text"),
        ({"topic": 7}, "topic"),
        ({"history": "x"}, "history"),
        ({"history": [{"nope": 1}]}, "history"),
    ],
)
def test_a_bad_message_to_the_bot_is_refused_by_name(change: dict[str, Any], what: str) -> None:
    with pytest.raises(BadEnvelope, match=what):
        decode_inbound(json.dumps({**json.loads(encode(INBOUND)), **change}))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"replies": [{}]}, "replies"),
        ({"replies": [{"text": "x", "buttons": [{"nope": 1}]}]}, "replies"),
        ({"replies": [{"text": "x", "buttons": "no"}]}, "buttons"),
        ({"handoff": "x"}, "handoff"),
        ({"handoff": {}}, "handoff"),
        ({"handoff": {"reasons": ["x"]}}, "reasons"),
        ({"handoff": {"reasons": [], "urgency": 1}}, "handoff"),
        ({"handoff": {"reasons": [], "priority": "very high"}}, "handoff"),
        ({"handoff": {"reasons": [], "skill": None}}, "handoff"),
        ({"replies": [{"text": None}]}, "replies"),
        ({"replies": [{"text": "x", "buttons": [{"title": "y", "topic": 7}]}]}, "replies"),
        ({"language": "sv"}, "language"),
        ({"failed_action": ["x"]}, "failed_action"),
        ({"nlu": {"entities": "x"}}, "nlu"),
        ({"replies": [{"text": "half \ud83d"}]}, "not JSON"),
        ({"failure": "sulking"}, "failure"),
        ({"nlu": "x"}, "nlu"),
        ({"slots": []}, "slots"),
    ],
)
def test_a_bad_result_of_the_bot_is_refused_by_name(change: dict[str, Any], what: str) -> None:
    with pytest.raises(BadEnvelope, match=what):
        decode_outcome(json.dumps({**json.loads(encode(OUTCOME)), **change}))


@pytest.mark.parametrize("raw", ["", "{", "[]", "1", b"\xff", "[" * 100_000])
def test_what_is_no_object_is_refused(raw: str | bytes) -> None:
    with pytest.raises(BadEnvelope) as refused:
        decode_outcome(raw)
    assert str(refused.value).startswith("envelope.bad: ")


def test_all_keys_of_a_tenant_carry_one_hash_tag() -> None:
    keys = Keys("havu")
    names = [keys.inbox, keys.events, keys.busy("c"), keys.wait("c"), keys.tracker("c"), keys.checkpoint("c")]
    assert all(name.startswith("{havu}:") for name in [*names, keys.alive("p")])
    assert len(set(names)) == len(names)


def test_a_tenant_has_a_hash_tag_of_its_own_which_no_name_can_break(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Keys().inbox == "{silta}:bot:inbox"
    monkeypatch.setenv("SILTA_TENANT", "shop-dk")
    assert Keys().tracker("c") == "{shop-dk}:tracker:c"
    for name in ("{a}", "a:b", "Å", "x" * 41, "a b"):
        with pytest.raises(ValueError, match="SILTA_TENANT"):
            Keys(name)
