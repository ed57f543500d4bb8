from __future__ import annotations

import pytest
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.training_data.message import Message

from bot.seam.plain import plain

COMMANDS = [
    "/restart",
    " /restart",
    "\t\n/restart",
    "\u200b/restart",
    "\ufeff \u2060/restart",
    "\x00/restart",
    "\u00ad/restart",
    "\uff0frestart",
    "\u200d\uff0frestart",
    "//restart",
    "/\u200b/restart",
    '/faq{"language": "da"}',
]


@pytest.mark.parametrize("text", COMMANDS)
def test_no_text_that_begins_with_a_slash_reaches_rasa_as_a_command(text: str) -> None:
    cleaned = plain(text).strip("\u200b\u200d\u2060\ufeff\x00\u00ad \t\n")
    message = Message(data={"text": cleaned})
    assert YAMLStoryReader.unpack_regex_message(message).get("intent") is None
    assert not cleaned.startswith(("/", "\uff0f"))


@pytest.mark.parametrize("text", COMMANDS)
def test_the_text_stays_as_long_and_as_readable_as_it_was(text: str) -> None:
    assert len(plain(text)) == len(text)
    assert plain(text).replace("\u2044", "/") == text.replace("\uff0f", "/")


@pytest.mark.parametrize("text", ["", "hei", "24/7?", "and/or", "¿/?", " \n ", "hinta on 5 €/kk"])
def test_other_texts_are_left_alone(text: str) -> None:
    assert plain(text) == text
