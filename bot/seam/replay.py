"""Trackers from stored events, and stored events from trackers.

Only a window of the latest turns is loaded. What lies before it is held by a checkpoint: a position in the list of
events, and the few events that bring a blank tracker into the state it had there (slots, loop, listening, pause).
Without the window a turn would cost more with every turn before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, ActiveLoop, ConversationPaused, Event, SlotSet, UserUttered
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses

__all__ = ["Loaded", "Position", "build", "checkpoint", "message_ids", "new_events", "position_of", "write"]

WINDOW = 6
"""Turns that stay loaded behind a checkpoint; one is made when twice as many are. RulePolicy looks at the last turn,
actions at the last few, and a repeated message is found as far back as this."""
MOST_EVENTS = 240
"""A checkpoint is also made when so many events are loaded, if a place for it is found."""
BULKY = ("response_selector", "intent_ranking", "text_tokens", "metadata", "message_id")
"""Parts of a parse result that serve its own turn alone: the selector's holds every variant of every answer."""


@dataclass(frozen=True)
class Loaded:
    """What the load script returned."""

    length: int
    """Events in the stored list."""
    checkpoint: bytes
    """JSON, empty when there is none."""
    events: Sequence[bytes]
    """JSON of the events after the checkpoint."""


@dataclass(frozen=True)
class Position:
    """Where a loaded tracker stands in its stored list."""

    length: int = 0
    """Events in the stored list."""
    loaded: int = 0
    """Events of the tracker that came from there, the synthetic ones included."""
    synthetic: int = 0
    """How many of them came from the checkpoint."""


@lru_cache(maxsize=1)
def _types() -> dict[str, type[Event]]:
    # Rasa's own look-up walks all subclasses for each event: two thirds of a load.
    types: dict[str, type[Event]] = {}
    for known in all_subclasses(Event):
        types.setdefault(known.type_name, known)
    return types


def _read(raw: dict[str, Any]) -> Event:
    event = _types()[raw["event"]]._from_parameters(raw)
    if event is None:
        raise ValueError(f"no event: {raw['event']}")
    return event


def write(event: Event) -> str:
    """The JSON that is stored for an event, less what only its own turn needs."""
    raw = event.as_dict()
    if isinstance(event, UserUttered):
        raw["parse_data"] = {key: value for key, value in raw["parse_data"].items() if key not in BULKY}
    else:
        # The model's id stands with each message; it need not stand with each event.
        metadata = {k: v for k, v in (raw.get("metadata") or {}).items() if k not in ("model_id", "assistant_id")}
        if metadata or "metadata" in raw:
            raw["metadata"] = metadata
    return json.dumps(raw, ensure_ascii=False, separators=(",", ":"))


def build(conversation: str, slots: Iterable[Slot], loaded: Loaded) -> DialogueStateTracker | None:
    """The tracker of a load, or None for a conversation that has none yet.

    Raises:
        KeyError, TypeError, ValueError: what is stored is no list of events.
    """
    if loaded.length == 0:
        return None
    tracker = DialogueStateTracker(conversation, slots)
    synthetic = json.loads(loaded.checkpoint)["events"] if loaded.checkpoint else []
    count = 0
    for raw in synthetic:
        if raw["event"] == SlotSet.type_name and raw["name"] not in tracker.slots:
            continue  # a slot that the model no longer has
        tracker.update(_read(raw))
        count += 1
    for text in loaded.events:
        tracker.update(_read(json.loads(text)))
    _place(tracker, Position(loaded.length, len(tracker.events), count))
    return tracker


def _place(tracker: DialogueStateTracker, position: Position) -> None:
    # Rasa hands the same object back to save: the position travels on it.
    tracker.silta_position = position


def position_of(tracker: DialogueStateTracker) -> Position:
    """Where the tracker stands; at the start of an empty list if it was not loaded."""
    position: Position = getattr(tracker, "silta_position", Position())
    return position


def saved(tracker: DialogueStateTracker) -> None:
    """Note that all events of the tracker are stored now."""
    before = position_of(tracker)
    added = len(tracker.events) - before.loaded
    _place(tracker, Position(before.length + added, before.loaded + added, before.synthetic))


def new_events(tracker: DialogueStateTracker) -> list[Event]:
    """The events that are not stored yet."""
    return list(tracker.events)[position_of(tracker).loaded :]


def message_ids(tracker: DialogueStateTracker) -> set[str]:
    """Ids of the messages and commands that the loaded events answer."""
    found = set()
    for event in tracker.events:
        if isinstance(event, UserUttered):
            if event.message_id:
                found.add(event.message_id)
        elif "silta" in event.metadata:
            found.add(str(event.metadata["silta"].get("message_id")))
    return found


def _cut(events: Sequence[Event], synthetic: int) -> int | None:
    """Index of the event that a new checkpoint comes after; None when none is due."""
    listens = [
        index
        for index, event in enumerate(events)
        if index >= synthetic and isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME
    ]
    if len(listens) > 2 * WINDOW:
        return listens[-WINDOW - 1]
    if len(events) - synthetic > MOST_EVENTS:
        roomy = [index for index in listens if len(events) - index <= MOST_EVENTS // 2]
        return roomy[0] if roomy else (listens[-1] if listens else None)
    return None


def checkpoint(tracker: DialogueStateTracker, slots: Iterable[Slot]) -> str:
    """JSON of a new checkpoint for the tracker as it is now, to be stored together with its new events; empty when
    none is due."""
    events, position = list(tracker.events), position_of(tracker)
    cut = _cut(events, position.synthetic)
    if cut is None:
        return ""
    then = DialogueStateTracker(tracker.sender_id, slots)
    for event in events[: cut + 1]:
        then.update(event)
    at = events[cut].timestamp
    state: list[Event] = [
        SlotSet(name, slot.value, timestamp=at) for name, slot in then.slots.items() if slot.value != slot.initial_value
    ]
    if then.active_loop_name:
        state.append(ActiveLoop(then.active_loop_name, timestamp=at))
    state.append(ActionExecuted(ACTION_LISTEN_NAME, timestamp=at))
    if then.is_paused():
        state.append(ConversationPaused(timestamp=at))
    stored = position.length - (position.loaded - position.synthetic)
    return json.dumps(
        {"at": stored + cut + 1 - position.synthetic, "events": [json.loads(write(event)) for event in state]},
        ensure_ascii=False,
        separators=(",", ":"),
    )
