"""Where something of a person can be kept: the one list that erasure and export go through. Pure.

Every key whose name holds a conversation's id is its own, and found by that; the rest is named here: lists in which a
conversation or a person on Messenger stands as a member, streams that all share, and folders. Who keeps something of a
person elsewhere adds it, or names it in :data:`NOTHING_PERSONAL` with the reason; a test fails for a key that is in
neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from handoff.channels.messenger.keys import MessengerKeys
from handoff.keys import HubKeys

__all__ = ["FOLDERS", "NOTHING_PERSONAL", "Places", "Subject"]

FOLDERS = ("messenger", "uploads")
"""Folders in ``var`` with one folder for each conversation."""

NOTHING_PERSONAL: Mapping[str, str] = {
    "barrier": "a sign without a meaning, written to be waited for",
    "audit": "who did what, with the conversation's number and nothing of what was said; kept for as long as set",
    "torn": "a mark",
    "active": "agents",
    "idle": "agents",
    "announcements": "the house's own words",
    "watch": "a lease",
    "probe": "a mark",
    "orphans": "a lease",
    "handled": "how long conversations took, without saying whose",
    "sweeping": "a lease",
    "swept": "a mark",
    "notices": "a channel, nothing is kept",
    "agents": "agents",
    "agents_by_email": "agents",
    "presence": "agents",
    "seen": "agents; Messenger's is Meta's number of an event, for a week",
    "agents_settings": "agents",
    "session": "agents",
    "sessions_of": "agents",
    "socket_token": "agents",
    "second_factors": "agents",
    "second_factor_used": "agents",
    "login_ticket": "agents",
    "login_oidc": "agents",
    "api_keys": "programs",
    "guesses": "hashes with the house's key, for a quarter of an hour",
    "rate": "hashes with the house's key, for a minute",
    "export_ticket": "a conversation's number for a minute",
    "erased": "the mark that a conversation was erased: its number alone",
    "erasures": "what is still to be done of an erasure; emptied by it",
    "alive": "a process",
    "trouble": "of the page, not of a person",
    "gate": "a mark",
    "usage": "a figure of the page",
    "courier": "a process",
    "courier_away": "a mark",
}
"""Names of keys (in :class:`HubKeys`, :class:`Keys` or :class:`MessengerKeys`) that are no place, and why."""


@dataclass(frozen=True)
class Subject:
    """Whom it is about: one conversation, and who it is with on Messenger (``PAGE:PERSON``)."""

    conversation: str
    lane: str | None = None

    @property
    def person(self) -> str | None:
        return self.lane.partition(":")[2] if self.lane else None


class Places:
    """The names of all places under one tenant."""

    def __init__(self, keys: HubKeys) -> None:
        self.keys = keys
        self.messenger = MessengerKeys(keys)

    def own(self, subject: Subject) -> list[str]:
        """Keys that are the conversation's alone, as far as their names are known beforehand."""
        keys, messenger, id = self.keys, self.messenger, subject.conversation
        found = [
            *(keys.state(id), keys.log(id), keys.buttons(id), keys.drafts(id), keys.clear(id)),
            *(keys.busy(id), keys.wait(id), keys.tracker(id), keys.checkpoint(id)),
            *(messenger.thread(id), messenger.mids(id), messenger.sent(id), messenger.once(f"name:{id}")),
        ]
        if subject.lane is not None:
            found += [messenger.stream(subject.lane), messenger.person(subject.lane)]
        return found

    def pattern(self, subject: Subject) -> str:
        """A pattern of SCAN for every key that names the conversation: the remembered answers, and what others add."""
        safe = "".join(f"\\{sign}" if sign in "*?[]\\^" else sign for sign in subject.conversation)
        return f"{self.keys.prefix}*{safe}*"

    def sets(self, subject: Subject) -> list[tuple[str, str]]:
        """Sorted sets and the member that is the subject's."""
        keys, id = self.keys, subject.conversation
        names = (keys.queue, keys.due, keys.index, keys.callbacks, keys.replies, keys.promises, keys.visitors_seen)
        found = [(name, id) for name in (*names, keys.messenger_out)]
        if subject.lane is not None:
            found.append((self.messenger.due_in, subject.lane))
        return found

    def hashes(self, subject: Subject) -> list[tuple[str, str]]:
        """Hashes and the field that is the subject's."""
        keys, id = self.keys, subject.conversation
        found = [(name, id) for name in (keys.assigned, keys.assigned_channels, keys.offers, self.messenger.held_out)]
        if subject.lane is not None:
            found.append((self.messenger.held_in, subject.lane))
        return found

    def streams(self) -> list[str]:
        """Streams that all conversations share."""
        return [self.keys.inbox, self.keys.events, self.keys.dead, self.messenger.other]

    @staticmethod
    def needles(subject: Subject) -> list[str]:
        """Texts by which an entry of a shared stream is known to be the subject's."""
        found = [subject.conversation]
        if subject.person:
            # As JSON writes it, once and within JSON: digits of a person's number could stand in another's.
            found += [f'"{subject.person}"', f'\\"{subject.person}\\"']
        return found
