"""What several requests need: texts without numbers, files that were uploaded, what people have said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handoff.clock import parse_ms
from handoff.conversation import Conversation
from handoff.errors import BadRequest
from handoff.events import Line
from handoff.privacy.masking import mask
from handoff.store import Store
from handoff.uploads.shelf import Uploads

__all__ = ["cover", "files_of", "human_stretch"]

HISTORY_LINES = 50
"""Lines of the human stretch that the bot's tracker gets: enough context, bounded cost."""


def cover(text: str | None) -> str | None:
    """The text with its personal numbers covered, where there is one."""
    return mask(text).text if text is not None else None


async def files_of(uploads: Uploads | None, conversation: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Files that go with a message, which were uploaded for its conversation before.

    Raises:
        BadRequest: no files are taken here.
        NotFound: one is none of the conversation's own.
    """
    if not ids:
        return []
    if uploads is None:
        raise BadRequest("attachments: no files are taken here")
    return await uploads.send(conversation, ids)


async def human_stretch(store: Store, state: Conversation) -> list[Line]:
    """What people said to each other since a person was asked for, for the bot's tracker."""
    if not state.human_from:
        return []
    events = await store.events(state.id, after=max(state.human_from - 1, 0))
    lines = [
        Line(role=event["author"]["role"], text=event["text"], at=parse_ms(event["at"]) / 1000)
        for event in events
        if event["kind"] == "message" and event["author"]["role"] in ("visitor", "agent")
    ]
    return lines[-HISTORY_LINES:]
