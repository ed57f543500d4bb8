"""Messenger through the whole of Silta, against a platform as strict as the real one: the stories of every day.

Those of bad days (doubled, late, lost, expired) are in tests/faults. Each story ends by holding the log against the
person's screen: nothing lost, nothing doubled.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.helpers.agent import Agent
from tests.helpers.messenger import Customer
from tests.helpers.owner import LANGUAGES, pattern
from tests.helpers.stack import Stack
from tests.helpers.stories import Story

WHERE = {"fi": "Missä tilaukseni on?", "da": "Hvor er min pakke?", "en": "Where is my order?"}
PERSON = {
    "fi": "Haluan puhua ihmisen kanssa",
    "da": "Jeg vil gerne tale med et menneske",
    "en": "I want to talk to a human",
}
LOCALE = {"fi": "fi_FI", "da": "da_DK", "en": "en_US"}


@pytest_asyncio.fixture
async def story(silta: Stack) -> AsyncIterator[Story]:
    async with Story(silta) as made:
        yield made


async def handed_over(story: Story, aino: Customer, colleague: Agent, language: str) -> str:
    """The person asks for a human and gets this one; returns the conversation."""
    await aino.types(PERSON[language])
    conversation = await story.conversation(aino)
    await colleague.sees_queued(conversation)
    await colleague.claim(conversation)
    await aino.hear_until(pattern(language, "assigned"))
    return conversation


@pytest.mark.parametrize("language", LANGUAGES)
async def test_question_person_answer_and_back_to_the_bot(story: Story, language: str) -> None:
    aino = await story.meta.customer(locale=LOCALE[language])
    colleague = await story.agent()
    await aino.types(WHERE[language])
    await aino.hear_until(pattern(language, "bot_notice"))
    await aino.hear_until(pattern(language, "faq/track_order"))
    conversation = await handed_over(story, aino, colleague, language)
    assert colleague.welcome["agent"]["name"] in (await aino.screen())[-1]["text"]
    await colleague.say(conversation, "Kaikki hyvin – alt er godt – all is well 🙂")
    await aino.hear_until("Kaikki hyvin – alt er godt – all is well 🙂")
    await aino.types("👍")
    await colleague.hear(conversation, "visitor")
    await colleague.ask("return_to_bot", conversation=conversation, note="")
    await aino.hear_until(pattern(language, "returned_to_bot"))
    await aino.types(WHERE[language])
    await aino.hear_until(pattern(language, "faq/track_order"))
    await story.same(aino)
    sent = [message["sent"] for message in await aino.screen() if message["by"] == "app"]
    assert {(one["messaging_type"], one["tag"]) for one in sent} == {("RESPONSE", None)}


async def test_the_language_follows_the_person(story: Story) -> None:
    aino = await story.meta.customer(locale="en_US")
    for language, text, topic in (
        ("fi", WHERE["fi"], "faq/track_order"),
        ("da", "Hvordan returnerer jeg en vare?", "faq/return_how"),
        ("en", "How do I pay?", "faq/payment_methods"),
        ("fi", "Paljonko toimitus maksaa?", "faq/delivery_cost"),
    ):
        await aino.types(text)
        await aino.hear_until(pattern(language, topic))
    await story.same(aino)


async def test_a_day_a_week_and_longer(story: Story) -> None:
    """23 hours: anybody answers. 25 hours: a person alone. 8 days: nobody, and the agent reads why."""
    aino, colleague = await story.meta.customer(), await story.agent()
    conversation = await handed_over(story, aino, colleague, "fi")
    await story.meta.later(hours=23)
    await colleague.say(conversation, "Vielä samana päivänä")
    await aino.hear_until("Vielä samana päivänä")
    await story.meta.later(hours=2)
    await colleague.say(conversation, "Seuraavana päivänä")
    last = await aino.hear_until("Seuraavana päivänä")
    assert (last["sent"]["messaging_type"], last["sent"]["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")
    calls = len(await story.meta.calls())
    await colleague.ask("return_to_bot", conversation=conversation, note="")
    await story.logged(aino, "channel", code="window_bot")
    await colleague.claim(conversation)
    await story.meta.later(hours=7 * 24)
    await colleague.say(conversation, "Liian myöhään")
    await story.logged(aino, "channel", code="window_over")
    assert [call for call in (await story.meta.calls())[calls:] if "message" in call["body"]] == []  # refused before
    await aino.types("Anteeksi, olin matkoilla")
    await colleague.hear(conversation, "visitor")
    await colleague.say(conversation, "Ei se mitään")
    last = await aino.hear_until("Ei se mitään")
    assert last["sent"]["messaging_type"] == "RESPONSE"
    await story.same(aino)


async def test_a_human_of_the_page_steps_in_and_leaves(story: Story) -> None:
    aino = await story.meta.customer()
    await aino.types(WHERE["fi"])
    await aino.hear_until(pattern("fi", "faq/track_order"))
    await story.inbox.answers(aino, "Moi, täällä Liisa sivulta")
    await story.logged(aino, "channel", code="inbox_took")
    await aino.types(WHERE["fi"])
    await story.inbox.answers(aino, "Se tulee huomenna")
    await story.meta.quiet()
    colleague = await story.agent()
    shown = await colleague.open(await story.conversation(aino))
    assert shown["status"] == "assigned"
    await story.inbox.is_done(aino)
    await aino.hear_until(pattern("fi", "returned_to_bot"))
    await aino.types(WHERE["fi"])
    await aino.hear_until(pattern("fi", "faq/track_order"))
    await story.same(aino)


async def test_people_edit_take_back_react_and_show(story: Story) -> None:
    aino, colleague = await story.meta.customer(), await story.agent()
    conversation = await handed_over(story, aino, colleague, "fi")
    mid = await aino.types("Tilaus 1234")
    wrong = await aino.types("hups")
    await story.meta.quiet()
    await aino.edits(mid, "Tilaus 4321")
    await aino.unsends(wrong)
    await aino.reacts(mid, "❤")
    for what in ("picture", "sticker", "voice"):
        await aino.shows(what)
    await story.logged(aino, "reaction", emoji="❤")
    await story.same(aino)
    await colleague.open(conversation)
    shown = [event for event in colleague.logs[conversation].values() if event.get("attachments")]
    assert len(shown) == 3
    assert any(event["kind"] == "edited" and event["text"] == "Tilaus 4321" for event in await story.log(aino))
    assert any(event["kind"] == "read" for event in await story.log(aino))
