"""What must be kept in clear is kept sealed: AES-256-GCM, with keys that have names, so that they can be changed.

A sealed text is ``v1.KEY.DATA``: the key's name, and nonce and cipher text in base64. It is bound to a context, such as
the conversation and the field it stands in, so that nobody who can write into Redis moves it elsewhere and has it
shown. The first key seals, all of them open: a new key is put in front, and the old one is taken away once nothing that
it sealed is kept any more (the retention of what is sealed says when).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from handoff.access.key_file import read_or_make
from handoff.errors import HubError, SettingsError

__all__ = ["KEYS_FILE", "CannotOpen", "Vault", "new_key", "read_keys"]

KEYS_FILE = "vault.keys"
"""In ``var``: one ``NAME:BASE64`` a line, for its owner alone. Made when ``SILTA_VAULT_KEYS`` is not set."""

KEY_BYTES = 32
NONCE_BYTES = 12
"""As GCM wants it; at random, good for 2³² texts a key, of which call-backs and second factors never make so many."""

_NAME = re.compile(r"[a-z0-9-]{1,32}")
_SEALED = re.compile(r"v1\.([a-z0-9-]{1,32})\.([A-Za-z0-9_=-]+)")


class CannotOpen(HubError):
    """Sealed with a key that is not here, for another place, or changed. ``key`` is the name it gives, or empty."""

    code = "vault.cannot_open"

    def __init__(self, key: str = "") -> None:
        super().__init__(f"cannot be opened (key {key!r})")
        self.key = key


class Vault:
    """Seals and opens texts. ``keys`` are 32 bytes each by name; the first seals."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ValueError("a vault needs a key")
        self._boxes = {name: AESGCM(key) for name, key in keys.items()}
        self._first = next(iter(keys))

    def __repr__(self) -> str:
        return f"Vault({', '.join(self._boxes)})"

    def seal(self, text: str, context: str) -> str:
        """``text`` sealed for ``context``. The same text twice makes two sealed texts."""
        nonce = os.urandom(NONCE_BYTES)
        data = nonce + self._boxes[self._first].encrypt(nonce, text.encode(), context.encode())
        return f"v1.{self._first}.{base64.urlsafe_b64encode(data).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """What was sealed for ``context``.

        Raises:
            CannotOpen: it was not, or its key is gone.
        """
        match = _SEALED.fullmatch(sealed)
        box = self._boxes.get(match[1]) if match else None
        if match is None or box is None:
            raise CannotOpen(match[1] if match else "")
        try:
            data = base64.urlsafe_b64decode(match[2])
            if base64.urlsafe_b64encode(data).decode() != match[2]:
                raise CannotOpen(match[1])  # the last letter has bits to spare: another one would say the same
            return box.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(match[1]) from error

    @staticmethod
    def is_sealed(text: str) -> bool:
        """Whether it has the form of a sealed text."""
        return _SEALED.fullmatch(text) is not None


def new_key() -> str:
    """A new key as it stands in a file or the environment, named by chance."""
    return f"{secrets.token_hex(4)}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


def parse_keys(lines: Sequence[str], where: str) -> dict[str, bytes]:
    """Keys by name, in order.

    Raises:
        SettingsError: a line is no key. The text never holds the line.
    """
    keys: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        name, _, encoded = line.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not _NAME.fullmatch(name) or len(key) != KEY_BYTES or name in keys:
            raise SettingsError([f"{where}: key {number} is not NAME:BASE64 of {KEY_BYTES} bytes, or a name twice"])
        keys[name] = key
    if not keys:
        raise SettingsError([f"{where}: there is no key in it"])
    return keys


def read_keys(environ: Mapping[str, str], var: Path) -> dict[str, bytes]:
    """The keys of ``SILTA_VAULT_KEYS`` (comma-separated), of the file that ``SILTA_VAULT_KEYS_FILE`` names, or of
    ``var/vault.keys``, which is made when it is missing. Several hubs that start at once agree on one file.

    Raises:
        SettingsError: a key is none, or the file cannot be read.
    """
    given = environ.get("SILTA_VAULT_KEYS", "").strip()
    if given:
        return parse_keys([part.strip() for part in given.split(",") if part.strip()], "SILTA_VAULT_KEYS")
    named = environ.get("SILTA_VAULT_KEYS_FILE", "").strip()
    path = Path(named) if named else var / KEYS_FILE
    try:
        text = path.read_text("ascii") if named else read_or_make(path, lambda: new_key() + "\n")
        return parse_keys(text.split(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: cannot be read ({type(error).__name__})"]) from error
