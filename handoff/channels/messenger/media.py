"""What people send beside words, fetched from Meta at once, since its addresses expire.

Only from hosts on the list, no further than them, and no more than a limit: the address comes from outside.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

__all__ = ["KEPT_MAX_BYTES", "Kept", "Media", "allowed", "kind_of", "sniff"]

log = logging.getLogger("silta.messenger")

KEPT_MAX_BYTES = 25 * 1024 * 1024
"""Meta's own limit of an attachment."""

FETCH_TIMEOUT_S = 20.0
"""For a whole attachment; its person's later events wait for it, nobody else's."""

FILES_MAX = 30
"""Attachments kept of one message: people can send so many pictures at once."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)

_KINDS = ("image", "video", "audio", "file", "sticker", "location")
"""Kinds that have a word of their own, in the order of no importance; whatever else is a ``file``."""


@dataclass(frozen=True)
class Kept:
    """An attachment. ``name`` is its file's, empty when it could not be kept; ``mime`` is told by its content."""

    kind: str
    name: str = ""
    mime: str = ""
    size: int = 0
    lost: str = ""

    def public(self, conversation: str) -> dict[str, Any]:
        """As the log has it."""
        if not self.name:
            return {"kind": self.kind, "lost": self.lost}
        address = f"/api/messenger/files/{conversation}/{self.name}"
        return {"kind": self.kind, "url": address, "mime": self.mime, "size": self.size}


def kind_of(attachment: Mapping[str, Any]) -> str:
    """The kind of an attachment; stickers come as their own kind and, the older way, as pictures."""
    kind = attachment.get("type")
    payload = attachment.get("payload")
    if kind == "image" and isinstance(payload, dict) and payload.get("sticker_id"):
        return "sticker"
    return kind if kind in _KINDS else "file"


def allowed(url: str, hosts: Sequence[str]) -> bool:
    """Whether an address may be fetched: over TLS, from a host on the list, with no name or port of its own making.

    A host on the list may name a port, and is then good without TLS too (for tests on this machine).
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None or not host:
        return False
    for known in hosts:
        if known in ("127.0.0.1", "localhost") or ":" in known:
            name, _, wanted = known.partition(":")
            if host == name and (not wanted or wanted == str(port)):
                return parts.scheme in ("http", "https")
        elif parts.scheme == "https" and port in (None, 443) and _matches(host, known):
            return True
    return False


def _matches(host: str, known: str) -> bool:
    return host.endswith(known[1:]) if known.startswith("*.") else host == known


def sniff(start: bytes) -> str:
    """The type of a file by its first bytes; pictures that a browser may show, all else is just bytes."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for magic, mime in _MAGIC if start.startswith(magic)), "application/octet-stream")


class Media:
    """Fetches and keeps attachments under ``folder``. The caller closes it."""

    def __init__(
        self,
        folder: Path,
        hosts: Sequence[str],
        *,
        most_bytes: int = KEPT_MAX_BYTES,
        timeout_s: float = FETCH_TIMEOUT_S,
    ) -> None:
        self._folder = folder
        self._hosts = tuple(hosts)
        self._most_bytes = most_bytes
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(timeout=timeout_s, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def keep(self, conversation: str, key: str, attachments: Sequence[Any]) -> list[Kept]:
        """Fetch and keep attachments of one event; the same event keeps them under the same names."""
        given = [attachment for attachment in attachments if isinstance(attachment, dict)][:FILES_MAX]
        return [await self._one(conversation, f"{key}.{index}", one) for index, one in enumerate(given)]

    def path(self, conversation: str, name: str) -> Path | None:
        """Where a kept file lies; None for one that is not there, or a name that is none of ours."""
        if not name.replace(".", "").isalnum() or not conversation.replace("-", "").replace("_", "").isalnum():
            return None
        path = self._folder / conversation / name
        return path if path.is_file() else None

    async def _one(self, conversation: str, id: str, attachment: Mapping[str, Any]) -> Kept:
        kind = kind_of(attachment)
        payload = attachment.get("payload")
        url = payload.get("url") if isinstance(payload, dict) else None
        if not isinstance(url, str) or kind == "location":
            return Kept(kind, lost="no_address")
        if not allowed(url, self._hosts):
            log.warning("conversation %s: an attachment lies on a host that is not on the list", conversation)
            return Kept(kind, lost="host")
        name = hashlib.sha256(id.encode()).hexdigest()[:32]
        try:
            async with asyncio.timeout(self._timeout_s):
                body = await self._fetch(url)
        except (httpx.HTTPError, TimeoutError, _Refused) as error:
            log.warning("conversation %s: an attachment was not fetched: %s", conversation, type(error).__name__)
            return Kept(kind, lost="too_large" if isinstance(error, _Refused) and error.large else "fetch")
        await asyncio.to_thread(self._write, conversation, name, body)
        return Kept(kind, name, sniff(body[:16]), len(body))

    async def _fetch(self, url: str) -> bytes:
        async with self._client.stream("GET", url) as reply:
            if reply.status_code != 200:
                raise _Refused
            body = bytearray()
            async for chunk in reply.aiter_bytes():
                body += chunk
                if len(body) > self._most_bytes:
                    raise _Refused(large=True)
            return bytes(body)

    def _write(self, conversation: str, name: str, body: bytes) -> None:
        folder = self._folder / conversation
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f"{name}.part"
        draft.write_bytes(body)
        draft.replace(folder / name)


class _Refused(Exception):
    def __init__(self, *, large: bool = False) -> None:
        super().__init__("too large" if large else "not 200")
        self.large = large
