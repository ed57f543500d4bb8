"""The course of the conversation calls a person: the same question again, or anger that rises."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.owner import Route, owner
from actions.passing_on import pass_on, reason, with_course
from actions.understanding import heard
from bot.judgement.course import COURSE, judge, turns
from bot.reasons import ACKNOWLEDGED_AS

__all__ = ["JudgeCourse"]


class JudgeCourse(Action):
    """Says what fits, and passes the conversation on. Which turns it is for, the policy decides
    (:mod:`bot.judgement.policy`), by the same judgement."""

    def name(self) -> str:
        """The action's name in ``domain.yml``."""
        return COURSE

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """See the class."""
        state, rules = tracker.current_state(), owner()
        message = heard(state)
        course = judge(turns(state.get("events") or ()))
        reasons, route = [], Route(skill=rules.skills.get(message.topic or "", Route.skill))
        if course.again:
            reasons = [reason("answer_did_not_help", message, message.topic, again=True)]
            route = Route(rules.answer_did_not_help.priority, route.skill)
        label = str((message.feeling or {}).get("label"))
        words = "answer_did_not_help" if course.again else ACKNOWLEDGED_AS.get(label, "human/complaint")
        dispatcher.utter_message(response=f"utter_{words}")
        return pass_on(dispatcher, *with_course(reasons, route, state, message, rules))
