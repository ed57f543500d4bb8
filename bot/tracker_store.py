"""Rasa's tracker store: one atomic write saves a turn, publishes it and acknowledges its message.

``endpoints.yml`` names it by its path. Every failure leaves as a ``BaseException`` (:mod:`bot.seam.turn`): Rasa would
answer an ``Exception`` with a blank tracker in memory, and go on. Where no Redis is set (``rasa shell``, ``rasa
test``), trackers live in memory as in any Rasa project.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from redis.exceptions import ResponseError

from bot.seam import language, outcomes, replay
from bot.seam.link import AWAY, Link, redis_url
from bot.seam.turn import (
    AlreadyAnswered,
    Stage,
    StoreUnavailable,
    TrackerUnreadable,
    Turn,
    TurnConflict,
    TurnLost,
    current_turn,
)
from handoff.events import encode

__all__ = ["SeamTrackerStore"]


class SeamTrackerStore(TrackerStore):
    """Appends events to a list a conversation, with a checkpoint that bounds what a load reads."""

    def __init__(
        self,
        domain: Domain | None,
        host: str | None = None,
        event_broker: EventBroker | None = None,
        link: Link | None = None,
        **kwargs: Any,
    ) -> None:
        """``host`` and further settings of ``endpoints.yml`` are not used: the address is in ``SILTA_REDIS_URL``."""
        super().__init__(domain, None)
        self.domain = domain or Domain.empty()
        url = redis_url()
        self.link = link or (Link(url) if url else None)
        self._memory = None if self.link else InMemoryTrackerStore(self.domain)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with its latest turns; for a new conversation a blank one within a turn, None outside.

        Raises:
            StoreUnavailable: Redis cannot be reached.
            TrackerUnreadable: what is stored is no tracker.
            TurnLost: the current turn's entry is another process's by now.
            AlreadyAnswered: the current turn's message is in it; its inbox entry is acknowledged.
        """
        if self.link is None:
            return await self._in_memory.retrieve(sender_id)
        turn = self._turn_of(sender_id)
        try:
            loaded = await self.link.load(sender_id, turn.entry if turn else "")
            if loaded is None:
                raise TurnLost
            tracker = replay.build(sender_id, self.domain.slots, loaded)
        except AWAY as error:
            raise StoreUnavailable from error
        except Exception as error:
            raise TrackerUnreadable from error
        if turn and tracker and turn.inbound.message_id in replay.message_ids(tracker):
            await self._commit(self.link, sender_id, turn)
            raise AlreadyAnswered
        return self._speaking(tracker, turn, sender_id) if turn else tracker

    def _speaking(self, tracker: DialogueStateTracker | None, turn: Turn, sender_id: str) -> DialogueStateTracker:
        """The tracker, in the language of the turn's conversation; a blank one for a new conversation."""
        new = tracker is None
        tracker = tracker or self.init_tracker(sender_id)
        spoken = language.correction(tracker, turn.inbound)
        if spoken and new:
            # Not as an event: Rasa starts a session only in a tracker without any.
            tracker.slots[language.SLOT].initial_value = spoken
            tracker.slots[language.SLOT].reset()
        elif spoken:
            tracker.update(SlotSet(language.SLOT, spoken))
        if newer := language.so_far(tracker, turn.inbound):
            turn.metadata[language.SO_FAR] = newer
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store the new events; within a turn also publish its outcome and acknowledge its entry.

        Raises:
            StoreUnavailable: Redis cannot be reached.
            TrackerUnreadable: an event cannot be written as JSON.
            TurnLost: the entry is another process's by now. Nothing was stored.
            TurnConflict: the tracker was changed after it was loaded. Nothing was stored.
        """
        if self.link is None:
            await self._in_memory.save(tracker)
            return
        events = replay.new_events(tracker)
        if not events:
            return  # the blank tracker that Rasa saves before a conversation's first turn
        await self._commit(self.link, tracker.sender_id, self._turn_of(tracker.sender_id), tracker, events)
        replay.saved(tracker)

    async def keys(self) -> Iterable[str]:
        """Conversations are found in the hub, which owns them."""
        return [] if self.link else await self._in_memory.keys()

    @staticmethod
    def _turn_of(conversation: str) -> Turn | None:
        """The current turn, if it is this conversation's and not over."""
        turn = current_turn()
        if turn is None or turn.inbound.conversation != conversation or turn.stage is Stage.DONE:
            return None
        return turn

    @property
    def _in_memory(self) -> InMemoryTrackerStore:
        if self._memory is None:
            raise RuntimeError("trackers are in Redis")
        self._memory.domain = self.domain
        return self._memory

    async def _commit(
        self,
        link: Link,
        conversation: str,
        turn: Turn | None,
        tracker: DialogueStateTracker | None = None,
        events: Iterable[Event] = (),
    ) -> None:
        wanted: dict[str, Any] = {"entry": turn.entry if turn else ""}
        if tracker is not None:
            try:
                events = list(events)
                wanted["events"] = [replay.write(event) for event in events]
                wanted["checkpoint"] = replay.checkpoint(tracker, self.domain.slots)
                wanted["length"] = replay.position_of(tracker).length
                if turn:
                    wanted["outcome"] = encode(outcomes.of_turn(turn, tracker, events))
            except Exception as error:
                raise TrackerUnreadable from error
        if turn:
            turn.stage = Stage.COMMITTING
        try:
            said = await link.commit(conversation, **wanted)
        except AWAY as error:
            raise StoreUnavailable from error
        except ResponseError as error:
            raise TrackerUnreadable from error
        if said == "conflict":
            raise TurnConflict
        if said in ("gone", "stolen"):
            raise TurnLost
        if turn:
            turn.stage = Stage.DONE
