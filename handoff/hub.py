"""The parts of one process that sockets, the bot's bridge and the channels share, in one place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from handoff.fanout import Fanout
from handoff.holds import Holds
from handoff.lists import Lists
from handoff.mail import TranscriptMail
from handoff.moment import Moment
from handoff.owner.announcements import Board
from handoff.owner.files import LiveOwner
from handoff.owner.manners import Manners
from handoff.owner.texts import Texts
from handoff.pause import AT_ONCE
from handoff.privacy.audit import Audit
from handoff.privacy.clear import Clear
from handoff.privacy.erasure import Erasure
from handoff.privacy.exports import Exports
from handoff.queue.presence import Presence
from handoff.queue.room import WaitingRoom
from handoff.requests.agent import AgentRequests
from handoff.requests.visitor import VisitorRequests
from handoff.store import Store
from handoff.uploads.shelf import Uploads

__all__ = ["Hub"]


@dataclass
class Hub:
    """One for each process. ``visitors`` and ``agents`` do what is asked for (:mod:`handoff.requests`), ``lists`` knows
    who waits for what, and ``moment`` what visitors are told right now."""

    store: Store
    fanout: Fanout
    presence: Presence
    texts: Texts
    owner: LiveOwner
    process: str = "hub-1"
    manners: Manners = field(default_factory=lambda: Manners(AT_ONCE))
    """Without them, no message waits for another."""
    trouble: Callable[[], Awaitable[Mapping[str, str]]] | None = None
    """What keeps a channel from sending (``code``, ``at``), empty when nothing does; set by the channel."""
    uploads: Uploads | None = None
    """Where files are kept; without it no message has any."""
    mail: TranscriptMail | None = None
    """Sends transcripts, where the owner has a mail server."""
    holds: Holds = field(init=False)

    def __post_init__(self) -> None:
        self.audit = Audit(self.store, self.process)
        self.erasure = Erasure(self.store, self.audit)
        self.exports = Exports(self.store, self.erasure, self.audit)
        self.clear = Clear(self.store, self.audit)
        self.holds = Holds(self.store, self.manners.pause)
        self.room = WaitingRoom(self.store, self.owner)
        self.board = Board(self.store, self.fanout)
        self.moment = Moment(self.owner, self.room, self.board)
        self.lists = Lists(self.store, self.owner)
        self.visitors = VisitorRequests(self)
        self.agents = AgentRequests(self)
        self.store.plans.target_s = lambda skill: self.owner.now.rules.target(skill)
