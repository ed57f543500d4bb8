"""The handoff packet: all that an agent needs to begin with, built from the conversation. Pure."""

from __future__ import annotations

from typing import Any

from handoff.conversation import Conversation, Status
from handoff.texts import Texts

__all__ = ["build"]


def build(conversation: Conversation, texts: Texts, language: str) -> dict[str, Any] | None:
    """The packet of protocol §5 with explanations in the agent's ``language``; None when no person was asked for."""
    if conversation.requested_at is None and conversation.status is not Status.ASSIGNED and not conversation.reasons:
        return None
    reasons = [{**reason, "explanation": texts.explain(language, reason)} for reason in conversation.reasons]
    return {
        "conversation": conversation.id,
        "channel": conversation.channel,
        "language": conversation.language,
        "requested_at": conversation.requested_at,
        "waiting_since": conversation.waiting_since,
        "priority": conversation.priority,
        "skill": conversation.skill,
        "reasons": reasons,
        "topics": [dict(topic) for topic in conversation.topics],
        "failed_turns": conversation.failed_turns,
        "entities": dict(conversation.entities),
        "slots": dict(conversation.slots),
        "visitor": {"name": conversation.visitor_name, "earlier": []},
        "summary": _summary(conversation, texts, language, [reason["explanation"] for reason in reasons]),
        "masked": 0,
    }


def _summary(conversation: Conversation, texts: Texts, language: str, why: list[str]) -> str:
    tried: list[str] = []
    for topic in conversation.topics:
        if topic.get("topic"):
            title = texts.title(language, str(topic["topic"]))
            if title not in tried:
                tried.append(title)
    lines = ["; ".join(why), " → ".join(tried[-5:])]
    return "\n".join(line for line in lines if line)
