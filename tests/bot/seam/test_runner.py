"""What a message carries into Rasa."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage

from bot.seam.runner import CHANNEL, Runner
from bot.seam.turn import Turn
from handoff.events import Inbound, Part


async def handed(inbound: Inbound) -> UserMessage:
    """What Rasa is given for an inbound."""
    taken: list[UserMessage] = []

    async def handle(message: UserMessage) -> None:
        taken.append(message)

    turn = Turn(inbound, "1-1")
    await Runner(cast(Agent, SimpleNamespace()), handle)(turn)
    [message] = taken
    assert message.metadata == {"silta": turn.metadata}
    return message


async def test_a_message_tells_what_the_hub_knows_of_it() -> None:
    message = await handed(Inbound("c", "m1", 4, text="hi", language="da", at=1_779_226_200.0))
    assert (message.text, message.sender_id, message.message_id, message.input_channel) == ("hi", "c", "m1", CHANNEL)
    assert message.metadata == {"silta": {"language": "da", "topic": None, "of": 4, "at": 1_779_226_200.0}}


async def test_a_time_that_the_hub_does_not_tell_is_not_made_up() -> None:
    message = await handed(Inbound("c", "m1", 4, text="hi"))
    assert message.metadata is not None and "at" not in message.metadata["silta"]


async def test_messages_that_are_read_as_one_are_named() -> None:
    message = await handed(Inbound("c", "m2", 5, text="hi\nthere", parts=(Part(4, "hi"), Part(5, "there"))))
    assert message.metadata is not None and message.metadata["silta"]["parts"] == [[4, "hi"], [5, "there"]]


@pytest.mark.parametrize(
    ("text", "topic", "given"), [("", "faq/x", "faq/x"), ("", None, ""), ("Where?", "faq/x", "Where?")]
)
async def test_a_button_without_a_text_is_its_topic(text: str, topic: Any, given: str) -> None:
    assert (await handed(Inbound("c", "m1", 4, text=text, topic=topic))).text == given
