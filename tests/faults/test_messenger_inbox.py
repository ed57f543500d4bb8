"""Messenger where people answer in the page inbox, through the whole of Silta with the real bot; and its courier,
killed in the middle of it all. After each: log and screen tell the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio

from tests.helpers.owner import LANGUAGES, pattern
from tests.helpers.stack import Stack
from tests.helpers.stories import Story

WHERE = {"fi": "Missä tilaukseni on?", "da": "Hvor er min pakke?", "en": "Where is my order?"}
PERSON = {
    "fi": "Haluan puhua ihmisen kanssa",
    "da": "Jeg vil gerne tale med et menneske",
    "en": "I want to talk to a human",
}
QUESTIONS = {
    "How do I pay?": "faq/payment_methods",
    "How do I return an item?": "faq/return_how",
    "How much does delivery cost?": "faq/delivery_cost",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900, func_only=False), pytest.mark.e2e]


@pytest.fixture(scope="module")
def in_inbox() -> Iterator[Stack]:
    stack = Stack("--demo-messenger", environ={"SILTA_MESSENGER_HANDOFF": "page_inbox"})
    try:
        stack.start()
        yield stack
    finally:
        stack.close()


@pytest_asyncio.fixture
async def story(in_inbox: Stack) -> AsyncIterator[Story]:
    async with Story(in_inbox) as made:
        yield made


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_colleague_in_the_page_inbox_gets_the_thread_answers_and_gives_it_back(
    story: Story, language: str
) -> None:
    aino = await story.meta.customer()
    await aino.types(WHERE[language])
    await aino.hear_until(pattern(language, "faq/track_order"))
    await aino.types(PERSON[language])
    await story.logged(aino, "channel", code="inbox_took")
    passed = await story.meta.calls("/pass_thread_control")
    assert passed and passed[-1]["status"] == 200
    assert passed[-1]["body"]["metadata"], "a colleague there reads what it is about"
    await aino.types(WHERE[language])  # on standby: the bot is silent
    await story.inbox.answers(aino, "Liisa, 42")
    await aino.hear_until("Liisa, 42")
    await story.inbox.is_done(aino)
    await aino.hear_until(pattern(language, "returned_to_bot"))
    await aino.types(WHERE[language])
    await aino.hear_until(pattern(language, "faq/track_order"))
    await story.same(aino)


async def test_r1_the_courier_killed_again_and_again_loses_and_doubles_nothing(story: Story, in_inbox: Stack) -> None:
    aino = await story.meta.customer()
    await aino.types(WHERE["en"])
    await aino.hear_until(pattern("en", "faq/track_order"))
    await story.meta.set(graph_delay_s=0.3)
    try:
        for number, question in enumerate(QUESTIONS):
            before = in_inbox.returns("messenger")
            await aino.types(question)
            await asyncio.sleep(0.3 * (number + 1))  # at another step of its work each time
            in_inbox.kill("messenger")
            await asyncio.to_thread(in_inbox.wait_back, "messenger", before)
    finally:
        await story.meta.set(graph_delay_s=0)
    for topic in QUESTIONS.values():
        await aino.hear_until(pattern("en", topic), timeout_s=120)
    await story.same(aino)
    async with httpx.AsyncClient(trust_env=False) as http:
        reply = await http.get(f"{in_inbox.address}/readyz")
    assert reply.json()["messenger"] == "up"
