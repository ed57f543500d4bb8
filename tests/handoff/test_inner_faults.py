"""Row S18: whatever breaks inside, the peer learns a code and nothing of it, and gets nothing that it asked for.

The routes are those of the real table and the frames those of the wire modules, so a new one is covered by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from handoff.access.accounts import Account, Accounts
from handoff.edge.http import COOKIE, make_http
from handoff.gateway.agent import AgentSocket
from handoff.gateway.visitor import VisitorSocket
from handoff.settings import Settings
from handoff.wire import agent, visitor
from tests.handoff.parts import Parts
from tests.handoff.routes import routes_of, starlette_of
from tests.handoff.texts_for_tests import OWNER
from tests.handoff.wire import examples

SECRET = "redis://silta-hub:hunter2@10.0.0.5 {silta}:c:Kq3 SELECT * FROM people"
INSIDE = ("hunter2", "{silta}", "SELECT", "Traceback", "RuntimeError", 'File "', "10.0.0.5", ".py")
CODES = {"unauthorized", "forbidden", "not_found", "conflict", "bad_request", "too_large", "try_later", "internal"}


def tells_nothing(text: str) -> bool:
    return not any(word in text for word in INSIDE)


class Broken:
    """Stands for any part: whatever is asked of it, it raises with everything in the message that must not get out."""

    def __getattr__(self, name: str) -> Broken:
        return Broken()

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError(SECRET)


class BrokenHub(Broken):
    """Of the hub itself, what the room holds in memory can still be read."""

    room = SimpleNamespace(accounts={})


class BrokenGateway(Broken):
    hub = BrokenHub()
    limits = None


class Listening:
    """A peer that keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Mapping[str, Any]] = []
        self.closed = False
        self.code: int | None = None

    def push(self, frame: Mapping[str, Any]) -> None:
        self.sent.append(frame)

    def close(self, code: int) -> None:
        self.closed, self.code = True, code

    async def flushed(self) -> None:
        pass


class Saying:
    """A reader with one frame."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def hello(self, _: float) -> str:
        return self._text


def assert_refused(peer: Listening, frame: str) -> None:
    told = [one for one in peer.sent if one["type"] not in ("pong",)]
    assert tells_nothing(json.dumps(peer.sent)), frame
    if json.loads(frame)["type"] != "ping":
        assert [one["type"] for one in told] == ["error"], frame
        assert told[0]["code"] in CODES
    else:
        assert told == []


@pytest.mark.parametrize("frame", examples.of_visitor(visitor.FRAMES))
async def test_s18_a_visitors_frame_that_breaks_the_hub_is_answered_without_a_word_of_it(frame: str) -> None:
    visitor.decode(frame)
    peer, gateway = Listening(), BrokenGateway()
    socket = VisitorSocket(gateway, peer)  # type: ignore[arg-type]
    if json.loads(frame)["type"] == "hello":
        await socket.run(Saying(frame), 1.0)  # type: ignore[arg-type]
        assert peer.closed
    else:
        await socket.handle(frame)
    assert_refused(peer, frame)


@pytest.mark.parametrize("frame", examples.of_agent(agent.FRAMES))
async def test_s18_an_agents_frame_that_breaks_the_hub_is_answered_without_a_word_of_it(frame: str) -> None:
    agent.decode(frame)
    peer, gateway = Listening(), BrokenGateway()
    socket = AgentSocket(gateway, peer)  # type: ignore[arg-type]
    if json.loads(frame)["type"] == "hello":
        await socket.run(Saying(frame), 1.0)  # type: ignore[arg-type]
        assert peer.closed
    else:
        socket.console.arrived(Account(id="mikkel", email="m@test.example", name="Mikkel", role="owner"), "en")
        await socket.handle(frame)
    assert_refused(peer, frame)


@pytest.fixture
def app(parts: Parts, tmp_path: Any) -> Any:
    settings = Settings(redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=tmp_path, origins=frozenset({"http://hub"}))
    return make_http(parts.hub, Accounts(parts.redis, parts.keys), settings)


def client_of(app: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://hub", headers={"cookie": f"{COOKIE}=x"})


async def test_s18_every_route_that_breaks_answers_500_with_a_code_and_nothing_else(app: Any) -> None:
    async def broken(_: Request) -> Any:
        raise RuntimeError(SECRET)

    routes = routes_of(app)
    for known in routes:
        # In place of the route's own endpoint, behind all that stands around it.
        known.route.app = type(known.route)(known.path, broken, methods=list(known.methods)).app
    async with client_of(app) as client:
        for known in routes:
            for method in known.methods:
                reply = await client.request(method, known.example)
                assert reply.status_code == 500, (method, known.path)
                assert reply.json() == {"code": "internal", "message": "This did not work."}, (method, known.path)
    assert starlette_of(app).debug is False


async def test_s18_when_sign_in_cannot_be_checked_nobody_is_let_in(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail closed: each route that refuses a stranger refuses when the check itself breaks, too."""

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError(SECRET)

    async with client_of(app) as client:
        stranger = {
            (method, known.example): (await client.request(method, known.example, json={})).status_code
            for known in routes_of(app)
            for method in known.methods
        }
        guarded = [where for where, status in stranger.items() if status in (401, 403)]
        assert len(guarded) >= 8, "the table is read wrongly"
        monkeypatch.setattr(Accounts, "signed_in", broken)
        for method, path in guarded:
            reply = await client.request(method, path, json={})
            assert reply.status_code in (401, 403, 500), (method, path)
            assert set(reply.json()) <= {"code", "message"}
            assert tells_nothing(reply.text)
