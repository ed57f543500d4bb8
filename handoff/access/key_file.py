"""A file with a secret in it, made once for its owner alone, however many processes start at the same time."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

__all__ = ["read_or_make"]


def read_or_make(path: Path, make: Callable[[], str]) -> str:
    """The text of ``path``; where there is no such file yet, what ``make`` gives is written there first (mode 600).

    Of several processes that find none, one makes the file and all of them read that one.

    Raises:
        OSError: it can be neither read nor made.
        UnicodeDecodeError: it is no ASCII.
    """
    try:
        return path.read_text("ascii")
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whole before it has its name. Not named after the process: in a container all have the same number, and one may
    # have died half-way.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # another was quicker: its file holds
    finally:
        draft.unlink()
    return path.read_text("ascii")
