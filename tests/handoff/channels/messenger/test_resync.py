"""A handover that we missed is found by asking who has the thread."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.channels.messenger.resync import FRESH_MS
from handoff.channels.messenger.settings import INBOX_APP
from handoff.errors import StoreUnavailable
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


async def test_a_conversation_that_did_not_come_back_with_its_thread_is_brought_back(taken: Page) -> None:
    """Meta need not be asked: it is known who has the thread."""
    taken.graph.unwell = True
    await taken.messenger.threads.note(await taken.conversation(), inbox="")
    assert await taken.messenger.resync.ask() == 1
    await taken.kind("returned_to_bot")
    assert (await taken.state()).status.value == "bot"


async def test_a_thread_in_which_the_page_inbox_only_wrote_is_not_given_back(taken: Page) -> None:
    taken.graph.owner = APP
    await taken.messenger.threads.note(await taken.conversation(), inbox="echo")
    assert await taken.messenger.resync.ask() == 0
    assert (await taken.state()).status.value == "assigned"


async def test_a_thread_that_comes_back_while_redis_is_away_has_the_bot_as_soon_as_redis_is_there(
    taken: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = taken.parts.store
    request, failed = store.request, list[str]()

    async def away_once(conversation: str, *args: Any, **fields: Any) -> Any:
        if not failed and str(fields.get("client_id")).startswith("back:"):
            failed.append(conversation)
            raise StoreUnavailable
        return await request(conversation, *args, **fields)

    monkeypatch.setattr(store, "request", away_once)
    await taken.say("are you there?")  # the word that the thread was given back was lost
    await taken.kind("returned_to_bot")
    assert failed
    log = await taken.logged(lambda log: log[-1].get("text") == "echo: are you there?", "the bot's answer")
    assert [event["kind"] for event in log].count("returned_to_bot") == 1
    thread = await taken.messenger.threads.load(await taken.conversation())
    assert thread is not None and thread.inbox == ""
