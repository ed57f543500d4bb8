"""Export, erasure and the privacy notice over HTTP: for those who lead, and written down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from handoff.access.accounts import Accounts
from handoff.edge.http import make_http
from handoff.privacy.notice import read_notices
from handoff.privacy.rules import PrivacyRules
from handoff.settings import Settings
from tests.handoff.parts import Parts, new_conversation
from tests.handoff.texts_for_tests import OWNER

ORIGIN = "http://hub.test"
PASSWORD = "a-long-enough-password"


@pytest.fixture
async def client(parts: Parts, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    accounts = Accounts(parts.redis, parts.keys)
    accounts._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # these tests are not about it
    for role in ("agent", "supervisor"):
        await accounts.add(f"{role}@test.example", role=role, password=PASSWORD)
    settings = Settings(redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=tmp_path, origins=frozenset({ORIGIN}))
    app = make_http(parts.hub, accounts, settings, notices=read_notices(OWNER, PrivacyRules().values()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        yield client


async def sign_in(client: httpx.AsyncClient, role: str) -> None:
    signed = await client.post("/api/login", json={"email": f"{role}@test.example", "password": PASSWORD})
    assert signed.status_code == 200


async def test_who_leads_exports_and_erases_and_both_are_written_down(client: httpx.AsyncClient, parts: Parts) -> None:
    await sign_in(client, "supervisor")
    new = new_conversation()
    await parts.say(new, "very private words")
    found = (await client.post(f"/api/conversations/{new.id}/export")).json()
    assert found["conversation"] == new.id and "very private words" in json.dumps(found)
    assert (await client.post(f"/api/conversations/{new.id}/erase", json={"reason": "why not"})).status_code == 400
    erased = await client.post(f"/api/conversations/{new.id}/erase", json={"reason": "mistake"})
    assert erased.json() == {"erased": True}
    assert (await client.post(f"/api/conversations/{new.id}/export")).status_code == 404
    lines = [json.loads(line) async for line in parts.hub.audit.lines()]
    told = [(line["action"], line["facts"]) for line in lines if line["conversation"] == new.id]
    assert told == [("transcript.exported", {"own": False}), ("conversation.erased", {"reason": "mistake"})]
    assert all(line["actor"]["role"] == "supervisor" for line in lines if line["conversation"] == new.id)


@pytest.mark.parametrize("what", ["export", "erase"])
async def test_nobody_else_does_and_no_other_page(client: httpx.AsyncClient, parts: Parts, what: str) -> None:
    new = new_conversation()
    await parts.say(new)
    address = f"/api/conversations/{new.id}/{what}"
    assert (await client.post(address, json={"reason": "asked"})).status_code == 401
    await sign_in(client, "agent")
    assert (await client.post(address, json={"reason": "asked"})).status_code == 403
    await sign_in(client, "supervisor")
    strange = {"origin": "https://elsewhere.example"}
    assert (await client.post(address, json={"reason": "asked"}, headers=strange)).status_code == 403
    assert await parts.store.load(new.id) is not None


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [("?lang=da", "fi", "da"), ("", "sv;q=0.9, fi-FI", "fi"), ("", "", "en"), ("?lang=%00", "zz", "en")],
)
async def test_the_privacy_notice_is_a_page_in_the_visitors_language(
    client: httpx.AsyncClient, query: str, header: str, language: str
) -> None:
    page = await client.get(f"/privacy{query}", headers={"accept-language": header})
    assert page.status_code == 200 and f'<html lang="{language}">' in page.text
    assert page.headers["content-language"] == language
    assert "default-src 'self'" in page.headers["content-security-policy"]
