"""Transcripts for people: a list of conversations, one conversation's events, and its text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from handoff.errors import NotFound
from handoff.keys import HubKeys
from handoff.states import readable

__all__ = ["Transcripts", "in_utc", "render"]


class Transcripts:
    """Reads conversations for the command line and for exports."""

    def __init__(self, redis: Redis, keys: HubKeys | None = None) -> None:
        self._redis = redis
        self._keys = keys or HubKeys()

    async def list(self, limit: int = 50) -> Sequence[dict[str, Any]]:
        """The latest conversations, newest first."""
        ids: Any = await self._redis.zrevrange(self._keys.index, 0, limit - 1)
        pipe = self._redis.pipeline(transaction=False)
        for id in ids:
            pipe.hget(self._keys.state(id.decode()), "state")
        return [
            {
                "conversation": state.id,
                "status": state.status.value,
                "channel": state.channel,
                "language": state.language,
                "created_at": state.created_at,
                "updated_at": state.updated_at,
                "assignee": state.assignee.name if state.assignee else None,
                "last": state.last,
            }
            for state in readable(ids, await pipe.execute())
        ]

    async def show(self, conversation: str) -> Sequence[dict[str, Any]]:
        """Every event of a conversation.

        Raises:
            NotFound: there is no such conversation.
        """
        rows: Any = await self._redis.xrange(self._keys.log(conversation))
        if not rows:
            raise NotFound(f"There is no conversation {conversation}.")
        return [json.loads(fields[b"e"]) for _, fields in rows]


def in_utc(at: str) -> str:
    """A log's time as operators read it: ``2026-03-02 08:15``, in UTC."""
    return at[:16].replace("T", " ")


def render(
    events: Iterable[Mapping[str, Any]],
    *,
    stamp: Callable[[str], str] = in_utc,
    speakers: Mapping[str, str] | None = None,
) -> str:
    """A conversation as plain text: a line for each event that has words, with time and speaker.

    ``stamp`` words a time of the log, ``speakers`` who speaks by role (``visitor``, ``bot``, ``system``); agents have
    names of their own. What the visitor has taken back is left out.
    """
    known = list(events)
    unsent = {event.get("of") for event in known if event["kind"] == "unsent"}
    lines = []
    for event in known:
        taken_back = event["seq"] in unsent or (event["kind"] == "edited" and event.get("of") in unsent)
        names = [f"[{file['name']}]" for file in event.get("attachments") or () if file.get("name")]
        said = " ".join([event["text"], *names] if event.get("text") else names)
        if said and not taken_back:
            author = event["author"]
            who = author.get("name") or (speakers or {}).get(author["role"], author["role"])
            lines.append(f"{stamp(event['at'])} {who}: {said}")
    return "\n".join(lines)
