"""One story in a real browser: a visitor on the shop's page, an agent in the console."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.owner import shown
from tests.helpers.stack import ROOT, Stack
from tests.helpers.visitor import Visitor

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("SILTA_CHROMIUM") or shutil.which("chromium") or ""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = ROOT / "var" / "screenshots"
SLOW_MS = 15_000
"""For what the bot or the other side has to do first, on a busy machine."""


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium here: run ops/browser")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        await chromium.close()


class Watch:
    """What went wrong in a page: errors of its scripts, requests to other hosts."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.wrong: list[str] = []
        self._address = address
        context.on("page", self._page)
        context.on("request", lambda request: self._request(request.url))

    def _page(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("console", lambda line: self.wrong.append(f"console: {line.text}") if line.type == "error" else None)

    def _request(self, url: str) -> None:
        if not url.startswith((self._address, self._address.replace("http", "ws", 1), "data:", "blob:")):
            self.wrong.append(f"request: {url}")


async def shoot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"story-{name}.png")



async def write(page: Page, text: str) -> None:
    """Type into the widget and send."""
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def test_a_visitor_is_answered_handed_over_and_back(silta: Stack, browser: Browser) -> None:
    shop = await browser.new_context(viewport={"width": 1280, "height": 860}, locale="da-DK")
    desk = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    watches = [Watch(context, silta.address) for context in (shop, desk)]
    visitor, agent = await shop.new_page(), await desk.new_page()
    for page in (visitor, agent):
        page.set_default_timeout(SLOW_MS)
    expect.set_options(timeout=SLOW_MS)

    # The visitor opens the shop in Danish, and the widget; it says first that this is a bot (I12).
    await visitor.goto(f"{silta.address}/?lang=da")
    await visitor.get_by_test_id("launcher").click()
    panel = visitor.get_by_test_id("panel")
    await expect(panel).to_be_visible()
    await expect(panel).to_contain_text(shown("da", "bot_notice"))
    await shoot(visitor, "1-opened")

    # A question with a right answer.
    await write(visitor, "Hvor er min pakke?")
    answers = visitor.locator('[data-testid=message][data-role="bot"]')
    await expect(answers.first).to_contain_text(shown("da", "faq/track_order"))
    await shoot(visitor, "2-answered")

    # Something for a person.
    await write(visitor, "Min mor er død, og hun havde en ordre hos jer")
    await expect(answers.nth(1)).to_contain_text(shown("da", "human/bereavement"))
    await expect(visitor.get_by_test_id("cancel")).to_be_visible()
    await shoot(visitor, "3-queued")

    # The agent signs in, sees it waiting with its reason, and takes it.
    await agent.goto(f"{silta.address}/console")
    await agent.get_by_test_id("email").fill(AGENTS["Mikkel"])
    await agent.get_by_test_id("password").fill(PASSWORD)
    await agent.get_by_test_id("sign-in").click()
    item = agent.get_by_test_id("queue-item").filter(has_text="Min mor er død")
    await expect(item).to_be_visible()
    await shoot(agent, "4-console")
    await item.click()
    thread = agent.get_by_test_id("thread")
    await expect(thread).to_contain_text("Hvor er min pakke?")
    await expect(agent.get_by_test_id("reasons")).to_contain_text(re.compile(r"\w+"))
    await agent.get_by_test_id("claim").first.click()
    await expect(panel).to_contain_text("Mikkel")
    await shoot(agent, "5-claimed")

    # They talk.
    await agent.get_by_test_id("reply").fill("Kære du, det gør mig ondt. Jeg finder ordren frem nu.")
    await agent.get_by_test_id("send").click()
    said = visitor.locator('[data-testid=message][data-role="agent"]')
    await expect(said.first).to_contain_text("Jeg finder ordren frem nu.")
    await write(visitor, "Tusind tak")
    await expect(thread).to_contain_text("Tusind tak")
    await shoot(visitor, "6-person")
    await shoot(agent, "7-talking")
    await expect(answers).to_have_count(2)

    # A reload loses nothing.
    before = await visitor.get_by_test_id("message").count()
    await visitor.reload()
    if not await visitor.get_by_test_id("panel").is_visible():
        await visitor.get_by_test_id("launcher").click()
    await expect(visitor.get_by_test_id("message")).to_have_count(before)

    # Back to the bot, which answers what comes after.
    await agent.get_by_test_id("return-to-bot").click()
    await expect(visitor.get_by_test_id("panel")).to_contain_text(shown("da", "returned_to_bot"))
    await write(visitor, "Hvordan returnerer jeg en vare?")
    await expect(answers.nth(2)).to_contain_text(shown("da", "faq/return_how"))
    await shoot(visitor, "8-back-with-the-bot")
    await shoot(agent, "9-returned")

    assert [problem for watch in watches for problem in watch.wrong] == []
    for context in (shop, desk):
        await context.close()


@pytest.mark.parametrize(("language", "question"), [("fi", "Missä tilaukseni on?"), ("en", "Where is my order?")])
async def test_the_other_languages_on_a_phone(silta: Stack, browser: Browser, language: str, question: str) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale=language)
    watch = Watch(context, silta.address)
    page = await context.new_page()
    page.set_default_timeout(SLOW_MS)
    await page.goto(f"{silta.address}/?lang={language}")
    await page.get_by_test_id("launcher").click()
    await expect(page.get_by_test_id("panel")).to_contain_text(shown(language, "bot_notice"))
    await write(page, question)
    answer = page.locator('[data-testid=message][data-role="bot"]').first
    await expect(answer).to_contain_text(shown(language, "faq/track_order"), timeout=SLOW_MS)
    await shoot(page, f"phone-{language}")
    assert watch.wrong == []
    await context.close()


async def test_all_that_stands_on_the_page_turns_with_the_language_of_the_conversation(
    silta: Stack, browser: Browser
) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="fi")
    watch = Watch(context, silta.address)
    page = await context.new_page()
    page.set_default_timeout(SLOW_MS)
    expect.set_options(timeout=SLOW_MS)
    await page.goto(f"{silta.address}/?lang=fi")
    await page.get_by_test_id("launcher").click()
    notice, person = page.get_by_test_id("notice"), page.get_by_test_id("person").locator("..")
    await expect(notice).to_contain_text(shown("fi", "bot_notice"))
    opening = {language: await greeting(silta, language) for language in ("fi", "en")}
    await expect(person).to_contain_text(opening["fi"])
    await write(page, "Where is my order?")
    await expect(page.locator('[data-testid=message][data-role="bot"]').first).to_contain_text(
        shown("en", "faq/track_order")
    )
    await expect(notice).to_contain_text(shown("en", "bot_notice"))
    await expect(person).to_contain_text(opening["en"])
    await expect(page.get_by_test_id("panel")).not_to_contain_text(shown("fi", "bot_notice"))
    await shoot(page, "phone-turned")
    assert watch.wrong == []
    await context.close()


async def greeting(silta: Stack, language: str) -> str:
    """What stands beside the button for a person when somebody comes in now who reads this language."""
    async with await Visitor.arrive(silta.address, language=language) as visitor:
        told = visitor.welcome
    return str(told["response"] if told["open"] else told["opening"])
