"""What is: one page with its app, the people who write to it, their threads and every message in them."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

__all__ = [
    "DEFAULT_FIELDS",
    "HUMAN_WINDOW_MS",
    "INBOX",
    "STANDARD_WINDOW_MS",
    "App",
    "Author",
    "Clock",
    "Message",
    "Person",
    "Thread",
    "World",
]

INBOX = 263902037430900
"""The app id of the page inbox: who answers in Business Suite writes as this app."""

STANDARD_WINDOW_MS = 24 * 3600 * 1000
"""How long after a person's last action a page may answer."""

HUMAN_WINDOW_MS = 7 * 24 * 3600 * 1000
"""How long with the tag HUMAN_AGENT, where the app has that feature."""

DEFAULT_FIELDS = (
    "messages",
    "messaging_postbacks",
    "message_echoes",
    "message_deliveries",
    "message_reads",
    "message_edits",
    "message_reactions",
    "messaging_referrals",
    "messaging_handovers",
    "messaging_policy_enforcement",
    "standby",
)

Author = Literal["person", "app", "inbox"]


class Clock:
    """The platform's time in milliseconds. ``file`` holds seconds to add, as ``SILTA_TEST_CLOCK`` does for the hub."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    @property
    def movable(self) -> bool:
        return self._file is not None

    def offset_s(self) -> float:
        try:
            return float(self._file.read_text("ascii").strip() or 0) if self._file is not None else 0.0
        except (OSError, ValueError):  # nobody has set it yet
            return 0.0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + int(self.offset_s() * 1000)

    def advance(self, seconds: float) -> float:
        """Move the clock on; returns the whole offset in seconds.

        Raises:
            ValueError: there is no file to move it with, or it would go back.
        """
        if self._file is None or seconds < 0:
            raise ValueError("the clock cannot be moved")
        offset = self.offset_s() + seconds
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{offset}", "ascii")
        draft.replace(self._file)  # no reader sees half a number
        return offset


@dataclass
class App:
    """The Meta app, and what the page's owner has granted to it. Secrets are made new for each demo."""

    id: int = field(default_factory=lambda: 10**14 + secrets.randbelow(9 * 10**14))
    secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    verify_token: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)
    page_token: str = field(default_factory=lambda: "EAA" + secrets.token_urlsafe(60), repr=False)
    scopes: list[str] = field(
        default_factory=lambda: ["pages_show_list", "pages_messaging", "pages_manage_metadata", "pages_read_engagement"]
    )
    human_agent: bool = True
    """Whether App Review has granted the Human Agent feature."""
    profile_access: bool = True
    """Business Asset User Profile Access: names and pictures of people."""
    locale_access: bool = False
    token_expired: bool = False
    token_expires_at_ms: int = 0
    """0 for a page token that does not expire."""
    fields: list[str] = field(default_factory=lambda: list(DEFAULT_FIELDS))
    """What the app is subscribed to."""

    def proof(self, token: str) -> str:
        """The ``appsecret_proof`` of a token."""
        return hmac.new(self.secret.encode(), token.encode(), sha256).hexdigest()


@dataclass
class Message:
    """One message in a thread, as the person sees it."""

    mid: str
    by: Author
    at_ms: int
    text: str | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list)
    """As in webhooks: ``type`` and ``payload``."""
    quick_replies: list[dict[str, Any]] = field(default_factory=list)
    """They vanish with the next message of the thread, see :meth:`Thread.offered`."""
    buttons: list[dict[str, Any]] = field(default_factory=list)
    elements: list[dict[str, Any]] = field(default_factory=list)
    reply_to: str | None = None
    edits: int = 0
    unsent: bool = False
    reaction: str | None = None
    metadata: str | None = None
    messaging_type: str | None = None
    tag: str | None = None
    persona: str | None = None

    def seen(self) -> dict[str, Any]:
        """What the person has on the screen, and ``sent``: how it was sent."""
        shown: dict[str, Any] = {"mid": self.mid, "by": self.by, "at_ms": self.at_ms, "text": self.text}
        for name in ("attachments", "quick_replies", "buttons", "elements", "reply_to", "edits", "unsent", "reaction"):
            if value := getattr(self, name):
                shown[name] = value
        if self.by == "app":
            shown["sent"] = {"messaging_type": self.messaging_type, "tag": self.tag, "metadata": self.metadata}
        return shown


@dataclass
class Thread:
    """The messages between the page and one person, and who owns the thread."""

    messages: list[Message] = field(default_factory=list)
    owner: int | None = None
    """App id; None is idle: the default app gets what the person writes."""
    owner_until_ms: int = 0
    last_action_ms: int | None = None
    """The person's last action that opens the window: a message, a tap, a reaction is none."""
    typing: bool = False
    seen_by_page: bool = False
    """Whether the person sees that the page has read the last message."""
    signs: list[str] = field(default_factory=list)
    """Sender actions in the order of their arrival: typing_on, typing_off, mark_seen."""

    def find(self, mid: str) -> Message | None:
        return next((one for one in self.messages if one.mid == mid), None)

    def offered(self) -> list[dict[str, Any]]:
        """The quick replies that can be tapped now."""
        last = self.messages[-1] if self.messages else None
        return last.quick_replies if last is not None and last.by != "person" else []


@dataclass
class Person:
    """Somebody who writes to the page. ``psid`` is the only name the page gets without more permissions."""

    psid: str
    first_name: str
    last_name: str
    locale: str
    thread: Thread = field(default_factory=Thread)
    blocked: bool = False
    """Has blocked the page: nothing reaches them."""

    @property
    def profile(self) -> dict[str, Any]:
        return {"first_name": self.first_name, "last_name": self.last_name, "locale": self.locale, "id": self.psid}


class World:
    """The page and all around it. Not thread-safe: everything happens on one event loop."""

    def __init__(self, *, clock: Clock | None = None, app: App | None = None, page_id: str | None = None) -> None:
        self.clock = clock or Clock()
        self.app = app or App()
        self.page_id = page_id or str(10**14 + secrets.randbelow(9 * 10**14))
        self.page_name = "Havu"
        self.people: dict[str, Person] = {}
        self.profile: dict[str, Any] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.routing = True
        """Whether conversation routing is on: threads have owners, others get standby copies."""
        self.subscribed = True
        self.restricted = False
        self.other_apps: dict[int, str] = {INBOX: "Page Inbox"}

    def join(
        self, *, first_name: str = "Aino", last_name: str = "Virtanen", locale: str = "fi_FI", wrote: bool = False
    ) -> Person:
        """A new person who has not written yet; ``wrote``: who has written elsewhere just now."""
        psid = str(10**15 + secrets.randbelow(9 * 10**15))
        person = self.people[psid] = Person(psid, first_name, last_name, locale)
        if wrote:
            person.thread.last_action_ms = self.clock.now_ms()
        return person

    def new_mid(self) -> str:
        return "m_" + secrets.token_urlsafe(48)
