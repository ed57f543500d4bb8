"""Widget and console on a real hub, without a bot: what the pages ask of the hub, it answers."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from handoff.settings import ROOT
from tests.handoff.clients import Door
from tests.helpers.fixtures import AGENTS, PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
"""A browser that starts beside other tests takes its time."""

WORDS = "Is the juniper tray dishwasher-safe?"
"""By which the agent finds this visitor among those whom other tests have left in the queue."""

CHROMIUM = os.environ.get("SILTA_CHROMIUM") or shutil.which("chromium") or ""


@pytest.fixture
async def pages() -> AsyncIterator[tuple[Page, Page]]:
    """A visitor's page and an agent's; no error and no breach of the content policy on either."""
    if not Path(CHROMIUM).exists() or not (ROOT / "web" / "dist" / "console.html").exists():
        pytest.skip("no Chromium or no built pages here")
    faults: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        made = [await (await browser.new_context(locale="en-GB")).new_page() for _ in range(2)]
        for page in made:
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        yield made[0], made[1]
        await browser.close()
    assert faults == []


async def test_ready_replies_suggestions_search_ratings_and_transcript_work_end_to_end(
    door: Door, pages: tuple[Page, Page]
) -> None:
    visitor, agent = pages
    await visitor.goto(f"{door.address}/?lang=en")
    await visitor.get_by_test_id("launcher").click()
    await visitor.get_by_test_id("composer").fill(WORDS)
    await visitor.keyboard.press("Enter")
    await visitor.get_by_test_id("person").click()
    await visitor.get_by_test_id("queue").wait_for()

    await agent.goto(f"{door.address}/console")
    await agent.get_by_test_id("email").fill(AGENTS["Aino"])
    await agent.get_by_test_id("password").fill(PASSWORD)
    await agent.get_by_test_id("sign-in").click()
    await agent.get_by_test_id("queue-item").filter(has_text=WORDS).click()
    await agent.get_by_test_id("claim").click()
    await agent.get_by_test_id("reply").fill("/hel")
    await agent.get_by_test_id("replies").wait_for()
    # On the field itself: what the claim brings may move the focus meanwhile.
    await agent.get_by_test_id("reply").press("Enter")
    await agent.get_by_test_id("replies").wait_for(state="detached")
    await agent.get_by_test_id("suggest").click()
    await agent.get_by_test_id("replies").wait_for()
    await agent.keyboard.press("Escape")
    await agent.get_by_test_id("send").click()
    answer = visitor.locator("[data-testid=message][data-role=agent]")
    assert "this is Aino" in await answer.inner_text()

    await agent.get_by_test_id("view-find").click()
    await agent.get_by_test_id("query").fill("this is aino")
    await agent.keyboard.press("Enter")
    await agent.get_by_test_id("found").first.wait_for()
    await agent.get_by_test_id("resolve").click()

    await visitor.locator("[data-of=agent] label").nth(4).click()
    await visitor.locator(".rating .firm").click()
    await visitor.locator("[data-kind=rating]").wait_for()
    await visitor.get_by_test_id("menu").click()
    async with visitor.expect_download() as download:
        await visitor.get_by_test_id("save").click()
    kept = (await (await download.value).path()).read_text("utf-8")
    assert "Aino: Hello, this is Aino" in kept
