"""S6 for HTTP: every pair of a role and a route, from the real routes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from handoff.access.accounts import Account, Accounts
from handoff.access.doors import guarded
from handoff.access.permissions import ACTIONS, ANYONE, KEY, SCOPES, allowed, may, route_action
from handoff.access.tokens import VisitorTokens
from handoff.channels.messenger.webhook import Webhook
from handoff.edge import http as module
from handoff.edge import openapi
from handoff.errors import Refused, Unauthorized
from handoff.settings import Settings
from handoff.uploads.shelf import FileKeys, Uploads
from tests.handoff.parts import Parts
from tests.handoff.texts_for_tests import OWNER

PRINCIPALS = (
    *(Account(role, role, role, role=role) for role in ("agent", "supervisor", "owner")),
    *(Account(scope, "", scope, role="key", scopes=(scope,)) for scope in SCOPES),
)


class _Messenger:
    """Routes of the channel, which a hub without a page does not have."""

    def routes(self, sees: Any) -> Sequence[Route]:
        nothing: Any = None
        return Webhook(nothing, nothing, nothing, nothing, sees).routes()


@pytest.fixture
def routes(parts: Parts, tmp_path: Path) -> list[Route]:
    """The real routes, as they are before they get their doors."""
    settings = Settings(redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=tmp_path)
    messenger: Any = _Messenger()
    key = ("k" * 32,)
    files = (Uploads(tmp_path), VisitorTokens(key, max_age_s=60), FileKeys(key))
    return module._Pages(parts.hub, Accounts(parts.redis, parts.keys), settings, messenger, (), files)._routes()


def test_s6_every_route_has_a_line(routes: list[Route]) -> None:
    actions = {route_action(method, route.path) for route in routes for method in route.methods or {"GET"}}
    assert len(actions) > 20
    assert actions <= ACTIONS.keys(), "add a line to handoff/access/permissions.py"


def test_s6_every_line_for_a_route_has_a_route(routes: list[Route]) -> None:
    """A line that outlives its route would open the next one of that name to whoever the old one was for."""
    actions = {route_action(method, route.path) for route in routes for method in route.methods or {"GET"}}
    lines = {action for action in ACTIONS if " " in action}
    assert lines - {"GET " + openapi.PATH} <= actions, "take the line out of handoff/access/permissions.py"


async def test_s6_every_pair_of_role_and_route_goes_by_the_table(routes: list[Route]) -> None:
    """The handlers are replaced: who gets as far as there was let in."""
    asking: list[Account | None] = [None]

    async def let_in(_: Request) -> PlainTextResponse:
        return PlainTextResponse("in")

    async def signed_in(_: Request) -> Account:
        if asking[0] is None:
            raise Unauthorized("Sign in first.")
        return asking[0]

    async def refused(_: Request, error: Exception) -> PlainTextResponse:
        assert isinstance(error, Refused)
        return PlainTextResponse(error.code)

    bare = [Route(route.path, let_in, methods=sorted(route.methods or {"GET"})) for route in routes]
    app = Starlette(routes=guarded(bare, signed_in), exception_handlers={Refused: refused})
    pairs = 0
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test") as client:
        for route in routes:
            path = re.sub(r"\{[^}]+\}", "x", route.path)
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                action = route_action(method, route.path)
                for account in (None, *PRINCIPALS):
                    asking[0] = account
                    answer = (await client.request(method, path)).text
                    if may(ANYONE, action) or (account is not None and allowed(account, action)):
                        assert answer == "in", (action, account)
                    else:
                        assert answer == ("unauthorized" if account is None else "forbidden"), (action, account)
                    pairs += 1
    assert pairs >= len(routes) * (1 + len(PRINCIPALS))


async def test_s6_a_route_without_a_line_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    async def let_in(_: Request) -> PlainTextResponse:
        return PlainTextResponse("in")

    async def owner(_: Request) -> Account:
        return PRINCIPALS[2]

    async def refused(_: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse(str(error), status_code=403)

    app = Starlette(routes=guarded([Route("/api/new", let_in)], owner), exception_handlers={Refused: refused})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test") as client:
        assert (await client.get("/api/new")).status_code == 403
    assert "GET /api/new has no line" in caplog.text


def test_keys_have_no_way_in_but_their_scopes() -> None:
    for action, roles in ACTIONS.items():
        for scope in SCOPES:
            if KEY + scope in roles and ANYONE not in roles:
                assert "conversations" in action or "search" in action or "messenger/files" in action
