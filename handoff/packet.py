"""The handoff packet: all that an agent needs to begin with, built from the conversation. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handoff.conversation import Conversation, Status
from handoff.owner.texts import Texts

__all__ = ["build"]

TRIED_SHOWN = 5
"""Topics in the summary: the latest say most, and it is to be read at a glance."""


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
        "topics": [{**topic, "title": _title(topic, texts, language)} for topic in conversation.topics],
        "failed_turns": conversation.failed_turns,
        "entities": dict(conversation.entities),
        "slots": dict(conversation.slots),
        "visitor": {"name": conversation.visitor_name, "page": conversation.page, "earlier": []},
        "summary": _summary(conversation, texts, language, [reason["explanation"] for reason in reasons]),
        "masked": conversation.masked,
    }


def _summary(conversation: Conversation, texts: Texts, language: str, why: list[str]) -> str:
    """Why, and what was tried before; the reasons' own topics are not said twice, and what the owner gave no title
    (small talk, what is out of scope) was no try."""
    known = {_title(reason, texts, language) for reason in conversation.reasons}
    titles = ((topic.get("topic"), _title(topic, texts, language)) for topic in conversation.topics)
    tried = dict.fromkeys(title for topic, title in titles if title != topic)
    lines = ["; ".join(why), " → ".join([title for title in tried if title and title not in known][-TRIED_SHOWN:])]
    return "\n".join(line for line in lines if line)


def _title(topic: Mapping[str, Any], texts: Texts, language: str) -> str:
    name = topic.get("topic")
    return texts.title(language, str(name)) if name else ""
