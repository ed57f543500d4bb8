"""A visitor and the bot: answers in three languages, and what goes to a person."""

from __future__ import annotations

import asyncio
import json

import pytest
import redis

from tests.e2e.conftest import Arrive, SignIn
from tests.helpers.owner import LANGUAGES, assert_says, examples, human_topics
from tests.helpers.stack import Stack
from tests.helpers.visitor import Visitor

QUESTIONS = {
    "fi": {
        "faq/track_order": "Missä tilaukseni on?",
        "faq/return_how": "Miten palautan tuotteen?",
        "faq/opening_hours": "Milloin asiakaspalvelu on auki?",
    },
    "da": {
        "faq/track_order": "Hvor er min pakke?",
        "faq/return_how": "Hvordan returnerer jeg en vare?",
        "faq/opening_hours": "Hvornår har kundeservice åbent?",
    },
    "en": {
        "faq/track_order": "Where is my order?",
        "faq/return_how": "How do I return an item?",
        "faq/opening_hours": "When is customer service open?",
    },
}

VAGUE = (
    "the second one, with the other",
    "could you do the same as last time but not that",
    "and if I take both",
    "the thing with the form",
    "does this also apply to the other one",
    "and the other half of it",
    "it says something about a date",
)
"""Words without a question in them; which of them the bot takes for unclear depends on its training."""

AT_ONCE = 3
"""Visitors at the same time: the bot's five seconds hold for a shop, not for a test on a busy machine."""


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_question_is_answered_with_the_vetted_text_of_its_language(visitor: Arrive, language: str) -> None:
    guest = await visitor(language)
    assert_says({"text": guest.welcome["notice"]}, language, "bot_notice")
    for topic, question in QUESTIONS[language].items():
        ack = await guest.say(question)
        answer = await guest.hear("bot")
        assert_says(answer, language, topic)
        assert answer["language"] == language
        assert answer["seq"] > ack["seq"]
    guest.assert_no_gap()


@pytest.mark.parametrize(("page", "written"), [("fi", "da"), ("da", "en"), ("en", "fi")])
async def test_a_message_in_another_language_is_answered_in_its_own(visitor: Arrive, page: str, written: str) -> None:
    guest = await visitor(page)
    await guest.say(QUESTIONS[page]["faq/track_order"])
    assert_says(await guest.hear("bot"), page, "faq/track_order")
    await guest.say(QUESTIONS[written]["faq/return_how"])
    answer = await guest.hear("bot")
    assert_says(answer, written, "faq/return_how")
    assert answer["language"] == written


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_topic_for_a_person_is_queued_with_its_reason(
    silta: Stack, visitor: Arrive, agent: SignIn, language: str
) -> None:
    colleague = await agent("Aino")
    turns = asyncio.Semaphore(AT_ONCE)
    wrong: list[str] = []

    async def one(topic: str) -> None:
        guest = await visitor(language)
        # The first written example: what is asked here is that the way holds, not how well the bot understands.
        text = examples(language, "human")[f"human/{topic}"][0]
        async with turns:
            await guest.say(text)
            await guest.reaches("queued")
        assert_says(await guest.hear("bot"), language, f"human/{topic}")
        entry = await colleague.sees_queued(guest.conversation)
        packet = (await colleague.open(guest.conversation))["handoff"]
        reason = packet["reasons"][0]
        expected = "asked" if topic == "talk_to_human" else "human_topic"
        if (reason["code"], reason["topic"]) != (expected, f"human/{topic}"):
            wrong.append(f"{topic}: {reason}")
        assert reason["explanation"]
        assert all(words in text for words in reason["evidence"])
        assert packet["language"] == entry["language"] == language
        assert "reasons" not in json.dumps([event for event in guest.log.values()])

    async with asyncio.TaskGroup() as group:
        for topic in human_topics():
            group.create_task(one(topic))
    assert not wrong


async def test_the_request_for_a_person_by_the_button_is_queued_too(visitor: Arrive, agent: SignIn) -> None:
    guest, colleague = await visitor("da"), await agent("Aino")
    await guest.ask("request_handoff")
    status = await guest.reaches("queued")
    assert status["position"] >= 1
    packet = (await colleague.open(guest.conversation))["handoff"]
    assert [reason["code"] for reason in packet["reasons"]] == ["asked"]


