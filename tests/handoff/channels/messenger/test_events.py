from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.channels.messenger.events import Event, Kind, decode, in_order, is_page, parse, text_of

NOW = 1_790_000_000_000
PERSON, PAGE = {"id": "3003"}, {"id": "1001"}


def one(body: dict[str, Any], *, standby: bool = False) -> Event:
    """The one event of a delivery."""
    body = {"sender": PERSON, "recipient": PAGE, "timestamp": NOW, **body}
    (event,) = parse(
        {"object": "page", "entry": [{"id": "1001", "time": NOW, "standby" if standby else "messaging": [body]}]},
        now_ms=NOW,
    )
    return event


SHAPES: list[tuple[dict[str, Any], Kind]] = [
    ({"message": {"mid": "m1", "text": "hei"}}, Kind.MESSAGE),
    ({"message": {"mid": "m1", "text": "hei", "metadata": None}}, Kind.MESSAGE),
    ({"message": {"mid": "m1", "sticker_id": 369239263222822, "attachments": [{"type": "image"}]}}, Kind.MESSAGE),
    ({"message": {"mid": "m1", "attachments": None}}, Kind.MESSAGE),
    ({"message": {"mid": "m1", "is_deleted": True}}, Kind.UNSENT),
    ({"message_edit": {"mid": "m1", "text": "hej", "num_edit": 1}}, Kind.EDIT),
    ({"reaction": {"mid": "m1", "reaction": "love", "emoji": "❤", "action": "react"}}, Kind.REACTION),
    ({"postback": {"mid": "m2", "title": "Aloita", "payload": "x"}}, Kind.POSTBACK),
    ({"postback": {"title": "Aloita"}}, Kind.POSTBACK),
    ({"delivery": {"watermark": "1790000000000", "mids": ["m1"]}}, Kind.DELIVERED),
    ({"delivery": {"watermark": 1790000000000}}, Kind.DELIVERED),
    ({"read": {"watermark": 1790000000000, "seq": 38}}, Kind.READ),
    ({"referral": {"ref": "fi", "source": "SHORTLINK", "type": "OPEN_THREAD"}}, Kind.REFERRAL),
    ({"pass_thread_control": {"new_owner_app_id": "2002", "metadata": None}}, Kind.PASSED),
    ({"take_thread_control": {"previous_owner_app_id": 2002}}, Kind.TAKEN),
    ({"request_thread_control": {"requested_owner_app_id": 263902037430900}}, Kind.REQUESTED),
    ({"optin": {"ref": "x"}}, Kind.OTHER),
    ({"account_linking": {"status": "linked"}}, Kind.OTHER),
    ({"response_feedback": {"feedback": "Good response", "mid": "m1"}}, Kind.OTHER),
    ({"app_roles": {"2002": ["primary_receiver"]}}, Kind.OTHER),
    ({"message": "not an object"}, Kind.OTHER),
    ({}, Kind.OTHER),
]


@pytest.mark.parametrize(("body", "kind"), SHAPES)
def test_every_known_shape_is_read_and_no_other_is_taken_for_one(body: dict[str, Any], kind: Kind) -> None:
    event = one(body)
    assert (event.kind, event.page, event.person, event.at) == (kind, "1001", "3003", NOW)
    assert decode(event.to_json()) == event


def test_the_person_of_an_echo_is_its_recipient() -> None:
    event = one({"sender": PAGE, "recipient": PERSON, "message": {"mid": "m3", "is_echo": True, "app_id": 2002}})
    assert (event.kind, event.person, event.mid) == (Kind.ECHO, "3003", "m3")


@pytest.mark.parametrize("page", [1001, "1001"])
def test_ids_come_as_numbers_and_as_text(page: Any) -> None:
    body = {
        "sender": {"id": 3003},
        "recipient": {"id": page},
        "timestamp": str(NOW),
        "message": {"mid": "m", "text": "a"},
    }
    (event,) = parse({"entry": [{"id": page, "messaging": [body]}]}, now_ms=1)
    assert (event.page, event.person, event.at) == ("1001", "3003", NOW)


@pytest.mark.parametrize("value", [None, True, 1.5, [], {}])
def test_what_is_no_id_is_none(value: Any) -> None:
    assert text_of(value) == ""


