"""What people send beside words, fetched from Meta at once, since its addresses expire.

Only from hosts on the list, no further than them, and no more than a limit: the address comes from outside. Whatever
goes wrong with a file, the words that came with it are not lost: the file is shown as one that could not be kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from handoff.uploads.pixels import PIXELS_MAX, points_of
from handoff.uploads.shelf import FREE_MIN_BYTES

__all__ = ["ENDINGS", "KEPT_MAX_BYTES", "START_BYTES", "Kept", "Media", "allowed", "kind_of", "sniff"]

log = logging.getLogger("silta.messenger")

KEPT_MAX_BYTES = 25 * 1024 * 1024
"""Meta's own limit of an attachment."""

FETCH_TIMEOUT_S = 20.0
"""For a whole attachment; its person's later events wait for it, nobody else's."""

FILES_MAX = 30
"""Attachments kept of one message: people can send so many pictures at once."""

DAY_MAX_BYTES = 500 * 1024 * 1024
"""Kept of one person within :data:`DAY_S`: a whole album of pictures, and no way for anybody on Facebook to fill a disk
within the hour."""

DAY_S = 24 * 3600

DRAFT_KEPT_S = 3600.0
"""A draft that is so old is one of a process that has died."""

STEP_BYTES = 256 * 1024
"""Written to the disk at once: thirty videos of sixteen people must not lie in memory."""

BYTES = "application/octet-stream"
"""Of a file of which nothing is known, and of a picture that no browser should unpack."""

START_BYTES = 16
"""So much of a file tells its type."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
)

_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}

ENDINGS: Mapping[str, str] = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    "video/mp4": ".mp4",
    "audio/mp4": ".m4a",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/aac": ".aac",
    "audio/wav": ".wav",
    BYTES: ".bin",
}
"""What a saved file is called after its type. None of them runs anything in a browser."""

_KINDS = ("image", "video", "audio", "file", "sticker", "location")
"""Kinds that have a word of their own, in the order of no importance; whatever else is a ``file``."""


@dataclass(frozen=True)
class Kept:
    """An attachment. ``name`` is its file's, empty when it could not be kept; ``mime`` is told by its content. ``lost``
    is why it could not: ``no_address``, ``host`` (not on the list), ``fetch``, ``too_large``, ``too_many`` (of this
    person within a day) or ``full`` (the disk)."""

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
    """The type of a file by its first :data:`START_BYTES`; what is not known is just bytes."""
    if start[:4] == b"RIFF":
        return _RIFF.get(start[8:12], BYTES)
    if start[4:8] == b"ftyp":
        return "audio/mp4" if start[8:11] in (b"M4A", b"M4B") else "video/mp4"
    return next((mime for magic, mime in _MAGIC if start.startswith(magic)), BYTES)


class Media:
    """Fetches and keeps attachments under ``folder``. The caller closes it."""

    def __init__(
        self,
        folder: Path,
        hosts: Sequence[str],
        *,
        most_bytes: int = KEPT_MAX_BYTES,
        timeout_s: float = FETCH_TIMEOUT_S,
        day_max_bytes: int = DAY_MAX_BYTES,
    ) -> None:
        self._folder = folder
        self._hosts = tuple(hosts)
        self._most_bytes = most_bytes
        self._timeout_s = timeout_s
        self._day_max_bytes = day_max_bytes
        self._client = httpx.AsyncClient(timeout=timeout_s, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def keep(self, conversation: str, key: str, attachments: Sequence[Any]) -> list[Kept]:
        """Fetch and keep attachments of one event; the same event keeps them under the same names."""
        given = [attachment for attachment in attachments if isinstance(attachment, dict)][:FILES_MAX]
        return [await self._one(conversation, f"{key}.{index}", one) for index, one in enumerate(given)]

    def fetches(self, url: str) -> bool:
        """Whether a file at this address would be fetched."""
        return allowed(url, self._hosts)

    def path(self, conversation: str, name: str) -> Path | None:
        """Where a kept file lies; None for one that is not there, or a name that is none of ours."""
        if not name.isalnum() or not conversation.replace("-", "").replace("_", "").isalnum():
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
        path = self._folder / conversation / name
        try:
            if not await asyncio.to_thread(path.is_file):  # else this event was applied before, up to somewhere
                await self._fetch(url, path)
            mime, size = await asyncio.to_thread(_told, path)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, _Refused) as error:
            why = error.why if isinstance(error, _Refused) else type(error).__name__
            log.warning("conversation %s: an attachment was not kept: %s", conversation, why)
            return Kept(kind, lost=error.lost if isinstance(error, _Refused) else "fetch")
        return Kept(kind, name, mime, size)

    async def _fetch(self, url: str, path: Path) -> None:
        """Fetch a file to where it stays, whole or not at all.

        Raises:
            OSError: it cannot be written, or did not come in time.
            _Refused: there is no room, it is too large, or is not there.
        """
        await asyncio.to_thread(self._make_room, path.parent)
        # Of its own: where no courier works, two hubs may be at the same event.
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            async with asyncio.timeout(self._timeout_s), self._client.stream("GET", url) as reply:
                if reply.status_code != 200:
                    raise _Refused("fetch", f"status {reply.status_code}")
                size = 0
                async for chunk in reply.aiter_bytes(STEP_BYTES):
                    size += len(chunk)
                    if size > self._most_bytes:
                        raise _Refused("too_large")
                    await asyncio.to_thread(_append, draft, chunk)
                if not size:
                    raise _Refused("fetch", "nothing in it")
            await asyncio.to_thread(draft.replace, path)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)

    def _make_room(self, folder: Path) -> None:
        """A folder for a file of any size.

        Raises:
            OSError: it cannot be made.
            _Refused: the disk is nearly full, or this person has sent very much.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(folder).free < FREE_MIN_BYTES + self._most_bytes:
            log.error("the disk is nearly full: no files from Messenger are kept")
            raise _Refused("full")
        if _of_the_day(folder, time.time()) + self._most_bytes > self._day_max_bytes:
            raise _Refused("too_many")


def _append(path: Path, chunk: bytes) -> None:
    with path.open("ab") as file:
        file.write(chunk)


def _of_the_day(folder: Path, now_s: float) -> int:
    """Bytes that have come into a folder within a day; drafts that nobody is at any more are removed."""
    size = 0
    for path in folder.iterdir():
        try:
            facts = path.stat()
            if path.suffix == ".part" and now_s - facts.st_mtime > DRAFT_KEPT_S:
                path.unlink()
            elif now_s - facts.st_mtime < DAY_S:
                size += facts.st_size
        except FileNotFoundError:
            continue  # a draft that has become a file
    return size


def _told(path: Path) -> tuple[str, int]:
    """Type and size of a file. A picture that would fill the memory of whoever looks at it is just bytes to them."""
    with path.open("rb") as file:
        mime = sniff(file.read(START_BYTES))
    if mime in PIXELS_MAX and not 0 < points_of(path.read_bytes(), mime) <= PIXELS_MAX[mime]:
        mime = BYTES
    return mime, path.stat().st_size


class _Refused(Exception):
    """``lost`` is the code by which the log tells that a file is not there."""

    def __init__(self, lost: str, why: str = "") -> None:
        super().__init__(why or lost)
        self.lost = lost
        self.why = why or lost
