"""A message asked several things that the company has answered beforehand: all answers are given."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.understanding import SEVERAL, heard

__all__ = ["AnswerSeveral"]


class AnswerSeveral(Action):
    """Speaks the answer of the message's topic, then those of the others it asks for."""

    def name(self) -> str:
        """The action's name in ``domain.yml``."""
        return SEVERAL

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """See the class."""
        message = heard(tracker.current_state())
        for topic in (message.topic, *message.also):
            dispatcher.utter_message(response=f"utter_{topic}")
        return []
