"""Files over HTTP: who may send one where, and how many take up how much at the same time (S5, S8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from handoff.access.accounts import Account, Accounts
from handoff.access.tokens import VisitorTokens
from handoff.edge.http import make_http
from handoff.edge.limits import AddressRates, Rate
from handoff.errors import StoreUnavailable
from handoff.owner.widget_rules import UploadRules
from handoff.settings import Settings
from handoff.uploads import http as module
from handoff.uploads.shelf import FileKeys, Uploads
from tests.handoff.parts import Parts, new_conversation
from tests.handoff.texts_for_tests import OWNER

ORIGIN = "http://hub.test"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1" + bytes(8)
KEYS = ("k" * 64,)
IIDA = Account("iida", "iida@test.example", "Iida", languages=("fi",))

At = Callable[[str], httpx.AsyncClient]


@pytest.fixture
async def at(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[At]:
    """Clients of a hub that takes files, by their address; whoever has a cookie is Iida."""

    async def iida(*_: object) -> Account:
        return IIDA

    monkeypatch.setattr(Accounts, "signed_in", iida)
    settings = Settings(
        redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=tmp_path, origins=frozenset({ORIGIN}), secrets=KEYS
    )
    now = parts.hub.owner.now
    taken = UploadRules(allowed=True, most_mb=1, files_most=20)
    parts.hub.owner.now = replace(now, widget=replace(now.widget, uploads=taken))
    files = (Uploads(tmp_path / "uploads"), VisitorTokens(KEYS, max_age_s=60), FileKeys(KEYS))
    app = make_http(parts.hub, Accounts(parts.redis, parts.keys), settings, files=files)
    async with AsyncExitStack() as stack:
        opened: list[httpx.AsyncClient] = []

        def client(address: str) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app, client=(address, 1))
            opened.append(httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}))
            stack.push_async_callback(opened[-1].aclose)
            return opened[-1]

        yield client


def bearer(conversation: str) -> dict[str, str]:
    return {"authorization": f"Bearer {VisitorTokens(KEYS, max_age_s=60).issue(conversation)}"}


async def send(client: httpx.AsyncClient, conversation: str) -> httpx.Response:
    return await client.post("/api/visitor/upload", content=PNG, headers=bearer(conversation))


class Trickle:
    """Files that have begun to come and do not end before they are told to."""

    def __init__(self) -> None:
        self.end = asyncio.Event()
        self._tasks: list[asyncio.Task[httpx.Response]] = []

    async def begin(self, client: httpx.AsyncClient, conversation: str) -> None:
        """Send the beginning; when this returns the hub reads it, or has refused it."""
        read = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            read.set()
            yield PNG
            await self.end.wait()

        sent = asyncio.create_task(
            client.post("/api/visitor/upload", content=body(), headers=bearer(conversation), timeout=60)
        )
        self._tasks.append(sent)
        reads = asyncio.create_task(read.wait())
        await asyncio.wait({reads, sent}, return_when=asyncio.FIRST_COMPLETED, timeout=30)
        reads.cancel()

    async def answers(self) -> list[int]:
        self.end.set()
        return [reply.status_code for reply in await asyncio.gather(*self._tasks)]


async def test_s5_a_file_for_a_conversation_that_is_not_seen_is_refused_like_one_for_none(at: At, parts: Parts) -> None:
    theirs = new_conversation("da")
    await parts.say(theirs, "hej")
    client = at("198.51.100.7")
    client.cookies.set("silta_session", "x")
    replies = [
        await client.post(f"/api/conversations/{id}/upload", content=PNG) for id in (theirs.id, "no-such-conversation")
    ]
    assert [reply.status_code for reply in replies] == [404, 404]
    assert replies[0].content == replies[1].content
    mine = replace(theirs, id=new_conversation("fi").id, language="fi")
    await parts.say(mine, "hei")
    assert (await client.post(f"/api/conversations/{mine.id}/upload", content=PNG)).status_code == 403, "seen, not had"


async def test_s8_who_lets_files_trickle_leaves_room_for_others(at: At) -> None:
    trickle, slow, other = Trickle(), at("198.51.100.7"), at("198.51.100.8")
    for conversation in ("a", "a"):
        await trickle.begin(slow, conversation)
    assert (await send(slow, "a")).status_code == 503, "two at once for one conversation"
    assert (await send(slow, "b")).status_code == 200
    for conversation in ("b", "c"):
        await trickle.begin(slow, conversation)
    refused = await send(slow, "d")
    assert (refused.status_code, refused.json()["code"]) == (503, "try_later"), "half of all for one address"
    assert (await send(other, "e")).status_code == 200
    assert await trickle.answers() == [200] * 4
    assert (await send(slow, "d")).status_code == 200, "and there is room again"


async def test_s8_an_address_that_sends_very_many_files_waits_and_others_do_not(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.AddressRates, "wait_s", AddressRates(Rate(2, 600.0)).wait_s)
    many, other = at("198.51.100.7"), at("198.51.100.8")
    assert [(await send(many, "a")).status_code for _ in range(2)] == [200, 200]
    refused = await send(many, "b")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 0 < int(refused.headers["retry-after"]) <= 300
    assert (await send(other, "c")).status_code == 200


async def test_i10_a_file_that_is_whole_only_after_its_conversation_was_erased_is_kept_nowhere(
    at: At, parts: Parts, tmp_path: Path
) -> None:
    """A slow line takes two minutes for what an erasure looks for after half a one."""
    trickle, slow = Trickle(), at("198.51.100.7")
    await trickle.begin(slow, "a")
    await trickle.begin(slow, "b")
    await parts.hub.erasure.forget_new("a")
    assert sorted(await trickle.answers()) == [200, 404]
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == ["b"]


async def test_i10_a_file_is_not_kept_where_it_cannot_be_told_whether_its_conversation_still_is(
    at: At, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trickle, slow = Trickle(), at("198.51.100.7")
    await trickle.begin(slow, "a")

    async def away(*_: object) -> bool:
        raise StoreUnavailable("away")

    monkeypatch.setattr(parts.hub.erasure, "is_erased", away)
    assert await trickle.answers() == [503]
    assert list((tmp_path / "uploads").iterdir()) == []


async def test_before_the_owners_box_is_ticked_no_file_is_taken(at: At, parts: Parts, tmp_path: Path) -> None:
    now, new, maija = parts.hub.owner.now, new_conversation(), at("192.0.2.1")
    parts.hub.owner.now = replace(now, widget=replace(now.widget, consent=True))
    refused = await send(maija, new.id)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert not list(tmp_path.rglob("uploads/*"))
    await parts.hub.visitors.agree(new, id="agree")
    assert (await send(maija, new.id)).status_code == 200
