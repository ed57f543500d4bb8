from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from handoff.access.accounts import Accounts
from handoff.channels.messenger import media, webhook
from handoff.channels.messenger.signature import sign
from handoff.edge.http import make_http
from handoff.errors import StoreUnavailable
from handoff.settings import Settings
from tests.handoff.channels.messenger.page import OLD_SECRET, PAGE, SECRET, Page, page_on
from tests.handoff.channels.messenger.test_events import likely
from tests.handoff.parts import AINO, Parts
from tests.handoff.texts_for_tests import OWNER

ASKED = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "verify"}


async def test_meta_gets_its_challenge_for_the_token(page: Page) -> None:
    reply = await page.client.get(webhook.PATH, params=ASKED)
    assert (reply.status_code, reply.text) == (200, "1158201444")
    assert reply.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "wrong", [{"hub.verify_token": "other"}, {"hub.verify_token": None}, {"hub.mode": "unsubscribe"}]
)
async def test_who_does_not_know_the_token_gets_nothing(page: Page, wrong: dict[str, Any]) -> None:
    asked = {name: value for name, value in {**ASKED, **wrong}.items() if value is not None}
    reply = await page.client.get(webhook.PATH, params=asked)
    assert reply.status_code == 403
    assert "1158201444" not in reply.text


async def test_both_secrets_of_a_rotation_are_good_and_no_other(page: Page) -> None:
    for secret, status in ((SECRET, 200), (OLD_SECRET, 200), ("stolen", 403)):
        reply = await page.post(page.entry(page.message("silence")), secret=secret)
        assert reply.status_code == status
    unsigned = await page.client.post(webhook.PATH, content=b'{"object":"page"}')
    assert unsigned.status_code == 403
    await page.kind("message", 2)


async def test_only_events_about_a_page_are_taken(page: Page) -> None:
    reply = await page.post(page.entry(page.message("hello")), object="instagram")
    assert reply.status_code == 403


async def test_another_pages_events_are_not_ours(page: Page, parts: Parts) -> None:
    reply = await page.post({**page.entry(page.message("hello")), "id": "9999"})
    assert reply.status_code == 200
    assert not await parts.redis.zcard(page.messenger.keys.due_in)


async def test_a_body_that_is_too_large_is_refused(page: Page) -> None:
    assert (await page.post_raw(b"x" * (webhook.BODY_MAX_BYTES + 1))).status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b"null", b'"page"', b"NaN"])
async def test_a_body_that_is_no_json_object_is_refused_politely(page: Page, body: bytes) -> None:
    assert 400 <= (await page.post_raw(body)).status_code < 500


