from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from handoff.access.accounts import Account, Accounts
from handoff.access.permissions import ACTIONS
from handoff.access.tokens import VisitorTokens
from handoff.edge import http as module
from handoff.edge.http import make_http
from handoff.events import Keys
from handoff.privacy import http as privacy
from handoff.settings import Settings
from handoff.uploads.shelf import FileKeys, Uploads
from tests.handoff.fake_bot import FakeBot
from tests.handoff.parts import Parts, new_conversation, parts_on
from tests.handoff.texts_for_tests import OWNER
from tests.helpers.redis_server import RedisServer

ORIGIN = "http://hub.test"
EMAIL, PASSWORD = "aino@test.example", "a-long-enough-password"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """Built web parts, and a file beside them that is nobody's business."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<title>shop</title>")
    (dist / "console.html").write_text("<title>console</title>")
    (dist / "widget.js").write_text("export {}")
    (dist / "favicon.svg").write_text("<svg/>")
    (dist / "assets" / "widget-abc123.js").write_text("export {}")
    (dist / "secret.txt").write_text("secret")
    (tmp_path / "assets-secret.txt").write_text("secret")
    return dist


@pytest.fixture
def settings(tmp_path: Path, web: Path) -> Settings:
    return Settings(
        redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=web, origins=frozenset({ORIGIN, "https://hub.test"})
    )


@pytest.fixture
async def accounts(parts: Parts) -> Accounts:
    accounts = Accounts(parts.redis, parts.keys)
    accounts._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # these tests are not about it
    await accounts.add(EMAIL, name="Aino", password=PASSWORD)
    return accounts


def client_of(app: Any, base_url: str = ORIGIN) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=base_url)


@pytest.fixture
async def client(parts: Parts, accounts: Accounts, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(make_http(parts.hub, accounts, settings)) as client:
        yield client


async def signed_in(client: httpx.AsyncClient) -> None:
    reply = await client.post("/api/login", json={"email": EMAIL, "password": PASSWORD})
    assert reply.status_code == 200, reply.text


# -- pages


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("/", "text/html", "shop"),
        ("/?lang=fi", "text/html", "shop"),
        ("/console", "text/html", "console"),
        ("/widget.js", "text/javascript", "export"),
        ("/assets/widget-abc123.js", "text/javascript", "export"),
        ("/favicon.svg", "image/svg+xml", "svg"),
        ("/healthz", "text/plain", "ok"),
    ],
)
async def test_pages_are_served(client: httpx.AsyncClient, path: str, kind: str, text: str) -> None:
    reply = await client.get(path)
    assert reply.status_code == 200
    assert reply.headers["content-type"].partition(";")[0] == kind
    assert text in reply.text


@pytest.mark.parametrize(
    "path", ["/", "/console", "/widget.js", "/healthz", "/readyz", "/nothing/here", "/api/me", "/assets/no.js", "/boom"]
)
async def test_every_response_has_the_security_headers_also_an_error(
    parts: Parts, accounts: Accounts, settings: Settings, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "/boom":
        path = "/console"
        monkeypatch.setattr(Path, "is_file", lambda _: 1 / 0)
    async with client_of(make_http(parts.hub, accounts, settings)) as client:
        reply = await client.get(path)
    policy = reply.headers["content-security-policy"]
    for directive in ("default-src 'self'", "script-src 'self'", "object-src 'none'", "frame-ancestors 'none'"):
        assert directive in policy
    assert "unsafe" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "server" not in reply.headers


async def test_s18_an_unforeseen_error_tells_nothing(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "is_file", lambda _: 1 / 0)
    reply = await client.get("/console")
    assert reply.status_code == 500
    assert "ZeroDivision" not in reply.text and "Traceback" not in reply.text and "/" not in reply.text


async def test_only_what_never_changes_is_kept_by_browsers(client: httpx.AsyncClient) -> None:
    assert "immutable" in (await client.get("/assets/widget-abc123.js")).headers["cache-control"]
    for page in ("/", "/console", "/widget.js"):
        assert (await client.get(page)).headers["cache-control"] == "no-cache"
    await signed_in(client)
    for path in ("/api/me", "/readyz", "/nothing"):
        assert (await client.get(path)).headers["cache-control"] == "no-store"


async def test_the_widget_may_be_loaded_by_the_owners_shop_and_pages_may_not(client: httpx.AsyncClient) -> None:
    for path in ("/widget.js", "/assets/widget-abc123.js"):
        reply = await client.get(path)
        assert reply.headers["cross-origin-resource-policy"] == "cross-origin"
        assert reply.headers["access-control-allow-origin"] == "*"
    for path in ("/", "/console", "/api/me"):
        assert "access-control-allow-origin" not in (await client.get(path)).headers


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../secret.txt",
        "/assets/%2e%2e/secret.txt",
        "/assets/%2e%2e%2fsecret.txt",
        "/assets/..%5csecret.txt",
        "/assets//secret.txt",
        "/assets/%2fetc%2fpasswd",
        "/assets//etc/passwd",
        "/assets/../../assets-secret.txt",
        "/assets/widget-abc123.js/../../secret.txt",
        "/assets/",
        "/assets/%00",
        "/assets/widget-abc123.js%00.css",
        "/assets/" + "x" * 5000,
        "/assets/" + "a/" * 2000,
        "/assets/nothing.js",
        "/assets/link.txt",
        "/secret.txt",
        "/%2e%2e/assets-secret.txt",
    ],
)
async def test_nothing_beside_the_assets_can_be_read(client: httpx.AsyncClient, web: Path, path: str) -> None:
    (web / "assets" / "link.txt").symlink_to(web / "secret.txt")
    request = httpx.Request("GET", ORIGIN)
    request.url = request.url.copy_with(raw_path=path.encode())
    reply = await client.send(request)
    assert reply.status_code == 404
    assert "secret" not in reply.text


async def test_pages_that_are_not_built_are_not_found(
    parts: Parts, accounts: Accounts, settings: Settings, tmp_path: Path
) -> None:
    unbuilt = replace(settings, web_dir=tmp_path / "nothing")
    async with client_of(make_http(parts.hub, accounts, unbuilt)) as client:
        for path in ("/", "/console", "/widget.js", "/favicon.ico"):
            reply = await client.get(path)
            assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


# -- signing in


async def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_never_get(client: httpx.AsyncClient) -> None:
    reply = await client.post("/api/login", json={"email": EMAIL, "password": PASSWORD})
    assert reply.status_code == 200
    agent = reply.json()["agent"]
    assert (agent["name"], agent["role"], agent["email"]) == ("Aino", "agent", EMAIL)
    assert "password" not in reply.text
    flags = {part.strip().lower() for part in reply.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags
    assert "secure" not in flags, "a shop on plain http could not sign in"
    assert (await client.get("/api/me")).json()["agent"] == agent


@pytest.mark.parametrize(("base_url", "headers"), [("https://hub.test", {}), (ORIGIN, {"origin": "https://hub.test"})])
async def test_where_the_browser_sees_https_the_cookie_never_goes_in_clear(
    parts: Parts, accounts: Accounts, settings: Settings, base_url: str, headers: dict[str, str]
) -> None:
    async with client_of(make_http(parts.hub, accounts, settings), base_url) as client:
        reply = await client.post("/api/login", json={"email": EMAIL, "password": PASSWORD}, headers=headers)
    assert "; secure" in reply.headers["set-cookie"].lower()


async def test_a_wrong_password_and_an_unknown_email_look_the_same(client: httpx.AsyncClient) -> None:
    replies = [
        await client.post("/api/login", json=body)
        for body in (
            {"email": EMAIL, "password": "wrong"},
            {"email": "nobody@test.example", "password": PASSWORD},
            {"email": EMAIL, "password": "x" * 10_000},
        )
    ]
    assert {reply.status_code for reply in replies} == {401}
    assert len({reply.text for reply in replies}) == 1
    assert all("set-cookie" not in reply.headers for reply in replies)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"not JSON", 400),
        (b"[]", 400),
        (b"7", 400),
        (b"{}", 400),
        (b'{"email": 7, "password": "x"}', 400),
        (b'{"email": "x", "password": null}', 400),
        (b'{"email": "\\ud83d@test.example", "password": "x"}', 400),
        (b'{"email": "\xff", "password": "x"}', 400),
        (b"[" * 10_000, 400),
        (b"x" * (16 * 1024 + 1), 413),
    ],
)
async def test_s7_a_body_that_is_no_sign_in_is_refused(client: httpx.AsyncClient, content: bytes, status: int) -> None:
    reply = await client.post("/api/login", content=content)
    assert reply.status_code == status
    assert reply.json()["code"] == {400: "bad_request", 413: "too_large"}[status]


async def test_s3_a_body_that_never_comes_is_waited_for_only_so_long(
    parts: Parts, accounts: Accounts, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BODY_TIMEOUT_S", 0.05)

    async def never() -> AsyncIterator[bytes]:
        yield b'{"email":'
        await asyncio.Event().wait()

    class Slow(httpx.AsyncBaseTransport):
        """Hands the body over as it comes."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            sent: list[Any] = []
            parts_of_body = never()

            async def receive() -> Any:
                return {"type": "http.request", "body": await anext(parts_of_body), "more_body": True}

            async def send(message: Any) -> None:
                sent.append(message)

            scope = {
                "type": "http", "method": "POST", "path": "/api/login", "raw_path": b"/api/login", "query_string": b"",
                "headers": [], "scheme": "http", "server": ("hub.test", 80), "client": ("c", 1), "root_path": "",
                "http_version": "1.1",
            }  # fmt: skip
            await make_http(parts.hub, accounts, settings)(scope, receive, send)
            return httpx.Response(sent[0]["status"], content=b"".join(m.get("body", b"") for m in sent[1:]))

    async with httpx.AsyncClient(transport=Slow(), base_url=ORIGIN) as client:
        reply = await asyncio.wait_for(client.post("/api/login"), 5)
    assert (reply.status_code, reply.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("path", ["/api/login", "/api/logout", "/api/socket-token"])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://hub.test.evil.example", "HTTP://HUB.TEST"])
async def test_s1_a_post_from_another_site_is_refused(client: httpx.AsyncClient, path: str, origin: str) -> None:
    await signed_in(client)
    body = {"email": EMAIL, "password": PASSWORD}
    reply = await client.post(path, json=body, headers={"origin": origin})
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")
    assert "set-cookie" not in reply.headers and "token" not in reply.json()
    assert (await client.post(path, json=body, headers={"origin": ORIGIN})).status_code == 200


async def test_s1_nothing_is_changed_for_a_page_of_another_site_by_any_route(
    parts: Parts, accounts: Accounts, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an owner's cookie, which browsers do not even send along, and with what looks like a plain form."""

    async def owner(*_: object) -> Account:
        return Account("o", "o@test.example", "Olli", role="owner")

    monkeypatch.setattr(Accounts, "signed_in", owner)
    keys = ("k" * 64,)
    files = (Uploads(settings.var), VisitorTokens(keys, max_age_s=60), FileKeys(keys))
    tried = 0
    async with client_of(make_http(parts.hub, accounts, settings, files=files)) as client:
        client.cookies.set("silta_session", "x")
        for action in ACTIONS:
            method, _, path = action.partition(" ")
            if method in ("POST", "PUT", "DELETE") and not path.startswith("/webhooks/"):
                for origin in ("https://evil.example", "null", "", ORIGIN + ".evil.example"):
                    headers = {"origin": origin, "content-type": "text/plain"}
                    reply = await client.request(method, path, content=b'{"reason":"asked"}', headers=headers)
                    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden"), (action, origin)
                    assert "access-control-allow-origin" not in reply.headers
                    tried += 1
    assert tried >= 4 * 15


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
async def test_s1_the_shop_that_shows_the_widget_changes_nothing_in_the_console_s_name(
    parts: Parts, accounts: Accounts, settings: Settings, monkeypatch: pytest.MonkeyPatch, site: str
) -> None:
    """Its origin stands in the list, and under one domain with the console an agent's cookie goes along with what its
    pages, and all that they load from elsewhere, send."""

    async def owner(*_: object) -> Account:
        return Account("o", "o@test.example", "Olli", role="owner")

    monkeypatch.setattr(Accounts, "signed_in", owner)
    shop, keys = "http://shop.test", ("k" * 64,)
    files = (Uploads(settings.var), VisitorTokens(keys, max_age_s=60), FileKeys(keys))
    settings = replace(settings, origins=frozenset({ORIGIN, shop}))
    tried = 0
    async with client_of(make_http(parts.hub, accounts, settings, files=files)) as client:
        client.cookies.set("silta_session", "x")
        for action in ACTIONS:
            method, _, path = action.partition(" ")
            if method not in ("POST", "PUT", "DELETE") or path.startswith(("/webhooks/", "/api/visitor/")):
                continue
            headers = {"origin": shop, "sec-fetch-site": site, "content-type": "text/plain"}
            reply = await client.request(method, path, content=b'{"reason":"asked"}', headers=headers)
            assert (reply.status_code, reply.json()["code"]) == (403, "forbidden"), action
            tried += 1
        assert tried >= 13
        headers = {"origin": shop, "sec-fetch-site": site}
        assert (await client.post("/api/visitor/upload", headers=headers)).status_code == 401, "this is the widget's"
        headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
        assert (await client.post("/api/me/stay", headers=headers)).status_code == 200, "this is the console itself"


async def test_no_answer_sends_a_browser_to_where_its_host_header_says(client: httpx.AsyncClient) -> None:
    for path in ("/console/", "/console//", "/api/me/", "/\\evil.example"):
        reply = await client.get(path, headers={"host": "evil.example"})
        assert reply.status_code == 404 and "location" not in reply.headers, path


async def test_signing_out_ends_the_sign_in(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/logout")).status_code == 200, "also for who is not signed in"
    await signed_in(client)
    cookie = client.cookies["silta_session"]
    assert (await client.post("/api/logout")).status_code == 200
    assert "silta_session" not in client.cookies
    stolen = await client.get("/api/me", headers={"cookie": f"silta_session={cookie}"})
    assert stolen.status_code == 401


@pytest.mark.parametrize("cookie", [None, "", "made-up", "x" * 5000, "\x7f"])
async def test_without_a_sign_in_there_is_no_account_and_no_token(
    client: httpx.AsyncClient, cookie: str | None
) -> None:
    headers = {"cookie": f"silta_session={cookie}"} if cookie is not None else {}
    for reply in (
        await client.get("/api/me", headers=headers),
        await client.post("/api/socket-token", headers=headers),
    ):
        assert (reply.status_code, reply.json()["code"]) == (401, "unauthorized")


async def test_a_socket_token_is_for_the_one_who_asked_and_for_once(
    client: httpx.AsyncClient, accounts: Accounts
) -> None:
    await signed_in(client)
    one, other = [(await client.post("/api/socket-token")).json()["token"] for _ in range(2)]
    assert one != other
    assert (await accounts.redeem(one)).email == EMAIL
    with pytest.raises(Exception, match="not valid"):
        await accounts.redeem(one)


async def test_forms_take_their_own_method_alone(client: httpx.AsyncClient) -> None:
    for path in ("/api/login", "/api/logout", "/api/socket-token"):
        assert (await client.get(path)).status_code == 405
    assert (await client.post("/api/me")).status_code == 405


# -- health


async def ready(client: httpx.AsyncClient) -> tuple[int, dict[str, Any]]:
    reply = await client.get("/readyz")
    body = reply.json()
    assert body.pop("process") == "hub-1"
    return reply.status_code, body


@pytest.fixture
async def actions() -> AsyncIterator[tuple[str, list[int]]]:
    """An action server's health, with the status that it answers next."""
    status, asked = [200], []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode())
        assert asked[-1].startswith("GET /health ")
        writer.write(f"HTTP/1.1 {status[0]} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhook", status


async def test_ready_names_each_part_with_its_state(
    url: str, parts: Parts, accounts: Accounts, settings: Settings, actions: tuple[str, list[int]]
) -> None:
    address, status = actions
    async with client_of(make_http(parts.hub, accounts, replace(settings, actions_url=address))) as client:
        assert await ready(client) == (503, {"ready": False, "redis": "connecting", "bot": "down", "actions": "up"})
        parts.fanout.listening.set()
        async with FakeBot(url) as bot:

            async def alive() -> bool:
                """Gives signs of life and has read: only the first read makes it a consumer of the group."""
                reads = await parts.redis.xinfo_consumers(Keys().inbox, Keys.GROUP)
                return bool(reads) and bool(await parts.redis.exists(Keys().alive("fake")))

            while not await alive():
                await asyncio.sleep(0.01)
            assert await ready(client) == (200, {"ready": True, "redis": "up", "bot": "up", "actions": "up"})
            status[0] = 500
            assert await ready(client) == (503, {"ready": False, "redis": "up", "bot": "up", "actions": "down"})
            await bot.stop()
            await parts.redis.delete(Keys().alive("fake"))
            assert (await ready(client))[1]["bot"] == "down", "a consumer that gives no sign of life"


async def test_ready_tells_what_it_cannot_know(parts: Parts, accounts: Accounts, settings: Settings) -> None:
    async with client_of(make_http(parts.hub, accounts, settings)) as client:
        assert (await ready(client))[1]["actions"] == "unknown"
    gone = replace(settings, actions_url="http://127.0.0.1:9/webhook")
    async with client_of(make_http(parts.hub, accounts, gone)) as client:
        assert (await ready(client))[1]["actions"] == "down"
        await parts.redis.xgroup_create(parts.keys.inbox, Keys.GROUP, id="0", mkstream=True)
        assert (await ready(client))[1]["bot"] == "down", "a group without anybody in it"


async def test_without_redis_the_hub_is_alive_not_ready_and_asks_to_try_later(
    redis_server: RedisServer, settings: Settings
) -> None:
    async with parts_on(redis_server.url, timeout_s=0.5) as parts:
        accounts = Accounts(parts.redis, parts.keys)
        async with client_of(make_http(parts.hub, accounts, settings)) as client:
            redis_server.kill()
            assert (await client.get("/healthz")).status_code == 200
            assert await ready(client) == (
                503,
                {"ready": False, "redis": "down", "bot": "unknown", "actions": "unknown"},
            )
            cookie = {"cookie": "silta_session=x"}
            for reply in (
                await client.post("/api/login", json={"email": EMAIL, "password": PASSWORD}),
                await client.post("/api/socket-token", headers=cookie),
                await client.post("/api/logout", headers=cookie),
                await client.get("/api/me", headers=cookie),
            ):
                assert (reply.status_code, reply.json()["code"]) == (503, "try_later")
                assert "redis" not in json.dumps(reply.json()).lower()
            assert (await client.get("/")).status_code == 200, "pages need no Redis"


async def test_s8_a_visitors_export_waits_for_its_turn_and_too_many_come_back_with_their_ticket(
    client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = new_conversation("en")
    await parts.say(new, "my own words")
    url = await parts.hub.exports.address(new.id)
    with monkeypatch.context() as busy:
        busy.setattr(privacy, "OWN_WAITING_MAX", 0)
        refused = await client.get(url)
    assert (refused.status_code, refused.json()["code"]) == (503, "try_later")
    taken = await client.get(url)
    assert taken.status_code == 200 and "my own words" in taken.text
