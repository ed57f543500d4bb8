from __future__ import annotations

import pytest
from rasa.shared.core.events import Event, SlotSet, UserUttered
from rasa.shared.core.slots import Slot, TextSlot
from rasa.shared.core.trackers import DialogueStateTracker

from bot.seam.language import correction
from handoff.events import Inbound, InboundKind


def tracker(*events: Event, slot: bool = True) -> DialogueStateTracker:
    slots: list[Slot] = [TextSlot("language", [])] if slot else []
    made = DialogueStateTracker("c", slots)
    for event in events:
        made.update(event)
    return made


def said(hub: str, at: float = 10.0) -> UserUttered:
    return UserUttered("x", {"name": "y"}, metadata={"silta": {"language": hub}}, timestamp=at)


def spoken(language: str, at: float) -> SlotSet:
    return SlotSet("language", language, timestamp=at)


def inbound(language: str, at: float = 0.0, kind: InboundKind = InboundKind.MESSAGE) -> Inbound:
    return Inbound("c", "m", 1, kind, language=language, at=at)


def test_a_new_conversation_has_the_hubs_language() -> None:
    assert correction(tracker(), inbound("da")) == "da"


def test_what_the_visitor_chose_in_the_hub_goes_before_what_was_written_before() -> None:
    known = tracker(said("en"), spoken("en", 11.0))
    assert correction(known, inbound("fi")) == "fi"
    assert correction(known, inbound("fi", at=12.0)) == "fi"


def test_a_message_that_left_the_hub_before_the_last_was_understood_changes_nothing() -> None:
    known = tracker(said("fi"), spoken("en", 11.0))
    assert correction(known, inbound("fi", at=10.5)) is None
    assert correction(known, inbound("fi")) is None  # the hub says what it said before


def test_a_choice_right_after_a_message_is_known_by_its_time() -> None:
    known = tracker(said("fi"), spoken("en", 11.0))
    assert correction(known, inbound("fi", at=11.5)) == "fi"


@pytest.mark.parametrize("kind", [InboundKind.RESUME, InboundKind.PAUSE])
def test_a_command_sets_no_language(kind: InboundKind) -> None:
    assert correction(tracker(), inbound("da", kind=kind)) is None


def test_an_unknown_language_and_a_model_without_the_slot_change_nothing() -> None:
    assert correction(tracker(), inbound("sv")) is None
    assert correction(tracker(slot=False), inbound("da")) is None
