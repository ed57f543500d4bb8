from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from handoff.access.accounts import HASHING_AT_ONCE, Account, Accounts, make_password
from handoff.errors import BadRequest, Conflict, NotFound, Unauthorized
from handoff.keys import SESSION_ABSOLUTE_S, SESSION_IDLE_S, SOCKET_TOKEN_TTL_S
from tests.handoff.parts import Parts

PASSWORD = "a-long-enough-password"


@pytest.fixture
def accounts(parts: Parts) -> Accounts:
    return Accounts(parts.redis, parts.keys)


async def aino(accounts: Accounts, **fields: Any) -> Account:
    return await accounts.add("Aino@Test.example ", **{"password": PASSWORD, **fields})


async def everything(parts: Parts) -> str:
    """All values in Redis, to look for what must not rest there."""
    found: list[Any] = []
    for key in await parts.redis.keys("*"):
        kind: Any = await parts.redis.type(key)
        found.append(key)
        if kind == b"hash":
            found.extend((await parts.redis.hgetall(key)).values())
        elif kind == b"string":
            found.append(await parts.redis.get(key))
    return b"\n".join(found).decode()


async def test_an_account_is_found_by_id_and_by_email_however_it_is_written(accounts: Accounts) -> None:
    made = await aino(accounts, name="Aino", role="supervisor", languages=("fi", "en"), skills=("billing",), capacity=3)
    assert made.email == "aino@test.example"
    assert await accounts.get(made.id) == made
    assert await accounts.by_email(" AINO@test.EXAMPLE") == made
    assert await accounts.get("nobody") is None
    with pytest.raises(NotFound):
        await accounts.by_email("mikkel@test.example")


async def test_a_name_is_made_from_the_email_when_none_is_given(accounts: Accounts) -> None:
    assert (await aino(accounts)).name == "Aino"


async def test_accounts_are_listed_by_email(accounts: Accounts) -> None:
    await accounts.add("b@test.example", password=PASSWORD)
    await accounts.add("a@test.example", password=PASSWORD)
    assert [account.email for account in await accounts.list()] == ["a@test.example", "b@test.example"]


@pytest.mark.parametrize(
    ("email", "fields", "named"),
    [
        ("no address", {}, "email"),
        ("two@at@signs", {}, "email"),
        ("half\ud83d@test.example", {}, "email"),
        ("a@b.example", {"role": "boss"}, "role"),
        ("a@b.example", {"languages": ("sv",)}, "languages: sv"),
        ("a@b.example", {"languages": ()}, "languages: none"),
        ("a@b.example", {"capacity": 0}, "capacity"),
        ("a@b.example", {"capacity": 101}, "capacity"),
        ("a@b.example", {"name": "x" * 81}, "name"),
        ("a@b.example", {"name": "two\nlines"}, "name"),
        ("a@b.example", {"name": "half \ud83d"}, "name"),
        ("a@b.example", {"name": "   "}, "name"),
        ("a@b.example", {"password": "too short"}, "password"),
        ("a@b.example", {"password": "x" * 257}, "password"),
        ("a@b.example", {"password": "half a character \ud83d"}, "password"),
    ],
)
async def test_a_wrong_value_is_refused_by_name_and_nothing_is_kept(
    accounts: Accounts, parts: Parts, email: str, fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(BadRequest, match=named):
        await accounts.add(email, **{"password": PASSWORD, **fields})
    assert await parts.redis.keys("*") == []


async def test_an_email_has_one_account_also_when_two_are_made_at_once(accounts: Accounts) -> None:
    made = await asyncio.gather(*(aino(accounts) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in made].count(Account) == 1
    assert [type(result) for result in made].count(Conflict) == 2
    assert len(await accounts.list()) == 1


async def test_a_password_rests_as_argon2id_only_and_is_told_to_nobody(accounts: Accounts, parts: Parts) -> None:
    made = await aino(accounts)
    assert made.password.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in await everything(parts)
    assert not {"password", "disabled"} & set(made.public())
    assert json.loads(json.dumps(made.public()))["languages"] == ["fi", "da", "en"]


# -- signing in


async def test_the_right_password_signs_in_and_the_cookie_finds_the_account(accounts: Accounts, parts: Parts) -> None:
    made = await aino(accounts)
    account, cookie = await accounts.sign_in("AINO@test.example", PASSWORD)
    assert account == made
    assert await accounts.signed_in(cookie) == made
    assert len(cookie) >= 43, "256 random bits"
    assert cookie not in await everything(parts), "only its digest is kept"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("aino@test.example", "not the password"),
        ("aino@test.example", ""),
        ("aino@test.example", "x" * 5000),
        ("aino@test.example", "half \ud83d"),
        ("nobody@test.example", PASSWORD),
        ("half\ud83d@test.example", PASSWORD),
        ("", ""),
    ],
)
async def test_whatever_is_wrong_the_answer_is_the_same(accounts: Accounts, email: str, password: str) -> None:
    await aino(accounts)
    with pytest.raises(Unauthorized, match=r"E-mail or password is wrong\."):
        await accounts.sign_in(email, password)


