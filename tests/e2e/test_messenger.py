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
DAYS = {
    "fi": ("Vielä samana päivänä", "Seuraavana päivänä", "Liian myöhään", "Anteeksi, olin matkoilla", "Ei se mitään"),
    "da": ("Endnu samme dag", "Dagen efter", "For sent", "Undskyld, jeg var ude at rejse", "Det gør ikke noget"),
    "en": ("Still the same day", "The day after", "Too late", "Sorry, I was travelling", "Not to worry"),
}
INBOX = {
    "fi": ("Moi, täällä Liisa sivulta", "Se tulee huomenna"),
    "da": ("Hej, det er Lise fra siden", "Den kommer i morgen"),
    "en": ("Hi, Liz from the page here", "It comes tomorrow"),
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


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_day_a_week_and_longer(story: Story, language: str) -> None:
    """23 hours: anybody answers. 25 hours: a person alone. 8 days: nobody, and the agent reads why."""
    same_day, next_day, too_late, sorry, never_mind = DAYS[language]
    aino, colleague = await story.meta.customer(locale=LOCALE[language]), await story.agent()
    conversation = await handed_over(story, aino, colleague, language)
    await story.meta.later(hours=23)
    await colleague.say(conversation, same_day)
    await aino.hear_until(same_day)
    await story.meta.later(hours=2)
    await colleague.say(conversation, next_day)
    last = await aino.hear_until(next_day)
    assert (last["sent"]["messaging_type"], last["sent"]["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")
    calls = len(await story.meta.calls())
    await colleague.ask("return_to_bot", conversation=conversation, note="")
    await story.logged(aino, "channel", code="window_bot")
    await colleague.claim(conversation)
    await story.meta.later(hours=7 * 24)
    await colleague.say(conversation, too_late)
    await story.logged(aino, "channel", code="window_over")
    assert [call for call in (await story.meta.calls())[calls:] if "message" in call["body"]] == []  # refused before
    await aino.types(sorry)
    await colleague.hear(conversation, "visitor")
    await colleague.say(conversation, never_mind)
    last = await aino.hear_until(never_mind)
    assert last["sent"]["messaging_type"] == "RESPONSE"
    await story.same(aino)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_human_of_the_page_steps_in_and_leaves(story: Story, language: str) -> None:
    hello, tomorrow = INBOX[language]
    aino = await story.meta.customer(locale=LOCALE[language])
    await aino.types(WHERE[language])
    await aino.hear_until(pattern(language, "faq/track_order"))
    await story.inbox.answers(aino, hello)
    await story.logged(aino, "channel", code="inbox_took")
    await aino.types(WHERE[language])
    await story.inbox.answers(aino, tomorrow)
    await story.meta.quiet()
    colleague = await story.agent()
    shown = await colleague.open(await story.conversation(aino))
    assert shown["status"] == "assigned"
    await story.inbox.is_done(aino)
    await aino.hear_until(pattern(language, "returned_to_bot"))
    await aino.types(WHERE[language])
    await aino.hear_until(pattern(language, "faq/track_order"))
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
