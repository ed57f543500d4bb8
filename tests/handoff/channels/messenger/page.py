"""A page of the tests: the channel of one hub, people who write, and what Graph was asked to send them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from handoff.access.accounts import Accounts
from handoff.bridge import BotBridge
from handoff.channels.messenger.channel import Messenger
from handoff.channels.messenger.client import Graph
from handoff.channels.messenger.settings import INBOX_APP, MessengerSettings
from handoff.channels.messenger.signature import sign
from handoff.clock import now_ms
from handoff.conversation import Conversation
from handoff.edge.http import make_http
from handoff.queue.routing import read_routing
from handoff.settings import Settings
from handoff.tasks import end
from tests.handoff.fake_bot import FakeBot
from tests.handoff.parts import Parts, uid
from tests.handoff.texts_for_tests import OWNER
from tests.helpers.waiting import until

__all__ = ["APP", "PAGE", "SECRET", "Page", "page_on"]

PAGE, APP, PERSON = "1001", "2002", "3003"
SECRET, OLD_SECRET = "new-secret", "old-secret"  # of an app that lives for one test

SETTINGS = MessengerSettings(
    app_secrets=(SECRET, OLD_SECRET),
    verify_token="verify",
    page_token="token",
    page_id=PAGE,
    app_id=APP,
    graph_url="http://graph.test",
    language="en",
)


@dataclass
class FakeGraph:
    """Answers as Graph does. ``next`` are replies (or exceptions) for the calls to come; when they are used up, calls
    succeed. ``sent`` are the messages that reached the person."""

    next: list[Any] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    delay_s: float = 0.0
    asked_names: int = 0
    owner: str | None = None
    """The app that has the thread, where Graph is asked."""
    unwell: bool = False
    """Whether that question is answered with an error."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of every reply."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        reply = await self._reply(request)
        reply.headers.update(self.headers)
        return reply

    async def _reply(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content or b"{}")
        path = request.url.path
        if path.endswith("/thread_owner"):
            return self._owner()
        if request.method == "GET" and path.rpartition("/")[2].isdigit():
            self.asked_names += 1
            return httpx.Response(200, json={"first_name": "Maija", "last_name": "Meikäläinen", "id": "x"})
        if "sender_action" in body:
            self.actions.append(body["sender_action"])
            return httpx.Response(200, json={"recipient_id": body["recipient"]["id"]})
        self.calls.append((path, body))
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.next:
            planned = self.next.pop(0)
            if isinstance(planned, Exception):
                raise planned
            if planned == "lost answer":
                self._accept(body)
                raise httpx.ReadTimeout("no answer", request=request)
            if planned is not None:
                return httpx.Response(planned.get("status", 400), json={"error": planned})
        if not path.endswith("/messages"):
            return httpx.Response(200, json={"success": True})
        return httpx.Response(200, json={"recipient_id": PERSON, "message_id": self._accept(body)})

    def _owner(self) -> httpx.Response:
        if self.unwell:
            return httpx.Response(500, json={"error": {"code": 2}})
        rows = [{"thread_owner": {"app_id": self.owner}}] if self.owner else []
        return httpx.Response(200, json={"data": rows})

    def _accept(self, body: dict[str, Any]) -> str:
        self.sent.append(body)
        return f"m_out_{len(self.sent)}"

    @property
    def texts(self) -> list[str]:
        return [words(body["message"]) for body in self.sent]


def words(message: dict[str, Any]) -> str:
    """What the person reads of a message."""
    if "text" in message:
        return str(message["text"])
    return str(message["attachment"]["payload"]["text"])


