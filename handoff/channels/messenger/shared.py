"""Links and posts that people share: Meta gives them as attachments, also the preview of an address in a text. There is
no file in them to keep; they are words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["apart", "with_links"]

_SHARED = frozenset({"fallback", "share", "post", "ig_post", "reel", "ig_reel"})
"""Types of attachments that name something elsewhere."""

_WRAPPERS = frozenset({"l.facebook.com", "lm.facebook.com", "l.messenger.com"})
"""Facebook leads through these to an address of others, which stands in the query."""

URL_MAX = 1000
"""Characters of an address that is shown; longer ones are no use to anybody."""


def apart(attachments: Sequence[Any], is_file: Callable[[str], bool]) -> tuple[list[Any], list[tuple[str, str]]]:
    """Attachments that may be kept as files, and (title, address) of what was only shared.

    ``is_file`` tells an address where Meta keeps files. What says nothing at all stays a file: one that is lost.
    """
    files: list[Any] = []
    links: list[tuple[str, str]] = []
    for attachment in attachments:
        link = _link(attachment) if isinstance(attachment, dict) and attachment.get("type") in _SHARED else ("", "")
        if not any(link) or is_file(link[1]):
            files.append(attachment)
        else:
            links.append((link[0], _unwrapped(link[1])))
    return files, links


def with_links(text: str, links: Sequence[tuple[str, str]]) -> str:
    """A text, and what was shared with it where the text does not say it already."""
    told = [text]
    for title, address in links:
        host = urlsplit(address).hostname or ""
        if not (text and host and host.removeprefix("www.") in text.lower()):
            told += [title if title not in text else "", address]
    return " ".join(word for word in told if word.strip())


def _link(attachment: Mapping[str, Any]) -> tuple[str, str]:
    """Title and address, which stand in the payload or beside it."""
    inner = attachment.get("payload")
    payload: Mapping[str, Any] = inner if isinstance(inner, dict) else {}
    return _first(attachment, payload, "title"), _address(_first(payload, attachment, "url"))


def _first(one: Mapping[str, Any], other: Mapping[str, Any], name: str) -> str:
    return next((value for value in (one.get(name), other.get(name)) if isinstance(value, str) and value.strip()), "")


def _address(text: str) -> str:
    """An address of the web, and nothing else."""
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return text if fine and len(text) <= URL_MAX and text.isprintable() and " " not in text else ""


def _unwrapped(address: str) -> str:
    parts = urlsplit(address)
    inner = parse_qs(parts.query).get("u", [""])[0] if parts.hostname in _WRAPPERS else ""
    return _address(inner) or address
