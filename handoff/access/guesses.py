"""Guessing at passwords (S12): wrong ones are counted by account and address, by account, and by address.

The real agent is not locked out by somebody else's guesses: a browser that has signed in before carries a signed
cookie, and what is wrong there is counted for that browser alone.

Nothing here tells whether an account exists: an e-mail nobody has is counted like any other. Names in Redis are keyed
hashes; neither e-mail nor address rests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from redis.asyncio import Redis

from handoff.access.tokens import new_id
from handoff.edge.limits import network_of
from handoff.errors import RateLimited
from handoff.keys import HubKeys

__all__ = ["ACCOUNT_MAX", "ADDRESS_MAX", "FAILURES_MAX", "WINDOW_S", "Attempt", "Devices", "Guesses"]

WINDOW_S = 15 * 60
"""From the first wrong password on; then it is forgotten."""

FAILURES_MAX = 5
"""Wrong passwords of one account from one address, or from one known browser (S12)."""

ACCOUNT_MAX = 100
"""Of one account from all unknown browsers together: a thousand addresses get no further than this."""

ADDRESS_MAX = 50
"""Of one address for all accounts together: a whole office mistyping; one password tried on everybody is more."""

DEVICE_DAYS = 180
"""How long a browser that has signed in is known: who was on leave for a summer is still the real one."""

TOO_MANY = "Too many wrong passwords; wait a while."


@dataclass(frozen=True)
class Attempt:
    """Somebody tries to sign in: with which e-mail, from which address, in which known browser of that account."""

    email: str
    address: str
    device: str | None = None


class Devices:
    """Cookies of browsers that have signed in, bound to the account. The first key signs, all are good."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._serializer = URLSafeTimedSerializer(list(reversed(keys)), salt="silta.device")

    def cookie(self, account: str) -> str:
        """For a browser in which the account has signed in."""
        made = self._serializer.dumps([account, new_id()])
        return made if isinstance(made, str) else made.decode("ascii")

    def known(self, cookie: str | None) -> tuple[str, str] | None:
        """The account that has signed in and the browser's id; None for a cookie that is none of ours."""
        if not cookie:
            return None
        try:
            account, device = self._serializer.loads(cookie, max_age=DEVICE_DAYS * 86_400)
        except (BadData, ValueError, TypeError):
            return None
        return str(account), str(device)


class Guesses:
    """Counts wrong passwords and refuses more than so many."""

    def __init__(self, redis: Redis, keys: HubKeys, secret: str) -> None:
        self._redis = redis
        self._keys = keys
        self._secret = secret.encode()[:64]

    async def check(self, attempt: Attempt) -> None:
        """Ask early, before a password waits for its turn; :meth:`take` decides.

        Raises:
            RateLimited: too many were wrong; ``retry_after`` says in how many seconds they are forgotten.
        """
        limits = self._limits(attempt)
        pipe = self._redis.pipeline(transaction=False)
        for key in limits:
            pipe.get(key)
            pipe.ttl(key)
        rows: Any = await pipe.execute()
        waits = [
            max(int(ttl), 1)
            for most, count, ttl in zip(limits.values(), rows[::2], rows[1::2], strict=True)
            if int(count or 0) >= most
        ]
        if waits:
            raise RateLimited(TOO_MANY, retry_after=max(waits))

    async def take(self, attempt: Attempt) -> None:
        """Count a guess before it is looked at, so that of many at once no more than the limit are. Whoever was
        right, or was not looked at after all, has it given back.

        Raises:
            RateLimited: too many were wrong; this one is not counted.
        """
        limits = self._limits(attempt)
        pipe = self._redis.pipeline(transaction=True)
        for key in limits:
            pipe.set(key, 0, ex=WINDOW_S, nx=True)
            pipe.incr(key)
            pipe.ttl(key)
        rows: Any = await pipe.execute()
        waits = [
            max(int(ttl), 1)
            for most, count, ttl in zip(limits.values(), rows[1::3], rows[2::3], strict=True)
            if int(count) > most
        ]
        if waits:
            await self.give_back(attempt)
            raise RateLimited(TOO_MANY, retry_after=max(waits))

    async def give_back(self, attempt: Attempt) -> None:
        """Take back what :meth:`take` has counted."""
        pipe = self._redis.pipeline(transaction=True)
        for key in self._limits(attempt):
            pipe.set(key, 1, ex=WINDOW_S, nx=True)
            pipe.decr(key)
        await pipe.execute()

    async def right(self, attempt: Attempt) -> None:
        """Forget what was wrong here before; what others got wrong stays counted."""
        await self._redis.delete(next(iter(self._limits(attempt))))

    def _limits(self, attempt: Attempt) -> Mapping[str, int]:
        """Counters with their limits, this place's own first."""
        account = attempt.email.strip().lower()
        if attempt.device is not None:
            return {self._key("d", account, attempt.device): FAILURES_MAX}
        limits = {self._key("p", account, attempt.address): FAILURES_MAX, self._key("a", account): ACCOUNT_MAX}
        network = network_of(attempt.address)
        if network is not None:
            limits[self._key("n", network)] = ADDRESS_MAX
        return limits

    def _key(self, kind: str, *parts: str) -> str:
        # 0xff is in no UTF-8, so no two lists of parts are one text.
        raw = b"\xff".join(part.encode("utf-8", "surrogatepass") for part in parts)
        return self._keys.guesses(kind, hashlib.blake2b(raw, key=self._secret, digest_size=16).hexdigest())
