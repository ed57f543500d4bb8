"""The owner's texts as Rasa responses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.events import SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from bot import places
from bot.importer import SPOKEN_BY_BOT, OwnerTextsImporter, responses
from bot.texts import LANGUAGES, Texts


@pytest.fixture(scope="module")
def domain() -> Any:
    return OwnerTextsImporter(str(places.CONFIG), str(places.DOMAIN), [str(places.RULES)]).get_domain()


def spoken(domain: Any, response: str, language: str | None) -> dict[str, Any]:
    tracker = DialogueStateTracker.from_events("one", [], slots=domain.slots)
    if language:
        tracker.update(SlotSet("language", language))
    speaker = TemplatedNaturalLanguageGenerator(domain.responses)
    said = asyncio.run(speaker.generate(response, tracker, "silta"))
    assert said is not None
    return dict(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_is_spoken_in_the_language_of_the_conversation(domain: Any, language: str) -> None:
    texts = Texts()
    for topic in texts.topics:
        assert spoken(domain, f"utter_{topic}", language)["text"] == texts.entry(topic, language).text


def test_without_a_language_every_response_still_speaks(domain: Any) -> None:
    for name in responses(Texts()):
        assert spoken(domain, name, None)["text"]


def test_what_the_bot_says_itself_is_there_too(domain: Any) -> None:
    for key in SPOKEN_BY_BOT:
        assert spoken(domain, f"utter_{key}", "da")["text"] == Texts().system(key, "da")


def test_buttons_carry_the_plain_topic_and_a_title_in_the_language(domain: Any) -> None:
    texts = Texts()
    buttons = spoken(domain, "utter_greet", "fi")["buttons"]
    assert [button["payload"] for button in buttons] == list(texts.entry("greet", "fi").buttons)
    assert [button["title"] for button in buttons] == [texts.title(button["payload"], "fi") for button in buttons]


def test_every_action_of_the_rules_exists() -> None:
    importer = OwnerTextsImporter(str(places.CONFIG), str(places.DOMAIN), [str(places.RULES)])
    known = {*importer.get_domain().action_names_or_texts, "utter_faq", "utter_human"}
    for step in importer.get_stories().story_steps:
        for event in step.events:
            name = getattr(event, "action_name", None)
            assert name is None or name in known, name
