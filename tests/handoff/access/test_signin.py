"""Signing in over HTTP: guessing (S12), the second factor, API keys, one's own account (S13)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import process_time
from typing import Any

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher

from handoff.access import accounts as accounts_module
from handoff.access.accounts import Accounts
from handoff.access.api_keys import ApiKeys
from handoff.access.guesses import ACCOUNT_MAX, FAILURES_MAX, WINDOW_S, Attempt, Devices, Guesses
from handoff.access.permissions import SCOPES
from handoff.access.second_factor import RECOVERY_CODES, SecondFactors
from handoff.edge.http import make_http
from handoff.errors import BadRequest, NotFound, RateLimited, TryLater, Unauthorized
from handoff.privacy.audit import Audit
from handoff.privacy.vault import Vault
from handoff.settings import Settings
from tests.handoff.parts import Parts, new_conversation
from tests.handoff.texts_for_tests import OWNER
from tests.helpers.waiting import until

ORIGIN = "http://hub.test"
EMAIL, PASSWORD = "aino@test.example", "a-long-enough-password"
SECRET = "k" * 64
HOME, ELSEWHERE = "198.51.100.7", "203.0.113.5"

Browser = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def accounts(parts: Parts) -> Accounts:
    made = Accounts(parts.redis, parts.keys)
    made._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # what it costs is test_accounts' matter
    await made.add(EMAIL, name="Aino", password=PASSWORD)
    return made


@pytest.fixture
async def browser(parts: Parts, accounts: Accounts, tmp_path: Path) -> AsyncIterator[Browser]:
    """Browsers of the hub, each with cookies of its own, at an address."""
    settings = Settings(
        redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=tmp_path, origins=frozenset({ORIGIN}), secrets=(SECRET,)
    )
    app = make_http(parts.hub, accounts, settings)
    opened: list[httpx.AsyncClient] = []

    def at(address: str = HOME) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, client=(address, 4711))
        opened.append(httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}))
        return opened[-1]

    yield at
    for client in opened:
        await client.aclose()


async def login(client: httpx.AsyncClient, password: str = PASSWORD, email: str = EMAIL) -> httpx.Response:
    return await client.post("/api/login", json={"email": email, "password": password})


async def actions(parts: Parts) -> str:
    return "\n".join([str(line) async for line in Audit(parts.store).lines()])


# -- guessing


async def test_s12_after_five_wrong_passwords_the_address_waits_even_with_the_right_one(browser: Browser) -> None:
    guesser = browser(ELSEWHERE)
    for _ in range(FAILURES_MAX):
        assert (await login(guesser, "wrong password")).status_code == 401
    refused = await login(guesser)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 0 < refused.json()["retry_after"] <= WINDOW_S
    assert refused.headers["retry-after"] == str(refused.json()["retry_after"])
    assert (await login(browser(HOME))).status_code == 200, "another address is not locked out"


async def test_s12_an_unknown_email_is_limited_just_the_same(browser: Browser) -> None:
    guesser = browser(ELSEWHERE)
    told = [(await login(guesser, "wrong", "nobody@test.example")).status_code for _ in range(FAILURES_MAX + 1)]
    assert told == [401] * FAILURES_MAX + [429]


async def test_s12_a_known_browser_gets_in_while_others_guess_from_its_very_address(browser: Browser) -> None:
    own, guesser = browser(HOME), browser(HOME)
    assert (await login(own)).status_code == 200
    await own.post("/api/logout")
    for _ in range(FAILURES_MAX):
        await login(guesser, "wrong password")
    assert (await login(guesser)).status_code == 429
    assert (await login(own)).status_code == 200
    for _ in range(FAILURES_MAX):
        assert (await login(own, "wrong password")).status_code == 401
    assert (await login(own)).status_code == 429, "in the known browser guessing ends as well"


async def test_s12_a_cookie_of_another_account_or_a_made_up_one_is_no_known_browser(browser: Browser) -> None:
    guesser = browser(ELSEWHERE)
    guesser.cookies.set("silta_device", Devices((SECRET,)).cookie("somebody-else"))
    for _ in range(FAILURES_MAX):
        await login(guesser, "wrong password")
    assert (await login(guesser)).status_code == 429
    devices = Devices((SECRET,))
    assert devices.known(Devices(("x" * 64,)).cookie("a")) is None
    assert devices.known("made up") is None and devices.known(None) is None
    assert Devices(("new" * 20, SECRET)).known(devices.cookie("a")) is not None, "keys can be rotated"


async def test_s12_many_tries_at_once_get_no_further_than_one_after_the_other(browser: Browser) -> None:
    guesser = browser(ELSEWHERE)
    told = [reply.status_code for reply in await asyncio.gather(*(login(guesser, f"wrong {n}") for n in range(30)))]
    assert told.count(401) == FAILURES_MAX
    assert set(told) <= {401, 429}


async def test_s12_a_thousand_addresses_together_get_no_further_than_the_account_allows(parts: Parts) -> None:
    guesses = Guesses(parts.redis, parts.keys, SECRET)
    wrong = 0
    for n in range(ACCOUNT_MAX + 50):
        attempt = Attempt(EMAIL, f"203.0.113.{n}")
        try:
            await guesses.take(attempt)
        except RateLimited:
            break
        wrong += 1
    assert wrong == ACCOUNT_MAX
    await guesses.give_back(Attempt(EMAIL, "203.0.113.1"))
    await guesses.take(Attempt(EMAIL, "203.0.113.1"))
    with pytest.raises(RateLimited):
        await guesses.take(Attempt(EMAIL, "203.0.113.1"))
    await guesses.check(Attempt(EMAIL, HOME, device="known"))
    kept = b" ".join(await parts.redis.keys("*guesses*"))
    assert b"203.0" not in kept and b"aino" not in kept
    for key in await parts.redis.keys("*guesses*"):
        assert 0 < await parts.redis.ttl(key) <= WINDOW_S


async def test_s12_the_right_password_forgets_what_was_wrong_here(browser: Browser) -> None:
    agent = browser()
    for _ in range(3):
        for _ in range(FAILURES_MAX - 1):
            await login(agent, "wrong password")
        assert (await login(agent)).status_code == 200


async def test_s12_known_and_unknown_accounts_cost_the_same_work(parts: Parts) -> None:
    """Counted in the processor's time, which a busy machine stretches less than the clock's, and with much room:
    without the decoy the unknown would cost a hundredth. What it is exactly stands in docs/security.md."""
    real = Accounts(parts.redis, parts.keys)
    await real.add("real@test.example", password=PASSWORD)
    await real._decoy()
    spent = {"real@test.example": 1e9, "nobody@test.example": 1e9}
    for _ in range(5):
        for email in spent:
            began = process_time()
            with pytest.raises(Unauthorized):
                await real.check(email, "wrong password")
            spent[email] = min(spent[email], process_time() - began)
    known, unknown = spent.values()
    assert max(known, unknown) < 2 * min(known, unknown), spent


async def test_s12_more_than_can_be_hashed_soon_are_sent_away(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts_module, "HASHES_WAITING_MAX", 3)
    turn = asyncio.Event()

    async def before() -> None:
        await turn.wait()

    waiting = [asyncio.create_task(accounts.check(EMAIL, "wrong password", before=before)) for _ in range(3)]

    async def full() -> bool:
        return accounts._waiting == 3

    await until(full, "three wait to be hashed")
    with pytest.raises(TryLater):
        await accounts.check(EMAIL, PASSWORD)
    turn.set()
    assert [type(one) for one in await asyncio.gather(*waiting, return_exceptions=True)] == [Unauthorized] * 3
    assert (await accounts.check(EMAIL, PASSWORD)).email == EMAIL


async def test_sign_ins_are_written_down_without_what_was_typed(browser: Browser, parts: Parts) -> None:
    await login(browser(), "my secret mistake")
    await login(browser())
    told = await actions(parts)
    assert "login.failed" in told and "login.ok" in told
    assert "mistake" not in told and HOME not in told and EMAIL not in told


# -- one's own account


async def test_me_tells_what_the_contract_says(browser: Browser) -> None:
    agent = browser()
    assert (await login(agent)).json()["name"] == "Aino"
    me = (await agent.get("/api/me")).json()
    assert {"id", "email", "name", "role", "languages", "skills"} <= me.keys()
    assert (me["second_factor"], me["oidc"]) == (False, False)
    assert not {"password", "scopes", "disabled"} & me.keys()
    assert (await agent.get("/api/login/methods")).json() == {"password": True, "oidc": None}


async def test_s4_whoever_signs_in_gets_a_new_sign_in_and_the_one_before_is_over(browser: Browser) -> None:
    chosen = browser()
    chosen.cookies.set("silta_session", "chosen-by-somebody-else")
    assert (await login(chosen)).status_code == 200
    first = chosen.cookies.get("silta_session", domain="hub.test")
    assert first != "chosen-by-somebody-else"
    assert (await login(chosen)).status_code == 200
    thief = browser(ELSEWHERE)
    assert (await thief.get("/api/me", headers={"cookie": f"silta_session={first}"})).status_code == 401
    assert (await chosen.get("/api/me")).status_code == 200


async def test_s13_a_new_password_ends_all_other_sign_ins_and_keeps_this_one(browser: Browser, parts: Parts) -> None:
    own, other = browser(), browser()
    await login(own)
    await login(other)
    wrong = await own.post("/api/me/password", json={"old": "not it", "new": "another-long-password"})
    assert wrong.status_code == 401
    short = await own.post("/api/me/password", json={"old": PASSWORD, "new": "short"})
    assert short.status_code == 400
    done = await own.post("/api/me/password", json={"old": PASSWORD, "new": "another-long-password"})
    assert done.status_code == 200
    assert (await own.get("/api/me")).status_code == 200
    assert (await other.get("/api/me")).status_code == 401
    assert (await login(other)).status_code == 401
    assert (await login(other, "another-long-password")).status_code == 200
    assert "account.password" in await actions(parts)


async def test_staying_needs_a_sign_in(browser: Browser) -> None:
    agent = browser()
    assert (await agent.post("/api/me/stay")).status_code == 401
    await login(agent)
    assert (await agent.post("/api/me/stay")).status_code == 200


# -- the second factor


async def with_second(client: httpx.AsyncClient) -> tuple[pyotp.TOTP, list[str]]:
    await login(client)
    begun = (await client.post("/api/me/second-factor", json={"password": PASSWORD})).json()
    assert begun["uri"].startswith("otpauth://totp/Silta:aino%40test.example?secret=" + begun["secret"])
    totp = pyotp.TOTP(begun["secret"])
    # The code of the step before: it is taken, and the one of now stays for signing in.
    confirmed = await client.put("/api/me/second-factor", json={"code": totp.at(int(_now()) - 30)})
    assert confirmed.status_code == 200, confirmed.text
    return totp, confirmed.json()["recovery"]


def _now() -> float:
    return time.time()


async def test_with_a_second_factor_the_password_alone_opens_nothing(browser: Browser, parts: Parts) -> None:
    agent = browser()
    totp, recovery = await with_second(agent)
    assert len(set(recovery)) == RECOVERY_CODES
    assert (await agent.get("/api/me")).json()["second_factor"] is True
    kept = b" ".join(value for value in (await parts.everything()).values() if value)
    assert totp.secret.encode() not in kept and recovery[0].encode() not in kept
    fresh = browser()
    first = await login(fresh)
    assert first.json()["second_factor"] is True and "set-cookie" not in first.headers
    assert (await fresh.get("/api/me")).status_code == 401
    ticket = first.json()["ticket"]
    wrong = await fresh.post("/api/login/second", json={"ticket": ticket, "code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "unauthorized")
    paper = await fresh.post("/api/login/second", json={"ticket": ticket, "code": recovery[0].upper()})
    assert paper.status_code == 200
    assert (await fresh.get("/api/me")).status_code == 200
    used = await fresh.post("/api/login/second", json={"ticket": ticket, "code": recovery[1]})
    assert used.status_code == 401, "a ticket is good once"
    ticket = (await login(fresh)).json()["ticket"]
    again = await fresh.post("/api/login/second", json={"ticket": ticket, "code": recovery[0]})
    assert again.status_code == 401, "so is a code from paper"


async def test_s13_a_new_password_ends_a_sign_in_that_waits_for_its_code(browser: Browser) -> None:
    agent, thief = browser(), browser(ELSEWHERE)
    _, recovery = await with_second(agent)
    ticket = (await login(thief)).json()["ticket"]
    new = {"old": PASSWORD, "new": "another-long-password"}
    assert (await agent.post("/api/me/password", json=new)).status_code == 200
    late = await thief.post("/api/login/second", json={"ticket": ticket, "code": recovery[0]})
    assert late.status_code == 401 and "set-cookie" not in late.headers
    ticket = (await login(thief, "another-long-password")).json()["ticket"]
    good = await thief.post("/api/login/second", json={"ticket": ticket, "code": recovery[0]})
    assert good.status_code == 200, "no code was spent on the first"


async def test_five_wrong_codes_end_the_ticket_and_count_as_guesses(browser: Browser) -> None:
    await with_second(browser())
    guesser = browser(ELSEWHERE)
    ticket = (await login(guesser)).json()["ticket"]
    told = [
        (await guesser.post("/api/login/second", json={"ticket": ticket, "code": f"00000{n}"})).status_code
        for n in range(FAILURES_MAX + 1)
    ]
    assert told[:FAILURES_MAX] == [401] * FAILURES_MAX and told[-1] in (401, 429)
    assert (await login(guesser)).status_code == 429


async def test_it_is_turned_off_with_the_password(browser: Browser, parts: Parts) -> None:
    agent = browser()
    await with_second(agent)
    assert (await agent.post("/api/me/second-factor", json={"password": PASSWORD})).status_code == 409
    refused = await agent.request("DELETE", "/api/me/second-factor", json={"password": "not it"})
    assert refused.status_code == 401
    assert (await agent.request("DELETE", "/api/me/second-factor", json={"password": PASSWORD})).status_code == 200
    assert "set-cookie" in (await login(browser())).headers
    told = await actions(parts)
    assert "second_factor.on" in told and "second_factor.off" in told


async def test_a_code_is_good_once_within_its_time_and_on_every_hub(parts: Parts, accounts: Accounts) -> None:
    account = await accounts.by_email(EMAIL)
    now = [1_000_000.0]
    vault = Vault({"k1": b"v" * 32})
    one, other = (SecondFactors(parts.redis, parts.keys, vault, lambda: now[0]) for _ in range(2))
    secret, _ = await one.begin(account)
    totp = pyotp.TOTP(secret)
    for bad in ("", "abc", "12345", "١٢٣٤٥٦", totp.at(int(now[0]) + 300)):
        with pytest.raises(BadRequest):
            await one.confirm(account, bad)
    assert not await one.is_on(account.id)
    await one.confirm(account, totp.at(int(now[0])))
    with pytest.raises(Unauthorized):
        await other.check(account.id, totp.at(int(now[0])))
    now[0] += 60
    code = totp.at(int(now[0]))
    results = await asyncio.gather(
        *(which.check(account.id, code) for which in (one, other) * 5), return_exceptions=True
    )
    assert results.count(None) == 1
    await other.check(account.id, f" {totp.at(int(now[0]) + 30)} ")
    for late in (-90, 90):
        with pytest.raises(Unauthorized):
            await one.check(account.id, totp.at(int(now[0]) + late))


# -- API keys


async def test_an_api_key_reads_what_its_scope_says_until_it_is_revoked(browser: Browser, parts: Parts) -> None:
    new = new_conversation("da")
    await parts.say(new, "maksukortti")
    api = ApiKeys(parts.redis, parts.keys)
    key, token = await api.add("reports", ["conversations:read"])
    kept = b" ".join(value for value in (await parts.everything()).values() if value)
    assert token.encode() not in kept
    program = browser()
    program.headers = httpx.Headers({"authorization": f"Bearer {token}"})
    assert (await program.get(f"/api/conversations/{new.id}")).status_code == 200
    assert len((await program.get("/api/search", params={"q": "maksukortti"})).json()["conversations"]) == 1
    for method, path in (("GET", "/api/me"), ("POST", "/api/socket-token"), ("GET", "/api/drafts/x")):
        assert (await program.request(method, path)).status_code == 403, path
    assert f"key:{key.id}" in await actions(parts), "what a key reads is written down, too"
    assert [one.name for one in await api.list()] == ["reports"]
    await api.revoke(key.id)
    assert (await program.get(f"/api/conversations/{new.id}")).status_code == 401
    with pytest.raises(NotFound):
        await api.revoke(key.id)


@pytest.mark.parametrize("scope", SCOPES)
async def test_s6_a_key_does_what_its_scope_says_and_nothing_else(browser: Browser, parts: Parts, scope: str) -> None:
    """Down to the handlers: a door that is open leads somewhere."""
    new = new_conversation("da")
    await parts.say(new, "maksukortti")
    _, token = await ApiKeys(parts.redis, parts.keys).add("program", [scope])
    program = browser()
    program.headers = httpx.Headers({"authorization": f"Bearer {token}"})
    asked = {
        "conversations:read": ("GET", f"/api/conversations/{new.id}"),
        "conversations:export": ("POST", f"/api/conversations/{new.id}/export"),
        "conversations:erase": ("POST", f"/api/conversations/{new.id}/erase"),
    }
    assert asked.keys() == {*SCOPES}
    told = {
        one: (await program.request(method, path, json={"reason": "asked"} if method == "POST" else None)).status_code
        for one, (method, path) in asked.items()
    }
    assert told == {one: 200 if one == scope else 403 for one in SCOPES}
    assert bool(await parts.redis.exists(parts.keys.state(new.id))) is (scope != "conversations:erase")


@pytest.mark.parametrize("bearer", ["", "x", "silta_", "silta_0123456789ab_forged", "silta_*_x", "\x7f"])
async def test_a_bearer_that_is_no_key_is_nobody(browser: Browser, bearer: str) -> None:
    program = browser()
    reply = await program.get("/api/search", params={"q": "x"}, headers={"authorization": f"Bearer {bearer}"})
    assert reply.status_code == 401


@pytest.mark.parametrize(("name", "scopes"), [("", ["conversations:read"]), ("x", []), ("x", ["everything"])])
async def test_a_key_needs_a_name_and_known_scopes(parts: Parts, name: str, scopes: list[str]) -> None:
    with pytest.raises(BadRequest):
        await ApiKeys(parts.redis, parts.keys).add(name, scopes)


async def test_a_role_is_changed_and_only_to_a_known_one(accounts: Accounts) -> None:
    assert (await accounts.set_role(EMAIL, "owner")).role == "owner"
    with pytest.raises(BadRequest):
        await accounts.set_role(EMAIL, "boss")
    found: Any = await accounts.find(EMAIL)
    assert found.role == "owner"
