"""The visitor says that an answer did not help."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.not_understood import not_understood
from actions.owner import Route, owner
from actions.passing_on import pass_on, pass_on_for_emotion, reason, with_course
from actions.understanding import heard, last_answer

__all__ = ["AnswerDidNotHelp"]


class AnswerDidNotHelp(Action):
    """Passes the conversation on to whose work the answer's topic is. Where nothing was answered yet, the message is
    taken as one that was not understood."""

    def name(self) -> str:
        """The action's name in ``domain.yml``."""
        return "action_answer_did_not_help"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """See the class."""
        state, rules = tracker.current_state(), owner()
        message = heard(state)
        topic = last_answer(state)
        if topic is None and message.emotion is not None:
            return pass_on_for_emotion(dispatcher, message, rules, state)
        if topic is None:
            return not_understood(dispatcher, state, rules, message)
        dispatcher.utter_message(response="utter_answer_did_not_help")
        route = Route(rules.answer_did_not_help.priority, rules.skills.get(topic, rules.answer_did_not_help.skill))
        reasons = [reason("answer_did_not_help", message, topic)]
        return pass_on(dispatcher, *with_course(reasons, route, state, message, rules))