async def test_an_unknown_email_is_hashed_like_a_known_one(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """S12: the time does not tell who has an account."""
    made = await aino(accounts)
    checked = []
    verify = accounts._verify

    async def watched(known: str, password: str, *rest: Any) -> bool:
        checked.append(known)
        return await verify(known, password, *rest)

    monkeypatch.setattr(accounts, "_verify", watched)
    for email in ("aino@test.example", "nobody@test.example", "nobody@test.example"):
        with pytest.raises(Unauthorized):
            await accounts.sign_in(email, "wrong password")
    assert checked[0] == made.password
    assert checked[1] == checked[2] != made.password
    assert checked[1].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_hashing_leaves_the_loop_free_and_is_bounded(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0
    to_thread = asyncio.to_thread

    async def counted(*arguments: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await to_thread(*arguments)
        finally:
            running -= 1

    monkeypatch.setattr(asyncio, "to_thread", counted)
    await asyncio.gather(*(accounts.add(f"a{n}@test.example", password=PASSWORD) for n in range(5)))
    assert most == HASHING_AT_ONCE


async def test_a_disabled_account_can_do_nothing(accounts: Accounts) -> None:
    made = await aino(accounts)
    _, cookie = await accounts.sign_in(made.email, PASSWORD)
    token = await accounts.socket_token(made)
    assert (await accounts.disable(made.email)).disabled
    for attempt in (accounts.signed_in(cookie), accounts.redeem(token), accounts.sign_in(made.email, PASSWORD)):
        with pytest.raises(Unauthorized):
            await attempt


async def test_a_new_password_replaces_the_old_one(accounts: Accounts) -> None:
    made = await aino(accounts)
    await accounts.set_password(made.email, "another long password")
    with pytest.raises(Unauthorized):
        await accounts.sign_in(made.email, PASSWORD)
    account, _ = await accounts.sign_in(made.email, "another long password")
    assert account.id == made.id


@pytest.mark.parametrize("how", ["disable", "set_role", "set_password"])
async def test_what_is_changed_while_a_new_password_is_hashed_stands(
    accounts: Accounts, parts: Parts, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A locked agent whose console is just changing the password must not be let in by that."""
    made = await aino(accounts, role="supervisor")
    hashing = accounts._hash

    async def slow(password: str) -> str:
        found = await hashing(password)
        other = Accounts(parts.redis, parts.keys)
        if how == "set_password":
            await other.set_password(made.email, "the owner's own choice")
        else:
            await (other.disable(made.email) if how == "disable" else other.set_role(made.email, "agent"))
        return found

    monkeypatch.setattr(accounts, "_hash", slow)
    change = accounts.set_password(made.email, "another long password", instead_of=made.password)
    if how == "set_role":
        assert (await change).role == "agent"
    else:
        with pytest.raises(Unauthorized):
            await change
    now = await accounts.by_email(made.email)
    assert (now.disabled, now.role) == (how == "disable", "agent" if how == "set_role" else "supervisor")
    if how == "set_password":
        await accounts.sign_in(made.email, "the owner's own choice")


async def test_changes_of_one_account_at_the_same_moment_all_stand(accounts: Accounts) -> None:
    made = await aino(accounts, role="supervisor")
    await asyncio.gather(
        accounts.disable(made.email),
        accounts.set_role(made.email, "agent"),
        accounts.set_password(made.email, "another long password"),
        accounts.disable(made.email),
        accounts.set_role(made.email, "agent"),
    )
    now = await accounts.by_email(made.email)
    assert now.disabled and now.role == "agent" and now.password != made.password
    assert (now.levels, now.languages, now.skills) == (made.levels, made.languages, made.skills)


async def test_a_damaged_hash_lets_nobody_in(accounts: Accounts) -> None:
    made = await aino(accounts)
    await accounts._save(replace(made, password="damaged"))
    with pytest.raises(Unauthorized):
        await accounts.sign_in(made.email, "damaged")


async def test_signing_out_ends_that_sign_in_alone(accounts: Accounts) -> None:
    made = await aino(accounts)
    (_, one), (_, other) = await accounts.sign_in(made.email, PASSWORD), await accounts.sign_in(made.email, PASSWORD)
    assert one != other
    await accounts.sign_out(one)
    with pytest.raises(Unauthorized):
        await accounts.signed_in(one)
    assert await accounts.signed_in(other) == made
    with pytest.raises(Unauthorized):
        await accounts.signed_in("made up")


async def session_key(parts: Parts) -> str:
    keys: list[Any] = await parts.redis.keys(parts.keys.session("*"))
    return str(keys[0].decode())


async def test_s13_a_sign_in_is_kept_alive_by_requests_up_to_its_absolute_end(accounts: Accounts, parts: Parts) -> None:
    made = await aino(accounts)
    _, cookie = await accounts.sign_in(made.email, PASSWORD)
    key = await session_key(parts)
    assert 0 < await parts.redis.ttl(key) <= SESSION_IDLE_S
    await parts.redis.expire(key, 10)
    await accounts.signed_in(cookie)
    assert await parts.redis.ttl(key) > SESSION_IDLE_S - 60
    now = await accounts.sessions._now_s()
    await parts.redis.set(key, json.dumps({"account": made.id, "at": now - SESSION_ABSOLUTE_S + 60}))
    await accounts.signed_in(cookie)
    assert await parts.redis.ttl(key) <= 60, "no request carries it over its end"
    await parts.redis.set(key, json.dumps({"account": made.id, "at": now - SESSION_ABSOLUTE_S}))
    with pytest.raises(Unauthorized):
        await accounts.signed_in(cookie)
    assert not await parts.redis.exists(key)


async def test_s4_a_socket_token_is_good_once_and_for_a_minute(accounts: Accounts, parts: Parts) -> None:
    made = await aino(accounts)
    token = await accounts.socket_token(made)
    assert token not in await everything(parts)
    results = await asyncio.gather(*(accounts.redeem(token) for _ in range(5)), return_exceptions=True)
    assert results.count(made) == 1
    assert sum(isinstance(result, Unauthorized) for result in results) == 4
    another = await accounts.socket_token(made)
    (key,) = await parts.redis.keys("*socket-token*")
    assert SOCKET_TOKEN_TTL_S - 5 < await parts.redis.ttl(key) <= SOCKET_TOKEN_TTL_S
    await parts.redis.delete(key)
    for bad in (another, "made up", "", "half \ud83d"):
        with pytest.raises(Unauthorized):
            await accounts.redeem(bad)


# -- demo


async def test_a_fresh_system_gets_an_owner_and_two_demo_agents_once(accounts: Accounts) -> None:
    made = await accounts.ensure_demo()
    assert made is not None and len(made) == 3
    roles = []
    for email, password in made:
        account, _ = await accounts.sign_in(email, password)
        roles.append(account.role)
    assert roles == ["supervisor", "agent", "owner"]
    assert await accounts.ensure_demo() is None


async def test_a_system_with_an_account_gets_none(accounts: Accounts) -> None:
    await aino(accounts)
    assert await accounts.ensure_demo() is None


def test_made_passwords_are_long_different_and_easy_to_read_aloud() -> None:
    made = {make_password() for _ in range(100)}
    assert len(made) == 100
    for password in made:
        assert len(password) == 23
        assert not set(password) & set("ilo01I")


def test_who_leads_may_step_in() -> None:
    assert [Account("x", "x", "x", role=role).leads for role in ("agent", "supervisor", "owner")] == [False, True, True]


async def test_fields_of_a_newer_version_are_kept_and_told_to_nobody(accounts: Accounts, parts: Parts) -> None:
    account = await aino(accounts)
    row: Any = await parts.redis.hget(parts.keys.agents, account.id)
    newer = {**json.loads(row), "pronouns": ["she"]}
    await parts.redis.hset(parts.keys.agents, account.id, json.dumps(newer))
    await parts.hub.room.look()
    assert parts.hub.room.accounts[account.id].name == account.name, "the hub goes on"
    changed = await accounts.set_role(account.email, "agent")
    assert "pronouns" not in json.dumps(changed.public())
    row = await parts.redis.hget(parts.keys.agents, account.id)
    assert json.loads(row) == {**newer, "role": "agent"}
