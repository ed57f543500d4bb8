"""Visitors' tokens: signed, bound to one conversation, never in a URL."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer

from handoff.errors import Unauthorized

__all__ = ["VisitorTokens", "new_id", "signing_key"]


def new_id() -> str:
    """An opaque id of 144 random bits."""
    return secrets.token_urlsafe(18)


def signing_key(var: Path) -> str:
    """The key that this installation signs with, made once and kept in ``var/secret`` for its owner alone.

    Several hubs that start at once agree on one key: only one of them creates the file.
    """
    path = var / "secret"
    var.mkdir(parents=True, exist_ok=True)
    # Not named after the process: in a container all have the same number, and one may have died half-way.
    draft = path.with_name(f"secret.{secrets.token_hex(8)}")
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        pass
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text("ascii").strip()


class VisitorTokens:
    """Issues and checks tokens. The first key signs, every key is accepted, so that keys can be rotated."""

    def __init__(self, keys: Sequence[str], *, max_age_s: int) -> None:
        # itsdangerous signs with the last key of a list.
        self._serializer = URLSafeTimedSerializer(list(reversed(keys)), salt="silta.visitor")
        self._max_age_s = max_age_s

    def issue(self, conversation: str) -> str:
        """A token for one conversation."""
        token = self._serializer.dumps(conversation)
        return token if isinstance(token, str) else token.decode("ascii")

    def conversation(self, token: str) -> str:
        """The conversation that a token names.

        Raises:
            Unauthorized: forged, damaged or expired.
        """
        try:
            named = self._serializer.loads(token, max_age=self._max_age_s)
        except BadData:
            named = None
        if not isinstance(named, str) or not named:
            raise Unauthorized("The token is not valid; begin without one.")
        return named
