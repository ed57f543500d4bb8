"""docs/protocol.md names every frame and every field that the code knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handoff import packet
from handoff.conversation import Status
from handoff.entry import AGENTS_ONLY, Kind
from handoff.wire import agent, visitor
from tests.handoff.parts import new_conversation
from tests.handoff.texts_for_tests import texts

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "protocol.md").read_text("utf-8")


def rows(chapter: str) -> dict[str, str]:
    """The rest of a table's row by each name in its first cell."""
    found = {}
    for line in PAGE.partition(f"## {chapter}\n")[2].partition("\n## ")[0].splitlines():
        if line.startswith("| `"):
            first, _, rest = line.removeprefix("| ").partition(" | ")
            for name in re.findall(r"`([^`]+)`", first):
                found[name] = rest
    return found


def words(text: str) -> set[str]:
    return {word for quoted in re.findall(r"`([^`]+)`", text) for word in re.findall(r"\w+", quoted)}


@pytest.mark.parametrize(("chapter", "known"), [("Visitor: sends", visitor.FRAMES), ("Agent: sends", agent.FRAMES)])
def test_every_frame_and_each_of_its_fields_is_on_the_page(chapter: str, known: Mapping[str, Any]) -> None:
    described = rows(chapter)
    assert set(known) <= set(described)
    for name, (_, fields) in known.items():
        assert set(fields) <= words(described[name]), name


def test_every_kind_of_event_is_on_the_page_and_whom_it_is_for() -> None:
    described = rows("Events")
    for kind in Kind:
        who = described[kind.value].partition(" | ")[0]
        assert who == ("agents" if kind in AGENTS_ONLY else "all"), kind


def test_every_frame_that_the_gateways_push_is_on_the_page() -> None:
    named = {"visitor": rows("Visitor: gets"), "agent": rows("Agent: gets")}
    for who, described in named.items():
        source = (ROOT / "handoff" / "gateway" / f"{who}.py").read_text("utf-8")
        pushed = set(re.findall(r'"type": "(?!websocket)([\w.]+)"', source))
        assert len(pushed) >= 5, "the source is read wrongly"
        assert pushed <= set(described), who


def test_every_field_of_the_packet_is_on_the_page() -> None:
    made = packet.build(replace(new_conversation(), status=Status.ASSIGNED), texts(), "en")
    assert made is not None and set(made) <= set(rows("The packet"))
