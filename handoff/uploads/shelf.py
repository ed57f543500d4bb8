"""Files that visitors and agents send: taken, looked through, kept apart from everything else, and forgotten.

A file lies under ``var/uploads/CONVERSATION/`` by a random name, with its facts beside it; erasing a conversation is
removing its folder. Several hubs on one machine share the folder; hubs on several machines need a shared one.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from handoff.access.tokens import new_id
from handoff.errors import BadRequest, Conflict, NotFound, TooLarge, TryLater, Unauthorized
from handoff.owner.widget_rules import UploadRules
from handoff.privacy.masking import mask
from handoff.uploads.pixels import PIXELS_MAX, points_of
from handoff.uploads.types import ENDINGS, PICTURES, START_BYTES, type_of

__all__ = ["KEY_MAX_AGE_S", "SCAN_TIMEOUT_S", "UNSENT_KEPT_S", "FileKeys", "Stored", "Uploads"]

log = logging.getLogger("silta.uploads")

SCAN_TIMEOUT_S = 30.0
"""A scanner that takes longer is down; the file is refused, and may be sent again."""

UNSENT_KEPT_S = 24 * 3600
"""A file that was uploaded and never sent goes after so long: a reload in between must not lose it."""

FREE_MIN_BYTES = 512 * 1024 * 1024
"""What files leave free of a disk: without room Redis, beside them, takes no message any more."""

SWEEP_EVERY_S = 3600.0

KEY_MAX_AGE_S = 24 * 3600
"""The visitor's address of a file is good for so long; every time the log is read, fresh ones are told."""

NAME_MAX_CHARS = 120

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Stored:
    """A file that is kept. ``name`` is what its sender called it, masked; ``type`` is told by its content."""

    conversation: str
    id: str
    name: str
    type: str
    size: int
    sent: bool = False

    def public(self) -> dict[str, Any]:
        """As the log and agents have it."""
        return {**self.offered(), "url": f"/api/files/{self.conversation}/{self.id}"}

    def offered(self) -> dict[str, Any]:
        """As who has just uploaded it is told."""
        return {"id": self.id, "name": self.name, "type": self.type, "size": self.size}


