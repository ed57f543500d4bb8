"""Trackers as Rasa sends them to an action server, and actions run as the server runs them."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk.executor import ActionExecutor

import actions

Event = dict[str, Any]


def user(text: str, topic: str, of: int = 1, pressed: bool = False, **understood: Any) -> list[Event]:
    """A message as it stands in a tracker."""
    silta = {"topic": topic, "confidence": 0.9, "runners_up": [], "choices": [], "evidence": [], **understood}
    metadata = {"silta": {"language": "fi", "topic": topic if pressed else None, "of": of}}
    parsed = {"text": text, "intent": {"name": topic.partition("/")[0]}, "entities": [], "silta": silta}
    return [{"event": "user", "text": text, "parse_data": parsed, "metadata": metadata, "message_id": f"m{of}"}]


def answered(name: str) -> list[Event]:
    return [
        {"event": "action", "name": name},
        {"event": "bot", "text": "x"},
        {"event": "action", "name": "action_listen"},
    ]


def call(action: str, *events: list[Event], language: str | None = "fi") -> dict[str, Any]:
    flat = [event for some in events for event in some]
    users = [event for event in flat if event["event"] == "user"]
    state = {
        "sender_id": "c",
        "slots": {"language": language, "failed_turns": None, "handoff": None},
        "latest_message": users[-1]["parse_data"] if users else {},
        "events": flat,
        "paused": False,
        "active_loop": {},
        "latest_action_name": "action_listen",
        "followup_action": None,
        "latest_input_channel": "silta",
    }
    return {"next_action": action, "sender_id": "c", "tracker": state, "version": "3.6.21"}


def run(action: str, *events: list[Event], language: str | None = "fi") -> Result:
    executor = ActionExecutor()
    executor.register_package(actions)
    return Result(asyncio.run(executor.run(call(action, *events, language=language))))


class Result:
    """What an action returned."""

    def __init__(self, raw: Any) -> None:
        self.events: list[Event] = raw["events"]
        self.responses: list[dict[str, Any]] = raw["responses"]

    @property
    def spoken(self) -> list[str]:
        return [one["response"] for one in self.responses if one["response"]]

    @property
    def buttons(self) -> list[tuple[str, str]]:
        return [(button["title"], button["payload"]) for one in self.responses for button in one["buttons"]]

    @property
    def handoff(self) -> dict[str, Any] | None:
        found = [one["custom"]["handoff"] for one in self.responses if one["custom"]]
        assert len(found) < 2
        return found[0] if found else None

    @property
    def slots(self) -> dict[str, Any]:
        return {event["name"]: event["value"] for event in self.events if event["event"] == "slot"}

    @property
    def silent(self) -> bool:
        """Whether the bot falls silent, in the one way that lets it be resumed."""
        tail = [(event["event"], event.get("name")) for event in self.events[-2:]]
        return tail == [("action", "action_listen"), ("pause", None)]
