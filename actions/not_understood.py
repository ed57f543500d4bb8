"""A message was not understood: ask, and the next time pass on."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.owner import Owner, owner
from actions.passing_on import pass_on, reason, with_course
from actions.understanding import Heard, failed_before, heard

__all__ = ["NotUnderstood", "not_understood"]

NAME = "action_not_understood"
NONE_OF_THESE = "nlu_fallback"
"""What the button for none of the offered topics stands for: not understood once more."""


def _offers(message: Heard, rules: Owner) -> list[dict[str, str]]:
    """Buttons for the topics that may be meant, and one for none of them; no buttons when there are none."""
    titled = [(rules.title(topic, message.language), topic) for topic in message.choices]
    buttons = [{"title": title, "payload": topic} for title, topic in titled if title]
    none = {"title": rules.title("none", message.language) or "", "payload": NONE_OF_THESE}
    return [*buttons, none] if buttons else []


def not_understood(
    dispatcher: CollectingDispatcher, state: dict[str, Any], rules: Owner, message: Heard
) -> list[dict[str, Any]]:
    """Ask once, with the likely topics as buttons if there are some; pass on when it happens again in a row."""
    count = failed_before(state) + 1
    if count >= rules.not_understood_in_a_row:
        dispatcher.utter_message(response="utter_not_understood_again")
        reasons = [reason("not_understood", message, count=count)]
        return pass_on(dispatcher, *with_course(reasons, rules.not_understood, state, message, rules), count)
    buttons = _offers(message, rules)
    if buttons:
        dispatcher.utter_message(response="utter_clarify", buttons=buttons)
    else:
        dispatcher.utter_message(response="utter_not_understood")
    return [SlotSet("failed_turns", count)]


class NotUnderstood(Action):
    """See :func:`not_understood`."""

    def name(self) -> str:
        """The action's name in ``domain.yml``."""
        return NAME

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """See the class."""
        state = tracker.current_state()
        return not_understood(dispatcher, state, owner(), heard(state))
