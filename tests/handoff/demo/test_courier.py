"""Webhook posts as they arrive over a real connection: signed, repeated until taken, and on bad days."""

from __future__ import annotations

import asyncio
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from handoff.demo.messenger.app import Demo
from handoff.supervisor.ports import free_ports
from tests.helpers.messenger import Inbox, Meta, serve_demo
from tests.helpers.waiting import until, until_sync


class Webhook:
    """Takes posts, or refuses the next ``refuse`` ones."""

    def __init__(self) -> None:
        self.posts: list[tuple[bytes, str]] = []
        self.refuse = 0

    async def take(self, request: Request) -> Response:
        body = await request.body()
        if self.refuse:
            self.refuse -= 1
            return Response(status_code=503)
        self.posts.append((body, request.headers["x-hub-signature-256"]))
        return PlainTextResponse("ok")

    def events(self) -> list[dict[str, Any]]:
        """All events of all entries, in the order of arrival."""
        found = []
        for body, _ in self.posts:
            for entry in json.loads(body)["entry"]:
                found += [*entry.get("messaging", ()), *entry.get("standby", ())]
        return found

    def texts(self) -> list[str]:
        return [event["message"]["text"] for event in self.events() if "message" in event]


@contextmanager
def listening(webhook: Webhook) -> Iterator[str]:
    port = free_ports(1)[0]
    app = Starlette(routes=[Route("/hook", webhook.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off", log_level="warning"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        until_sync(lambda: server.started, "the webhook listens")
        yield f"http://127.0.0.1:{port}/hook"
    finally:
        server.should_exit = True
        thread.join(10)


House = tuple[Webhook, Demo, str]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """A webhook, a demo and its address: one for all tests here."""
    webhook = Webhook()
    with listening(webhook) as callback, serve_demo(callback=callback) as (demo, address):
        yield webhook, demo, address


@pytest.fixture
def webhook(house: House) -> Webhook:
    house[0].posts.clear()
    return house[0]


async def test_a_post_is_signed_over_its_raw_body(webhook: Webhook, house: House) -> None:
    async with Meta(house[2]) as meta:
        aino = await meta.customer()
        await aino.types("tämä/tuo")
        await meta.quiet()
    body, signature = webhook.posts[0]
    assert signature == "sha256=" + hmac.new(house[1].world.app.secret.encode(), body, sha256).hexdigest()
    assert b"t\\u00e4m\\u00e4\\/tuo" in body  # as Meta writes it
    assert json.loads(body)["object"] == "page"


async def test_a_post_that_is_not_taken_comes_again_and_the_next_waits(
    webhook: Webhook, house: House
) -> None:
    webhook.refuse = 1
    async with Meta(house[2]) as meta:
        aino = await meta.customer()
        await aino.types("ensin")
        await aino.types("sitten")
        await meta.quiet()
    assert webhook.texts() == ["ensin", "sitten"]


async def test_bad_days_double_shuffle_and_batch(webhook: Webhook, house: House) -> None:
    words = ["yksi", "kaksi", "kolme", "neljä", "viisi"]
    async with Meta(house[2]) as meta:
        aino = await meta.customer()
        async with meta.chaos(batch=5):
            for word in words:
                await aino.types(word)
            await meta.quiet()
        assert len(webhook.posts) == 1
        assert len(json.loads(webhook.posts[0][0])["entry"]) == 2
        assert webhook.texts() == words
        webhook.posts.clear()
        async with meta.chaos(duplicate=5):
            await aino.types("sama")
            await meta.quiet()
        assert webhook.texts() == ["sama"] * 5
        webhook.posts.clear()
        async with meta.chaos(reorder=5):
            for _ in range(10):  # side by side they may come straight by chance, but not ten times
                webhook.posts.clear()
                for word in words:
                    await aino.types(word)
                await meta.quiet()
                assert sorted(webhook.texts()) == sorted(words)
                if webhook.texts() != words:
                    break
        assert webhook.texts() != words


async def test_standby_and_messaging_may_share_an_entry(webhook: Webhook, house: House) -> None:
    async with Meta(house[2]) as meta:
        aino, inbox = await meta.customer(), Inbox(meta)
        async with meta.chaos(batch=3, ids_as_text=True):
            await aino.types("hei")
            await inbox.takes(aino)
            await aino.types("oletteko ihminen")
            await meta.quiet()
    entries = json.loads(webhook.posts[0][0])["entry"]
    assert any({"messaging", "standby"} <= set(entry) for entry in entries)


async def test_a_call_that_is_cut_off_leaves_the_caller_in_doubt(house: House) -> None:
    async with Meta(house[2]) as meta:
        aino = await meta.customer()
        await aino.types("hei")
        await meta.fail("cut_after_accept")
        state = await meta.state()
        assert state["faults"] == 1
        app = house[1].world.app
        query = {"access_token": app.page_token, "appsecret_proof": app.proof(app.page_token)}
        message = {"recipient": {"id": aino.psid}, "messaging_type": "RESPONSE", "message": {"text": "Hyvä!"}}
        async with httpx.AsyncClient(base_url=house[2], trust_env=False) as http:
            with pytest.raises(httpx.RemoteProtocolError):
                await http.post("/v26.0/me/messages", params=query, json=message)
        assert [one["text"] for one in await aino.screen()] == ["hei", "Hyvä!"]
        await meta.quiet()


async def test_a_held_webhook_gets_everything_later(webhook: Webhook, house: House) -> None:
    async with Meta(house[2]) as meta:
        aino = await meta.customer()
        async with meta.chaos(hold=True):
            await aino.types("odota")
            assert (await meta.state())["posts"]["waiting"] == 1
        await until(lambda: _true(webhook.texts() == ["odota"]), "it came")


async def _true(value: bool) -> bool:
    return value
