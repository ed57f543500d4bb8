"""Reads from a turn's new events what the hub needs to know."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from rasa.shared.core.events import BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.seam.turn import Turn
from handoff.events import Button, Failure, HandoffRequest, Inbound, InboundKind, Outcome, Reply

__all__ = ["failed", "of_turn"]

PRIVATE_SLOTS = frozenset({"language", "handoff", "requested_slot", "session_started_metadata"})
"""Slots that say nothing to an agent, or that the outcome holds elsewhere."""
COUNTER = "failed_turns"
"""The slot with the number of messages in a row that were not understood."""


def _replies(events: Sequence[Event]) -> tuple[Reply, ...]:
    replies = []
    for event in events:
        if not isinstance(event, BotUttered):
            continue
        buttons = tuple(
            Button(str(button["title"]), str(button["payload"]).lstrip("/"))
            for button in event.data.get("buttons") or ()
            if button.get("title") and button.get("payload")
        )
        if event.text or buttons:
            replies.append(Reply(event.text or "", buttons))
    return tuple(replies)


def _handoff(events: Sequence[Event]) -> HandoffRequest | None:
    """The first wish for a person; a later one adds its reasons."""
    wish: HandoffRequest | None = None
    for event in events:
        custom = event.data.get("custom") if isinstance(event, BotUttered) else None
        asked = custom.get("handoff") if isinstance(custom, Mapping) else None
        if not isinstance(asked, Mapping):
            continue
        found = HandoffRequest(
            tuple(asked.get("reasons") or ()), asked.get("priority") or "normal", asked.get("skill") or "general"
        )
        if wish is None:
            wish = found
        else:
            wish = HandoffRequest(wish.reasons + found.reasons, wish.priority, wish.skill)
    return wish


def _nlu(events: Sequence[Event], handed_off: bool, failed_action: bool) -> dict[str, Any] | None:
    uttered = next((event for event in events if isinstance(event, UserUttered)), None)
    if uttered is None:
        return None
    understood: Mapping[str, Any] = uttered.parse_data.get("silta") or {}
    intent = uttered.parse_data.get("intent") or {}
    nlu = {
        "topic": understood.get("topic") or intent.get("full_retrieval_intent_name") or intent.get("name"),
        "confidence": float(understood.get("confidence", intent.get("confidence")) or 0.0),
        "runners_up": [[str(topic), float(score)] for topic, score in understood.get("runners_up") or ()],
        "decision": understood.get("decision") or "answer",
        "language": understood.get("language"),
        "entities": understood.get("entities") or {},
        "emotion": understood.get("emotion"),
    }
    if understood.get("also"):
        nlu["also"] = [str(topic) for topic in understood["also"]]
    # The component sees one message; the dialogue may know better.
    if handed_off:
        nlu["decision"] = "handoff"
    elif nlu["decision"] == "handoff" and not failed_action:
        nlu["decision"] = "clarify"
    return nlu


def _slots(tracker: DialogueStateTracker, events: Sequence[Event]) -> dict[str, Any]:
    slots = {
        name: slot.value
        for name, slot in tracker.slots.items()
        if name not in PRIVATE_SLOTS and slot.value is not None and slot.value != slot.initial_value
    }
    if not any(isinstance(event, SlotSet) and event.key == COUNTER for event in events):
        # Only who counts sets it: a plain answer asks no action, so an old count stays in the slot.
        slots.pop(COUNTER, None)
    return slots


def of_turn(turn: Turn, tracker: DialogueStateTracker, events: Sequence[Event]) -> Outcome:
    """The outcome of ``turn``, whose new events are ``events`` and whose state after them is ``tracker``'s."""
    inbound = turn.inbound
    message = inbound.kind is InboundKind.MESSAGE
    handoff = _handoff(events) if message else None
    nlu = _nlu(events, handoff is not None, bool(turn.failed_actions)) if message else None
    language = tracker.slots["language"].value if "language" in tracker.slots else None
    return Outcome(
        conversation=inbound.conversation,
        message_id=inbound.message_id,
        of=inbound.of,
        kind=inbound.kind,
        language=language or (nlu or {}).get("language") or inbound.language,
        replies=_replies(events) if message else (),
        nlu=nlu,
        handoff=handoff,
        failure=Failure.ACTION if turn.failed_actions else None,
        failed_action=turn.failed_actions[0] if turn.failed_actions else None,
        slots=_slots(tracker, events),
        at=time.time(),
    )


def failed(inbound: Inbound, failure: Failure, action: str | None = None) -> Outcome:
    """The outcome of a message that got no answer."""
    return Outcome(
        conversation=inbound.conversation,
        message_id=inbound.message_id,
        of=inbound.of,
        kind=inbound.kind,
        language=inbound.language,
        failure=failure,
        failed_action=action,
        at=time.time(),
    )
