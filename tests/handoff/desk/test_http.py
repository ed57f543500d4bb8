from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from handoff.access.accounts import Accounts
from handoff.desk.search import FOUND_MAX
from handoff.edge.http import make_http
from handoff.owner.canned import Reply
from handoff.settings import Settings
from tests.handoff.parts import Parts, new_conversation, uid
from tests.handoff.texts_for_tests import OWNER

ORIGIN = "http://hub.test"
EMAIL, PASSWORD = "aino@test.example", "a-long-enough-password"
HELLO = Reply("hello", {"fi": "T", "da": "H", "en": "G"}, {"fi": "Hei", "da": "Hej", "en": "Hello"})


@pytest.fixture
async def client(parts: Parts, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    accounts = Accounts(parts.redis, parts.keys)
    accounts._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # these tests are not about it
    await accounts.add(EMAIL, name="Aino", password=PASSWORD)
    settings = Settings(redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=tmp_path, origins=frozenset({ORIGIN}))
    app = make_http(parts.hub, accounts, settings, canned=[HELLO])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        assert (await client.post("/api/login", json={"email": EMAIL, "password": PASSWORD})).status_code == 200
        yield client


async def said(parts: Parts, text: str) -> str:
    new = new_conversation()
    await parts.hub.visitors.message(new, id=uid(), text=text, button=None)
    return new.id


async def test_a_search_finds_all_words_in_any_order_and_shows_where_they_stand(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    wanted = await said(parts, "Hyvää päivää. " * 20 + "ÄLYKÄS lamppu meni rikki " + "ja muuta. " * 30)
    await said(parts, "Lamppu on kaunis")
    found = (await client.get("/api/search", params={"q": "rikki älykäs"})).json()["conversations"]
    assert [one["conversation"] for one in found] == [wanted]
    assert found[0]["language"] == "en" and found[0]["status"] == "bot"
    assert "rikki" in found[0]["snippet"] and found[0]["snippet"].startswith("…")


async def test_a_conversation_is_found_by_its_id_and_names_of_fields_are_no_words(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    id = await said(parts, "hello")
    assert [one["conversation"] for one in (await client.get("/api/search", params={"q": id})).json()["conversations"]]
    assert (await client.get("/api/search", params={"q": "author"})).json()["conversations"] == []


async def test_a_search_is_bounded(client: httpx.AsyncClient, parts: Parts) -> None:
    for _ in range(FOUND_MAX + 3):
        await said(parts, "same words")
    found = (await client.get("/api/search", params={"q": "same"})).json()["conversations"]
    assert len(found) == FOUND_MAX
    (line,) = [line async for line in parts.hub.audit.lines() if '"transcript.search"' in line]
    told = json.loads(line)["facts"]["conversations"]
    assert set(told) == {one["conversation"] for one in found}, "P8: each that is shown is named"
    assert (await client.get("/api/search", params={"q": " "})).status_code == 400
    assert (await client.get("/api/search", params={"q": "x" * 201})).status_code == 400


async def test_a_transcript_is_read_whole_and_a_missing_one_is_not_there(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    id = await said(parts, "hello")
    body = (await client.get(f"/api/conversations/{id}")).json()
    assert body["conversation"] == id and body["events"][-1]["text"] == "hello"
    assert (await client.get("/api/conversations/none")).status_code == 404


async def test_p8_every_look_is_written_down_without_what_was_seen(client: httpx.AsyncClient, parts: Parts) -> None:
    id = await said(parts, "very private words")
    await client.get(f"/api/conversations/{id}")
    await said(parts, "other words")
    await client.get("/api/search", params={"q": "private"})
    lines = [line async for line in parts.hub.audit.lines() if '"transcript.' in line]
    assert len(lines) == 2 and id in lines[0] and not any("private" in line for line in lines)
    assert json.loads(lines[1])["facts"] == {"found": 1, "conversations": [id]}, "a snippet of it was shown"


async def test_a_draft_is_kept_masked_and_forgotten_when_it_is_empty(client: httpx.AsyncClient, parts: Parts) -> None:
    id = await said(parts, "hello")
    assert (await client.get(f"/api/drafts/{id}")).json() == {"text": ""}
    assert (await client.put(f"/api/drafts/{id}", json={"text": "HETU 131052-308T"})).status_code == 200
    assert "131052-308T" not in (await client.get(f"/api/drafts/{id}")).json()["text"]
    assert 0 < await parts.redis.ttl(parts.keys.drafts(id)) <= 7 * 86_400
    await client.put(f"/api/drafts/{id}", json={"text": " "})
    assert not await parts.redis.exists(parts.keys.drafts(id))


@pytest.mark.parametrize("body", [{}, {"text": 1}, {"text": "x" * 4001}])
async def test_a_draft_that_is_none_is_refused(
    client: httpx.AsyncClient, parts: Parts, body: dict[str, object]
) -> None:
    id = await said(parts, "hello")
    assert (await client.put(f"/api/drafts/{id}", json=body)).status_code == 400


async def test_no_draft_outlives_its_conversation(client: httpx.AsyncClient) -> None:
    assert (await client.put("/api/drafts/gone", json={"text": "x"})).status_code == 404


async def test_own_settings_are_kept_one_by_one(client: httpx.AsyncClient) -> None:
    await client.put("/api/me/settings", json={"theme": "dark"})
    await client.put("/api/me/settings", json={"sound": True})
    assert (await client.get("/api/me/settings")).json() == {"settings": {"theme": "dark", "sound": True}}
    for wrong in ({"theme": "pink"}, {"sound": 1}, {"colour": "red"}, {"language": ["fi"]}):
        assert (await client.put("/api/me/settings", json=wrong)).status_code == 400


async def test_ready_replies_are_there_for_agents(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/canned")).json()["replies"][0]["text"]["da"] == "Hej"


@pytest.mark.parametrize(
    "path", ["/api/search?q=a", "/api/conversations/a", "/api/drafts/a", "/api/canned", "/api/me/settings"]
)
async def test_nothing_of_it_is_for_strangers(client: httpx.AsyncClient, path: str) -> None:
    client.cookies.clear()
    assert (await client.get(path)).status_code == 401


@pytest.mark.parametrize("path", ["/api/drafts/a", "/api/me/settings"])
async def test_nothing_is_changed_from_a_foreign_page(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.put(path, json={}, headers={"origin": "https://evil.example"})).status_code == 403
