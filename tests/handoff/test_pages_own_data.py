"""What people do with their data, files and promises, from the pages, on a real hub of a shop that allows it all."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import struct
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest
import pytest_asyncio
import redis
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Route, async_playwright, expect

from handoff.access.sessions import digest_of
from handoff.keys import HubKeys
from handoff.settings import ROOT
from tests.handoff.hub_process import HubProcess
from tests.handoff.mailbox import Inbox, listening
from tests.handoff.test_pages import CHROMIUM
from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.owner_copy import owner_copy
from tests.helpers.redis_server import RedisServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]
"""A browser that starts beside other tests takes its time."""

PATIENCE_MS = 30_000
CPR = "010190-1234"


@dataclass
class Shop:
    """A hub whose owner has uploads, mail and kept numbers switched on, and who answers at any hour."""

    hub: HubProcess
    redis: RedisServer
    inbox: Inbox

    @property
    def address(self) -> str:
        return self.hub.address


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    if not Path(CHROMIUM).exists() or not (ROOT / "web" / "dist" / "console.html").exists():
        pytest.skip("no Chromium or no built pages here")
    folder = tmp_path_factory.mktemp("shop")
    # The choices of who waits are offered at once.
    owner = owner_copy(folder, {"choices_after_s: 180": "choices_after_s: 0"}, always_open=True)
    privacy = owner / "privacy.yml"
    kept = privacy.read_text("utf-8").replace("keep_covered_numbers: false", "keep_covered_numbers: true")
    privacy.write_text(kept, "utf-8")
    server = RedisServer()
    with listening() as (inbox, port):
        mail = {"SILTA_SMTP_HOST": "127.0.0.1", "SILTA_SMTP_PORT": str(port), "SILTA_SMTP_SECURITY": "none"}
        hub = HubProcess(server.url, SILTA_OWNER_DIR=str(owner), SILTA_SMTP_FROM="chat@havu.example", **mail)
        try:
            server.start()
            hub.add_agents()
            hub.start()
            yield Shop(hub, server, inbox)
        finally:
            hub.close()
            server.close()
            shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield made
        await made.close()


class Watched:
    """Pages on which nothing may go wrong: no error, no breach of the content policy, no request to others."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self.faults: list[str] = []

    async def page(self, locale: str, *, phone: bool = False) -> Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1360, "height": 860}
        context = await self._browser.new_context(
            locale=locale,
            viewport=size,  # type: ignore[arg-type]  # a plain dict is one
            has_touch=phone,
            is_mobile=phone,
        )
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: self._asked(request.url))
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._told)
        page.on("dialog", lambda dialog: self.faults.append(dialog.message))
        return page

    def _told(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self.faults.append(f"{line.text} ({line.location['url']})")

    def _asked(self, url: str) -> None:
        if not url.startswith((self._address, self._address.replace("http", "ws", 1), "data:", "blob:")):
            self.faults.append(f"foreign request: {url}")


@pytest_asyncio.fixture(loop_scope="module")
async def pages(shop: Shop, browser: Browser) -> AsyncIterator[Watched]:
    expect.set_options(timeout=PATIENCE_MS)
    watched = Watched(browser, shop.address)
    yield watched
    for context in browser.contexts:
        await context.close()
    assert watched.faults == []


async def visits(pages: Watched, shop: Shop, language: str, locale: str, **how: bool) -> Page:
    page = await pages.page(locale, **how)
    await page.goto(f"{shop.address}/?lang={language}")
    await page.get_by_test_id("launcher").click()
    await page.get_by_test_id("notice").wait_for()
    return page


async def writes(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")
    await expect(page.locator("[data-role=visitor][data-mark=stored]").last).to_contain_text(text.split(CPR)[0])


async def signs_in(page: Page, shop: Shop, name: str) -> None:
    await page.goto(f"{shop.address}/console")
    await page.get_by_test_id("email").fill(AGENTS[name])
    await page.get_by_test_id("password").fill(PASSWORD)
    await page.get_by_test_id("sign-in").click()


async def takes(page: Page, words: str) -> None:
    await page.get_by_test_id("queue-item").filter(has_text=words).click()
    await page.get_by_test_id("claim").click()
    await page.get_by_test_id("reply").wait_for()


def picture() -> bytes:
    """A small picture, as PNG files are made."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + b"\x2c\x71\x5f" * 40 for _ in range(30))
    head = struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


async def test_p2_p3_a_visitor_sends_a_picture_gets_the_transcript_and_all_data_and_has_it_deleted(
    shop: Shop, pages: Watched
) -> None:
    visitor = await visits(pages, shop, "da", "da-DK")
    await writes(visitor, "Lampen Kajo er gået i stykker")
    await visitor.get_by_test_id("attach").set_input_files(
        {"name": "lampe.png", "mimeType": "image/png", "buffer": picture()}
    )
    await visitor.locator("[data-testid=file][data-ready=true]").wait_for()
    await visitor.get_by_test_id("send").click()
    await visitor.locator("[data-role=visitor] .picture img").wait_for()
    await writes(visitor, f"Mit CPR-nummer er {CPR}")
    await expect(visitor.get_by_test_id("panel")).not_to_contain_text(CPR)
    await visitor.get_by_test_id("person").click()

    # The agent unveils the picture, and asks for the number that was covered; who looked is in the audit log.
    agent = await pages.page("da-DK")
    await signs_in(agent, shop, "Mikkel")
    await takes(agent, "Mit CPR-nummer er")
    await agent.get_by_test_id("picture").locator("button").click()
    shown = agent.get_by_test_id("picture").locator("img")
    await expect(shown).to_have_attribute("alt", "lampe.png")
    await agent.wait_for_function("() => document.querySelector('[data-testid=picture] img').naturalWidth === 40")
    await agent.get_by_test_id("uncover").click()
    await expect(agent.get_by_test_id("uncovered")).to_contain_text(CPR)

    # The transcript comes by e-mail, without the number.
    await visitor.get_by_test_id("menu").click()
    await visitor.get_by_test_id("mail").click()
    await visitor.get_by_test_id("to").fill("freja@havu.example")
    await visitor.get_by_test_id("mail-send").click()
    await expect(visitor.get_by_role("alert")).to_contain_text("sendt til din mail")
    for _ in range(PATIENCE_MS // 100):
        if shop.inbox.mails:
            break
        await asyncio.sleep(0.1)
    ((to, mail),) = shop.inbox.mails
    body = mail.get_body().get_content()
    assert to == ["freja@havu.example"]
    assert "Lampen Kajo" in body and CPR not in body

    # All that is kept, as a file.
    await visitor.get_by_test_id("menu").click()
    async with visitor.expect_download() as download:
        await visitor.get_by_test_id("export").click()
    kept = json.loads((await (await download.value).path()).read_text("utf-8"))
    assert "Lampen Kajo er gået i stykker" in json.dumps(kept, ensure_ascii=False)

    # And gone: for the visitor, for the agent, and at the hub.
    conversation = await agent.get_by_test_id("thread").get_attribute("data-conversation")
    assert conversation is not None
    await visitor.get_by_test_id("menu").click()
    await visitor.get_by_test_id("erase").click()
    await visitor.get_by_test_id("erase-yes").click()
    await expect(visitor.get_by_test_id("panel")).not_to_contain_text("Lampen Kajo")
    await expect(agent.locator(f'[data-conversation="{conversation}"]')).to_have_count(0)
    await writes(visitor, "Hej igen")
    await expect(visitor.get_by_test_id("panel")).not_to_contain_text("Lampen Kajo")


@pytest.mark.parametrize(
    ("language", "locale", "words"),
    [
        ("fi", "fi-FI", ("Huopani on kadonnut", "Soitamme sinulle", "Katson asian heti.")),
        ("en", "en-GB", ("My blanket is lost", "We’ll call you", "I’ll look into it at once.")),
    ],
)
async def test_a_call_is_booked_taken_up_and_cancelled_on_phones(
    shop: Shop, pages: Watched, language: str, locale: str, words: tuple[str, str, str]
) -> None:
    need, booked, answer = words
    visitor = await visits(pages, shop, language, locale, phone=True)
    await writes(visitor, need)
    await visitor.get_by_test_id("person").tap()
    await visitor.get_by_test_id("choose-phone").tap()
    await visitor.get_by_test_id("to").fill("040 123 4567")
    await visitor.get_by_test_id("name").fill("Freja Holm")
    await visitor.get_by_test_id("book").tap()
    await expect(visitor.get_by_test_id("promised")).to_have_text(booked)

    agent = await pages.page(locale, phone=True)
    await signs_in(agent, shop, "Sanna")
    await agent.get_by_test_id("view-calls").tap()
    call = agent.get_by_test_id("call").filter(has_text="Freja Holm")
    await call.wait_for()

    await visitor.get_by_test_id("uncall").tap()
    await expect(visitor.get_by_test_id("promised")).to_have_count(0)
    await expect(call).to_have_count(0)

    # Who waits on is answered, from phone to phone.
    if not await visitor.get_by_test_id("queue").count():
        await visitor.get_by_test_id("person").tap()
    await agent.get_by_test_id("view-queue").tap()
    await takes(agent, need)
    await agent.get_by_test_id("reply").fill(answer)
    await agent.get_by_test_id("send").tap()
    await expect(visitor.locator("[data-role=agent]")).to_contain_text(answer)
    assert await agent.evaluate("document.documentElement.scrollWidth") <= 390
    assert await visitor.evaluate("document.documentElement.scrollWidth") <= 390


async def test_an_agent_sets_a_second_factor_up_signs_in_with_it_and_is_asked_before_the_sign_in_ends(
    shop: Shop, pages: Watched
) -> None:
    agent = await pages.page("en-GB")
    await signs_in(agent, shop, "Aino")
    await agent.get_by_test_id("settings").click()
    await agent.get_by_test_id("second-factor").click()
    await agent.locator("dialog").get_by_test_id("password").fill(PASSWORD)
    await agent.get_by_test_id("dialog-send").click()
    secret = re.sub(r"\s", "", await agent.get_by_test_id("secret").inner_text())
    totp = pyotp.TOTP(secret)
    await agent.get_by_test_id("code").fill(totp.at(int(time.time())))
    await agent.get_by_test_id("dialog-send").click()
    await agent.get_by_test_id("recovery").wait_for()
    await agent.keyboard.press("Escape")
    await agent.get_by_test_id("settings").click()
    await agent.get_by_test_id("sign-out").click()
    await agent.get_by_test_id("email").wait_for()

    await signs_in(agent, shop, "Aino")
    # A code is good once: the next one, a little early, as the hub allows for clocks that differ.
    await agent.get_by_test_id("code").fill(totp.at(int(time.time()) + 30))
    await agent.get_by_test_id("sign-in").click()
    await agent.get_by_test_id("desk").wait_for()

    key = HubKeys().session(digest_of(await cookie_of(agent.context)))
    with redis.Redis.from_url(shop.redis.url) as client:
        assert client.expire(key, 100)
        await agent.get_by_test_id("ending").wait_for()
        await agent.get_by_test_id("stay").click()
        await expect(agent.get_by_test_id("ending")).to_have_count(0)
        assert int(client.ttl(key)) > 100  # type: ignore[arg-type]  # not awaitable here


async def test_a_page_loaded_again_while_its_sign_out_is_under_way_does_not_take_itself_for_signed_in(
    shop: Shop, pages: Watched
) -> None:
    agent = await pages.page("en-GB")
    await signs_in(agent, shop, "Sanna")
    await agent.get_by_test_id("settings").click()
    held: list[Route] = []
    await agent.route("**/api/logout", lambda route: held.append(route))
    async with agent.expect_request("**/api/logout"):
        await agent.get_by_test_id("sign-out").click()
    asked: list[str] = []
    agent.on("request", lambda request: asked.append(request.url))
    await agent.reload()
    await agent.get_by_test_id("email").wait_for()
    assert held and not [url for url in asked if "socket-token" in url]


async def cookie_of(context: BrowserContext) -> str:
    (cookie,) = [one["value"] for one in await context.cookies() if "session" in one.get("name", "")]
    return cookie
