from __future__ import annotations

from itertools import pairwise

from rasa.shared.core.events import ActionExecuted, ConversationPaused, Event, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot, Slot
from rasa.shared.core.trackers import DialogueStateTracker

from bot.seam import stretch
from handoff.events import Inbound, InboundKind, Line


def tracker(*events: Event) -> DialogueStateTracker:
    slots: list[Slot] = [AnySlot("failed_turns", [])]
    made = DialogueStateTracker("c", slots)
    for event in events:
        made.update(event)
    return made


def apply(to: DialogueStateTracker, events: list[Event]) -> DialogueStateTracker:
    to.update_with_events(events, None, override_timestamp=False)
    return to


LISTEN = ActionExecuted("action_listen")
RESUME = Inbound("c", "r1", 9, InboundKind.RESUME)
PAUSE = Inbound("c", "p1", 9, InboundKind.PAUSE)


def test_after_a_pause_and_a_resume_the_bot_listens() -> None:
    made = tracker(LISTEN, UserUttered("hi", {"name": "hello"}), ActionExecuted("utter_hello"), LISTEN)
    apply(made, stretch.pause(made, PAUSE))
    assert made.is_paused()
    apply(made, stretch.resume(made, RESUME))
    assert not made.is_paused()
    assert made.latest_action_name == "action_listen"
    assert made.followup_action is None


def test_a_pause_in_the_middle_of_a_turn_leaves_no_action_to_repeat() -> None:
    made = tracker(LISTEN, UserUttered("hi", {"name": "hello"}))
    apply(made, stretch.pause(made, PAUSE))
    assert made.latest_action_name == "action_listen"


def test_the_human_stretch_is_in_the_tracker_in_order_with_its_own_times() -> None:
    made = tracker(LISTEN, ConversationPaused())
    history = (Line("visitor", "one", 1.0), Line("agent", "two", 2.0), Line("visitor", "three", 3.0))
    events = stretch.resume(made, Inbound("c", "r1", 9, InboundKind.RESUME, history=history))
    lines = [(e.type_name, e.text, e.timestamp) for e in events if hasattr(e, "text") and e.type_name != "action"]
    assert lines == [("user", "one", 1.0), ("agent", "two", 2.0), ("user", "three", 3.0)]


def test_every_visitors_line_follows_a_listening_bot() -> None:
    made = tracker(LISTEN, ConversationPaused())
    history = tuple(Line(role, "x", 1.0) for role in ("visitor", "visitor", "agent", "agent", "visitor"))
    apply(made, stretch.resume(made, Inbound("c", "r1", 9, InboundKind.RESUME, history=history)))
    acts = [event for event in made.events if isinstance(event, (ActionExecuted, UserUttered))]
    for before, event in pairwise(acts):
        if isinstance(event, UserUttered):
            assert isinstance(before, ActionExecuted)
            assert before.action_name == "action_listen"


def test_a_visitors_line_has_an_intent_so_that_no_policy_takes_its_text_for_a_feature() -> None:
    made = tracker(LISTEN, ConversationPaused())
    events = stretch.resume(made, Inbound("c", "r1", 9, InboundKind.RESUME, history=(Line("visitor", "x"),)))
    line = next(event for event in events if isinstance(event, UserUttered))
    assert line.intent_name == stretch.INTENT
    assert not line.use_text_for_featurization


def test_the_count_of_failed_turns_starts_anew_where_there_is_one() -> None:
    made = tracker(LISTEN, SlotSet("failed_turns", 2))
    apply(made, stretch.resume(made, RESUME))
    assert made.get_slot("failed_turns") == 0
    assert "handoff" not in made.slots
