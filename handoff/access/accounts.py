"""Agents' accounts, sign-in and socket tokens, in Redis. Passwords are argon2id, hashed off the event loop."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from redis.asyncio import Redis

from handoff.access.account import ROLES, Account
from handoff.access.sessions import Sessions, digest_of
from handoff.access.tokens import new_id
from handoff.errors import BadRequest, Conflict, NotFound, TryLater, Unauthorized
from handoff.events import LANGUAGES
from handoff.keys import SOCKET_TOKEN_TTL_S, HubKeys
from handoff.writer import load_script

__all__ = ["ROLES", "Account", "Accounts", "make_password"]

PASSWORD_MIN_CHARS = 10
"""Shorter ones fall to guessing; length beats composition rules."""

PASSWORD_MAX_CHARS = 256
"""Longer ones only cost time to hash."""

NAME_MAX_CHARS = 80
"""Of a name that every visitor sees with every message."""

HASHING_AT_ONCE = 2
"""Hashes computed at the same time: each takes 19 MiB and 50 ms, and strangers can ask for them."""

HASHES_WAITING_MAX = 100
"""Passwords that wait to be checked, five seconds' worth: beyond that strangers would hold up the real ones."""

CHANGES_TRIED = 20
"""Attempts to change an account that somebody else is changing: two or three people, not twenty."""

_SWAP = load_script("swap_field")

DEMO_SKILLS = ("general", "orders", "billing")
"""All that the owner's ``handoff.yml`` names at first, so that the demo agents may take every conversation."""

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


