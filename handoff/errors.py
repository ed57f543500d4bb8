"""Errors of the hub. Each has a stable ``code``; those a peer may see are the codes of the wire protocol.

::

    HubError
    ├── Refused                  the peer's request cannot be done; code and text go to the peer
    │   ├── BadRequest           bad_request
    │   ├── Unauthorized         unauthorized
    │   ├── Forbidden            forbidden
    │   ├── NotFound             not_found
    │   │   └── Erased               the conversation was erased, and nothing of it may come back
    │   ├── Conflict             conflict
    │   │   └── InvalidTransition    the state table has no such move
    │   ├── TooLarge             too_large
    │   ├── RateLimited          rate_limited
    │   └── TryLater             try_later
    │       ├── StoreUnavailable     Redis did not answer; whether it wrote is unknown
    │       └── Unreadable           a conversation's state that this version cannot read
    ├── StaleVersion             another process moved the conversation first: load and decide again
    ├── SettingsError            the environment or an owner's file is wrong
    └── StartRefused             something that must hold at start does not
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "BadRequest",
    "Conflict",
    "Erased",
    "Forbidden",
    "HubError",
    "InvalidTransition",
    "NotFound",
    "RateLimited",
    "Refused",
    "SettingsError",
    "StaleVersion",
    "StartRefused",
    "StoreUnavailable",
    "TooLarge",
    "TryLater",
    "Unauthorized",
    "Unreadable",
]


class HubError(Exception):
    """Base of all errors of the hub."""

    code = "internal"


class Refused(HubError):
    """A request that cannot be done. ``message`` is for the peer; ``extra`` are further fields of the error frame."""

    def __init__(self, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extra: Mapping[str, Any] = extra

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class BadRequest(Refused):
    code = "bad_request"


class Unauthorized(Refused):
    code = "unauthorized"


class Forbidden(Refused):
    code = "forbidden"


class NotFound(Refused):
    code = "not_found"


class Erased(NotFound):
    """The conversation was erased: whatever is still on its way to it is to be dropped."""

    def __init__(self) -> None:
        super().__init__("There is no such conversation.")


class Conflict(Refused):
    code = "conflict"


class InvalidTransition(Conflict):
    """A move that the state table does not have."""

    def __init__(self, *, status: str, move: str, **extra: Any) -> None:
        super().__init__(f"{move} is not possible while the conversation is {status}", **extra)
        self.status = status
        self.move = move


class TooLarge(Refused):
    code = "too_large"


class RateLimited(Refused):
    code = "rate_limited"


class TryLater(Refused):
    code = "try_later"


class StoreUnavailable(TryLater):
    """Redis did not answer in time. What was asked may have been written: repeat it with the same id."""

    def __init__(self, cause: str = "the store does not answer") -> None:
        super().__init__("The service is busy; send the same again in a moment.")
        self.cause = cause

    def __str__(self) -> str:
        return f"{self.code}: {self.cause}"


class Unreadable(TryLater):
    """A conversation's state is none, or of a version too new. It costs this conversation, and no other: a hub that can
    read it goes on with it."""

    def __init__(self, cause: str) -> None:
        super().__init__("This did not work; send the same again in a moment.")
        self.cause = cause

    def __str__(self) -> str:
        return f"the state cannot be read: {self.cause}"


class StaleVersion(HubError):
    """The conversation has moved since it was loaded. ``state`` is how it stands now, JSON, None when unknown;
    ``wait_ms`` is set when it has not moved and another process, which lost too often, goes first."""

    code = "conversation.stale"

    def __init__(self, state: bytes | None = None, *, wait_ms: int | None = None) -> None:
        super().__init__("The conversation has moved.")
        self.state = state
        self.wait_ms = wait_ms


class SettingsError(HubError):
    """One or more settings are wrong; ``problems`` has a line for each, with file and key."""

    code = "settings.bad"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class StartRefused(HubError):
    """The hub must not start; the text says why and what to do."""

    code = "start.refused"