class Page:
    """One person and the page. Everything goes through the webhook."""

    def __init__(self, parts: Parts, messenger: Messenger, client: httpx.AsyncClient, graph: FakeGraph, bot: FakeBot):
        self.parts = parts
        self.messenger = messenger
        self.client = client
        self.graph = graph
        self.bot = bot
        self.said = 0
        self.at = now_ms()

    async def post(self, *entries: dict[str, Any], secret: str = SECRET, object: str = "page") -> httpx.Response:
        """A signed delivery."""
        return await self.post_raw(json.dumps({"object": object, "entry": list(entries)}).encode(), secret)

    async def post_raw(self, body: bytes, secret: str = SECRET) -> httpx.Response:
        headers = {"x-hub-signature-256": sign(body, secret)}
        return await self.client.post("/webhooks/messenger", content=body, headers=headers)

    def event(self, person: str = PERSON, **fields: Any) -> dict[str, Any]:
        """An event of the person, a moment after the last one."""
        self.at += 10
        return {"sender": {"id": person}, "recipient": {"id": PAGE}, "timestamp": self.at, **fields}

    def entry(self, *messaging: dict[str, Any], standby: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": PAGE, "time": self.at, "messaging": list(messaging)}
        return entry if standby is None else {**entry, "standby": standby}

    def message(self, text: str | None = None, *, person: str = PERSON, **fields: Any) -> dict[str, Any]:
        self.said += 1
        words = {} if text is None else {"text": text}
        return self.event(person, message={"mid": f"m_in_{self.said}", **words, **fields})

    def echo(self, text: str, *, app_id: Any = INBOX_APP, **fields: Any) -> dict[str, Any]:
        """What the page has sent, from here or from elsewhere."""
        self.said += 1
        event = self.event(
            message={"mid": f"m_echo_{self.said}", "is_echo": True, "text": text, "app_id": app_id, **fields}
        )
        return {**event, "sender": event["recipient"], "recipient": event["sender"]}

    async def say(self, text: str, **fields: Any) -> str:
        """Write to the page; the message's id."""
        event = self.message(text, **fields)
        await self.deliver(event)
        return str(event["message"]["mid"])

    async def deliver(self, *events: dict[str, Any], standby: list[dict[str, Any]] | None = None) -> None:
        reply = await self.post(self.entry(*events, standby=standby))
        assert reply.status_code == 200, reply.text

    async def conversation(self) -> str:
        return (await self.messenger.threads.of(PAGE, PERSON)).conversation

    async def state(self) -> Conversation:
        return await self.parts.state(await self.conversation())

    async def log(self) -> list[dict[str, Any]]:
        return await self.parts.store.events(await self.conversation())

    async def logged(
        self, look: Callable[[list[dict[str, Any]]], bool], what: str, **fields: Any
    ) -> list[dict[str, Any]]:
        """The log, as soon as ``look`` is content with it."""

        async def found() -> list[dict[str, Any]] | None:
            log = await self.log()
            return log if look(log) else None

        log = await until(found, what, **fields)
        assert log is not None
        return log

    async def kind(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """The entries of a kind, as soon as there are so many."""
        log = await self.logged(lambda log: sum(e["kind"] == kind for e in log) >= count, f"{count} × {kind}")
        return [event for event in log if event["kind"] == kind]

    async def receives(self, *texts: str) -> None:
        """The person gets these texts, and nothing beside, in all."""

        async def there() -> bool:
            return len(self.graph.texts) >= len(texts)

        try:
            await until(there, f"{len(texts)} messages")
        finally:
            assert self.graph.texts == list(texts)

    async def settled(self) -> None:
        """Wait until nothing is due any more, in or out."""

        async def still() -> bool:
            redis, keys = self.parts.redis, self.messenger.keys
            return not await redis.zcard(keys.due_in) and not await redis.zcard(keys.due_out)

        await until(still, "nothing is due")

    def says(self, key: str, language: str = "en", **values: str) -> str:
        return self.parts.hub.texts.say(language, key, **values).strip()


@asynccontextmanager
async def page_on(
    parts: Parts,
    url: str,
    folder: Path,
    *,
    settle_s: float = 0.03,
    reply_timeout_s: float = 1.0,
    clock: Path | None = None,
    **fields: Any,
) -> AsyncIterator[Page]:
    """A page whose hub runs; ``fields`` are settings of the page."""
    page = replace(SETTINGS, test_clock=clock, **fields)
    graph = FakeGraph()
    client = Graph(page, reply_timeout_s=reply_timeout_s, transport=httpx.MockTransport(graph))
    settings = Settings(redis_url="", var=folder, owner_dir=OWNER, web_dir=folder)
    messenger = Messenger(
        parts.hub,
        parts.writer,
        settings,
        page,
        graph=client,
        settle_s=settle_s,
        offer_every_s=3600,  # a test that is about offers makes them itself
        confirm_s=0.5,
        back_off_s=(0.05, 0.2),
    )
    routing = read_routing(OWNER / "handoff.yml")
    bridge = BotBridge(parts.hub, parts.blocking, routing, process=uid(), block_ms=200)
    app = make_http(parts.hub, Accounts(parts.redis, parts.keys), settings, messenger)
    await messenger.begin()
    work = [*messenger.work(), parts.fanout.listen(), bridge.read(), bridge.keep_deadlines()]
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://hub.test")
    try:
        async with http, FakeBot(url) as bot:
            yield Page(parts, messenger, http, graph, bot)
    finally:
        for task in tasks:
            if task.done() and not task.cancelled():
                task.result()
        await end(*tasks)
        await messenger.close()