async def test_any_json_at_all_is_no_error_of_ours(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is applied is another matter, and tested elsewhere; here the answer to Meta counts.
    monkeypatch.setattr(page.messenger.inbox, "_lanes", _Nobody())
    post = page.post_raw

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(likely)
    def collect(payload: Any) -> None:
        bodies.append(json.dumps({"object": "page", "entry": payload}).encode())

    bodies: list[bytes] = []
    collect()
    half = b'{"object":"page","entry":[{"id":"1001","messaging":[{"sender":{"id":"1"},"message":{"text":"\\ud800"}}]}]}'
    for body in [*bodies, half]:
        assert (await post(body)).status_code == 200, body


class _Nobody:
    def nudge(self) -> None:
        """Nobody works here."""


async def test_events_of_any_shape_are_applied_without_stopping_a_person(page: Page, parts: Parts) -> None:
    shapes: list[dict[str, Any]] = [
        {"message": {"mid": "x1", "text": "\ud800 half", "quick_reply": None, "attachments": [None, 7, {}]}},
        {"message": {"mid": "x2", "text": 7, "attachments": {"type": "image"}}},
        {"message": {"mid": ["x"], "text": "list"}},
        {"message_edit": {"mid": "x9", "text": None}},
        {"reaction": {"mid": "x9", "emoji": None, "action": None}},
        {"postback": {"title": None, "payload": {"a": 1}}},
        {"read": {"watermark": 1e308}},
        {"pass_thread_control": {}},
        {"take_thread_control": {"previous_owner_app_id": None}},
        {"request_thread_control": {}},
        {"referral": {"ref": {"a": 1}}},
    ]
    await page.deliver(*(page.event(**shape) for shape in shapes))
    passed = {"new_owner_app_id": page.messenger.settings.app_id}
    await page.deliver(page.event(pass_thread_control=passed), page.message("hello"))
    await page.logged(lambda log: any(e.get("text") == "echo: hello" for e in log), "the answer")
    assert await parts.redis.xlen(parts.keys.dead) == 0


async def test_meta_is_answered_at_once_while_graph_is_slow(page: Page) -> None:
    page.graph.delay_s = 3.0
    took = []
    for n in range(20):
        begun = time.perf_counter()
        reply = await page.post(page.entry(page.message(f"{n}", person=f"7{n}")))
        took.append(time.perf_counter() - begun)
        assert reply.status_code == 200
    assert max(took) < 2.5, took  # less than one call to Graph, on a machine that does much else


async def test_without_redis_meta_is_asked_to_come_again(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(page.messenger.inbox, "accept", away)
    assert (await page.post(page.entry(page.message("hello")))).status_code == 503


async def test_a_hub_without_a_page_has_no_webhook(parts: Parts, tmp_path: Path) -> None:
    house = Settings(redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=tmp_path)
    app = make_http(parts.hub, Accounts(parts.redis, parts.keys), house)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test") as client:
        assert (await client.get(webhook.PATH, params=ASKED)).status_code == 404
        body = b'{"object":"page"}'
        headers = {"x-hub-signature-256": sign(body, SECRET)}
        assert (await client.post(webhook.PATH, content=body, headers=headers)).status_code == 404


# -- attachments


@pytest.mark.parametrize("depth", [60, 490, 700, 900])
@pytest.mark.parametrize("where", ["messaging", "changes"])
async def test_a_body_that_is_nested_deeply_is_no_error_and_stops_nobody(page: Page, depth: int, where: str) -> None:
    odd = '{"sender":{"id":"4"},"recipient":{"id":"1001"},"message":{"mid":"m","x":' + "[" * depth + "]" * depth + "}}"
    good = json.dumps(page.message("hello"))
    entries = f'{{"id":"1001","time":1,"messaging":[{good}]}},{{"id":"1001","time":1,"{where}":[{odd}]}}'
    reply = await page.post_raw(f'{{"object":"page","entry":[{entries}]}}'.encode())
    assert reply.status_code == 200
    await page.receives(page.says("bot_notice"), "echo: hello")


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1" + bytes(84)


def serving(page: Page, answer: Callable[[httpx.Request], Any]) -> None:
    """Let Meta's file servers answer so."""
    page.messenger.media._client = httpx.AsyncClient(transport=httpx.MockTransport(answer), follow_redirects=False)


def picture(
    url: str = "https://scontent.xx.fbcdn.net/v/cat.png?oh=1", kind: str = "image", **payload: Any
) -> dict[str, Any]:
    return {"type": kind, "payload": {"url": url, **payload}}


async def test_a_picture_is_kept_and_agents_see_it(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    serving(page, lambda _: httpx.Response(200, content=PNG))
    await page.deliver(page.message(attachments=[picture()]))
    await page.receives(page.says("files_received"))
    event = (await page.log())[0]
    (kept,) = event["attachments"]
    assert (event["text"], kept["kind"], kept["mime"], kept["size"]) == ("[Picture]", "image", "image/png", len(PNG))
    assert (await page.client.get(kept["url"])).status_code == 401
    monkeypatch.setattr(Accounts, "signed_in", _anybody)
    page.client.cookies.set("silta_session", "x")
    reply = await page.client.get(kept["url"])
    assert (reply.status_code, reply.content, reply.headers["content-type"]) == (200, PNG, "image/png")
    assert reply.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (await page.client.get(kept["url"].replace(kept["url"][-5:], "00000"))).status_code == 404
    assert (await page.client.get("/api/messenger/files/x/..%2f..%2fsecret")).status_code == 404
    lines = [json.loads(line) async for line in page.parts.hub.audit.lines()]
    opened = [line for line in lines if line["action"] == "attachment.opened"]
    assert [line["facts"]["file"] for line in opened] == [kept["url"].rpartition("/")[2]], "P8"


async def _anybody(*_: Any) -> Any:
    return AINO


async def test_what_is_no_picture_is_only_given_as_bytes(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    serving(
        page, lambda _: httpx.Response(200, content=b"<script>alert(1)</script>", headers={"content-type": "text/html"})
    )
    await page.deliver(page.message(attachments=[picture(kind="file")]))
    await page.settled()
    (kept,) = (await page.log())[0]["attachments"]
    monkeypatch.setattr(Accounts, "signed_in", _anybody)
    page.client.cookies.set("silta_session", "x")
    reply = await page.client.get(kept["url"])
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("start", "mime", "ending"),
    [
        (b"%PDF-1.7\n", "application/pdf", ".pdf"),
        (b"\0\0\0\x1cftypM4A \0\0\0\0", "audio/mp4", ".m4a"),
        (PNG, "image/png", ".png"),
    ],
)
async def test_a_file_is_saved_by_the_ending_of_its_true_type(
    page: Page, monkeypatch: pytest.MonkeyPatch, start: bytes, mime: str, ending: str
) -> None:
    serving(page, lambda _: httpx.Response(200, content=start + bytes(100)))
    await page.deliver(page.message(attachments=[picture(kind="file")]))
    await page.settled()
    (kept,) = (await page.log())[0]["attachments"]
    assert kept["mime"] == mime
    monkeypatch.setattr(Accounts, "signed_in", _anybody)
    page.client.cookies.set("silta_session", "x")
    reply = await page.client.get(kept["url"])
    assert reply.headers["content-type"] == mime
    name = kept["url"].rpartition("/")[2]
    assert reply.headers["content-disposition"] == f'attachment; filename="{name}{ending}"'


async def test_a_file_that_is_erased_while_it_is_asked_for_is_not_there(
    page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serving(page, lambda _: httpx.Response(200, content=PNG))
    await page.deliver(page.message(attachments=[picture()]))
    await page.settled()
    (kept,) = (await page.log())[0]["attachments"]
    monkeypatch.setattr(Accounts, "signed_in", _anybody)
    monkeypatch.setattr(page.messenger.media, "path", lambda *_: tmp_path / "gone")
    page.client.cookies.set("silta_session", "x")
    assert (await page.client.get(kept["url"])).status_code == 404


@pytest.mark.parametrize("trouble", ["no room on the disk", "an address of nonsense"])
async def test_i1_the_words_are_there_when_the_file_cannot_be_kept(
    page: Page, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    def full(path: Path, chunk: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if trouble == "no room on the disk":
        monkeypatch.setattr(media, "_append", full)
    serving(page, lambda _: httpx.Response(200, content=PNG))
    nonsense = "https://scontent.xx.fbcdn.net/a\x7f" + "a" * 70_000
    url = "https://scontent.xx.fbcdn.net/a" if trouble == "no room on the disk" else nonsense
    await page.deliver(page.message("Look, it is broken", attachments=[picture(url)]))
    await page.settled()
    said = (await page.log())[0]
    assert said["text"] == "Look, it is broken [Picture]"
    assert said["attachments"] == [{"kind": "image", "lost": "fetch"}]
    assert not await page.parts.redis.xlen(page.parts.store.keys.dead)


async def test_a_tap_on_the_button_below_brings_a_person_who_sees_the_file(page: Page) -> None:
    serving(page, lambda _: httpx.Response(200, content=PNG))
    await page.deliver(page.message(attachments=[picture(), picture(kind="audio")]))
    await page.receives(page.says("files_received"))
    (button,) = page.graph.sent[-1]["message"]["attachment"]["payload"]["buttons"]
    await page.deliver(page.event(postback={"mid": "m_pb", "title": button["title"], "payload": button["payload"]}))
    await page.kind("handoff")


async def test_the_words_that_came_with_a_file_are_answered(page: Page) -> None:
    serving(page, lambda _: httpx.Response(200, content=PNG))
    await page.deliver(page.message("Where is my order?", attachments=[picture()]))
    await page.receives(page.says("files_received"), page.says("bot_notice"), "echo: Where is my order?")
    assert (await page.log())[0]["text"] == "Where is my order? [Picture]"


async def test_a_question_with_an_address_in_it_is_answered(page: Page) -> None:
    text = "Where is my order? https://havu.example/o/1"
    shared = {"type": "fallback", "title": "Havu", "payload": {"url": "https://havu.example/o/1", "title": "Havu"}}
    await page.deliver(page.message(text, attachments=[shared]))
    await page.receives(page.says("bot_notice"), f"echo: {text}")
    said = (await page.log())[0]
    assert said["text"] == text
    assert "attachments" not in said


async def test_a_post_that_is_shared_without_a_word_says_where_it_is(page: Page) -> None:
    shared = {"type": "fallback", "title": "Uutuus 4111 1111 1111 1111", "url": "https://havu.example/uutuus"}
    await page.deliver(page.message(attachments=[shared]))
    await page.logged(lambda log: bool(log), "the post")
    said = (await page.log())[0]
    assert said["text"].startswith("Uutuus ") and said["text"].endswith(" https://havu.example/uutuus")
    assert "1111" not in said["text"]


async def test_a_link_that_the_page_inbox_sends_is_shown(page: Page) -> None:
    shared = {"type": "fallback", "title": "Returns", "url": "https://havu.example/returns"}
    await page.deliver(page.echo("Look here", attachments=[shared]))
    log = await page.logged(lambda log: any(e.get("via") for e in log), "the link")
    assert log[-1]["text"] == "Look here Returns https://havu.example/returns"


@pytest.mark.parametrize("sticker", [{"sticker_id": 369239263222822}, {}])
async def test_messengers_thumb_is_an_answer_in_one_sign(page: Page, sticker: dict[str, Any]) -> None:
    attachment = picture(kind="sticker", sticker_id=369239263222822)
    await page.deliver(page.message(attachments=[attachment], **sticker))
    await page.receives(page.says("bot_notice"), "echo: 👍")


async def test_files_that_cannot_be_had_are_shown_as_lost(page: Page) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "moved" in request.url.path:
            return httpx.Response(302, headers={"location": "http://169.254.169.254/"})
        if "large" in request.url.path:
            return httpx.Response(200, content=b"x" * 2000)
        return httpx.Response(404)

    serving(page, answer)
    page.messenger.media._most_bytes = 1000
    host = "https://scontent.xx.fbcdn.net"
    urls = [f"{host}/moved", f"{host}/large", f"{host}/gone", "http://127.0.0.1/x", "https://fbcdn.net.evil.example/x"]
    await page.deliver(page.message(attachments=[*(picture(url) for url in urls), {"type": "location"}]))
    await page.settled()
    lost = [one["lost"] for one in (await page.log())[0]["attachments"]]
    assert lost == ["fetch", "too_large", "fetch", "host", "host", "no_address"]


async def test_a_picture_from_the_page_inbox_is_shown_too(page: Page) -> None:
    serving(page, lambda _: httpx.Response(200, content=PNG))
    await page.deliver(page.echo("", attachments=[picture()]))
    log = await page.logged(lambda log: any(e.get("via") for e in log), "the picture")
    assert log[-1]["attachments"][0]["mime"] == "image/png"


async def test_one_page_at_a_time_serves_its_own_id(parts: Parts, url: str, tmp_path: Path) -> None:
    async with page_on(parts, url, tmp_path, page_id="") as page:
        await page.say("hello")
        await page.receives(page.says("bot_notice"), "echo: hello")
        assert page.graph.calls[0][0].endswith("/me/messages")
        assert PAGE not in page.graph.calls[0][0]
