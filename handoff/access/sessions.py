"""Sign-ins of agents: kept in Redis, idle and absolute ends, and ended at once on every hub.

A sign-in is known by the digest of its cookie; the cookie itself rests nowhere.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from handoff.access.account import Account
from handoff.keys import SESSION_ABSOLUTE_S, SESSION_IDLE_S, HubKeys

__all__ = ["Left", "Sessions", "digest_of", "mark_of"]


def digest_of(secret: str) -> str:
    """How a cookie or a token rests in Redis."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Left:
    """How long a sign-in lasts if nothing is done, in milliseconds, and whether doing something would lengthen it."""

    ms: int
    idle: bool


class Sessions:
    """Begins, finds and ends sign-ins."""

    def __init__(self, redis: Redis, keys: HubKeys) -> None:
        self._redis = redis
        self._keys = keys

    async def begin(self, account: Account, *, via: str = "") -> str:
        """A new sign-in; its cookie. ``via`` says how, where it was not with a password."""
        cookie = secrets.token_urlsafe(32)
        digest = digest_of(cookie)
        made = json.dumps({"account": account.id, "at": await self._now_s(), "mark": mark_of(account), "via": via})
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(self._keys.session(digest), made, ex=SESSION_IDLE_S)
        pipe.sadd(self._keys.sessions_of(account.id), digest)
        pipe.expire(self._keys.sessions_of(account.id), SESSION_ABSOLUTE_S)
        await pipe.execute()
        return cookie

    async def account_of(self, digest: str, *, lengthen: bool) -> Account | None:
        """The account of a sign-in that stands; ``lengthen`` moves its idle end, never beyond the absolute one."""
        key = self._keys.session(digest)
        row = await self._redis.get(key)
        if row is None:
            return None
        made = json.loads(row)
        left = made["at"] + SESSION_ABSOLUTE_S - await self._now_s()
        account = await self._account(made["account"])
        if left <= 0 or not _stands(made, account):
            await self._redis.delete(key)
            return None
        if lengthen:
            await self._redis.expire(key, min(SESSION_IDLE_S, left))
        return account

    async def via(self, digest: str) -> str:
        """How a sign-in began; empty for a password, and for one that has ended."""
        row = await self._redis.get(self._keys.session(digest))
        return str(json.loads(row).get("via", "")) if row is not None else ""

    async def left(self, digests: Collection[str]) -> Mapping[str, Left]:
        """How long each of these sign-ins lasts; those that have ended are left out."""
        asked = list(digests)
        if not asked:
            return {}
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        for digest in asked:
            pipe.get(self._keys.session(digest))
            pipe.pttl(self._keys.session(digest))
        (seconds, _), *rows = await pipe.execute()
        made = {
            digest: (json.loads(row), int(ttl))
            for digest, row, ttl in zip(asked, rows[::2], rows[1::2], strict=True)
            if row is not None and ttl > 0
        }
        if not made:
            return {}
        ids = sorted({session["account"] for session, _ in made.values()})
        found: Any = await self._redis.hmget(self._keys.agents, ids)
        accounts = {id: Account.from_json(row) for id, row in zip(ids, found, strict=True) if row is not None}
        left = {}
        for digest, (session, ttl) in made.items():
            absolute = (session["at"] + SESSION_ABSOLUTE_S - seconds) * 1000
            if absolute > 0 and _stands(session, accounts.get(session["account"])):
                left[digest] = Left(min(ttl, absolute), idle=ttl < absolute - 1000)
        return left

    async def end(self, digest: str) -> None:
        """End a sign-in, its sockets on every hub too."""
        row = await self._redis.getdel(self._keys.session(digest))
        if row is not None:
            await self._redis.srem(self._keys.sessions_of(json.loads(row)["account"]), digest)
            await self._tell([digest])

    async def end_all(self, account: str, *, but: str | None = None) -> None:
        """End every sign-in of an account, but for one."""
        key = self._keys.sessions_of(account)
        members: Any = await self._redis.smembers(key)
        ended = [member.decode() for member in members if member.decode() != but]
        if ended:
            pipe = self._redis.pipeline(transaction=True)
            for digest in ended:
                pipe.delete(self._keys.session(digest))
            pipe.srem(key, *ended)
            await pipe.execute()
            await self._tell(ended)

    async def refresh_mark(self, digest: str, account: Account) -> None:
        """Let a sign-in outlive the change of its account's password."""
        key = self._keys.session(digest)
        row = await self._redis.get(key)
        if row is not None:
            made = json.loads(row)
            await self._redis.set(key, json.dumps({**made, "mark": mark_of(account)}), keepttl=True, xx=True)

    async def _tell(self, digests: list[str]) -> None:
        # Lost notices are made good by every hub's own look, see AgentGateway.keep_sessions.
        await self._redis.publish(self._keys.notices, json.dumps({"signed_out": digests}))

    async def _account(self, id: str) -> Account | None:
        row = await self._redis.hget(self._keys.agents, id)
        return Account.from_json(row) if row is not None else None

    async def _now_s(self) -> int:
        return int((await self._redis.time())[0])


def mark_of(account: Account) -> str:
    """Of the password at sign-in: a sign-in that began while the password was being changed must not stand."""
    return digest_of(account.password)[:16]


def _stands(session: Mapping[str, Any], account: Account | None) -> bool:
    # Sign-ins of an earlier version have no mark.
    return account is not None and not account.disabled and session.get("mark", mark_of(account)) == mark_of(account)
