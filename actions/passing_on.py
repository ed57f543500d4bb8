"""Passing a conversation to a person, as every action does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk.events import ActionExecuted, ConversationPaused, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.owner import PRIORITIES, Owner, Route
from actions.understanding import Heard, failed_before
from bot.judgement.course import judge, turns
from bot.reasons import ACKNOWLEDGED_AS, emotion

__all__ = ["ASKED", "pass_on", "pass_on_for_emotion", "reason", "with_course", "with_emotion"]

ASKED = "human/talk_to_human"
"""The topic of who asks for a person; its words fit where nothing is known but that one comes."""


def reason(code: str, heard: Heard, topic: str | None = None, **more: Any) -> dict[str, Any]:
    """One handoff reason. Its explanation is the hub's to write: it is in the agent's language."""
    found: dict[str, Any] = {"code": code, "evidence": list(heard.evidence), "of": heard.of, **more}
    if topic:
        found["topic"] = topic
    return _placed(found, heard)


def _placed(found: dict[str, Any], heard: Heard) -> dict[str, Any]:
    """A reason that names the message in which its words stand: of several that were read as one, the first."""
    for of, text in heard.parts:
        kept = [quote for quote in found["evidence"] if quote in text]
        if kept:
            return {**found, "evidence": kept, "of": of}
    return found


def with_emotion(
    reasons: Sequence[dict[str, Any]], route: Route, heard: Heard, rules: Owner
) -> tuple[list[dict[str, Any]], Route]:
    """Reasons and route with those of the message's emotion, where it has one: the more urgent priority counts, and a
    skill is the topic's."""
    if heard.emotion is None:
        return list(reasons), route
    own = rules.emotions.get(str(heard.emotion.get("label")), Route())
    priority = max(route.priority, own.priority, key=PRIORITIES.index)
    skill = own.skill if route.skill == Route.skill else route.skill
    return [*reasons, _placed(emotion(heard.emotion, heard.of), heard)], Route(priority, skill)


def with_course(
    reasons: Sequence[dict[str, Any]], route: Route, state: Mapping[str, Any], heard: Heard, rules: Owner
) -> tuple[list[dict[str, Any]], Route]:
    """Reasons and route with all that the message's emotion and the turns before it add: anger that has risen though
    this message alone is not plainly angry, messages that were not understood."""
    found, route = with_emotion(reasons, route, heard, rules)
    course = judge(turns(state.get("events") or ()))
    if course.rising and heard.emotion is None and heard.feeling is not None:
        found, route = with_emotion(found, route, replace(heard, emotion=heard.feeling), rules)
        found[-1]["rising"] = True
    failed = failed_before(state)
    if failed and all(one["code"] != "not_understood" for one in found):
        found.append({"code": "not_understood", "evidence": [], "of": heard.of, "count": failed})
    return found, route


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


def pass_on_for_emotion(
    dispatcher: CollectingDispatcher, heard: Heard, rules: Owner, state: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Pass on a message whose emotion alone calls for a person, with words that fit it."""
    label = str((heard.emotion or {}).get("label"))
    dispatcher.utter_message(response=f"utter_{ACKNOWLEDGED_AS.get(label, ASKED)}")
    skill = rules.skills.get(heard.topic or "", Route.skill)
    return pass_on(dispatcher, *with_course([], Route(skill=skill), state, heard, rules))
