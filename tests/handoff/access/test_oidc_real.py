"""Signing in with a real OpenID provider, run as a process: the npm package ``oidc-provider``."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from handoff.access.accounts import Accounts
from handoff.access.oidc_settings import OidcSettings
from handoff.edge.http import make_http
from handoff.settings import ROOT, Settings
from tests.handoff.parts import Parts
from tests.handoff.texts_for_tests import OWNER

ORIGIN = "https://hub.test"
EMAIL = "aino@test.example"
START_S = 60.0


@pytest.fixture
async def issuer() -> AsyncIterator[str]:
    assert (ROOT / "web" / "node_modules" / "oidc-provider").is_dir(), "the web parts' packages are not installed"
    process = await asyncio.create_subprocess_exec(
        str(ROOT / "ops" / "node"),
        "node",
        str(Path(__file__).with_name("oidc_provider.mjs")),
        str(ROOT / "web"),
        f"{ORIGIN}/api/login/oidc/callback",
        f"{ORIGIN}/console",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            async for line in process.stdout:
                if line.startswith(b"at "):
                    break
            else:
                raise AssertionError("the provider did not start")
        yield line.decode().split()[1]
    finally:
        process.stdin.close()
        if process.returncode is None:
            process.kill()
        await process.wait()


async def sign_in_there(address: str, email: str) -> str:
    """As somebody at the provider's own pages; the address that the browser is sent back to."""

    def typed(page: str) -> dict[str, str]:
        prompt = re.search(r'name="prompt" value="(\w+)"', page)
        assert prompt is not None, page[:800]
        return {"prompt": prompt[1], "login": email, "password": "any"}

    return await through_the_provider(address, typed)


async def sign_out_there(address: str) -> str:
    """As :func:`sign_in_there`: the provider asks, the person agrees."""

    def agreed(page: str) -> dict[str, str]:
        return {**dict(re.findall(r'name="(\w+)" value="([^"]*)"', page)), "logout": "yes"}

    return await through_the_provider(address, agreed)


async def through_the_provider(address: str, filled: Callable[[str], dict[str, str]]) -> str:
    """Fill in the provider's forms, one page after the other, until it sends the browser back to us."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as person:
        reply = await person.get(address)
        for _ in range(12):
            if reply.is_redirect:
                target = str(reply.next_request.url) if reply.next_request is not None else ""
                if target.startswith(ORIGIN):
                    return target
                reply = await person.get(target)
                continue
            form = re.search(r'<form[^>]*action="([^"]+)"', reply.text)
            assert form is not None, f"{reply.status_code} {reply.text[:800]}"
            reply = await person.post(str(reply.url.join(html.unescape(form[1]))), data=filled(reply.text))
    raise AssertionError("the provider never sent us back")


async def test_a_real_provider_signs_in_who_has_an_account_and_nobody_else(
    parts: Parts, issuer: str, tmp_path: Path
) -> None:
    accounts = Accounts(parts.redis, parts.keys)
    await accounts.add(EMAIL, name="Aino", password="a-long-enough-password")
    await accounts.add("unverified@test.example", name="Una", password="a-long-enough-password")
    settings = Settings(
        redis_url="",
        var=tmp_path,
        owner_dir=OWNER,
        web_dir=tmp_path,
        origins=frozenset({ORIGIN}),
        secrets=("k" * 64,),
        oidc=OidcSettings(issuer, "silta", "a secret+with/signs:in it", "Havu"),
    )
    app = make_http(parts.hub, accounts, settings)

    async def sign_in(email: str) -> tuple[str, httpx.Response, httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN, timeout=30) as browser:
            begun = await browser.get("/api/login/oidc")
            assert begun.headers["location"].startswith(issuer), begun.headers["location"]
            back = await sign_in_there(begun.headers["location"], email)
            done = await browser.get(back)
            me = await browser.get("/api/me")
            again = await browser.get(back)
            assert again.headers["location"] == "/console?error=oidc_failed", "good once"
            out = (await browser.post("/api/logout")).json()
            if me.status_code == 200:
                assert out["provider"].startswith(issuer + "/session/end?"), out
                assert await sign_out_there(out["provider"]) == f"{ORIGIN}/console"
            else:
                assert out == {}, "nobody was signed in"
            return done.headers["location"], done, me

    where, _, me = await sign_in(EMAIL)
    assert (where, me.json().get("email")) == ("/console?signed_in", EMAIL)
    where, _, me = await sign_in("stranger@test.example")
    assert (where, me.status_code) == ("/console?error=oidc_nobody", 401)
    where, _, me = await sign_in("unverified@test.example")
    assert (where, me.status_code) == ("/console?error=oidc_failed", 401)
