"""What is kept in clear, sealed: contacts of call-backs, and covered numbers where the owner keeps them.

Sealed texts rest in Redis and travel between hubs; they are opened for the agent who is shown them, nowhere else, and
for the person's own export.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handoff.conversation import Conversation
from handoff.errors import NotFound
from handoff.privacy.audit import Audit, Who
from handoff.privacy.masking import Masked
from handoff.privacy.vault import CannotOpen, Vault
from handoff.store import Store

__all__ = ["SEALED", "Clear"]

log = logging.getLogger("silta.privacy")

ADDRESSES = ("phone", "email")
"""Fields of a call-back that say where to: only who makes it needs them."""

SEALED = (*ADDRESSES, "name")
"""Fields of a call-back that rest sealed."""

NONE_KEPT = "No number of this message is kept."


@dataclass
class Clear:
    """Seals and shows. Without a ``vault`` (tests of other things) contacts rest as they are; ``keeps`` says whether
    covered numbers are kept at all."""

    store: Store
    audit: Audit
    vault: Vault | None = None
    keeps: bool = False

    def contact(self, conversation: str, field: str, value: str) -> str:
        """A contact as it may rest."""
        return self.vault.seal(value, f"{conversation}:{field}") if self.vault is not None else value

    def task(self, task: Mapping[str, Any], *, mine: bool) -> dict[str, Any]:
        """A call-back as an agent sees it: who makes it (``mine``) is shown where to, others the name alone. A contact
        whose key is gone is empty."""
        shown = {name: value for name, value in task.items() if mine or name not in ADDRESSES}
        return {**shown, **{field: self._opened(task, field) for field in SEALED if shown.get(field) is not None}}

    def name_of(self, state: Conversation) -> str | None:
        """What the person is called, for agents who see the conversation: as Meta or the call-back says."""
        if state.visitor_name is not None or (state.callback or {}).get("name") is None:
            return state.visitor_name
        return self._opened(dict(state.callback or {}), "name") or None

    def _opened(self, task: Mapping[str, Any], field: str) -> str:
        value, conversation = str(task[field]), str(task["id"]).rpartition(".")[0]
        if self.vault is None or not Vault.is_sealed(value):
            return value
        try:
            return self.vault.open(value, f"{conversation}:{field}")
        except CannotOpen as error:
            log.error("conversation %s: the contact of its call-back cannot be opened: %s", conversation, error.code)
            return ""

    async def keep(self, conversation: str, seq: int, masked: Masked) -> None:
        """Keep what was covered in a message, if the owner wants that.

        Raises:
            StoreUnavailable: unknown outcome; the message itself is written.
        """
        if not self.keeps or self.vault is None or not masked.count:
            return
        found = [{"kind": kind.value, "value": value} for kind, value in zip(masked.kinds, masked.values, strict=True)]
        sealed = self.vault.seal(json.dumps(found), f"{conversation}:clear:{seq}")
        mapping: dict[Any, Any] = {str(seq): sealed}
        await self.store.call(self.store.redis.hset(self.store.keys.clear(conversation), mapping=mapping))

    async def show(self, actor: Who, conversation: str, seq: int) -> dict[str, Any]:
        """The covered numbers of one message. The look is in the audit log before anything is shown.

        Raises:
            NotFound: none are kept of it.
            StoreUnavailable: Redis does not answer.
        """
        sealed = await self.store.call(self.store.redis.hget(self.store.keys.clear(conversation), str(seq)))
        if sealed is None or self.vault is None or not self.keeps:
            raise NotFound(NONE_KEPT)
        try:
            values = json.loads(self.vault.open(sealed.decode(), f"{conversation}:clear:{seq}"))
        except CannotOpen as error:
            log.error("conversation %s: kept numbers cannot be opened: %s", conversation, error.code)
            raise NotFound(NONE_KEPT) from None
        await self.audit.write(actor, "clear.shown", conversation, of=seq, kinds=[one["kind"] for one in values])
        return {"of": seq, "values": values}
