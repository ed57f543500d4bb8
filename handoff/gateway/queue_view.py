"""The queue as one console was told it: which lines it knows, and what is offered to its agent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from handoff.clock import stamp
from handoff.conversation import Status
from handoff.errors import StoreUnavailable
from handoff.gateway.console import Console

__all__ = ["QueueView"]


class QueueView:
    """Tells a console of lines and offers, as far as its agent may see them. Iterate over the conversations whose lines
    it knows."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lines: set[str] = set()
        """Conversations that this console believes to need a person."""
        self._offered: set[str] = set()
        """Conversations that are offered to this agent."""

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def told(self, conversations: Iterable[str]) -> None:
        """The welcome has named these, and no others."""
        self._lines = set(conversations)

    def moved(self, conversation: str, line: Mapping[str, Any] | None) -> None:
        """Tell a conversation's line as it is now; None when it needs no person any more."""
        if line is not None and not self._console.sees_line(line):
            line = None
        # Who does not know of a conversation does not hear that it has gone either.
        if line is not None or conversation in self._lines:
            self._push(conversation, line)

    def hide(self, conversation: str) -> None:
        """It has become others'."""
        if conversation in self._lines:
            self._push(conversation, None)

    def offered(self, offer: Mapping[str, Any]) -> None:
        """Somebody is asked to take a conversation; all who see it see to whom it is offered."""
        conversation = offer["conversation"]
        line = self._console.hub.room.lines.get(conversation)
        if line is None:
            return
        if offer["agent"] == self._console.account.id:
            self._offered.add(conversation)
            self._console.peer.push(
                {
                    "type": "offer",
                    "conversation": conversation,
                    "expires_at": stamp(offer["until_ms"]),
                    "entry": self._console.line(line),
                    "why": list(offer["why"]),
                }
            )
        self.moved(conversation, line)

    def offer_gone(self, conversation: str) -> None:
        """Nobody is asked to take it any more."""
        self._withdraw(conversation)
        line = self._console.hub.room.lines.get(conversation)
        if line is not None:
            self.moved(conversation, line)

    def _withdraw(self, conversation: str) -> None:
        if conversation in self._offered:
            self._offered.discard(conversation)
            self._console.peer.push({"type": "offer.gone", "conversation": conversation})

    def _push(self, conversation: str, line: Mapping[str, Any] | None) -> None:
        if line is not None:
            self._lines.add(conversation)
        else:
            self._lines.discard(conversation)
        if line is None or line["status"] != Status.QUEUED.value:
            self._withdraw(conversation)
        shown = self._console.line(line) if line is not None else None
        self._console.peer.push({"type": "queue", "conversation": conversation, "entry": shown})

    async def refresh(self) -> None:
        """Tell everything anew: notices may have been lost."""
        lists, peer = self._console.hub.lists, self._console.peer
        try:
            lines: dict[str, Any] = {line["conversation"]: line for line in await lists.queue()}
            lines.update(await lists.lines(self._lines - lines.keys()))
        except StoreUnavailable:
            return  # comes again with the next reconnection
        for conversation, line in lines.items():
            self.moved(conversation, line)
            await peer.flushed()
