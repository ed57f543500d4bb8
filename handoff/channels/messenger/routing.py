"""Who has a thread after an event: we, or another app such as the page inbox. Pure."""

from __future__ import annotations

from enum import Enum

from handoff.channels.messenger.events import Event, Kind, text_of

__all__ = ["METADATA", "Owner", "Turn", "is_ours", "turn_of"]

METADATA = "silta:"
"""Begins the metadata of everything that we send; the echo brings it back."""


class Owner(str, Enum):
    US = "us"
    OTHER = "other"


class Turn(Enum):
    """What an event says about a thread's owner."""

    NONE = "none"
    LEFT = "left"
    """Another app has it now: be silent."""
    BACK = "back"
    """It is ours again."""
    ASKED = "asked"
    """Another app wants it."""


def is_ours(event: Event, app_id: str) -> bool:
    """Whether an echo is of a message that we have sent. App ids come as numbers and as text."""
    message = event.part("message")
    if text_of(message.get("metadata")).startswith(METADATA):
        return True
    return bool(app_id) and text_of(message.get("app_id")) == app_id


def turn_of(event: Event, app_id: str) -> Turn:
    """What becomes of the thread."""
    match event.kind:
        case Kind.PASSED:
            to = text_of(event.part(Kind.PASSED.value).get("new_owner_app_id"))
            return Turn.BACK if (to == app_id if app_id else not _from_us(event, app_id)) else Turn.LEFT
        case Kind.TAKEN:
            # Sent to who has lost it; the new owner is told with its own id where it is told at all.
            to = text_of(event.part(Kind.TAKEN.value).get("new_owner_app_id"))
            return Turn.BACK if app_id and to == app_id else Turn.LEFT
        case Kind.RELEASED:
            return Turn.BACK
        case Kind.REQUESTED:
            return Turn.ASKED
        case Kind.ECHO:
            return Turn.NONE if is_ours(event, app_id) else Turn.LEFT
        case _:
            return Turn.LEFT if event.standby and event.kind in (Kind.MESSAGE, Kind.POSTBACK) else Turn.NONE


def _from_us(event: Event, app_id: str) -> bool:
    previous = text_of(event.part(Kind.PASSED.value).get("previous_owner_app_id"))
    return bool(app_id) and previous == app_id
