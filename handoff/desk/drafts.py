"""What an agent has written and not sent yet, and what they chose for their console: kept here, found at every desk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from handoff.errors import BadRequest
from handoff.events import LANGUAGES
from handoff.keys import DRAFT_TTL_S
from handoff.privacy.masking import mask
from handoff.store import Store

__all__ = ["Drafts", "OwnSettings"]

DRAFT_MAX_CHARS = 4000
"""As a message: more could not be sent anyway."""


class Drafts:
    """Unsent replies by conversation and agent. They go with the conversation, or by themselves after a week."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, conversation: str, agent: str) -> str:
        """The draft, empty where there is none."""
        raw = await self._store.call(self._store.redis.hget(self._store.keys.drafts(conversation), agent))
        return raw.decode() if raw is not None else ""

    async def write(self, conversation: str, agent: str, text: str) -> None:
        """Keep a draft, masked like everything that rests (I11); an empty one is forgotten.

        Raises:
            BadRequest: longer than a message may be.
        """
        if len(text) > DRAFT_MAX_CHARS:
            raise BadRequest(f"text: at most {DRAFT_MAX_CHARS} characters are expected")
        redis, key = self._store.redis, self._store.keys.drafts(conversation)
        if not text.strip():
            await self._store.call(redis.hdel(key, agent))
            return
        pipe = redis.pipeline(transaction=True)
        pipe.hset(key, agent, mask(text).text)
        pipe.expire(key, DRAFT_TTL_S)
        await self._store.call(pipe.execute())


CHOICES: Mapping[str, tuple[Any, ...]] = {
    "language": LANGUAGES,
    "theme": ("auto", "light", "dark"),
    "sound": (True, False),
    "notify": (True, False),
    "keys": (True, False),
}
"""What an agent may choose, and from what."""


class OwnSettings:
    """Each agent's own choices."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, agent: str) -> dict[str, Any]:
        """What was chosen; what was never chosen is absent."""
        raw = await self._store.call(self._store.redis.hget(self._store.keys.agents_settings, agent))
        return dict(json.loads(raw)) if raw is not None else {}

    async def write(self, agent: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Keep choices; those not named stay as they were. Answer: all of them.

        Raises:
            BadRequest: there is no such choice.
        """
        for name, value in chosen.items():
            # 1 equals True, and is none of ours.
            if name not in CHOICES or not any(type(value) is type(one) and value == one for one in CHOICES[name]):
                raise BadRequest(f"{name[:40]!a}: no such choice")
        after = {**await self.read(agent), **chosen}
        await self._store.call(self._store.redis.hset(self._store.keys.agents_settings, agent, json.dumps(after)))
        return after
