"""Which language a conversation has before its next message is read.

The hub knows what the visitor chose, and learns from every outcome; the tracker's slot knows what the last message was
written in. The hub goes before, unless what it said is older than what the tracker knows: of two quick messages the
second leaves the hub before the first has been understood.
"""

from __future__ import annotations

from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from handoff.events import LANGUAGES, Inbound, InboundKind

__all__ = ["SLOT", "SO_FAR", "correction", "so_far"]

SLOT = "language"
"""The slot that the answers' variants depend on."""
SO_FAR = "so_far"
"""Key in a message's metadata under which the pipeline finds a language that is newer than the hub's."""


def correction(tracker: DialogueStateTracker, inbound: Inbound) -> str | None:
    """The language that the slot must be set to before ``inbound`` is run; None when it stays."""
    if inbound.kind is not InboundKind.MESSAGE or inbound.language not in LANGUAGES or SLOT not in tracker.slots:
        return None
    value = tracker.slots[SLOT].value
    if value == inbound.language or (value is not None and _outdated(tracker, inbound)):
        return None
    return inbound.language


def so_far(tracker: DialogueStateTracker, inbound: Inbound) -> str | None:
    """The language that the conversation speaks before ``inbound`` is read, where it is another than the hub says.

    Ask once the slot has been corrected: what is left differs because the hub's word is outdated.
    """
    value = tracker.slots[SLOT].value if SLOT in tracker.slots else None
    return value if value in LANGUAGES and value != inbound.language else None


def _outdated(tracker: DialogueStateTracker, inbound: Inbound) -> bool:
    if inbound.at:
        return bool(tracker.events and inbound.at < tracker.events[-1].timestamp)
    # Without a time: what the hub says now as it did the last time is no news.
    last = next((e for e in reversed(tracker.events) if isinstance(e, UserUttered) and "silta" in e.metadata), None)
    return last is not None and last.metadata["silta"].get("language") == inbound.language
