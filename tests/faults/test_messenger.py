"""Messenger on bad days, through the whole of Silta with the real bot: what comes doubled, late, shuffled or in lumps,
and a Graph API that fails, hangs up, or knows the token no more. After each: log and screen tell the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.helpers.messenger import Customer
from tests.helpers.owner import LANGUAGES, pattern
from tests.helpers.stack import Stack
from tests.helpers.stories import Story

WHERE = {"fi": "Missä tilaukseni on?", "da": "Hvor er min pakke?", "en": "Where is my order?"}
PAY = {"fi": "Millä voi maksaa?", "da": "Hvordan kan jeg betale?", "en": "How do I pay?"}
"""Another question: the same one asked again in the same words is, rightly, answered by a person."""
WORDS = {
    "fi": ["yksi kaksi", "kolme neljä", "viisi kuusi", "seitsemän", "kahdeksan"],
    "da": ["en to", "tre fire", "fem seks", "syv", "otte"],
    "en": ["one two", "three four", "five six", "seven", "eight"],
}
STANDBY = {
    "fi": ("tämä tulee meille", "Minä jatkan tästä", "tämä tulee muille", "Selvä"),
    "da": ("det her er til jer", "Jeg tager over her", "det her er til de andre", "Det er fint"),
    "en": ("this one is for us", "I take it from here", "this one is for the others", "All right"),
}

pytestmark = [pytest.mark.timeout(900, func_only=False), pytest.mark.e2e]


@pytest_asyncio.fixture
async def story(silta: Stack) -> AsyncIterator[Story]:
    async with Story(silta) as made:
        yield made


async def with_agent(story: Story, language: str) -> tuple[Customer, str]:
    """Somebody who talks with Aino, who is silent: what they write brings no answers."""
    aino = await story.meta.customer()
    colleague = await story.agent()
    await aino.types(WHERE[language])
    await aino.hear_until(pattern(language, "faq/track_order"))
    conversation = await story.conversation(aino)
    await story.claims(colleague, conversation)
    await aino.hear_until(pattern(language, "assigned"))
    return aino, conversation


@pytest.mark.parametrize("language", LANGUAGES)
async def test_five_events_in_one_post(story: Story, language: str) -> None:
    aino, _ = await with_agent(story, language)
    await story.meta.quiet()
    async with story.meta.chaos(batch=5):
        for text in WORDS[language]:
            await aino.types(text)
        await story.same(aino)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_event_five_times(story: Story, language: str) -> None:
    async with story.meta.chaos(duplicate=5):
        aino = await story.meta.customer()
        await aino.types(WHERE[language])
        await aino.hear_until(pattern(language, "faq/track_order"))
        await aino.types(PAY[language])
        await aino.hear_until(pattern(language, "faq/payment_methods"))
        await story.same(aino)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_events_in_another_order(story: Story, language: str) -> None:
    aino, _ = await with_agent(story, language)
    await story.meta.quiet()
    async with story.meta.chaos(reorder=5):
        for text in WORDS[language]:
            await aino.types(text)
        await story.same(aino)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_standby_and_messaging_in_one_entry(story: Story, language: str) -> None:
    ours, on, others, fine = STANDBY[language]
    aino, _ = await with_agent(story, language)
    await story.meta.quiet()
    async with story.meta.chaos(batch=7, ids_as_text=True):
        await aino.types(ours)
        await story.inbox.answers(aino, on)  # taken, echo, delivered, read
        await aino.types(others)
        await story.inbox.answers(aino, fine)
        await story.meta.quiet()
    await story.logged(aino, "channel", code="inbox_took")
    await story.inbox.is_done(aino)
    await aino.hear_until(pattern(language, "returned_to_bot"))
    await story.same(aino)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "code": 2, "times": 3},
        {"kind": "error", "code": 613, "times": 2},
        {"kind": "http", "status": 502},
        {"kind": "cut"},
        {"kind": "cut_after_accept"},
    ],
    ids=["temporary", "rate", "502", "no answer, not sent", "no answer, but sent"],
)
async def test_graph_fails_and_comes_back(story: Story, language: str, fault: dict[str, object]) -> None:
    aino = await story.meta.customer()
    await story.meta.ask("fault", fault)
    await aino.types(WHERE[language])
    await aino.hear_until(pattern(language, "faq/track_order"), timeout_s=60)
    await aino.types(PAY[language])
    await aino.hear_until(pattern(language, "faq/payment_methods"), timeout_s=60)
    await story.same(aino)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_graph_hangs_after_it_has_taken_the_message(story: Story, language: str) -> None:
    """The whole timeout of a call, and the echo meanwhile."""
    aino = await story.meta.customer()
    await story.meta.fail("hang_after_accept")
    await aino.types(WHERE[language])
    await aino.hear_until(pattern(language, "faq/track_order"), timeout_s=60)
    await story.same(aino)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_token_expires_and_is_renewed(story: Story, language: str) -> None:
    aino, conversation = await with_agent(story, language)
    colleague = await story.agent("Mikkel")
    await colleague.open(conversation)
    await story.meta.set(token_expired=True)
    try:
        talker = await story.meta.customer()
        await talker.types(WHERE[language])
        await story.logged(talker, "nlu")
        for text in WORDS[language]:
            await aino.types(text)
        await story.trouble("token")
    finally:
        await story.meta.set(token_expired=False)
    await talker.hear_until(pattern(language, "faq/track_order"), timeout_s=60)
    await story.trouble("up")
    await story.same(talker)
    await story.same(aino)
