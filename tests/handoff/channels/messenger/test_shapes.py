"""Webhook bodies as they are met in the wild, see ``shapes.yml``: each is read for what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from handoff.channels.messenger.events import Event, decode, parse
from handoff.channels.messenger.routing import is_ours, turn_of

SHAPES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("shapes.yml").read_text("utf-8"))

APP = "2002"


def told(event: Event, wanted: str) -> str:
    """The event in a line, with its time only where that is asked for."""
    line = f"{event.kind.value} {event.person or '-'}{' standby' if event.standby else ''}"
    return f"{line} at {event.at}" if " at " in wanted else line


@pytest.mark.parametrize("shape", SHAPES, ids=[shape["name"] for shape in SHAPES])
def test_a_shape_is_read_for_what_it_says(shape: dict[str, Any]) -> None:
    body = json.loads(json.dumps({"object": "page", "entry": shape["entry"]}))
    events = parse(body, now_ms=1_700_000_000_500)
    wanted = shape["expect"]
    assert [told(event, line) for event, line in zip(events, wanted, strict=True)] == wanted
    assert all(event.page == "1001" for event in events)
    if "ours" in shape:
        assert is_ours(events[0], APP) is shape["ours"]
    if "turn" in shape:
        assert turn_of(events[0], APP).value == shape["turn"]


@pytest.mark.parametrize("shape", SHAPES, ids=[shape["name"] for shape in SHAPES])
def test_a_shape_survives_the_way_through_the_store_and_keeps_its_key(shape: dict[str, Any]) -> None:
    body = {"object": "page", "entry": shape["entry"]}
    first, again = parse(body, now_ms=1_700_000_000_500), parse(json.loads(json.dumps(body)), now_ms=1_700_000_000_500)
    assert [decode(event.to_json()) for event in first] == first
    assert [event.key for event in again] == [event.key for event in first]


def test_there_are_shapes_of_every_kind() -> None:
    names = [shape["name"] for shape in SHAPES]
    assert len(names) == len(set(names)) > 40
