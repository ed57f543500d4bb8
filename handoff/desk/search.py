"""Search in what was said: the newest conversations first, read from their logs.

No index is kept. One would hold every visitor's words a second time, and an erasure would have to find them there, too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from handoff.conversation import Conversation
from handoff.errors import BadRequest
from handoff.states import readable_one
from handoff.store import Store

__all__ = ["WORDS_MAX_CHARS", "Search"]

WORDS_MAX_CHARS = 200
"""Of a query: more is no search but a pasted message."""

LOOKED_AT = 2000
"""Conversations looked through for one search, the newest: at 20 events each about half a second. Who looks for
something older knows a name, a date or a number, and asks for the conversation by its id."""

AT_ONCE = 50
"""Conversations read in one go: between two of them other work gets its turn."""

FOUND_MAX = 50
"""Results shown; a longer list is looked through by nobody."""

SNIPPET_CHARS = 160


class Search:
    """Finds conversations for agents. ``name_of`` tells what the person of a conversation is called."""

    def __init__(self, store: Store, name_of: Callable[[Conversation], str | None]) -> None:
        self._store = store
        self._name_of = name_of

    async def find(self, words: str, may_see: Callable[[Conversation], bool]) -> Sequence[dict[str, Any]]:
        """Conversations that ``may_see`` lets through, with an event in which every one of ``words`` stands, or whose
        visitor or id has them.

        Newest first; each with ``conversation``, ``at``, ``status``, ``language``, ``visitor`` and ``snippet``.

        Raises:
            BadRequest: nothing to look for, or too much.
            StoreUnavailable: Redis does not answer.
        """
        wanted = words.casefold().split()
        if not wanted or len(words) > WORDS_MAX_CHARS:
            raise BadRequest(f"q: 1 to {WORDS_MAX_CHARS} characters are expected")
        redis, keys = self._store.redis, self._store.keys
        newest = [id.decode() for id in await self._store.call(redis.zrevrange(keys.index, 0, LOOKED_AT - 1))]
        found: list[dict[str, Any]] = []
        for start in range(0, len(newest), AT_ONCE):
            some = newest[start : start + AT_ONCE]
            pipe = redis.pipeline(transaction=False)
            for id in some:
                pipe.hget(keys.state(id), "state")
                pipe.xrange(keys.log(id))
            rows = await self._store.call(pipe.execute())
            for id, raw, log in zip(some, rows[::2], rows[1::2], strict=True):
                found += _hits(readable_one(id, raw), log, wanted, may_see, self._name_of)
            if len(found) >= FOUND_MAX:
                break
            await asyncio.sleep(0)
        return found[:FOUND_MAX]


def _hits(
    state: Conversation | None,
    log: Sequence[tuple[bytes, dict[bytes, bytes]]],
    wanted: Sequence[str],
    may_see: Callable[[Conversation], bool],
    name_of: Callable[[Conversation], str | None],
) -> list[dict[str, Any]]:
    if state is None or not may_see(state):
        return []
    hit = _hit(state, name_of(state), log, wanted)
    return [] if hit is None else [hit]


def _hit(
    state: Conversation, name: str | None, log: Sequence[tuple[bytes, dict[bytes, bytes]]], wanted: Sequence[str]
) -> Any:
    who = f"{state.id} {name or ''}".casefold()
    named = all(word in who for word in wanted)
    said: dict[str, Any] | None = None
    for _, fields in reversed(log):
        raw = fields[b"e"].decode()
        # The JSON holds letters as they are, so a line without the words need not be parsed.
        if not all(word in raw.casefold() for word in wanted):
            continue
        event = json.loads(raw)
        text = str(event.get("text") or event.get("note") or "")
        if all(word in text.casefold() for word in wanted):
            said = {"at": event["at"], "text": text}
            break
    if said is None and not named:
        return None
    return {
        "conversation": state.id,
        "at": said["at"] if said else state.updated_at,
        "status": state.status.value,
        "language": state.language,
        "visitor": name,
        "snippet": _snippet(said["text"] if said else state.last_text or "", wanted),
    }


def _snippet(text: str, wanted: Sequence[str]) -> str:
    """The surroundings of the first word that was looked for."""
    text = " ".join(text.split())
    at = max(text.casefold().find(wanted[0]), 0)
    start = max(0, min(at - SNIPPET_CHARS // 3, len(text) - SNIPPET_CHARS))
    cut = text[start : start + SNIPPET_CHARS]
    return ("…" if start else "") + cut + ("…" if start + SNIPPET_CHARS < len(text) else "")