class FileKeys:
    """Signs the addresses under which a visitor's own page fetches files: it has no cookie, and its token must stand in
    no address."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._serializer = URLSafeTimedSerializer(list(reversed(keys)), salt="silta.file")

    def address(self, conversation: str, id: str) -> str:
        """An address good for :data:`KEY_MAX_AGE_S`."""
        key = self._serializer.dumps(f"{conversation}/{id}")
        return f"/api/visitor/files/{conversation}/{id}?key={key if isinstance(key, str) else key.decode('ascii')}"

    def check(self, conversation: str, id: str, key: str) -> None:
        """Raises:
        Unauthorized: the key is forged, old, or another file's.
        """
        try:
            named = self._serializer.loads(key, max_age=KEY_MAX_AGE_S)
        except BadData:
            named = None
        if named != f"{conversation}/{id}":
            raise Unauthorized("This address has expired; open the conversation again.")


class Uploads:
    """The files of this installation under ``folder``. ``scan`` is a command that gets the file's path as its last
    argument: status 0 lets it in, 1 keeps it out, anything else is a scanner that does not work."""

    def __init__(self, folder: Path, scan: Sequence[str] = ()) -> None:
        self._folder = folder
        self._scan = tuple(scan)

    async def keep(self, conversation: str, name: str, body: bytes, rules: UploadRules) -> Stored:
        """Take a file in; it is shown to nobody until it is sent with a message.

        Raises:
            BadRequest: of a type that is not taken, a picture that does not say how large it is, or the scanner keeps
                it out (field ``file``).
            TooLarge: larger than the owner allows, or a picture that unpacks to more than a browser should hold.
            Conflict: the conversation has as many files as the owner allows.
            TryLater: the scanner does not work, or the disk is nearly full.
        """
        if len(body) > rules.most_bytes:
            raise TooLarge(f"A file may have {rules.most_mb} MB.", limit=rules.most_bytes)
        type = type_of(body[:START_BYTES])
        if type is None:
            raise BadRequest("file: only pictures (PNG, JPEG, GIF, WebP) and PDF files are taken", field="file")
        most = PIXELS_MAX.get(type, 0)
        points = points_of(body, type)
        if type in PICTURES and points == 0:
            raise BadRequest("file: the picture has no size that can be read", field="file")
        if points > most:
            raise TooLarge(f"A picture may have {most // 1_000_000} million points.", limit=most)
        folder = self._of(conversation)
        if await asyncio.to_thread(self._free) < FREE_MIN_BYTES + len(body):
            log.error("the disk is nearly full: no files are taken")
            raise TryLater("Files cannot be taken just now.")
        if await asyncio.to_thread(_count, folder) >= rules.files_most:
            raise Conflict("This conversation has as many files as it may have.", limit=rules.files_most)
        stored = Stored(conversation, new_id(), _clean(name, type), type, len(body))
        draft = folder / f"{stored.id}.part"
        await asyncio.to_thread(_write, draft, body)
        try:
            await self._look_through(draft)
            await asyncio.to_thread(self._note, stored)
            await asyncio.to_thread(draft.replace, folder / stored.id)
        except BaseException:
            draft.unlink(missing_ok=True)
            (folder / f"{stored.id}.json").unlink(missing_ok=True)
            raise
        log.info("conversation %s: a file of %d bytes, %s", conversation, stored.size, stored.type)
        return stored

    async def send(self, conversation: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        """The files of a message, which now belong to the log.

        Raises:
            NotFound: one of them is none of this conversation's.
        """
        found = [await asyncio.to_thread(self.find, conversation, id) for id in ids]
        for one in found:
            if not one.sent:
                await asyncio.to_thread(self._note, Stored(**{**one.__dict__, "sent": True}))
        return [one.public() for one in found]

    def find(self, conversation: str, id: str) -> Stored:
        """The facts of a file.

        Raises:
            NotFound: there is none.
        """
        path = self.path(conversation, id)
        try:
            facts = json.loads(path.with_name(f"{path.name}.json").read_text("utf-8"))
            return Stored(conversation, id, facts["name"], facts["type"], facts["size"], facts["sent"])
        except (OSError, ValueError, KeyError, TypeError):
            raise NotFound("There is no such file.") from None

    def path(self, conversation: str, id: str) -> Path:
        """Where a file lies.

        Raises:
            NotFound: it does not.
        """
        if not _SAFE.fullmatch(id):
            raise NotFound("There is no such file.")
        path = self._of(conversation) / id
        if not path.is_file():
            raise NotFound("There is no such file.")
        return path

    def all_of(self, conversation: str) -> list[Stored]:
        """Every file of a conversation, for exports."""
        try:
            names = sorted(path.stem for path in self._of(conversation).glob("*.json"))
        except NotFound:
            return []
        return [self.find(conversation, name) for name in names]

    def drop(self, stored: Stored) -> None:
        """Remove one file; nothing happens where it is gone. Its folder goes with the last."""
        folder = self._of(stored.conversation)
        for name in (stored.id, f"{stored.id}.json"):
            (folder / name).unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()  # not empty: others lie there

    async def erase(self, conversation: str) -> None:
        """Remove every file of a conversation. Idempotent."""
        await asyncio.to_thread(shutil.rmtree, self._of(conversation), ignore_errors=True)

    async def keep_sweeping(self) -> None:
        """Remove what was never sent, for ever."""
        while True:
            await asyncio.to_thread(self.sweep, time.time())
            await asyncio.sleep(SWEEP_EVERY_S)

    def sweep(self, now_s: float) -> int:
        """Remove files that were uploaded long before ``now_s`` and never sent, and the folders that are empty then;
        how many files. Meant for a thread; meanwhile files and whole folders may come and go."""
        gone = 0
        for folder in _listed(self._folder):
            for path in _listed(folder):
                try:
                    if now_s - path.stat().st_mtime < UNSENT_KEPT_S or self._is_kept(path):
                        continue
                    path.unlink()
                    gone += path.suffix != ".json"
                    path.with_name(f"{path.name}.json").unlink(missing_ok=True)
                except OSError:
                    continue  # another hub, or an erasure, was quicker
            # A conversation in which nothing was ever sent is in no list: nobody else comes by its folder again.
            with suppress(OSError):
                folder.rmdir()  # not empty: there is more
        return gone

    def _is_kept(self, path: Path) -> bool:
        if path.suffix == ".json":
            return path.with_suffix("").exists()
        try:
            return self.find(path.parent.name, path.name).sent
        except NotFound:
            return False

    def _of(self, conversation: str) -> Path:
        if not _SAFE.fullmatch(conversation):
            raise NotFound("There is no such conversation.")
        return self._folder / conversation

    def _note(self, stored: Stored) -> None:
        facts = {"name": stored.name, "type": stored.type, "size": stored.size, "sent": stored.sent}
        path = self._of(stored.conversation) / f"{stored.id}.json"
        draft = path.with_suffix(".note")
        draft.write_text(json.dumps(facts, ensure_ascii=False), "utf-8")
        draft.replace(path)

    def _free(self) -> int:
        """Bytes left where the files lie."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return shutil.disk_usage(self._folder).free

    async def _look_through(self, path: Path) -> None:
        if not self._scan:
            return
        quiet = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *self._scan, str(path), stdin=quiet, stdout=quiet, stderr=quiet
            )
        except OSError as error:
            log.error("the scanner of files cannot be started: %s", error.strerror)
            raise TryLater("Files cannot be looked through just now.") from error
        try:
            async with asyncio.timeout(SCAN_TIMEOUT_S):
                status = await process.wait()
        except TimeoutError:
            status = -1
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if status == 1:
            log.warning("the scanner keeps a file out")
            raise BadRequest("file: the scanner keeps this file out", field="file")
        if status != 0:
            log.error("the scanner of files ended with status %d", status)
            raise TryLater("Files cannot be looked through just now.")


def _listed(folder: Path) -> list[Path]:
    """What lies in a folder, at once; nothing where it has gone, or is a file."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.glob("*.json"))


def _write(path: Path, body: bytes) -> None:
    for last in (False, True):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            path.write_bytes(body)
            break
        except FileNotFoundError:  # the empty folder was swept away in between
            if last:
                raise
    path.chmod(0o600)


def _clean(name: str, type: str) -> str:
    """A file's name as it may be shown and saved: no folders, nothing invisible, the ending of its true type."""
    last = re.split(r"[\\/]", mask(name).text)[-1]
    printable = "".join(letter for letter in last if letter.isprintable() and letter not in '"<>|:*?').strip(". ")
    stem = printable.rpartition(".")[0] or printable or "file"
    return stem[:NAME_MAX_CHARS] + ENDINGS[type]
