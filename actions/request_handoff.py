"""The visitor's topic needs a person."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.owner import owner
from actions.passing_on import pass_on, reason
from actions.understanding import heard

__all__ = ["RequestHandoff"]

ASKED = "human/talk_to_human"


class RequestHandoff(Action):
    """Says the topic's own words and passes the conversation on."""

    def name(self) -> str:
        """The action's name in ``domain.yml``."""
        return "action_request_handoff"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """See the class."""
        message = heard(tracker.current_state())
        topic = message.topic if message.topic and message.topic.startswith("human/") else ASKED
        dispatcher.utter_message(response=f"utter_{topic}")
        code = "asked" if topic == ASKED else "human_topic"
        return pass_on(dispatcher, [reason(code, message, topic)], owner().route(topic))