@pytest.mark.parametrize(
    ("stamp", "at"),
    [(NOW, NOW), (str(NOW), NOW), (NOW // 1000, NOW), (None, NOW), ("soon", NOW), (-1, NOW), (1e30, NOW), (True, NOW)],
)
def test_a_moment_that_is_nonsense_is_the_entrys(stamp: Any, at: int) -> None:
    assert one({"timestamp": stamp, "message": {"mid": "m", "text": "a"}}).at == at


def test_the_same_event_has_the_same_key_and_another_has_another() -> None:
    keys = [
        one({"message": {"mid": "m1", "text": "a"}}).key,
        one({"message": {"mid": "m2", "text": "a"}}).key,
        one({"message": {"mid": "m1", "is_deleted": True}}).key,
        one({"message_edit": {"mid": "m1", "text": "b", "num_edit": 1}}).key,
        one({"message_edit": {"mid": "m1", "text": "b", "num_edit": 2}}).key,
        one({"read": {"watermark": 5}}).key,
        one({"read": {"watermark": 6}}).key,
        one({"postback": {"mid": "m1", "title": "a"}}).key,
    ]
    assert len(set(keys)) == len(keys)
    assert one({"message": {"mid": "m1", "text": "a"}, "timestamp": NOW + 5}).key == keys[0]
    assert one({"read": {"watermark": 5}}, standby=True).key == one({"read": {"watermark": 5}}).key


def test_every_event_of_every_entry_is_read_once_and_ours_to_answer_first() -> None:
    def message(mid: str) -> dict[str, Any]:
        return {"sender": PERSON, "recipient": PAGE, "timestamp": NOW, "message": {"mid": mid, "text": mid}}

    entries = [
        {"id": "1001", "time": NOW, "standby": [message("a"), message("b")], "messaging": [message("b"), message("c")]},
        {"id": "1001", "time": NOW, "messaging": [message("c"), message("d")]},
    ]
    found = {event.mid: event.standby for event in parse({"object": "page", "entry": entries}, now_ms=NOW)}
    assert found == {"a": True, "b": False, "c": False, "d": False}


def test_changes_of_the_page_are_kept_and_mean_nothing() -> None:
    (event,) = parse({"entry": [{"id": "1001", "changes": [{"field": "feed", "value": {}}]}]}, now_ms=NOW)
    assert event.kind is Kind.OTHER


@pytest.mark.parametrize("payload", [{"object": "page"}, {"object": "instagram"}, {}, [], None, "page"])
def test_only_a_pages_events_are_a_pages(payload: Any) -> None:
    assert is_page(payload) == (payload == {"object": "page"})


def test_events_of_one_moment_come_before_what_is_said_about_them() -> None:
    bodies: list[dict[str, Any]] = [body for body, kind in SHAPES if kind is not Kind.OTHER]
    events = in_order(one(body) for body in bodies)
    assert [event.kind for event in events] == sorted((event.kind for event in events), key=list(Kind).index)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
NAMES = (
    "object entry messaging standby changes id time sender recipient timestamp message mid text postback payload "
    "delivery watermark read reaction is_echo app_id"
).split()
likely = st.recursive(
    json_values, lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(likely)
def test_anything_at_all_is_read_without_an_error(payload: Any) -> None:
    for event in parse(payload, now_ms=NOW):
        assert decode(event.to_json()).key == event.key
        assert 0 < event.at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([body for body, _ in SHAPES[:12]]), max_size=8), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_comes_out_the_same(bodies: list[dict[str, Any]], chance: random.Random) -> None:
    events = [
        {"sender": PERSON, "recipient": PAGE, "timestamp": NOW + index % 3, **copy.deepcopy(body)}
        for index, body in enumerate(bodies)
    ]
    shuffled = [*events, *chance.sample(events, k=len(events) // 2)]
    chance.shuffle(shuffled)

    def read(all: list[dict[str, Any]]) -> list[tuple[str, Kind]]:
        payload = json.loads(json.dumps({"entry": [{"id": "1001", "messaging": [event]} for event in all]}))
        return [(event.key, event.kind) for event in in_order(parse(payload, now_ms=NOW))]

    # The same message at another moment is the same message: the earliest of a list is what parse keeps.
    assert sorted(read(events)) == sorted(read(shuffled))
    if len({json.dumps(event, sort_keys=True) for event in events}) == len(read(events)):
        assert read(events) == read(shuffled)
