"""The visitor's topic needs a person, or the emotion in the message does."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.owner import owner
from actions.passing_on import ASKED, pass_on, pass_on_for_emotion, reason, with_course
from actions.understanding import heard

__all__ = ["RequestHandoff"]


class RequestHandoff(Action):
    """Says the topic's own words, or what fits the emotion, and passes the conversation on."""

    def name(self) -> str:
        """The action's name in ``domain.yml``."""
        return "action_request_handoff"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """See the class."""
        state, rules = tracker.current_state(), owner()
        message = heard(state)
        if message.emotion is not None and message.by_emotion:
            return pass_on_for_emotion(dispatcher, message, rules, state)
        topic = message.topic if message.topic and message.topic.startswith("human/") else ASKED
        dispatcher.utter_message(response=f"utter_{topic}")
        code = "asked" if topic == ASKED else "human_topic"
        for other in message.also:
            dispatcher.utter_message(response=f"utter_{other}")
        return pass_on(
            dispatcher, *with_course([reason(code, message, topic)], rules.route(topic), state, message, rules)
        )
