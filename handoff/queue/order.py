"""The order of the queue, and what agents see of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handoff.clock import parse_ms
from handoff.conversation import PRIORITIES, Conversation, Status
from handoff.owner.texts import Texts

__all__ = ["entry", "localised", "moved", "score"]

_PRIORITY_STEP = 10**13
"""Milliseconds since the epoch stay below this until the year 2286, and three steps below 2^53, so that a priority
always outweighs any waiting time and a double holds the sum exactly."""


def score(conversation: Conversation, target_s: int = 0) -> int:
    """Place in the queue: lower is sooner. By priority, then by ``waiting_since`` and the target of the skill, in
    seconds, so that within one skill who came first is first (I7); who lost an agent comes first within the priority.

    Raises:
        ValueError: the conversation is not waiting.
    """
    if conversation.waiting_since is None:
        raise ValueError(f"{conversation.id} does not wait")
    waited = 0 if conversation.lost else parse_ms(conversation.waiting_since) + target_s * 1000
    return PRIORITIES.index(conversation.priority) * _PRIORITY_STEP + waited


def entry(conversation: Conversation) -> dict[str, Any] | None:
    """A conversation as a line of the agents' queue, reason not yet in words; None when it needs no person now."""
    if conversation.status not in (Status.QUEUED, Status.ASSIGNED):
        return None
    assignee = conversation.assignee
    return {
        "conversation": conversation.id,
        "channel": conversation.channel,
        "language": conversation.language,
        "status": conversation.status.value,
        "waiting_since": conversation.waiting_since,
        "queued_at": conversation.queued_since,
        "priority": conversation.priority,
        "skill": conversation.skill,
        "reason": dict(conversation.reasons[0]) if conversation.reasons else None,
        "visitor": {"name": conversation.visitor_name},
        "last_text": conversation.last_text,
        "assignee": {"id": assignee.id, "name": assignee.name} if assignee else None,
        "assigned_at": conversation.assigned_at,
        "lost": conversation.lost,
        "last": conversation.last,
        "consents": list(conversation.consents),
        "served_by": conversation.served_by,
        "had_by": list(conversation.had_by),
        "served_at": conversation.served_at,
        "passed_by": list(conversation.passed_by),
        "snoozed_until": conversation.snooze["until"] if conversation.snooze else None,
        "promise": _promise(conversation),
    }


def _promise(conversation: Conversation) -> dict[str, Any] | None:
    """What the visitor was promised, by when; None when nothing was."""
    snooze = conversation.snooze
    return {"by": snooze["until"], "text": snooze["promise"]} if snooze and snooze["promise"] is not None else None


def moved(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
    """Whether agents must be told. What is said in a conversation that somebody has is told to those who follow it."""
    if before is None or after is None:
        return before is not after
    said = {"last", "last_text"}
    if after["status"] == Status.QUEUED.value:
        return before != after
    return any(before[name] != after[name] for name in after if name not in said)


def localised(line: Mapping[str, Any], texts: Texts, language: str) -> dict[str, Any]:
    """A queue line with its reason explained in an agent's language."""
    reason = line.get("reason")
    if reason is None:
        return dict(line)
    return {**line, "reason": {**reason, "explanation": texts.explain(language, reason)}}
