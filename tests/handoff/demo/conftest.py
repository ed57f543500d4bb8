"""A page and its platform without any webhook: what it would post is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from handoff.demo.messenger.app import Demo
from handoff.demo.messenger.hooks import Event
from handoff.demo.messenger.platform import Platform
from handoff.demo.messenger.world import Clock, Person, World

HOUR_S = 3600.0


class Page:
    """A page's app that calls Graph as it should; what a test wants wrong it says."""

    def __init__(self, demo: Demo, events: list[Event]) -> None:
        self.demo = demo
        self.events = events
        self.world = demo.world
        self.platform: Platform = demo.platform
        # Closed with the demo: nothing is open, the application is called in this process.
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=demo.app), base_url="http://127.0.0.1")

    def writer(self, text: str = "hei") -> Person:
        """Somebody who has just written."""
        person = self.world.join()
        self.platform.type(person, text)
        return person

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """With token and proof, unless the query says otherwise; None leaves one out."""
        app = self.world.app
        given = {"access_token": app.page_token, "appsecret_proof": app.proof(app.page_token), **query}
        params = {name: value for name, value in given.items() if value is not None}
        return await self.http.request(method, path, params=params, json=body)

    async def send(self, person: Person, **more: Any) -> httpx.Response:
        """A text, unless ``message`` or ``sender_action`` says otherwise."""
        body: dict[str, Any] = {"recipient": {"id": person.psid}}
        if "sender_action" not in more:
            body |= {"messaging_type": "RESPONSE", "message": {"text": "Hyvä!"}}
        body |= more
        return await self.call("POST", "/v26.0/me/messages", {k: v for k, v in body.items() if v is not None})

    def kinds(self) -> list[str]:
        """What was emitted, by the name of its content, with the channel where it is standby."""
        known = ("sender", "recipient", "timestamp")
        names = [next(name for name in event.content if name not in known) for event in self.events]
        channels = ["/standby" if event.channel == "standby" else "" for event in self.events]
        return [name + channel for name, channel in zip(names, channels, strict=True)]


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    clock = Clock(tmp_path / "clock")
    demo = Demo(World(clock=clock), callback="http://127.0.0.1:9/", address="http://127.0.0.1:9")
    events: list[Event] = []
    demo.platform._emit = events.append
    made = Page(demo, events)
    yield made
    await made.http.aclose()
    await demo.courier._http.aclose()
