"""Erasing who wrote on Messenger (I10): the person too, and who writes again is somebody new."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from handoff.channels.messenger import inbox
from handoff.channels.messenger.events import Event
from handoff.channels.messenger.keys import NEW_TTL_S
from handoff.privacy.audit import COMMAND_LINE
from tests.handoff.channels.messenger.page import APP, PAGE, PERSON, Page
from tests.handoff.channels.messenger.test_webhook import PNG, picture, serving
from tests.helpers.redis_contents import contents
from tests.helpers.waiting import until

CANARY = "kanarialintu-4711"


async def test_i10_a_person_on_messenger_is_forgotten_and_may_begin_anew(page: Page) -> None:
    await page.say(f"hello {CANARY}")
    await page.receives(page.says("bot_notice"), f"echo: hello {CANARY}")
    await page.settled()
    before, erasure = await page.conversation(), page.parts.hub.erasure
    assert PERSON in str(await contents(page.parts.redis))
    await erasure.erase(before, COMMAND_LINE, "asked")
    erasure.again_s = 0

    async def forgotten() -> bool:
        await erasure.finish()
        held = str(await contents(page.parts.redis))
        return CANARY not in held and PERSON not in held

    await until(forgotten, "nothing is left", timeout_s=30)
    await page.say("me again")
    await page.logged(lambda log: any(event.get("text") == "echo: me again" for event in log), "the new answer")
    assert await page.conversation() != before
    assert not await page.parts.redis.exists(page.parts.keys.state(before))


async def test_i10_what_arrives_for_an_erased_conversation_is_dropped_and_not_set_aside(page: Page) -> None:
    await page.say("hello")
    await page.settled()
    redis, keys = page.parts.redis, page.parts.keys
    conversation = await page.conversation()
    # As if the event had been read before the erasure, and is applied after it.
    await redis.set(keys.erased(conversation), "1")
    await page.say(f"late {CANARY}")

    async def dropped() -> bool:
        lanes = [name async for name in redis.scan_iter(match="*messenger:in:*", _type="stream")]
        return not any([await redis.xlen(name) for name in lanes])

    await until(dropped, "the event is done with", timeout_s=30)
    assert CANARY not in str(await contents(redis)) and not await redis.exists(keys.dead)


async def test_i10_pictures_that_are_fetched_while_their_conversation_is_erased_are_kept_nowhere(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many of them take longer than the erasure to look twice, and nothing else ever looks there."""
    await page.say("hello")
    await page.settled()
    conversation, erasure = await page.conversation(), page.parts.hub.erasure
    erasure.var = tmp_path
    fetching, erased, applied = asyncio.Event(), asyncio.Event(), asyncio.Event()
    applier: Any = page.messenger.inbox._applier
    apply = applier.apply

    async def told(event: Event) -> None:
        try:
            await apply(event)
        finally:
            applied.set()

    monkeypatch.setattr(applier, "apply", told)

    async def slow(_: httpx.Request) -> httpx.Response:
        fetching.set()
        await erased.wait()
        return httpx.Response(200, content=PNG)

    serving(page, slow)
    await page.deliver(page.message(attachments=[picture()]))
    await asyncio.wait_for(fetching.wait(), 30)
    await erasure.erase(conversation, COMMAND_LINE, "asked")
    erased.set()

    await asyncio.wait_for(applied.wait(), 30)
    assert not (tmp_path / "messenger" / conversation).exists()


async def erased(page: Page) -> None:
    """The person wrote, and is forgotten altogether."""
    await page.say("hello")
    await page.receives(page.says("bot_notice"), "echo: hello")
    await page.settled()
    erasure = page.parts.hub.erasure
    await erasure.erase(await page.conversation(), COMMAND_LINE, "asked")
    erasure.again_s = 0

    async def forgotten() -> bool:
        await erasure.finish()
        return PERSON not in str(await contents(page.parts.redis))

    await until(forgotten, "nothing is left", timeout_s=30)


def receipt(page: Page) -> dict[str, Any]:
    return page.event(read={"watermark": page.at})


def delivery(page: Page) -> dict[str, Any]:
    return page.event(delivery={"mids": ["m_out_2"], "watermark": page.at})


def opened_chat(page: Page) -> dict[str, Any]:
    return page.event(referral={"ref": "da", "source": "SHORTLINK", "type": "OPEN_THREAD"})


def given_back(page: Page) -> dict[str, Any]:
    return page.event(pass_thread_control={"new_owner_app_id": APP})


def our_echo(page: Page) -> dict[str, Any]:
    return page.echo("hello", app_id=APP)


@pytest.mark.parametrize("late", [receipt, delivery, opened_chat, given_back, our_echo])
async def test_i10_what_begins_no_conversation_brings_a_forgotten_person_back_nowhere(
    page: Page, late: Callable[[Page], dict[str, Any]]
) -> None:
    """Meta tells of reads and deliveries when it likes, and nothing would ever erase them again."""
    await erased(page)
    await page.deliver(late(page))
    await page.settled()
    assert PERSON not in str(await contents(page.parts.redis))


async def test_i10_a_reaction_of_a_forgotten_person_waits_for_its_message_and_is_dropped(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "TOO_EARLY_S", 0.0)
    await erased(page)
    await page.deliver(page.event(reaction={"mid": "m_out_1", "reaction": "love", "action": "react"}))
    await page.settled()
    assert PERSON not in str(await contents(page.parts.redis))


async def test_i10_a_person_who_has_said_nothing_that_can_be_read_is_forgotten_within_a_day(page: Page) -> None:
    await page.deliver(page.message())
    await page.settled()
    redis = page.parts.redis
    held = [name for name, value in (await contents(redis)).items() if PERSON in name or PERSON in value]
    assert held
    assert all([0 < await redis.ttl(name) <= NEW_TTL_S for name in held])


async def test_a_person_who_says_something_is_known_for_as_long_as_the_conversation(page: Page) -> None:
    await page.deliver(page.message())
    await page.settled()
    before = await page.messenger.threads.known(PAGE, PERSON)
    assert before is not None and before.new
    await page.say("hello")
    await page.receives(page.says("bot_notice"), "echo: hello")
    await page.settled()
    after = await page.messenger.threads.known(PAGE, PERSON)
    assert after is not None and not after.new
    assert after.conversation == before.conversation
    redis, keys = page.parts.redis, page.messenger.keys
    assert await redis.ttl(keys.person(after.lane)) == await redis.ttl(keys.thread(after.conversation)) == -1
