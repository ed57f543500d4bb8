"""The description of the HTTP names exactly the real routes, and nothing that it lets in breaks one of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from handoff.access.accounts import Accounts
from handoff.edge.http import make_http
from handoff.edge.openapi import OPERATIONS, PATH, describe, plain
from handoff.settings import Settings
from tests.handoff.parts import Parts
from tests.handoff.routes import routes_of
from tests.handoff.texts_for_tests import OWNER

EMAIL, PASSWORD = "aino@test.example", "a-long-enough-password"


@pytest.fixture
async def app(parts: Parts, tmp_path: Any) -> Any:
    accounts = Accounts(parts.redis, parts.keys)
    accounts._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    await accounts.add(EMAIL, name="Aino", role="owner", password=PASSWORD)
    made = Settings(redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=tmp_path, origins=frozenset({"http://hub"}))
    return make_http(parts.hub, accounts, made)


@pytest.fixture
async def client(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        yield client


async def test_the_description_names_exactly_the_real_routes(app: Any, client: httpx.AsyncClient) -> None:
    described = (await client.get(PATH)).json()
    named = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    real = {(method, plain(known.path)) for known in routes_of(app) for method in known.methods}
    assert named == real
    assert ("GET", PATH) in named


async def test_every_operation_says_what_it_does_who_may_and_how_it_refuses(client: httpx.AsyncClient) -> None:
    described = (await client.get(PATH)).json()
    names = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            names.append(operation["operationId"])
            assert operation["summary"], (method, path)
            assert "200" in operation["responses"], (method, path)
            for reference in _references(operation):
                assert reference.removeprefix("#/components/schemas/") in described["components"]["schemas"]
            for scheme in operation["security"]:
                assert set(scheme) <= set(described["components"]["securitySchemes"])
    assert len(names) == len(set(names))


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for item in value.values() for found in _references(item)]
    return [found for item in value for found in _references(item)] if isinstance(value, list) else []


async def test_no_description_is_left_of_a_route_that_is_gone(app: Any) -> None:
    """Those of the Facebook page are only there with one."""
    real = {(method, plain(known.path)) for known in routes_of(app) for method in known.methods}
    assert {where for where in OPERATIONS if "messenger" not in where[1]} <= real


def test_a_route_that_nobody_described_is_named_by_what_its_function_says() -> None:
    async def erase(_: Any) -> Any:
        """Take a person's words away.

        More that is not shown.
        """

    described = describe([Route("/api/things/{id:path}", erase, methods=["POST"])])
    assert described["paths"]["/api/things/{id}"]["post"]["summary"] == "Take a person's words away."


WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "\x00", "..", "%2e%2e", "{silta}:agents", "' OR 1=1 --", "x" * 5000, "🦊", "\u202e", "null"]),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


async def test_s18_nothing_that_is_sent_to_a_route_makes_a_server_error(app: Any, client: httpx.AsyncClient) -> None:
    """A quick one of what `make faults` does with schemathesis: signed in as owner, odd names and odd bodies."""
    reply = await client.post("/api/login", json={"email": EMAIL, "password": PASSWORD})
    assert reply.status_code == 200
    targets = [
        (method, known.path)
        for known in routes_of(app)
        for method in known.methods
        # The probes of health would only look at Redis again and again; a sign-out would end the rest.
        if known.path not in ("/readyz", "/metrics", "/api/logout", "/api/login")
    ]
    loop = asyncio.get_running_loop()
    answered: dict[int, int] = {}

    async def send(method: str, path: str, name: str, content: bytes) -> None:
        request = client.build_request(method, "http://hub/", content=content)
        encoded = "".join(f"%{byte:02x}" for byte in name.encode("utf-8", "surrogatepass"))
        filled = "".join(encoded if part.startswith("{") else part for part in _pieces(path))
        request.url = request.url.copy_with(raw_path=(filled + f"?q={encoded}").encode())
        reply = await client.send(request)
        assert reply.status_code < 500 or reply.status_code == 503, (method, path, name, content, reply.text)
        answered[reply.status_code] = answered.get(reply.status_code, 0) + 1

    @given(target=st.sampled_from(targets), name=WORDS, body=st.one_of(VALUES.map(_as_json), st.binary(max_size=200)))
    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    def attack(target: tuple[str, str], name: str, body: bytes) -> None:
        asyncio.run_coroutine_threadsafe(send(*target, name, body), loop).result(30)

    await asyncio.to_thread(attack)
    assert 404 in answered and (200 in answered or 400 in answered), answered


def _pieces(path: str) -> list[str]:
    pieces, rest = [], path
    while "{" in rest:
        before, _, rest = rest.partition("{")
        inside, _, rest = rest.partition("}")
        pieces += [before, "{" + inside + "}"]
    return [*pieces, rest]


def _as_json(value: Any) -> bytes:
    return json.dumps(value).encode()