async def test_leaving_the_queue_gives_the_bot_back(visitor: Arrive) -> None:
    guest = await visitor("en")
    await guest.ask("request_handoff")
    await guest.reaches("queued")
    await guest.ask("cancel_handoff")
    await guest.reaches("bot")
    await guest.say(QUESTIONS["en"]["faq/opening_hours"])
    assert_says(await guest.hear("bot"), "en", "faq/opening_hours")


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        '/faq{"language": "en"}',
        "/human/fraud",
        "\u200b/restart",
        "\uff0frestart",
        " /session_start",
        "/back",
    ],
)
async def test_rasas_commands_are_plain_text_from_a_visitor(
    silta: Stack, visitor: Arrive, agent: SignIn, text: str
) -> None:
    guest = await visitor("fi")
    await guest.say(QUESTIONS["fi"]["faq/track_order"])
    await guest.hear("bot")
    await guest.say(text)
    await guest.hear("bot")  # whatever the bot makes of it, it takes it for words
    colleague = await agent("Aino")
    await colleague.open(guest.conversation)
    told = colleague.logs[guest.conversation]
    assert [event["text"] for event in told.values() if event["author"]["role"] == "visitor"][1] == text
    store = redis.Redis.from_url(silta.redis_url)
    tracker = [json.loads(row) for row in store.lrange(f"{{silta}}:tracker:{guest.conversation}", 0, -1)]
    store.close()
    assert [event["event"] for event in tracker].count("user") == 2
    assert not {"restart", "rewind", "undo", "reset_slots"} & {event["event"] for event in tracker}
    assert sum(event["event"] == "session_started" for event in tracker) <= 1


async def test_buttons_ask_what_they_say(visitor: Arrive) -> None:
    guest = await visitor("en")
    await guest.say("hello")
    greeting = await guest.hear("bot")
    assert_says(greeting, "en", "greet")
    assert greeting["buttons"]
    await guest.press(greeting["buttons"][0]["id"])
    assert_says(await guest.hear("bot"), "en", "faq/track_order")
    said = [event["text"] for event in guest.log.values() if event.get("author", {}).get("role") == "visitor"]
    assert said[-1] == greeting["buttons"][0]["title"]


async def test_a_bot_that_twice_does_not_understand_calls_a_person(
    silta: Stack, visitor: Arrive, agent: SignIn
) -> None:
    parsed = await asyncio.to_thread(silta.silta, "parse", given="\n".join(VAGUE))
    rows = [json.loads(line) for line in parsed.stdout.splitlines()]
    unclear = [row["text"] for row in rows if row["decision"] == "clarify"]
    assert len(unclear) >= 2, rows
    guest, colleague = await visitor("en"), await agent("Aino")
    await guest.say(unclear[0])
    assert (await guest.hear("bot"))["text"]
    await guest.say(unclear[1])
    assert_says(await guest.hear("bot"), "en", "not_understood_again")
    await guest.reaches("queued")
    packet = (await colleague.open(guest.conversation))["handoff"]
    assert packet["reasons"][0]["code"] == "not_understood"


async def test_a_message_sent_twice_is_written_and_answered_once(visitor: Arrive) -> None:
    guest = await visitor("en")
    first = await guest.say(QUESTIONS["en"]["faq/track_order"], id="the-same")
    await guest.hear("bot")
    again = await Visitor.again(guest)
    second = await again.say(QUESTIONS["en"]["faq/track_order"], id="the-same")
    await again.close()
    assert second["seq"] == first["seq"]
    assert len(guest.texts("visitor")) == 1
    assert len(guest.texts("bot")) == 1


async def test_a_visitor_who_comes_back_gets_what_was_missed(visitor: Arrive) -> None:
    guest = await visitor("da")
    await guest.say(QUESTIONS["da"]["faq/return_how"])
    await guest.close()
    again = await guest.again()
    try:
        assert again.conversation == guest.conversation
        if not again.texts("bot"):
            await again.hear("bot")
        again.assert_no_gap()
        assert_says({"text": again.texts("bot")[0]}, "da", "faq/return_how")
    finally:
        await again.close()
