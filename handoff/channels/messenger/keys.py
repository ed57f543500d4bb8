"""Redis keys of the Messenger channel. Those of one conversation begin like all of its keys."""

from __future__ import annotations

from handoff.keys import HubKeys

__all__ = ["NEW_TTL_S", "SEEN_TTL_S", "MessengerKeys"]

SEEN_TTL_S = 7 * 24 * 3600
"""How long an event's key is remembered: Meta repeats a delivery that failed for hours, at most for days."""


NEW_TTL_S = 24 * 3600
"""How long a person is remembered with whom nothing was said: much longer than applying an event takes, also over an
outage. They have no transcript with which their number would go."""


class MessengerKeys:
    """Names under the tenant's prefix."""

    def __init__(self, keys: HubKeys) -> None:
        self._keys = keys
        self.prefix = keys.prefix + "messenger:"
        self.due_in = self.prefix + "in"
        """Sorted set: persons (``PAGE:PERSON``) with events that are not applied yet, by when they are due."""
        self.held_in = self.prefix + "in:held"
        """Hash: who works on a person."""
        self.due_out = keys.messenger_out
        """Sorted set: conversations with entries that are not sent yet, by when they are due. Written with the log."""
        self.held_out = self.prefix + "out:held"
        self.other = self.prefix + "other"
        """Stream, capped: events that nothing is done about."""
        self.trouble = self.prefix + "trouble"
        """Hash: what keeps the page from sending (``code``, ``at``, ``detail``)."""
        self.gate = self.prefix + "gate"
        """String with a time to live: nobody sends while it is there."""

        self.usage = self.prefix + "usage"
        """String with a time to live: percent of Meta's allowance of calls that is used."""
        self.courier = self.prefix + "courier"
        """String with a time to live: a courier's sign of life, JSON (``process``, ``pid``)."""
        self.courier_away = self.prefix + "courier:away"
        """String: since when there has been none; whoever writes or takes it away tells the consoles."""

    def seen(self, key: str) -> str:
        """String with :data:`SEEN_TTL_S`: an event that was accepted."""
        return f"{self.prefix}seen:{key}"

    def stream(self, lane: str) -> str:
        """Stream: a person's events that are not applied yet, one field ``e``."""
        return f"{self.prefix}in:{lane}"

    def person(self, lane: str) -> str:
        """String: the conversation of a person with a page; with :data:`NEW_TTL_S` until something is said in it."""
        return f"{self.prefix}person:{lane}"

    def thread(self, conversation: str) -> str:
        """Hash: see :class:`handoff.channels.messenger.threads.Thread`; with :data:`NEW_TTL_S` as :meth:`person`."""
        return f"{self._keys.state(conversation)}:messenger"

    def mids(self, conversation: str) -> str:
        """Hash: number in the log by Meta's message id, of both directions."""
        return f"{self._keys.state(conversation)}:messenger:mids"

    def sent(self, conversation: str) -> str:
        """Sorted set: numbers in the log by when they were sent."""
        return f"{self._keys.state(conversation)}:messenger:sent"

    def once(self, name: str) -> str:
        """String with a time to live: what one of several hubs does, not all."""
        return f"{self.prefix}once:{name}"
