"""The components inside Rasa: what a message gets, and what the rules make of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.components import TopicClassifier
from bot.nlu.decision import Decision
from bot.nlu.understanding import Understood
from bot.texts import Texts


@pytest.fixture(scope="module")
def agent(trained: Path) -> Agent:
    return Agent.load(str(trained))


def parse(agent: Agent, text: str, **silta: Any) -> dict[str, Any]:
    assert agent.processor is not None
    message = UserMessage(text, metadata={"silta": silta} if silta else None)
    return dict(asyncio.run(agent.processor.parse_message(message)))


def say(agent: Agent, conversation: str, text: str, **silta: Any) -> list[dict[str, Any]]:
    channel = CollectingOutputChannel()
    message = UserMessage(text, channel, conversation, metadata={"silta": silta} if silta else None)
    asyncio.run(agent.handle_message(message))
    return list(channel.messages)


def test_a_topic_looks_as_rasas_own_selector_gives_it(agent: Agent) -> None:
    parsed = parse(agent, "milloin olette auki tänään")
    assert parsed["intent"]["name"] == "faq"
    response = parsed["response_selector"]["faq"]["response"]
    assert response["intent_response_key"] == "faq/opening_hours"
    assert response["utter_action"] == "utter_faq/opening_hours"
    assert parsed["silta"]["topic"] == "faq/opening_hours" and parsed["silta"]["decision"] == "answer"
    assert len(parsed["intent_ranking"]) <= 5


@pytest.mark.parametrize(
    ("text", "language"),
    [("milloin olette auki", "fi"), ("hvornår har I åbent", "da"), ("when are you open", "en")],
)
def test_a_plain_question_is_answered_in_its_own_language_without_the_action_server(
    agent: Agent, text: str, language: str
) -> None:
    for so_far in ("fi", "da", "en"):
        said = say(agent, f"{language}-{so_far}", text, language=so_far)
        assert [message["text"] for message in said] == [Texts().entry("faq/opening_hours", language).text]


def test_a_day_is_counted_from_when_the_message_was_written() -> None:
    moments: list[float | None] = []

    def understand(text: str, language: str | None = None, at: float | None = None) -> Understood:
        moments.append(at)
        return Understood("greet", 1.0, (), Decision.ANSWER, 1.0)

    unused, topical = cast(Any, None), cast(Any, SimpleNamespace(understand=understand))
    classifier = TopicClassifier({}, unused, unused, topical)
    for silta in ({"at": 1_779_226_200.0}, {}, {"at": "noon"}):
        classifier.process([Message(data={"text": "eilen", "metadata": {"silta": silta}})])
    assert moments == [1_779_226_200.0, None, None]


def test_a_button_is_its_topic_and_keeps_the_language(agent: Agent) -> None:
    parsed = parse(agent, "Hvor er min ordre", topic="faq/track_order", language="fi")
    assert parsed["silta"]["topic"] == "faq/track_order" and parsed["silta"]["confidence"] == 1.0
    assert [entity["value"] for entity in parsed["entities"]] == ["fi"]
    said = say(agent, "button", "Tilauksen seuranta", topic="faq/track_order", language="fi")
    assert [message["text"] for message in said] == [Texts().entry("faq/track_order", "fi").text]


def test_a_message_that_does_not_tell_its_language_keeps_that_of_the_conversation(agent: Agent) -> None:
    parsed = parse(agent, "12345", language="da")
    assert [entity["value"] for entity in parsed["entities"]] == ["da"] and parsed["silta"]["language"] == "da"


def test_what_the_bot_heard_last_goes_before_what_the_hub_said_earlier(agent: Agent) -> None:
    for silta in ({}, {"topic": "faq/opening_hours"}):
        parsed = parse(agent, "12345", language="fi", so_far="en", **silta)
        assert [entity["value"] for entity in parsed["entities"]] == ["en"]


def test_no_language_is_made_up_where_none_is_known(agent: Agent) -> None:
    assert parse(agent, "12345")["entities"] == []


def test_what_is_not_understood_becomes_the_fallback_intent(agent: Agent) -> None:
    parsed = parse(agent, "😀")
    assert parsed["intent"]["name"] == "nlu_fallback" and parsed["silta"]["decision"] == "clarify"
    assert "response_selector" not in parsed


def test_a_human_topic_carries_the_visitors_words(agent: Agent) -> None:
    parsed = parse(agent, "Hei. Joku on käyttänyt korttiani.")
    assert parsed["intent"]["name"] == "human"
    assert parsed["silta"]["decision"] == "handoff" and parsed["silta"]["evidence"] == ["Joku on käyttänyt korttiani."]
    assert parsed["response_selector"]["human"]["response"]["utter_action"] == "utter_human/fraud"


def test_a_language_not_spoken_here_is_told_so_and_answered_in_english(agent: Agent) -> None:
    said = [message["text"] for message in say(agent, "german", "Wann habt ihr geöffnet, bitte? Öffnungszeiten?")]
    assert said[0] == Texts().system("spoken_languages", "en")
    assert said[1:] in ([], [Texts().entry("faq/opening_hours", "en").text])


def test_several_questions_go_to_the_action_that_answers_them_all(agent: Agent) -> None:
    parsed = parse(agent, "Milloin olette auki? Voiko teillä maksaa MobilePaylla?")
    assert parsed["intent"]["name"] == "several"
    assert {parsed["silta"]["topic"], *parsed["silta"]["also"]} == {"faq/opening_hours", "faq/payment_methods"}


@pytest.mark.parametrize("text", ["", "1" * 4000, "سلام كيف حالك", "\u200b", "/restart", "\ud83d"])
def test_odd_text_is_parsed(agent: Agent, text: str) -> None:
    assert parse(agent, text)["intent"]["name"]
