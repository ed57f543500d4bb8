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
        self._offered: dict[str, str] = {}
        """The offers to this agent, by conversation."""
        self._heard: set[str] | None = None
        """Conversations of which notices have told while a refresh reads: they are newer than what it reads."""

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def told(self, conversations: Iterable[str]) -> None:
        """The welcome has named these, and no others."""
        self._lines = set(conversations)

    def moved(self, conversation: str, line: Mapping[str, Any] | None) -> None:
        """Tell a conversation's line as it is now; None when it needs no person any more."""
        if self._heard is not None:
            self._heard.add(conversation)
        self._move(conversation, line)

    def _move(self, conversation: str, line: Mapping[str, Any] | None) -> None:
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
        # Twice by a refresh and its own notice, which may overtake each other: a console rings for each.
        if offer["agent"] == self._console.account.id and self._offered.get(conversation) != offer["id"]:
            self._offered[conversation] = offer["id"]
            self._console.peer.push(
                {
                    "type": "offer",
                    "conversation": conversation,
                    "expires_at": stamp(offer["until_ms"]),
                    "left_s": self._console.hub.room.left_s(offer),
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
        if self._offered.pop(conversation, None) is not None:
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

    async def refresh(self) -> bool:
        """Tell the lines anew, and the offers that differ from what was told: notices may have been lost. The waiting
        room must be filled. False when Redis is away: to be tried again."""
        lists, peer = self._console.hub.lists, self._console.peer
        heard = self._heard = set()
        try:
            lines: dict[str, Any] = {line["conversation"]: line for line in await lists.queue()}
            lines.update(await lists.lines(self._lines - lines.keys()))
            # Before the lines: a console rings for a line that is new and not offered, too.
            self.offered_now()
            for conversation, line in lines.items():
                if conversation not in heard:
                    self._move(conversation, line)
                await peer.flushed()
        except StoreUnavailable:
            return False
        finally:
            self._heard = None
        return True

    def offered_now(self) -> None:
        """Tell which offers to this agent stand, as far as it was not told."""
        room, own = self._console.hub.room, self._console.account.id
        stand = {
            offer["conversation"]: offer
            for offer in room.offers.values()
            if offer["agent"] == own and offer["until_ms"] > room.now_ms
        }
        for conversation in self._offered.keys() - stand.keys():
            self._withdraw(conversation)
        for offer in stand.values():
            self.offered(offer)
