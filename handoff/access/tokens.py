"""Visitors' tokens: signed, bound to one conversation, never in a URL."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer

from handoff.access.key_file import read_or_make
from handoff.errors import Unauthorized

__all__ = ["VisitorTokens", "new_id", "signing_key"]


def new_id() -> str:
    """An opaque id of 144 random bits."""
    return secrets.token_urlsafe(18)


def signing_key(var: Path) -> str:
    """The key that this installation signs with, made once and kept in ``var/secret`` for its owner alone.

    Several hubs that start at once agree on one key.
    """
    return read_or_make(var / "secret", lambda: secrets.token_hex(32) + "\n").strip()


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
