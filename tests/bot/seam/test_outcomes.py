from __future__ import annotations

from typing import Any

from rasa.shared.core.events import BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot, Slot, TextSlot
from rasa.shared.core.trackers import DialogueStateTracker

from bot.seam import outcomes
from bot.seam.turn import Turn
from handoff.events import Button, Failure, HandoffRequest, Inbound, InboundKind, Outcome, Reply, decode_outcome, encode

INBOUND = Inbound("c", "m1", 4, text="hi", language="da")
NLU = {"topic": "faq/track_order", "confidence": 0.9, "runners_up": [["faq/warranty", 0.05]], "decision": "answer"}


def user(**silta: Any) -> UserUttered:
    intent = {"name": "faq", "confidence": 0.9}
    return UserUttered("hi", intent, [], {"text": "hi", "intent": intent, "entities": [], "silta": {**NLU, **silta}})


def wish(code: str, priority: str = "high") -> BotUttered:
    reason = {"code": code, "evidence": ["hi"], "of": 4}
    return BotUttered(data={"custom": {"handoff": {"reasons": [reason], "priority": priority, "skill": "orders"}}})


def outcome(*events: Event, inbound: Inbound = INBOUND, failed: tuple[str, ...] = ()) -> Outcome:
    slots: list[Slot] = [
        TextSlot("language", []),
        AnySlot("failed_turns", []),
        TextSlot("order", []),
        AnySlot("handoff", []),
    ]
    tracker = DialogueStateTracker("c", slots)
    for event in events:
        tracker.update(event)
    made = outcomes.of_turn(Turn(inbound, "1-1", failed_actions=list(failed)), tracker, events)
    assert decode_outcome(encode(made)) == made
    return made


def test_each_utterance_is_one_reply_with_its_buttons() -> None:
    buttons = [{"title": "Track", "payload": "faq/track_order"}, {"title": "Old", "payload": "/faq/old"}]
    made = outcome(user(), BotUttered("one"), BotUttered("two", {"buttons": buttons}))
    assert made.replies == (
        Reply("one"),
        Reply("two", (Button("Track", "faq/track_order"), Button("Old", "faq/old"))),
    )
    assert (made.conversation, made.message_id, made.of) == ("c", "m1", 4)


def test_what_was_understood_comes_from_the_component() -> None:
    nlu = outcome(user(entities={"order": "7"}, emotion={"anger": 0.1})).nlu
    assert nlu == {
        **NLU,
        "language": None,
        "entities": {"order": "7"},
        "emotion": {"anger": 0.1},
    }


def test_a_wish_for_a_person_is_no_reply() -> None:
    made = outcome(user(), BotUttered("a colleague takes over"), wish("asked"))
    assert made.replies == (Reply("a colleague takes over"),)
    assert made.handoff == HandoffRequest(({"code": "asked", "evidence": ["hi"], "of": 4},), "high", "orders")
    assert made.nlu is not None
    assert made.nlu["decision"] == "handoff"


def test_several_wishes_are_one_with_all_reasons() -> None:
    made = outcome(user(), wish("asked", "normal"), wish("emotion"))
    assert made.handoff is not None
    assert [reason["code"] for reason in made.handoff.reasons] == ["asked", "emotion"]


def test_a_decision_that_the_dialogue_did_not_follow_is_not_told() -> None:
    made = outcome(user(decision="handoff"), BotUttered("what do you mean?"))
    assert made.nlu is not None
    assert made.nlu["decision"] == "clarify"


def test_a_handoff_that_an_action_could_not_make_is_still_told() -> None:
    made = outcome(user(decision="handoff"), failed=("action_request_handoff",))
    assert made.nlu is not None
    assert made.nlu["decision"] == "handoff"
    assert (made.failure, made.failed_action) == (Failure.ACTION, "action_request_handoff")


def test_the_language_is_the_trackers_then_the_messages_then_the_conversations() -> None:
    assert outcome(user(language="en"), SlotSet("language", "fi")).language == "fi"
    assert outcome(user(language="en")).language == "en"
    assert outcome(user()).language == "da"


def test_slots_that_say_something_to_an_agent_are_told() -> None:
    made = outcome(user(), SlotSet("order", "7"), SlotSet("language", "fi"), SlotSet("handoff", ["asked"]))
    assert made.slots == {"order": "7"}


def test_an_old_count_of_failed_turns_is_not_told() -> None:
    assert outcome(user(), SlotSet("failed_turns", 1)).slots == {"failed_turns": 1}
    slots: list[Slot] = [AnySlot("failed_turns", [], initial_value=None)]
    tracker = DialogueStateTracker("c", slots)
    tracker.update(SlotSet("failed_turns", 1))
    assert outcomes.of_turn(Turn(INBOUND, "1-1"), tracker, [user()]).slots == {}


def test_a_command_has_no_reply_and_nothing_understood() -> None:
    made = outcome(user(), BotUttered("one"), inbound=Inbound("c", "m1", 4, InboundKind.RESUME))
    assert (made.kind, made.replies, made.nlu, made.handoff) == (InboundKind.RESUME, (), None, None)


def test_a_message_without_the_component_is_told_by_its_intent() -> None:
    intent = {"name": "faq", "full_retrieval_intent_name": "faq/warranty", "confidence": 0.7}
    event = UserUttered("hi", intent, [], {"text": "hi", "intent": intent, "entities": []})
    nlu = outcome(event).nlu
    assert nlu is not None
    assert (nlu["topic"], nlu["confidence"], nlu["decision"]) == ("faq/warranty", 0.7, "answer")
