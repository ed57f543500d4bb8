"""Signing in with the company's identity provider, here one that is a few lines long and can be made to lie.
Against a real one: test_oidc_real.py."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from handoff.access.accounts import Accounts
from handoff.access.oidc_http import OIDC_COOKIE
from handoff.access.oidc_provider import Provider
from handoff.access.oidc_settings import OidcSettings
from handoff.edge import http as http_module
from handoff.edge.http import make_http
from handoff.keys import SESSION_IDLE_S
from handoff.privacy.audit import Audit
from handoff.settings import Settings
from tests.handoff.parts import Parts
from tests.handoff.texts_for_tests import OWNER

ORIGIN, ISSUER = "https://hub.test", "https://id.test"
EMAIL = "aino@test.example"
BEGIN = "/api/login/oidc"
SECRET = "k" * 64


class LittleProvider:
    """Gives out codes for whoever ``email`` is; ``changes`` bend its tokens."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "k1"})
        self.email: str = EMAIL
        self.changes: dict[str, Any] = {}
        self.document: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": ISSUER + "/auth",
            "token_endpoint": ISSUER + "/token",
            "jwks_uri": ISSUER + "/jwks",
        }
        self.away = False
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def sign_in(self, address: str) -> str:
        """What the browser does there; the address it is sent back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(ISSUER + "/auth?")
        assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
        code = f"code-{len(self._codes)}"
        self._codes[code] = query
        return f"{query['redirect_uri']}?code={code}&state={query['state']}"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.away:
            raise httpx.ConnectError("away", request=request)
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.document)
        if request.url.path == "/jwks":
            return httpx.Response(200, json={"keys": [self.key.as_dict(private=False)]})
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        begun = self._codes.pop(form["code"], None)
        if begun is None or form["redirect_uri"] != begun["redirect_uri"] or not form["code_verifier"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": "silta", "sub": "1", "exp": now + 300, "iat": now, "nonce": begun["nonce"]}
        claims |= {"email": self.email, "email_verified": True, **self.changes}
        token = jws.serialize_compact({"alg": "ES256", "kid": self.key.kid}, json.dumps(claims).encode(), self.key)
        return httpx.Response(200, json={"id_token": token, "access_token": "a", "token_type": "Bearer"})


Browser = Callable[[], httpx.AsyncClient]


@pytest.fixture
def idp() -> LittleProvider:
    return LittleProvider()


@pytest.fixture
async def accounts(parts: Parts) -> Accounts:
    made = Accounts(parts.redis, parts.keys)
    await made.add(EMAIL, name="Aino", password="a-long-enough-password")
    return made


@pytest.fixture
async def browser(
    parts: Parts, accounts: Accounts, idp: LittleProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Browser]:
    made = Provider(OidcSettings(ISSUER, "silta", "s3cret", "Havu"), transport=httpx.MockTransport(idp))
    monkeypatch.setattr(http_module, "Provider", lambda _: made)
    settings = Settings(
        redis_url="",
        var=tmp_path,
        owner_dir=OWNER,
        web_dir=tmp_path,
        origins=frozenset({ORIGIN}),
        secrets=(SECRET,),
        oidc=made.settings,
    )
    app = make_http(parts.hub, accounts, settings)
    opened: list[httpx.AsyncClient] = []

    def new() -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, client=("198.51.100.7", 4711))
        opened.append(httpx.AsyncClient(transport=transport, base_url=ORIGIN))
        return opened[-1]

    yield new
    for client in opened:
        await client.aclose()


async def begin(client: httpx.AsyncClient) -> str:
    reply = await client.get(BEGIN)
    assert reply.status_code == 303, reply.text
    return reply.headers["location"]


async def come_back(client: httpx.AsyncClient, address: str) -> str:
    """Where the browser ends, without the name."""
    reply = await client.get(address)
    assert reply.status_code == 303, reply.text
    return reply.headers["location"]


async def signed_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/api/me")).status_code == 200


async def audited(parts: Parts) -> str:
    return "\n".join([str(line) async for line in Audit(parts.store).lines()])


async def test_who_is_known_there_and_has_an_account_here_is_signed_in(
    browser: Browser, idp: LittleProvider, parts: Parts
) -> None:
    agent = browser()
    assert (await agent.get("/api/login/methods")).json()["oidc"] == {"name": "Havu", "url": BEGIN}
    idp.email = "Aino@Test.example"
    went = await agent.get(BEGIN)
    bound = next(value for value in went.headers.get_list("set-cookie") if value.startswith(OIDC_COOKIE))
    assert all(word in bound for word in ("HttpOnly", "SameSite=lax", "Secure", "Max-Age=600", f"Path={BEGIN}"))
    reply = await agent.get(idp.sign_in(went.headers["location"]))
    assert reply.headers["location"] == "/console?signed_in"
    session = next(value for value in reply.headers.get_list("set-cookie") if value.startswith("silta_session"))
    assert all(word in session for word in ("HttpOnly", "SameSite=strict", "Secure"))
    assert (await agent.get("/api/me")).json()["email"] == EMAIL
    assert OIDC_COOKIE not in agent.cookies
    for key in await parts.redis.keys("*session:*"):
        assert 0 < await parts.redis.ttl(key) <= SESSION_IDLE_S
    told = await audited(parts)
    assert "login.ok" in told and "oidc" in told and EMAIL not in told


async def test_a_state_of_another_browser_signs_nobody_in(browser: Browser, idp: LittleProvider) -> None:
    attacker, victim = browser(), browser()
    address = idp.sign_in(await begin(attacker))
    assert await come_back(victim, address) == "/console?error=oidc_failed"
    await begin(victim)
    assert await come_back(victim, address) == "/console?error=oidc_failed"
    assert not await signed_in(victim)
    assert "/token" not in idp.asked, "the code was not even tried"


async def test_a_state_and_a_code_are_good_once(browser: Browser, idp: LittleProvider) -> None:
    agent, thief = browser(), browser()
    address = idp.sign_in(await begin(agent))
    bound = agent.cookies[OIDC_COOKIE]
    assert await come_back(agent, address) == "/console?signed_in"
    thief.cookies.set(OIDC_COOKIE, bound)
    assert await come_back(thief, address) == "/console?error=oidc_failed"
    assert idp.asked.count("/token") == 1
    used = parse_qs(urlsplit(address).query)["code"][0]
    fresh = parse_qs(urlsplit(await begin(thief)).query)["state"][0]
    assert await come_back(thief, f"{BEGIN}/callback?code={used}&state={fresh}") == "/console?error=oidc_failed"
    assert not await signed_in(thief)


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"},
        {"aud": "other"},
        {"iss": "https://evil.test"},
        {"exp": 1_000_000_000},
        {"email_verified": False},
    ],
)
async def test_a_token_that_does_not_hold_signs_nobody_in(
    browser: Browser, idp: LittleProvider, parts: Parts, changes: dict[str, Any]
) -> None:
    agent = browser()
    idp.changes = changes
    assert await come_back(agent, idp.sign_in(await begin(agent))) == "/console?error=oidc_failed"
    assert not await signed_in(agent)
    assert "login.failed" in await audited(parts)


async def test_who_has_no_account_or_a_disabled_one_is_told_so(
    browser: Browser, idp: LittleProvider, accounts: Accounts, parts: Parts
) -> None:
    agent = browser()
    told = {"stranger@test.example": "nobody", "x" * 300: "nobody", "\ud800@test.example": "failed"}
    for email, code in told.items():
        idp.email = email
        assert await come_back(agent, idp.sign_in(await begin(agent))) == f"/console?error=oidc_{code}"
    assert len(await accounts.list()) == 1, "no account is made by signing in"
    idp.email = EMAIL
    await accounts.disable(EMAIL)
    assert await come_back(agent, idp.sign_in(await begin(agent))) == "/console?error=oidc_nobody"
    assert not await signed_in(agent)
    lines = await audited(parts)
    assert "login.failed" in lines and "stranger@" not in lines


async def test_coming_back_without_a_code_or_from_another_issuer_is_refused(
    browser: Browser, idp: LittleProvider
) -> None:
    agent = browser()
    for rest in ("error=access_denied", "code=c&iss=https://evil.test", "", "code="):
        state = parse_qs(urlsplit(await begin(agent)).query)["state"][0]
        assert await come_back(agent, f"{BEGIN}/callback?state={state}&{rest}") == "/console?error=oidc_failed"
    assert await come_back(browser(), f"{BEGIN}/callback?code=c&state=%ED%A0%80") == "/console?error=oidc_failed"
    assert "/token" not in idp.asked


async def test_a_provider_that_is_away_or_no_provider_is_said_as_such(browser: Browser, idp: LittleProvider) -> None:
    agent = browser()
    idp.away = True
    assert await begin(agent) == "/console?error=oidc_later"
    idp.away = False
    for wrong in ({"issuer": "https://evil.test"}, {"token_endpoint": "http://id.test/token"}, {"jwks_uri": None}):
        right = idp.document
        idp.document = {**right, **wrong}
        assert await begin(agent) == "/console?error=oidc_later"
        idp.document = right
    address = idp.sign_in(await begin(agent))
    idp.away = True
    assert await come_back(agent, address) == "/console?error=oidc_later"
    assert not await signed_in(agent)


async def test_only_our_own_names_are_ever_sent_to_the_provider(browser: Browser, idp: LittleProvider) -> None:
    reply = await browser().get(BEGIN, headers={"host": "evil.test"})
    assert reply.headers["location"] == "/console?error=oidc_failed"
    assert not idp.asked


async def test_keys_that_the_provider_has_changed_are_read_again_but_not_at_every_token() -> None:
    now = [time.time()]
    idp = LittleProvider()
    provider = Provider(OidcSettings(ISSUER, "silta", "s"), transport=httpx.MockTransport(idp), clock=lambda: now[0])

    async def sign_in() -> str:
        redirect = ORIGIN + "/back"
        address = await provider.address(redirect=redirect, state="s", nonce="n", challenge="c")
        code = parse_qs(urlsplit(idp.sign_in(address)).query)["code"][0]
        return await provider.email(code, redirect=redirect, verifier="v", nonce="n")

    assert await sign_in() == EMAIL
    idp.key = ECKey.generate_key("P-256", {"kid": "k2"})
    with pytest.raises(Exception, match="kid"):
        await sign_in()
    assert idp.asked.count("/jwks") == 1
    now[0] += 31
    assert await sign_in() == EMAIL
    assert await sign_in() == EMAIL
    assert idp.asked.count("/jwks") == 2


async def test_without_the_setting_there_is_nothing(parts: Parts, accounts: Accounts, tmp_path: Path) -> None:
    settings = Settings(redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=tmp_path, secrets=(SECRET,))
    transport = httpx.ASGITransport(make_http(parts.hub, accounts, settings))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as agent:
        assert (await agent.get(BEGIN)).status_code == 404
        assert (await agent.get(BEGIN + "/callback")).status_code == 404


def test_settings_say_what_is_missing_and_refuse_open_lines() -> None:
    good = {
        "SILTA_OIDC_ISSUER": "https://id.example/realms/havu",
        "SILTA_OIDC_CLIENT_ID": "silta",
        "SILTA_OIDC_CLIENT_SECRET": "s3cret",
    }
    problems: list[str] = []
    made = OidcSettings.from_environment(good, problems)
    assert made is not None and not problems and "s3cret" not in repr(made)
    assert OidcSettings.from_environment({}, problems) is None and not problems
    for wrong in (
        "http://id.example",
        "id.example",
        "https://",
        "ftp://127.0.0.1",
        "https://a@id.example",
        "https://[x",
    ):
        assert OidcSettings.from_environment({**good, "SILTA_OIDC_ISSUER": wrong}, problems) is None
        assert problems.pop().startswith("SILTA_OIDC_ISSUER") and not problems
    assert OidcSettings.from_environment({**good, "SILTA_OIDC_ISSUER": "http://127.0.0.1:4000"}, problems) is not None
    for missing in ("SILTA_OIDC_CLIENT_ID", "SILTA_OIDC_CLIENT_SECRET"):
        assert OidcSettings.from_environment({**good, missing: ""}, problems) is None
        assert problems.pop().startswith(missing) and not problems


async def test_who_came_by_the_provider_is_told_where_to_sign_out_there_and_nobody_else(
    browser: Browser, idp: LittleProvider
) -> None:
    idp.document["end_session_endpoint"] = ISSUER + "/out?tenant=1"
    agent, typist = browser(), browser()
    await come_back(agent, idp.sign_in(await begin(agent)))
    told = (await agent.post("/api/logout")).json()
    assert told["provider"].startswith(ISSUER + "/out?tenant=1&")
    query = parse_qs(urlsplit(told["provider"]).query)
    assert (query["client_id"], query["post_logout_redirect_uri"]) == (["silta"], [ORIGIN + "/console"])
    assert not await signed_in(agent) and (await agent.post("/api/logout")).json() == {}
    await typist.post("/api/login", json={"email": EMAIL, "password": "a-long-enough-password"})
    assert (await typist.post("/api/logout")).json() == {}


@pytest.mark.parametrize("named", [None, "http://id.test/out", "javascript:alert(1)", 7])
async def test_a_place_to_sign_out_that_is_none_is_not_told_and_the_sign_in_here_ends_all_the_same(
    browser: Browser, idp: LittleProvider, named: Any
) -> None:
    idp.document["end_session_endpoint"] = named
    agent = browser()
    await come_back(agent, idp.sign_in(await begin(agent)))
    assert (await agent.post("/api/logout")).json() == {}
    assert not await signed_in(agent)
