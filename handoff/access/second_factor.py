"""The second factor: a code of an app that changes every half minute (TOTP), and codes on paper for when the phone is
lost.

The app's secret must be known in clear to check a code, so it rests sealed. A code is good once, on every hub; codes on
paper rest as hashes, for they are long enough not to be guessed.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import pyotp
from redis.asyncio import Redis

from handoff.access.account import Account
from handoff.access.sessions import digest_of
from handoff.errors import BadRequest, Conflict, Unauthorized
from handoff.keys import HubKeys
from handoff.privacy.vault import Vault

__all__ = ["RECOVERY_CODES", "SecondFactors", "turn_off"]

STEP_S = 30
"""How long an app shows one code; every app knows this one."""

DRIFT_STEPS = 1
"""A code of the half minute before or after is taken, too: phones' clocks differ by so much, and people type slowly."""

USED_S = 2 * STEP_S * (DRIFT_STEPS + 1)
"""A code that was used is remembered for longer than it could be good."""

RECOVERY_CODES = 10
ISSUER = "Silta"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class SecondFactors:
    """Sets second factors up and checks them. ``clock`` gives seconds since the epoch."""

    def __init__(self, redis: Redis, keys: HubKeys, vault: Vault, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._keys = keys
        self._vault = vault
        self._clock = clock

    async def is_on(self, account: str) -> bool:
        """Whether the account signs in with one."""
        found = await self._load(account)
        return found is not None and bool(found["on"])

    async def begin(self, account: Account) -> tuple[str, str]:
        """A new secret and the address for the app's QR code; it counts once a code has confirmed it.

        Raises:
            Conflict: there is one already.
        """
        if await self.is_on(account.id):
            raise Conflict("There is a second factor already; turn it off first.")
        secret = pyotp.random_base32()
        await self._save(account.id, {"secret": secret, "on": False, "recovery": []})
        return secret, pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=account.email, issuer_name=ISSUER)

    async def confirm(self, account: Account, code: str) -> list[str]:
        """Turn it on with a first code; the codes to be kept on paper, shown only now.

        Raises:
            BadRequest: none was begun, or the code is wrong.
        """
        found = await self._load(account.id)
        if found is None or found["on"] or not await self._is_right(account.id, found["secret"], code):
            raise BadRequest("code: this is not the app's code of now")
        codes = [_paper_code() for _ in range(RECOVERY_CODES)]
        await self._save(account.id, {**found, "on": True, "recovery": [digest_of(one) for one in codes]})
        return codes

    async def check(self, account: str, code: str) -> None:
        """Spend a code of the app or one from paper.

        Raises:
            Unauthorized: it is wrong, or was used before.
        """
        found = await self._load(account)
        if found is not None and found["on"]:
            if await self._is_right(account, found["secret"], code):
                return
            digest = digest_of(code.strip().lower())
            if digest in found["recovery"] and await self._first_use(account, digest):
                left = [one for one in found["recovery"] if one != digest]
                await self._save(account, {**found, "recovery": left})
                return
        raise Unauthorized("The code is wrong or was used before.")

    async def turn_off(self, account: str) -> bool:
        """Sign in without one from now on; whether there was one."""
        return await turn_off(self._redis, self._keys, account)

    async def _is_right(self, account: str, secret: str, code: str) -> bool:
        code = re.sub(r"\s", "", code)
        if not re.fullmatch(r"[0-9]{6}", code, re.ASCII):
            return False
        totp, now = pyotp.TOTP(secret, interval=STEP_S), int(self._clock())
        right = None
        for drift in range(-DRIFT_STEPS, DRIFT_STEPS + 1):
            # All are compared, so that time does not tell which was near.
            at = now + drift * STEP_S
            if secrets.compare_digest(totp.at(at), code):
                right = at // STEP_S
        return right is not None and await self._first_use(account, str(right))

    async def _first_use(self, account: str, what: str) -> bool:
        key = self._keys.second_factor_used(account, what)
        return bool(await self._redis.set(key, 1, nx=True, ex=USED_S))

    async def _load(self, account: str) -> dict[str, Any] | None:
        row: Any = await self._redis.hget(self._keys.second_factors, account)
        found: dict[str, Any] | None = json.loads(self._vault.open(row.decode(), account)) if row is not None else None
        return found

    async def _save(self, account: str, value: dict[str, Any]) -> None:
        await self._redis.hset(self._keys.second_factors, account, self._vault.seal(json.dumps(value), account))


async def turn_off(redis: Redis, keys: HubKeys, account: str) -> bool:
    """Sign in without one from now on; whether there was one. Needs no key: for the command line."""
    return bool(await redis.hdel(keys.second_factors, account))


def _paper_code() -> str:
    """About 49 random bits that can be copied by hand."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2))
