"""What Meta tells of a person: a name, for agents. Needs a permission; without it people are nameless, and nothing else
changes."""

from __future__ import annotations

import logging

from handoff.channels.messenger import decisions
from handoff.channels.messenger.client import Graph, GraphError
from handoff.channels.messenger.keys import MessengerKeys
from handoff.channels.messenger.threads import Thread
from handoff.conversation import Conversation
from handoff.decisions import Decision
from handoff.errors import StoreUnavailable
from handoff.privacy.masking import mask
from handoff.store import Store

__all__ = ["People"]

log = logging.getLogger("silta.messenger")

ASK_AGAIN_S = 7 * 24 * 3600
"""A name is asked for once in so long, whether it was told or not."""

NAME_MAX = 80


class People:
    """Asks for names."""

    def __init__(self, store: Store, keys: MessengerKeys, graph: Graph) -> None:
        self._store = store
        self._keys = keys
        self._graph = graph

    async def learn(self, thread: Thread) -> None:
        """Ask for the person's name, if nobody has lately, and note it."""
        try:
            name = self._keys.once(f"name:{thread.conversation}")
            if not await self._store.call(self._store.redis.set(name, 1, nx=True, ex=ASK_AGAIN_S)):
                return
            told = await self._graph.person(thread.person)
            words = [told.get(part) for part in ("first_name", "last_name")]
            known = mask(" ".join(word for word in words if isinstance(word, str))[:NAME_MAX].strip()).text
            if known:
                await self._note(thread.conversation, known)
        except GraphError as error:
            log.info("conversation %s: no name was told: %s", thread.conversation, error)
        except StoreUnavailable:
            pass  # asked again next week; a name is no message

    async def _note(self, conversation: str, name: str) -> None:
        def decide(state: Conversation) -> Decision | None:
            return decisions.known_as(state, name=name) if state.visitor_name != name else None

        await self._store.request(conversation, decide)
