"""Files that are whole after a power cut: what gets its name must be on the disk before the name is."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["put", "settle"]


def settle(path: Path) -> None:
    """Wait until a file's content, or the names in a folder, are on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def put(fresh: Path, place: Path) -> None:
    """Move a finished file to its place by one rename; one that is there is replaced. Both are on one file system. It
    returns when the disk has it: whatever happens, there is the old file or the new one, whole."""
    settle(fresh)
    os.replace(fresh, place)
    settle(place.parent)
