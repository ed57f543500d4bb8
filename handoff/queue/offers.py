"""Offers of conversations to agents: leases by Redis' clock, each given, kept and taken back in one script (R15, R19).

An offer is accepted by the write that assigns the conversation (``scripts/commit.lua``), which demands that the offer
still stands; so there is one winner, whoever else claims, declines or comes too late.
"""

from __future__ import annotations

import json
from typing import Any

from handoff.access.tokens import new_id
from handoff.errors import Conflict
from handoff.keys import ANSWER_TTL_S, HubKeys
from handoff.queue.assignment import Choice
from handoff.store import Store
from handoff.writer import load_script

__all__ = ["Offers"]

_OFFER = load_script("offer")
_DROP = load_script("drop_offer")


class Offers:
    """Gives offers and takes them back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def _keys(self) -> HubKeys:
        return self._store.keys

    async def give(self, choice: Choice, *, capacity: int, lease_s: float) -> bool:
        """Offer a conversation; False when another was first, or the agent has no room any more."""
        keys = self._keys
        done = await self._store.run(
            _OFFER,
            [keys.offers, keys.queue, keys.assigned],
            [
                choice.conversation,
                choice.agent,
                capacity,
                round(lease_s * 1000),
                new_id(),
                json.dumps(choice.why),
                keys.notices,
            ],
        )
        return bool(done)

    async def of(self, conversation: str, agent: str) -> dict[str, Any]:
        """The offer of a conversation to this agent, which may have lapsed.

        Raises:
            Conflict: there is none.
        """
        raw = await self._store.call(self._store.redis.hget(self._keys.offers, conversation))
        offer: dict[str, Any] = json.loads(raw) if raw is not None else {}
        if offer.get("agent") != agent:
            raise Conflict("The offer does not stand any more.", reason="gone")
        return offer

    async def decline(self, conversation: str, agent: str, *, pause_s: float, answer_key: str | None = None) -> None:
        """The agent does not want it. With ``answer_key`` that is remembered there in the same write, and an offer made
        since is not touched by the same request.

        Raises:
            Conflict: it is not offered to this agent.
        """
        offer = await self.of(conversation, agent)
        if not await self._drop(offer, "declined", pause_s, answer_key):
            raise Conflict("The offer does not stand any more.", reason="gone")

    async def lapse(self, offer: dict[str, Any], *, pause_s: float) -> bool:
        """Take back an offer whose lease is over; whether it was still there."""
        return await self._drop(offer, "lapsed", pause_s)

    async def _drop(self, offer: dict[str, Any], how: str, pause_s: float, answer_key: str | None = None) -> bool:
        keys = self._keys
        args = [offer["conversation"], offer["id"], how, round(pause_s * 1000), keys.notices, "{}", ANSWER_TTL_S]
        names = [keys.offers, keys.passed, *([answer_key] if answer_key is not None else [])]
        return bool(await self._store.run(_DROP, names, args))
