"""What the policy says beside the rules."""

from __future__ import annotations

from typing import Any, cast

from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ConversationResumed, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot import places
from bot.judgement.course import COURSE
from bot.judgement.policy import OFFER, CoursePolicy

DOMAIN = Domain.load([str(places.DOMAIN)]).merge(
    Domain.from_dict({"responses": {name: [{"text": "x"}] for name in (OFFER, "utter_faq", "utter_greet")}})
)
LISTEN = ActionExecuted("action_listen")
ANSWER = ActionExecuted("utter_faq")


def user(text: str, topic: str = "faq/track_order", anger: float = 0.0, intent: str | None = None) -> Event:
    feeling = {"label": "hot_anger", "score": anger} if anger else None
    parsed: dict[str, Any] = {
        "text": text,
        "intent": {"name": intent or topic.partition("/")[0]},
        "silta": {"topic": topic, "feeling": feeling},
    }
    return UserUttered(text, parsed["intent"], [], parsed, metadata={"silta": {"topic": None}})


def predicted(*events: Event) -> str | None:
    policy = CoursePolicy(
        {"priority": 7},
        cast("ModelStorage", None),
        Resource("course"),
        ExecutionContext(GraphSchema({})),
    )
    tracker = DialogueStateTracker.from_events("c", [LISTEN, *events], DOMAIN.slots)
    prediction = policy.predict_action_probabilities(tracker, DOMAIN)
    best = prediction.max_confidence
    return DOMAIN.action_names_or_texts[prediction.max_confidence_index] if best else None


def test_a_first_question_is_the_rules_matter() -> None:
    assert predicted(user("Where is my order?")) is None
    assert predicted(user("Where is my order?"), ANSWER) is None
    assert predicted(user("hi", "greet")) is None
    assert predicted() is None


def test_the_same_question_again_is_passed_on_instead_of_answered() -> None:
    assert predicted(user("Where is my order?"), ANSWER, LISTEN, user("But where is my order?")) == COURSE


def test_in_other_words_it_is_answered_with_an_offer_and_then_listened_for() -> None:
    again = (user("Where is my order?"), ANSWER, LISTEN, user("Has the lamp left you yet"))
    assert predicted(*again) is None, "the answer is the rules'"
    assert predicted(*again, ANSWER) == OFFER
    assert predicted(*again, ANSWER, ActionExecuted(OFFER)) == "action_listen"


def test_anger_that_has_risen_is_passed_on_whatever_the_topic() -> None:
    before = (user("a", anger=0.2), ANSWER, LISTEN, user("b", "faq/warranty", anger=0.3), ANSWER, LISTEN)
    assert predicted(*before, user("c", "deny", anger=0.4)) == COURSE
    assert predicted(*before, user("c", "human/complaint", anger=0.4)) is None, "a person is called already"


def test_what_was_before_a_persons_part_does_not_count() -> None:
    before = (user("Where is my order?"), ANSWER, LISTEN, ConversationResumed(), LISTEN)
    assert predicted(*before, user("Where is my order?")) is None
