"""The component inside Rasa's own pipeline, in the small trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent

from bot.judgement.judging import EMOTION
from bot.parser import Parser

ANGRY = "MISSÄ TILAUKSENI ON!!! Paketti ei ole vieläkään tullut, en siedä tätä enää, perkele!!"


@pytest.fixture(scope="module")
def agent(trained: Path) -> Agent:
    return Agent.load(str(trained))


@pytest.fixture(scope="module")
def parser(trained: Path) -> Parser:
    return Parser(trained)


async def parsed(agent: Agent, text: str) -> dict[str, Any]:
    return dict(await agent.parse_message(text))


async def test_an_emotion_calls_a_person_where_the_topic_would_not(agent: Agent) -> None:
    found = await parsed(agent, ANGRY)
    assert found["intent"]["name"] == EMOTION
    assert found["silta"]["decision"] == "handoff"
    emotion = found["silta"]["emotion"]
    assert emotion["label"] == "hot_anger"
    assert emotion["evidence"] and all(quote in ANGRY for quote in emotion["evidence"])
    assert "silta_example" not in found, "features do not leave the pipeline"


async def test_a_plain_question_stays_as_it_was(agent: Agent) -> None:
    found = await parsed(agent, "missä tilaukseni on")
    assert found["silta"]["emotion"] is None
    assert found["intent"]["name"] == "faq"


async def test_the_command_line_says_what_the_bot_does(agent: Agent, parser: Parser) -> None:
    for text in (ANGRY, "missä tilaukseni on", "joku on käyttänyt korttiani"):
        line = parser.parse(text)
        silta = (await parsed(agent, text))["silta"]
        assert (line["decision"], line["emotion"]) == (silta["decision"], silta["emotion"]), text


def test_the_command_line_gives_the_reason_in_words(parser: Parser) -> None:
    line = parser.parse(ANGRY)
    (reason,) = (one for one in line["reasons"] if one["code"] == "emotion")
    assert reason["emotion"] == "hot_anger"
    assert "angry (capital letters, exclamation marks)" in reason["explanation"]
    assert reason["evidence"][0] in reason["explanation"]
    assert line["answer"], "what the visitor is told meanwhile"


def test_the_command_line_shows_masked_text_alone(parser: Parser) -> None:
    line = parser.parse("hetuni on 131052-308T, missä tilaukseni on")
    assert line["text"] == "hetuni on [HETU ••••], missä tilaukseni on"
    assert "131052" not in str(line)
