"""API keys: bearer tokens of programs, made by an owner, each good for a few scopes
(:mod:`handoff.access.permissions`).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from redis.asyncio import Redis

from handoff.access.account import Account
from handoff.access.permissions import SCOPES
from handoff.access.sessions import digest_of
from handoff.clock import now_ms, stamp
from handoff.errors import BadRequest, NotFound, Unauthorized
from handoff.keys import HubKeys

__all__ = ["ApiKey", "ApiKeys"]

PREFIX = "silta"
"""Begins every key, so that scanners of repositories know one when they see it."""

NAME_MAX_CHARS = 60


@dataclass(frozen=True)
class ApiKey:
    """What is kept of a key: never the key itself."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: str
    digest: str

    @property
    def account(self) -> Account:
        """Whom its requests come from."""
        return Account(f"key:{self.id}", "", self.name, role="key", scopes=self.scopes)


class ApiKeys:
    """Makes, finds and revokes keys."""

    def __init__(self, redis: Redis, keys: HubKeys | None = None) -> None:
        self._redis = redis
        self._keys = keys or HubKeys()

    async def add(self, name: str, scopes: Sequence[str]) -> tuple[ApiKey, str]:
        """A new key, and the token that is shown only now.

        Raises:
            BadRequest: no name, or a scope is none.
        """
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown or not scopes:
            raise BadRequest(f"scopes: {unknown[0] if unknown else 'none given'}; choose from {', '.join(SCOPES)}")
        if not 1 <= len(name.strip()) <= NAME_MAX_CHARS or not name.isprintable():
            raise BadRequest(f"name: 1 to {NAME_MAX_CHARS} visible characters are expected")
        id = secrets.token_hex(6)
        token = f"{PREFIX}_{id}_{secrets.token_urlsafe(32)}"
        made = ApiKey(id, name.strip(), tuple(dict.fromkeys(scopes)), stamp(now_ms()), digest_of(token))
        await self._redis.hset(self._keys.api_keys, id, json.dumps(asdict(made), ensure_ascii=False))
        return made, token

    async def list(self) -> Sequence[ApiKey]:
        """All keys, oldest first."""
        rows: Any = await self._redis.hvals(self._keys.api_keys)
        return sorted(map(_key, rows), key=lambda key: (key.created_at, key.id))

    async def revoke(self, id: str) -> None:
        """End a key at once.

        Raises:
            NotFound: there is none.
        """
        if not await self._redis.hdel(self._keys.api_keys, id):
            raise NotFound(f"There is no key {id}.")

    async def account(self, token: str) -> Account:
        """Whom a bearer token speaks for.

        Raises:
            Unauthorized: it is unknown or revoked.
        """
        prefix, _, rest = token.partition("_")
        id = rest.partition("_")[0]
        row: Any = await self._redis.hget(self._keys.api_keys, id) if prefix == PREFIX and id.isalnum() else None
        found = _key(row) if row is not None else None
        if found is None or not secrets.compare_digest(found.digest, digest_of(token)):
            raise Unauthorized("The key is not valid.")
        return found.account


def _key(row: bytes) -> ApiKey:
    raw = json.loads(row)
    return ApiKey(**{**raw, "scopes": tuple(raw["scopes"])})
