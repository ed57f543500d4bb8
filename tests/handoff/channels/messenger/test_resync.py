"""A handover that we missed is found by asking who has the thread."""

from __future__ import annotations

import pytest

from handoff.channels.messenger.resync import FRESH_MS
from handoff.channels.messenger.settings import INBOX_APP
from tests.handoff.channels.messenger.page import APP, Page


@pytest.fixture
async def taken(page: Page) -> Page:
    """The page inbox has the thread, for a while already."""
    await page.say("hello")
    await page.receives(page.says("bot_notice"), "echo: hello")
    await page.deliver(page.event(take_thread_control={"previous_owner_app_id": int(APP)}))
    await page.kind("assigned")
    await page.settled()
    thread = await page.messenger.threads.load(await page.conversation())
    assert thread is not None
    await page.messenger.threads.note(thread.conversation, inbox_at=thread.inbox_at - 2 * FRESH_MS)
    page.messenger.resync._clock = lambda: page.at
    return page


@pytest.mark.parametrize("owner", [APP, None])
async def test_a_thread_that_was_given_back_unnoticed_has_the_bot_again(taken: Page, owner: str | None) -> None:
    taken.graph.owner = owner
    assert await taken.messenger.resync.ask() == 1
    await taken.kind("returned_to_bot")
    assert (await taken.state()).status.value == "bot"
    assert await taken.messenger.resync.ask() == 0


async def test_a_thread_that_the_page_inbox_still_has_is_left_there(taken: Page) -> None:
    taken.graph.owner = INBOX_APP
    assert await taken.messenger.resync.ask() == 0
    assert (await taken.state()).status.value == "assigned"


async def test_a_thread_that_has_just_changed_hands_is_left_alone(taken: Page) -> None:
    taken.graph.owner = APP
    await taken.messenger.threads.note(await taken.conversation(), inbox_at=taken.at)
    assert await taken.messenger.resync.ask() == 0


async def test_when_meta_does_not_answer_nothing_changes(taken: Page) -> None:
    taken.graph.unwell = True
    assert await taken.messenger.resync.ask() == 0
    assert (await taken.state()).status.value == "assigned"
