"""Passing a conversation to a person, as every action does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk.events import ActionExecuted, ConversationPaused, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.owner import Route
from actions.understanding import Heard

__all__ = ["pass_on", "reason"]


def reason(code: str, heard: Heard, topic: str | None = None, **more: Any) -> dict[str, Any]:
    """One handoff reason. Its explanation is the hub's to write: it is in the agent's language."""
    found: dict[str, Any] = {"code": code, "evidence": list(heard.evidence), "of": heard.of, **more}
    if topic:
        found["topic"] = topic
    return found


def pass_on(
    dispatcher: CollectingDispatcher, reasons: Sequence[dict[str, Any]], route: Route, failed_turns: int = 0
) -> list[dict[str, Any]]:
    """Ask for a person, and return the events by which the bot falls silent."""
    dispatcher.utter_message(
        json_message={"handoff": {"reasons": list(reasons), "priority": route.priority, "skill": route.skill}}
    )
    return [
        SlotSet("handoff", [one["code"] for one in reasons]),
        SlotSet("failed_turns", failed_turns),
        # Without it the bot would run this action again when it is resumed.
        ActionExecuted("action_listen"),
        ConversationPaused(),
    ]
