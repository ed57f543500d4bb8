"""Log files of the parts: each child writes to its own file by itself; we only keep the files from growing for ever."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

__all__ = ["KEEP", "MAX_SIZE_BYTES", "last_line", "open_log", "rotate"]

MAX_SIZE_BYTES = 10 * 1024 * 1024
"""A log is put aside beyond this size: enough for days of a busy hub, still opened by any editor."""

KEEP = 3
"""Old logs of each part: NAME.log.1 is the newest."""

SHOWN_CHARACTERS = 200
"""Of a log's last line in an error message: it must stay one line on a terminal."""


def open_log(path: Path) -> int:
    """A file descriptor that appends to the log. The caller closes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


def rotate(path: Path, *, max_size_bytes: int = MAX_SIZE_BYTES, keep: int = KEEP) -> bool:
    """Put the log aside when it has grown too large, and say whether it was.

    The child keeps writing to the same open file, so the content is copied and the file cut. Because children append,
    they go on at its new end; a line written between copy and cut is lost, which a log can bear.
    """
    try:
        if path.stat().st_size <= max_size_bytes:
            return False
    except FileNotFoundError:
        return False
    for number in range(keep - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)
    return True


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
