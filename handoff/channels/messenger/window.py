"""When Messenger lets us write, and how it wants it called. Pure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HUMAN_MS", "STANDARD_MS", "Closed", "Open", "standing"]

STANDARD_MS = 24 * 3600 * 1000
"""After what a person does: anything that answers them."""

HUMAN_MS = 7 * 24 * 3600 * 1000
"""After what a person does: what a human wrote, where Meta has granted Human Agent."""


@dataclass(frozen=True)
class Open:
    """A message may go, with these fields of the call."""

    messaging_type: str
    tag: str | None = None

    def fields(self) -> dict[str, str]:
        return {"messaging_type": self.messaging_type, **({"tag": self.tag} if self.tag else {})}


@dataclass(frozen=True)
class Closed:
    """A message may not go. ``code`` says why, see the ``channel`` texts of the owner."""

    code: str


def standing(*, now_ms: int, last_ms: int, human: bool, permitted: bool) -> Open | Closed:
    """Whether a message may go now.

    Args:
        last_ms: when the person last wrote or tapped, 0 for never.
        human: an agent wrote it. Nothing else is ever sent as a human's.
        permitted: the owner has the Human Agent permission.
    """
    age = now_ms - last_ms
    if age <= STANDARD_MS:
        return Open("RESPONSE")
    if not human:
        return Closed("window_bot")
    if age > HUMAN_MS:
        return Closed("window_over")
    return Open("MESSAGE_TAG", "HUMAN_AGENT") if permitted else Closed("window_no_permission")
