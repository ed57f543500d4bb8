from __future__ import annotations

import json
import random
from typing import Any

import pytest
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    ConversationResumed,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.slots import AnySlot, Slot, TextSlot
from rasa.shared.core.trackers import DialogueStateTracker

from bot.seam import replay
from bot.seam.replay import Loaded, build, checkpoint, message_ids, new_events, position_of, write


def slots() -> list[Slot]:
    return [TextSlot("language", []), TextSlot("order", [], initial_value="none"), AnySlot("failed_turns", [])]


class Shelf:
    """The stored list, as Redis would hold it."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.checkpoint = ""

    def load(self) -> DialogueStateTracker:
        at = json.loads(self.checkpoint)["at"] if self.checkpoint else 0
        loaded = Loaded(len(self.events), self.checkpoint.encode(), [event.encode() for event in self.events[at:]])
        return build("c", slots(), loaded) or DialogueStateTracker("c", slots())

    def save(self, tracker: DialogueStateTracker) -> None:
        assert position_of(tracker).length == len(self.events)
        added = [write(event) for event in new_events(tracker)]
        made = checkpoint(tracker, slots())
        self.events += added
        self.checkpoint = made or self.checkpoint
        replay.saved(tracker)
        assert new_events(tracker) == []

    def whole(self) -> DialogueStateTracker:
        tracker = DialogueStateTracker("c", slots())
        for text in self.events:
            tracker.update(replay._read(json.loads(text)))
        return tracker


def user(text: str, number: int = 0, **parsed: Any) -> UserUttered:
    intent = {"name": "hello", "confidence": 1.0}
    data = {"text": text, "intent": intent, "entities": [], **parsed}
    return UserUttered(text, intent, [], data, message_id=f"m{number}")


def turn(number: int, *more: Event) -> list[Event]:
    return [
        user(f"text {number}", number),
        ActionExecuted("utter_hello"),
        BotUttered(f"answer {number}"),
        *more,
        ActionExecuted("action_listen"),
    ]


def state(tracker: DialogueStateTracker) -> dict[str, Any]:
    return {
        "slots": tracker.current_slot_values(),
        "paused": tracker.is_paused(),
        "loop": tracker.active_loop_name,
        "action": tracker.latest_action_name,
        "followup": tracker.followup_action,
        "said": tracker.latest_message.text if tracker.latest_message else None,
        "heard": tracker.latest_bot_utterance.text if tracker.latest_bot_utterance else None,
    }


def test_a_conversation_without_events_has_no_tracker() -> None:
    assert build("c", slots(), Loaded(0, b"", [])) is None


def test_the_state_behind_a_checkpoint_is_that_of_the_whole_history_at_every_turn() -> None:
    random.seed(7)
    shelf = Shelf()
    tracker = shelf.load()
    tracker.update(SessionStarted())
    tracker.update(ActionExecuted("action_listen"))
    shelf.save(tracker)
    for number in range(120):
        tracker = shelf.load()
        more: list[Event] = []
        if random.random() < 0.3:
            more.append(SlotSet("order", random.choice(["7", "8", None])))
        if random.random() < 0.3:
            more.append(SlotSet("language", random.choice(["fi", "da", "en"])))
        if random.random() < 0.2:
            more.append(ActiveLoop(random.choice(["form", None])))
        if random.random() < 0.2:
            more.append(random.choice([ConversationPaused, ConversationResumed])())
        for event in turn(number, *more):
            tracker.update(event)
        shelf.save(tracker)
        assert state(shelf.load()) == state(shelf.whole()), number
    assert shelf.checkpoint


def test_what_is_loaded_does_not_grow_with_the_conversation() -> None:
    shelf = Shelf()
    sizes = []
    for number in range(100):
        tracker = shelf.load()
        sizes.append(len(tracker.events))
        for event in turn(number):
            tracker.update(event)
        shelf.save(tracker)
    assert max(sizes[50:]) <= 4 * (2 * replay.WINDOW + 1) + 5
    assert min(sizes[50:]) >= 4 * replay.WINDOW


def test_a_long_stretch_without_a_listening_bot_is_cut_as_soon_as_it_listens() -> None:
    shelf = Shelf()
    tracker = shelf.load()
    tracker.update(ActionExecuted("action_listen"))
    for number in range(replay.MOST_EVENTS + 50):
        tracker.update(BotUttered(f"line {number}"))
    tracker.update(ActionExecuted("action_listen"))
    shelf.save(tracker)
    assert len(shelf.load().events) < 10


def test_ids_are_found_as_far_back_as_the_window() -> None:
    shelf = Shelf()
    for number in range(40):
        tracker = shelf.load()
        for event in turn(number):
            tracker.update(event)
        shelf.save(tracker)
    found = message_ids(shelf.load())
    assert {f"m{number}" for number in range(40 - replay.WINDOW, 40)} <= found
    assert "m0" not in found


def test_ids_of_commands_are_found_too() -> None:
    tracker = DialogueStateTracker("c", slots())
    tracker.update(ConversationPaused(metadata={"silta": {"message_id": "p1", "of": 3}}))
    assert "p1" in message_ids(tracker)


def test_a_slot_that_the_model_no_longer_has_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    kept = json.dumps({"at": 1, "events": [{"event": "slot", "name": "gone", "value": 1, "timestamp": 1.0}]})
    tracker = build("c", slots(), Loaded(1, kept.encode(), []))
    assert tracker is not None
    assert "gone" not in tracker.slots
    assert not caplog.records


def test_what_only_its_own_turn_needs_is_not_stored() -> None:
    event = user("hei", response_selector={"faq": "long"}, intent_ranking=[1], silta={"topic": "faq/x"})
    event.metadata = {"model_id": "m", "silta": {"of": 3}}
    stored = json.loads(write(event))
    assert set(stored["parse_data"]) == {"text", "intent", "entities", "silta"}
    assert stored["metadata"] == {"model_id": "m", "silta": {"of": 3}}
    action = ActionExecuted("utter_hello", metadata={"model_id": "m", "assistant_id": "a", "x": 1})
    assert json.loads(write(action))["metadata"] == {"x": 1}


def test_an_event_comes_back_as_it_was_stored() -> None:
    for event in [*turn(1), SlotSet("language", "da"), SessionStarted(), ActiveLoop("form"), ConversationPaused()]:
        text = write(event)
        assert write(replay._read(json.loads(text))) == text
