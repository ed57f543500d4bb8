"""The Rasa policy for the course of a conversation (:mod:`bot.judgement.course`).

It speaks up beside the rules, and goes before them: :data:`~bot.judgement.course.COURSE` in place of an answer, or the
offer of a person after one. Of anything else it has no opinion.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction, confidence_scores_for
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ConversationResumed, Event, UserUttered
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from bot.judgement.course import ANSWERS, COURSE, LOOK_BACK, Next, judge, turns

__all__ = ["OFFER", "CoursePolicy"]

OFFER = "utter_offer_person"
_JUDGED = frozenset({"faq", "several"})
"""Intents whose answer may be replaced or followed; what needs a person or was not understood has its own rules, and
small talk is small talk."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class CoursePolicy(Policy):
    """See the module."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """One above that of the rules: at the same certainty, this goes first."""
        return {"priority": 7}

    def train(self, training_trackers: list[TrackerWithCachedStates], domain: Domain, **kwargs: Any) -> Resource:
        """Nothing is learnt."""
        return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Certain of one action, or of none."""
        action = _action(tracker)
        if action is None or action not in domain.action_names_or_texts:
            return self._prediction(self._default_predictions(domain))
        return self._prediction(confidence_scores_for(action, 1.0, domain))


def _action(tracker: DialogueStateTracker) -> str | None:
    message = tracker.latest_message
    if message is None:
        return None
    done = tracker.latest_action_name
    if done == OFFER:
        return str(ACTION_LISTEN_NAME)
    intent = str(message.intent.get("name"))
    if done == ACTION_LISTEN_NAME:
        # Rising anger counts whatever the topic, except where a person is called already.
        course = judge(turns(event.as_dict() for event in _latest(tracker)))
        person = course.next is Next.PERSON and (course.rising or intent in _JUDGED)
        return COURSE if person and intent not in ("human", "emotion", "answer_did_not_help") else None
    if done in ANSWERS and intent in _JUDGED:
        return OFFER if judge(turns(event.as_dict() for event in _latest(tracker))).next is Next.OFFER else None
    return None


def _latest(tracker: DialogueStateTracker) -> list[Event]:
    """The events of the turns that count, in order: not the whole tracker, which may be long."""
    taken: list[Event] = []
    users = 0
    for event in islice(reversed(tracker.events), 200):
        if isinstance(event, (UserUttered, ActionExecuted, ConversationResumed)):
            taken.append(event)
        users += isinstance(event, UserUttered)
        if users > LOOK_BACK:
            break
    return taken[::-1]
