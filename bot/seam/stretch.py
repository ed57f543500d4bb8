"""What happened while a person answered, as events of the tracker.

Each visitor's line follows an ``action_listen``, as in a bot's turn: so the window of loaded events can be cut inside
a long stretch, and Rasa's next prediction starts from a listening bot.
"""

from __future__ import annotations

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    AgentUttered,
    ConversationPaused,
    ConversationResumed,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from handoff.events import Inbound, Line

__all__ = ["INTENT", "pause", "resume"]

INTENT = "human_stretch"
"""Intent of a visitor's line that was meant for a person. No rule knows it. It must have a name: without one, policies
would take the text itself for a feature."""


def _mark(inbound: Inbound) -> dict[str, object]:
    return {"silta": {"message_id": inbound.message_id, "of": inbound.of}}


def _listening(tracker: DialogueStateTracker) -> bool:
    last = next((event for event in reversed(tracker.events) if isinstance(event, (ActionExecuted, UserUttered))), None)
    return isinstance(last, ActionExecuted) and last.action_name == ACTION_LISTEN_NAME


def _lines(history: tuple[Line, ...], listening: bool, channel: str) -> list[Event]:
    events: list[Event] = []
    for line in history:
        at = line.at or None
        if line.role != "visitor":
            events.append(AgentUttered(line.text, timestamp=at))
            continue
        if not listening:
            events.append(ActionExecuted(ACTION_LISTEN_NAME, timestamp=at))
        intent = {"name": INTENT, "confidence": 1.0}
        parsed = {"text": line.text, "intent": intent, "entities": []}
        # Without a message id of its own UserUttered makes up a random one, which is what is wanted.
        events.append(UserUttered(line.text, intent, [], parsed, timestamp=at, input_channel=channel))
        listening = False
    return events


def pause(tracker: DialogueStateTracker, inbound: Inbound) -> list[Event]:
    """The events by which a person takes the conversation unasked."""
    events: list[Event] = []
    if not _listening(tracker):
        # A pause without it would make the bot repeat its last action on resuming.
        events.append(ActionExecuted(ACTION_LISTEN_NAME))
    events.append(ConversationPaused(metadata=_mark(inbound)))
    return events


def resume(tracker: DialogueStateTracker, inbound: Inbound) -> list[Event]:
    """The events by which the bot takes the conversation back: the human stretch, and a bot that listens."""
    events = _lines(inbound.history, _listening(tracker), inbound.channel)
    events.append(ConversationResumed(metadata=_mark(inbound)))
    events.append(ActionExecuted(ACTION_LISTEN_NAME))
    for name, value in (("failed_turns", 0), ("handoff", None)):
        if name in tracker.slots:
            events.append(SlotSet(name, value))
    return events
