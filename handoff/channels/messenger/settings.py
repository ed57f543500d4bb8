"""What the hub must know to serve a Messenger page, read once from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from handoff.events import LANGUAGES

__all__ = ["GRAPH_URL", "GRAPH_VERSION", "INBOX_APP", "OWN_CONSOLE", "PAGE_INBOX", "MessengerSettings"]

GRAPH_URL = "https://graph.facebook.com"
GRAPH_VERSION = "v26.0"
"""The version that this was written for (August 2026). A version lives about two years; ``doctor`` tells its age."""

INBOX_APP = "263902037430900"
"""The page inbox of Meta Business Suite, as an app that can own a thread."""

OWN_CONSOLE = "own_console"
"""People answer in Silta's console."""
PAGE_INBOX = "page_inbox"
"""People answer in the page inbox: a handoff passes the thread there."""

MEDIA_HOSTS = ("*.fbcdn.net", "lookaside.fbsbx.com")
"""Where Meta keeps what people send. Nothing else is ever fetched."""

_VERSION = re.compile(r"v\d{1,3}\.\d")
_HOST = re.compile(r"(?:\*\.)?[a-z0-9][a-z0-9.-]*(?::\d{1,5})?")
_NEEDED = ("APP_SECRET", "VERIFY_TOKEN", "PAGE_TOKEN")


@dataclass(frozen=True)
class MessengerSettings:
    """A page and how to reach it. ``page_id`` empty: any page's events are taken, and messages go to ``me``."""

    app_secrets: tuple[str, ...] = field(repr=False)
    """The first signs, all are good: so a secret can be changed without losing an event."""
    verify_token: str = field(repr=False)
    page_token: str = field(repr=False)
    page_id: str = ""
    app_id: str = ""
    graph_url: str = GRAPH_URL
    graph_version: str = GRAPH_VERSION
    handoff: str = OWN_CONSOLE
    human_agent: bool = False
    """Whether Meta has granted the Human Agent permission: a person may then answer for 7 days."""
    media_hosts: tuple[str, ...] = MEDIA_HOSTS
    language: str = LANGUAGES[0]
    """Of a person who has not written yet; what they write decides."""
    courier: bool = False
    """Whether a process of its own applies what came and sends what is due, see
    :mod:`handoff.channels.messenger.courier`; else every hub does beside its sockets."""
    test_clock: Path | None = None
    """A file with seconds to add to the clock of the windows: tests alone live through a week in a minute."""

    @classmethod
    def from_environment(cls, env: Mapping[str, str], problems: list[str]) -> MessengerSettings | None:
        """Read ``SILTA_MESSENGER_…``; None when there is no page. Adds a line to ``problems`` for each mistake."""
        given = {name.removeprefix("SILTA_MESSENGER_"): value.strip() for name, value in env.items()}
        given = {name: value for name, value in given.items() if f"SILTA_MESSENGER_{name}" in env and value}
        if not any(name in given for name in _NEEDED):
            return None
        for name in _NEEDED:
            if name not in given:
                problems.append(f"SILTA_MESSENGER_{name}: not set, and Messenger needs all of {', '.join(_NEEDED)}")
        secrets = _words(given.get("APP_SECRET", ""))
        if "APP_SECRET" in given and not secrets:
            problems.append("SILTA_MESSENGER_APP_SECRET: there is no secret in it, only commas")
        return cls(
            app_secrets=secrets,
            verify_token=given.get("VERIFY_TOKEN", ""),
            page_token=given.get("PAGE_TOKEN", ""),
            page_id=_number("PAGE_ID", given, problems),
            app_id=_number("APP_ID", given, problems),
            graph_url=_address(given, problems),
            graph_version=_matching("GRAPH_VERSION", given, GRAPH_VERSION, _VERSION, "such as v26.0", problems),
            handoff=_one_of("HANDOFF", given, (OWN_CONSOLE, PAGE_INBOX), problems),
            human_agent=_one_of("HUMAN_AGENT", given, ("0", "1"), problems) == "1",
            media_hosts=_hosts(given, problems),
            language=_one_of("LANGUAGE", given, LANGUAGES, problems),
            courier=_one_of("COURIER", given, ("0", "1"), problems) == "1",
            test_clock=Path(env["SILTA_TEST_CLOCK"]) if env.get("SILTA_TEST_CLOCK") else None,
        )


def _words(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _number(name: str, given: Mapping[str, str], problems: list[str]) -> str:
    value = given.get(name, "")
    if value and not (value.isascii() and value.isdigit()):
        problems.append(f"SILTA_MESSENGER_{name}: {value!r} is no id: digits only")
    return value


def _one_of(name: str, given: Mapping[str, str], known: tuple[str, ...], problems: list[str]) -> str:
    value = given.get(name, known[0])
    if value not in known:
        problems.append(f"SILTA_MESSENGER_{name}: {value!r} is none of {', '.join(known)}")
        return known[0]
    return value


def _matching(
    name: str, given: Mapping[str, str], default: str, pattern: re.Pattern[str], such: str, problems: list[str]
) -> str:
    value = given.get(name, default)
    if not pattern.fullmatch(value):
        problems.append(f"SILTA_MESSENGER_{name}: {value!r} is not {such}")
        return default
    return value


def _address(given: Mapping[str, str], problems: list[str]) -> str:
    value = given.get("GRAPH_URL", GRAPH_URL).rstrip("/")
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?", value):
        problems.append(f"SILTA_MESSENGER_GRAPH_URL: {value!r} is no address such as {GRAPH_URL}")
        return GRAPH_URL
    return value


def _hosts(given: Mapping[str, str], problems: list[str]) -> tuple[str, ...]:
    hosts = _words(given.get("MEDIA_HOSTS", ",".join(MEDIA_HOSTS)).lower())
    for host in hosts:
        if not _HOST.fullmatch(host):
            problems.append(f"SILTA_MESSENGER_MEDIA_HOSTS: {host!r} is no host such as *.fbcdn.net")
    return hosts
