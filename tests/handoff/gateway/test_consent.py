"""The owner's box: nothing that a visitor says, sends or asks for is kept before it is ticked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handoff.access.tokens import VisitorTokens
from handoff.conversation import Conversation
from handoff.gateway.greetings import Greetings
from handoff.gateway.line import WaitingLine
from handoff.gateway.visitor import VisitorGateway, VisitorSocket
from handoff.settings import Settings
from handoff.wire import visitor as wire
from tests.handoff.gateway.peers import RecordingPeer
from tests.handoff.parts import Parts, uid

TOKENS = VisitorTokens(("k" * 64,), max_age_s=60)

FIRST: dict[str, dict[str, Any]] = {
    "message": {"text": "hello"},
    "request_handoff": {},
    "callback": {"email": "maija@example.com"},
    "rating": {"score": 1, "comment": "my words"},
}
"""What a visitor may begin with, and what it has."""


class Page:
    """A visitor's page: what it sends and was told last."""

    def __init__(self, parts: Parts, folder: Path) -> None:
        settings = Settings(redis_url="", var=folder, owner_dir=folder, web_dir=folder)
        gateway = VisitorGateway(parts.hub, TOKENS, settings, WaitingLine(parts.hub), Greetings(parts.hub.moment))
        peer: Any = RecordingPeer()
        self.peer, self.socket = peer, VisitorSocket(gateway, peer)

    async def arrive(self, token: str | None = None) -> dict[str, Any]:
        await self.socket.hello(wire.Hello(token, 0, "en", None, None))
        return dict(self.peer.of("welcome")[-1])

    async def ask(self, type: str, *, id: str | None = None, **fields: Any) -> dict[str, Any]:
        """Send a frame; its answer."""
        id = id or uid()
        await self.socket.handle(json.dumps({"type": type, "id": id, **fields}))
        return dict([frame for frame in self.peer.frames if frame.get("id") == id][-1])


def put_up(parts: Parts, consent: bool = True) -> None:
    """The owner puts up the box, or takes it away."""
    now = parts.hub.owner.now
    parts.hub.owner.now = replace(now, widget=replace(now.widget, consent=consent))


@pytest.fixture
async def page(parts: Parts, tmp_path: Path) -> AsyncIterator[Page]:
    made = Page(parts, tmp_path)
    yield made
    made.socket.close()


@pytest.mark.parametrize("first", FIRST)
async def test_what_a_visitor_begins_with_is_refused_before_the_box_is_ticked_and_kept_nowhere(
    page: Page, parts: Parts, first: str
) -> None:
    put_up(parts)
    assert (await page.arrive())["consent"] is True
    refused = await page.ask(first, **FIRST[first])
    assert (refused["type"], refused["code"], refused["reason"]) == ("error", "forbidden", "agree")
    assert await parts.store.load(page.socket.conversation) is None


async def test_the_same_message_sent_again_after_the_tick_is_taken(page: Page, parts: Parts) -> None:
    put_up(parts)
    await page.arrive()
    id = uid()
    assert (await page.ask("message", id=id, text="hello"))["code"] == "forbidden"
    assert (await page.ask("agree"))["agreed"] is True
    assert (await page.ask("message", id=id, text="hello"))["type"] == "ack"
    assert await parts.kinds(page.socket.conversation) == ["agreed", "message"]


@pytest.mark.parametrize("first", ["message", "request_handoff", "callback"])
async def test_who_has_ticked_it_begins_with_whatever_they_like(page: Page, parts: Parts, first: str) -> None:
    put_up(parts)
    await page.arrive()
    await page.ask("agree")
    assert (await page.ask(first, **FIRST[first]))["type"] == "ack"


async def test_the_tick_counts_on_another_hub_that_has_not_heard_of_it(page: Page, parts: Parts) -> None:
    put_up(parts)
    await page.arrive()
    await page.ask("agree")
    parts.store.forget(page.socket.conversation)
    assert (await page.ask("message", text="hello"))["type"] == "ack"


async def test_who_only_chose_a_language_is_asked_all_the_same(page: Page, parts: Parts, tmp_path: Path) -> None:
    put_up(parts)
    token = (await page.arrive())["token"]
    assert (await page.ask("language", value="fi"))["type"] == "ack"
    assert (await page.ask("message", text="hei"))["code"] == "forbidden"
    assert (await Page(parts, tmp_path).arrive(token))["consent"] is True


@pytest.mark.parametrize("first", ["message", "request_handoff", "callback"])
async def test_a_conversation_that_is_under_way_is_not_stopped_by_a_box_put_up_since(
    page: Page, parts: Parts, tmp_path: Path, first: str
) -> None:
    token = (await page.arrive())["token"]
    await page.ask(first, **FIRST[first])
    put_up(parts)
    assert (await page.ask("message", text="and another thing"))["type"] == "ack"
    assert (await page.ask("rating", score=5))["type"] == "ack"
    assert (await Page(parts, tmp_path).arrive(token))["consent"] is False


async def test_without_the_box_nobody_has_to_agree(page: Page, parts: Parts) -> None:
    put_up(parts, consent=False)
    assert (await page.arrive())["consent"] is False
    assert (await page.ask("message", text="hello"))["type"] == "ack"


async def test_on_messenger_there_is_no_box(parts: Parts) -> None:
    put_up(parts)
    new = Conversation(id=uid(), channel="messenger", language="en")
    assert (await parts.hub.visitors.message(new, id=uid(), text="hello", button=None))["seq"] == 1