def make_password() -> str:
    """A password of about 95 bits that can be read aloud."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def _is_text(text: str) -> bool:
    """Whether it can be written: JSON and command lines can bring half a character, which no encoding knows."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Accounts:
    """Accounts, sign-ins and socket tokens."""

    def __init__(self, redis: Redis, keys: HubKeys | None = None) -> None:
        self._redis = redis
        self._keys = keys or HubKeys()
        self.sessions = Sessions(redis, self._keys)
        # OWASP's least costly argon2id setting: 19 MiB, two passes, one lane; 51 ms measured on two cores.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._hashing = asyncio.Semaphore(HASHING_AT_ONCE)
        self._waiting = 0

    async def add(
        self,
        email: str,
        *,
        name: str | None = None,
        role: str = "agent",
        languages: Sequence[str] = LANGUAGES,
        skills: Sequence[str] = ("general",),
        capacity: int = 5,
        password: str,
    ) -> Account:
        """Create an account.

        Raises:
            BadRequest: a value is wrong; names it.
            Conflict: the e-mail has an account.
        """
        email = email.strip().lower()
        if not _EMAIL.fullmatch(email) or not _is_text(email):
            raise BadRequest(f"email: {email!r} is no e-mail address")
        if role not in ROLES:
            raise BadRequest(f"role: one of {', '.join(ROLES)} is expected")
        languages, levels = _levels(languages)
        if not 1 <= capacity <= 100:
            raise BadRequest("capacity: a whole number from 1 to 100 is expected")
        shown = (name or email.split("@")[0].capitalize()).strip()
        if not 1 <= len(shown) <= NAME_MAX_CHARS or not shown.isprintable() or not _is_text(shown):
            raise BadRequest(f"name: 1 to {NAME_MAX_CHARS} visible characters are expected")
        account = Account(
            id=new_id(),
            email=email,
            name=shown,
            role=role,
            languages=tuple(languages),
            skills=tuple(skills) or ("general",),
            capacity=capacity,
            password=await self._hash(password),
            levels=levels,
        )
        if not await self._redis.hsetnx(self._keys.agents_by_email, email, account.id):
            raise Conflict(f"{email} has an account already")
        await self._save(account)
        return account

    async def list(self) -> Sequence[Account]:
        """All accounts, by e-mail."""
        rows = await self._redis.hvals(self._keys.agents)
        return sorted((_account(row) for row in rows), key=lambda account: account.email)

    async def get(self, id: str) -> Account | None:
        row = await self._redis.hget(self._keys.agents, id)
        return _account(row) if row is not None else None

    async def by_email(self, email: str) -> Account:
        """The account of an e-mail.

        Raises:
            NotFound: there is none.
        """
        wanted = email.strip().lower()
        id: Any = await self._redis.hget(self._keys.agents_by_email, wanted) if _is_text(wanted) else None
        account = await self.get(id.decode()) if id is not None else None
        if account is None:
            raise NotFound(f"{email} has no account")
        return account

    async def disable(self, email: str) -> Account:
        """Lock an account and end its sign-ins, sockets too."""
        account = await self._change(email, disabled=True)
        await self.sessions.end_all(account.id)
        return account

    async def set_password(
        self, email: str, password: str, *, but: str | None = None, instead_of: str | None = None
    ) -> Account:
        """Give an account a new password and end its sign-ins, but for the one with the digest ``but``.

        Args:
            instead_of: the hash of the password that was shown for this; another one that was given since stands.

        Raises:
            BadRequest: too short, or too long.
            NotFound: the e-mail has no account.
            Unauthorized: the account has another password than ``instead_of`` by now, or is disabled.
        """
        # First what takes long: of an account that is written as it was before, a lock put on meanwhile would be gone.
        made = await self._hash(password)
        account = await self._change(email, instead_of=instead_of, password=made)
        if but is not None:
            await self.sessions.refresh_mark(but, account)
        await self.sessions.end_all(account.id, but=but)
        return account

    async def set_role(self, email: str, role: str) -> Account:
        """Give an account another role, at once on every hub."""
        if role not in ROLES:
            raise BadRequest(f"role: one of {', '.join(ROLES)} is expected")
        account = await self._change(email, role=role)
        await self._redis.publish(self._keys.notices, json.dumps({"accounts": True}))
        return account

    async def ensure_demo(self) -> Sequence[tuple[str, str]] | None:
        """On a fresh system: two demo agents and an owner with random passwords, as (e-mail, password). None when
        anybody exists."""
        if await self._redis.hlen(self._keys.agents):
            return None
        made = []
        for email, name, role in (
            ("aino@havu.example", "Aino", "supervisor"),
            ("mikkel@havu.example", "Mikkel", "agent"),
            ("owner@havu.example", "Ritva", "owner"),
        ):
            password = make_password()
            await self.add(email, name=name, role=role, skills=DEMO_SKILLS, password=password)
            made.append((email, password))
        return made

    async def find(self, email: str) -> Account | None:
        """The account of an e-mail; None when there is none."""
        try:
            return await self.by_email(email)
        except NotFound:
            return None

    async def check(
        self, email: str, password: str, *, before: Callable[[], Awaitable[None]] | None = None
    ) -> Account:
        """The account that a right password is for. A wrong e-mail takes as long as a wrong password.

        Args:
            before: awaited when its turn to be hashed has come; what it raises ends the attempt.

        Raises:
            Unauthorized: wrong, or disabled.
            TryLater: too many wait to be hashed.
        """
        account = await self.find(email)
        known = account.password if account is not None else await self._decoy()
        right = await self._verify(known, password, before)
        if account is None or not right or account.disabled:
            raise Unauthorized("E-mail or password is wrong.")
        return account

    async def sign_in(self, email: str, password: str) -> tuple[Account, str]:
        """The account and a cookie for a right password.

        Raises:
            Unauthorized: wrong, or disabled.
        """
        account = await self.check(email, password)
        return account, await self.sessions.begin(account)

    async def signed_in(self, cookie: str) -> Account:
        """The account of a cookie; keeps the sign-in alive up to its absolute end.

        Raises:
            Unauthorized: none, ended, or disabled.
        """
        account = await self.sessions.account_of(digest_of(cookie), lengthen=True)
        if account is None:
            raise Unauthorized("Sign in first.")
        return account

    async def sign_out(self, cookie: str) -> None:
        """End a sign-in, its sockets on every hub too."""
        await self.sessions.end(digest_of(cookie))

    async def socket_token(self, account: Account, session: str | None = None) -> str:
        """A token for one ``hello``, good for a minute and for as long as the sign-in with the digest ``session``."""
        token = secrets.token_urlsafe(32)
        value = account.id if session is None else f"{account.id} {session}"
        await self._redis.set(self._keys.socket_token(digest_of(token)), value, ex=SOCKET_TOKEN_TTL_S)
        return token

    async def admit(self, token: str) -> tuple[Account, str | None]:
        """The account of a socket token, which is spent by this, and its sign-in's digest.

        Raises:
            Unauthorized: unknown, spent or expired, the account is disabled, or the sign-in has ended.
        """
        value: Any = await self._redis.getdel(self._keys.socket_token(digest_of(token)))
        id, _, session = value.decode().partition(" ") if value is not None else ("", "", "")
        if session:
            account = await self.sessions.account_of(session, lengthen=False)
        else:
            account = await self.get(id)
        if account is None or account.id != id or account.disabled:
            raise Unauthorized("The token is not valid; fetch a new one.")
        return account, session or None

    async def redeem(self, token: str) -> Account:
        """The account of a socket token, see :meth:`admit`."""
        account, _ = await self.admit(token)
        return account

    async def _save(self, account: Account) -> None:
        await self._redis.hset(self._keys.agents, account.id, account.to_json())

    async def _change(self, email: str, *, instead_of: str | None = None, **fields: Any) -> Account:
        """Change these fields of an account and no other: what somebody else has changed meanwhile stands."""
        id = (await self.by_email(email)).id
        swap = self._redis.register_script(_SWAP.text)
        for _ in range(CHANGES_TRIED):
            row: Any = await self._redis.hget(self._keys.agents, id)
            if row is None:
                raise NotFound(f"{email} has no account")
            before = _account(row)
            if instead_of is not None and (before.disabled or before.password != instead_of):
                raise Unauthorized("E-mail or password is wrong.")
            account = replace(before, **fields)
            if await swap(keys=[self._keys.agents], args=[id, row, account.to_json()]):
                return account
        raise TryLater("The account is being changed; try again in a moment.")

    async def _hash(self, password: str) -> str:
        if not PASSWORD_MIN_CHARS <= len(password) <= PASSWORD_MAX_CHARS or not _is_text(password):
            raise BadRequest(f"password: {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters are expected")
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def _verify(
        self, known: str, password: str, before: Callable[[], Awaitable[None]] | None = None
    ) -> bool:
        if self._waiting >= HASHES_WAITING_MAX:
            raise TryLater("Too many sign in at once; try again in a moment.")
        self._waiting += 1
        try:
            async with self._hashing:
                if before is not None:
                    await before()
                if len(password) > PASSWORD_MAX_CHARS or not _is_text(password):
                    return False
                try:
                    return await asyncio.to_thread(self._hasher.verify, known, password)
                except (VerificationError, InvalidHashError):
                    return False
        finally:
            self._waiting -= 1

    async def _decoy(self) -> str:
        if not hasattr(self, "_decoy_hash"):
            self._decoy_hash = await self._hash(secrets.token_urlsafe(16))
        return self._decoy_hash


_account = Account.from_json


def _levels(languages: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    """Languages and levels of ``fi:3``, or ``fi`` for 3.

    Raises:
        BadRequest: a language or a level is none.
    """
    levels = {}
    for part in languages:
        language, _, level = part.partition(":")
        if language not in LANGUAGES:
            raise BadRequest(f"languages: {part}; choose from {', '.join(LANGUAGES)}")
        if level not in ("", "1", "2", "3"):
            raise BadRequest(f"languages: {part}: a level is 1, 2 or 3")
        levels[language] = int(level or 3)
    if not levels:
        raise BadRequest(f"languages: none given; choose from {', '.join(LANGUAGES)}")
    return list(levels), levels
