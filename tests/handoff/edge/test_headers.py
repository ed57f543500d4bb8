"""Every answer of every route carries the security headers; HSTS only where it was asked for and TLS was used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse

from handoff.edge.headers import HEADERS, SecurityHeaders
from handoff.edge.http import make_http
from handoff.settings import Settings
from tests.handoff.parts import Parts
from tests.handoff.routes import routes_of
from tests.handoff.texts_for_tests import OWNER


@pytest.fixture
async def app(parts: Parts, tmp_path: Any) -> AsyncIterator[Any]:
    settings = Settings(redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=tmp_path, origins=frozenset({"http://hub"}))
    yield make_http(parts.hub, _accounts(parts), settings)


def _accounts(parts: Parts) -> Any:
    from handoff.access.accounts import Accounts

    return Accounts(parts.redis, parts.keys)


def client_of(app: Any, base_url: str = "http://hub") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=base_url)


async def test_every_route_and_method_answers_with_the_security_headers(app: Any) -> None:
    async with client_of(app) as client:
        for route in routes_of(app):
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
                reply = await client.request(method, route.example)
                for name, value in HEADERS:
                    found = reply.headers.get_list(name.decode())
                    assert len(found) == 1, (method, route.path, name)
                    if not (route.shared and name == b"cross-origin-resource-policy"):
                        assert found[0] == value.decode(), (method, route.path, name)
                assert "cache-control" in reply.headers
                assert "server" not in reply.headers
                assert "strict-transport-security" not in reply.headers


async def test_the_content_policy_allows_nothing_inline_nothing_foreign_and_no_frame() -> None:
    policy = dict(HEADERS)[b"content-security-policy"].decode()
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["frame-ancestors"] == directives["object-src"] == directives["base-uri"] == "'none'"
    assert {directives[name] for name in ("default-src", "script-src", "style-src", "connect-src")} == {"'self'"}
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy


@pytest.mark.parametrize(
    ("hsts_s", "scheme", "told"), [(0, "https", None), (600, "http", None), (600, "https", "max-age=600")]
)
async def test_browsers_are_told_of_tls_where_it_is_used_and_wanted(hsts_s: int, scheme: str, told: str | None) -> None:
    app = SecurityHeaders(PlainTextResponse("x"), hsts_s=hsts_s)
    async with client_of(app, f"{scheme}://hub") as client:
        assert (await client.get("/")).headers.get("strict-transport-security") == told


async def test_a_route_that_sets_a_header_itself_is_obeyed() -> None:
    own = PlainTextResponse("x", headers={"Content-Security-Policy": "sandbox"})
    async with client_of(SecurityHeaders(own)) as client:
        assert (await client.get("/")).headers.get_list("content-security-policy") == ["sandbox"]
