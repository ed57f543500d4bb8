"""Log files of the parts: each child writes to its own file by itself; we only keep the files from growing for ever."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

__all__ = ["KEEP", "MAX_SIZE_BYTES", "last_line", "open_log", "rotate"]

MAX_SIZE_BYTES = 10 * 1024 * 1024
"""A log is put aside beyond this size: enough for days of a busy hub, still opened by any editor."""

KEEP = 3
"""Old logs of each part: NAME.log.1 is the newest."""

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Errors that say that the disk, or our share of it, is full."""

SHOWN_CHARACTERS = 200
"""Of a log's last line in an error message: it must stay one line on a terminal."""


def open_log(path: Path) -> int:
    """A file descriptor that appends to the log. The caller closes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


def rotate(
    path: Path,
    *,
    say: Callable[[str], None] = lambda _: None,
    max_size_bytes: int = MAX_SIZE_BYTES,
    keep: int = KEEP,
) -> bool:
    """Cut the log when it has grown too large, and say whether it was. What it held is put aside.

    The child keeps writing to the same open file, so the content is copied and the file cut. Because children append,
    they go on at its new end; a line written between copy and cut is lost, which a log can bear.

    On a full disk the oldest logs go first. When that makes no room, what the log held is lost: a log that grows on
    would keep the disk full, and Redis writes nothing then. ``say`` is told of both.

    Raises:
        OSError: it could not be put aside for another reason; nothing is lost.
    """
    try:
        if path.stat().st_size <= max_size_bytes:
            return False
    except FileNotFoundError:
        return False
    aside = [path.with_name(f"{path.name}.{number}") for number in range(1, keep + 1)]
    if _copied(path, whole := path.with_name(f"{path.name}.new"), aside, say):
        # Only now, when the copy is whole: an older log is never given for one that is not there.
        for older, newer in zip(reversed(aside), reversed(aside[:-1]), strict=False):
            if newer.exists():
                newer.replace(older)
        whole.replace(aside[0])
    else:
        say(f"{path} was cut and what it held is lost: the disk is full")
    os.truncate(path, 0)
    return True


def _copied(path: Path, to: Path, aside: list[Path], say: Callable[[str], None]) -> bool:
    """Copy the log, on a full disk with the room of older ones, the oldest first. False when that is not enough."""
    oldest = [older for older in reversed(aside) if older.exists()]
    while True:
        try:
            shutil.copyfile(path, to)
            return True
        except OSError as error:
            to.unlink(missing_ok=True)
            if error.errno not in NO_ROOM:
                raise
        if not oldest:
            return False
        gone = oldest.pop(0)
        gone.unlink()
        say(f"{gone} was removed: the disk is full")


def last_line(path: Path) -> str:
    """The last line of the log that says something, cut to a readable length; empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            tail = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    for line in reversed(tail.splitlines()):
        clean = "".join(c for c in line if c.isprintable()).strip()
        if clean and not clean.startswith("--- "):  # our own marks, see Process.start
            return clean if len(clean) <= SHOWN_CHARACTERS else clean[: SHOWN_CHARACTERS - 1] + "…"
    return ""
