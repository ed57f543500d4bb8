"""Talking to the identity provider: its discovery document, its keys, and a code for an ID token."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx

from handoff.access.oidc_settings import OidcSettings, is_protected
from handoff.access.oidc_token import Key, UnknownKey, checked_email_of, keys_of

__all__ = ["CodeRefused", "Provider", "ProviderAway"]

TIMEOUT_S = 5.0
"""For one request; who signs in waits for it."""

CONNECTIONS = 8
"""At once: strangers can make us ask, and everything else of the hub goes on meanwhile."""

KNOWN_S = 3600
"""How long discovery and keys are kept."""

KEYS_AGAIN_S = 30
"""Keys are read again at once for a token that names a new one, but no more often than this: tokens are easily bent."""

ANSWER_MAX_BYTES = 256 * 1024
"""More than any provider's document."""

SCOPE = "openid email"


class ProviderAway(Exception):
    """The provider does not answer, or not as one. ``args[0]`` says what."""


class CodeRefused(Exception):
    """The provider gives nothing for this code."""


@dataclass(frozen=True)
class _Known:
    authorization: str
    token: str
    jwks: str
    basic: bool
    end: str | None
    """Where one signs out there, if it says so."""
    keys: Sequence[Key]
    at: float


class Provider:
    """One provider. ``clock`` gives seconds since 1970."""

    def __init__(
        self,
        settings: OidcSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._reading = asyncio.Lock()
        self._known: _Known | None = None
        self._http = httpx.AsyncClient(
            transport=transport,
            timeout=TIMEOUT_S,
            trust_env=False,
            limits=httpx.Limits(max_connections=CONNECTIONS),
        )

    async def address(self, *, redirect: str, state: str, nonce: str, challenge: str) -> str:
        """Where the browser is sent to sign in. ``challenge`` is the S256 of the verifier that :meth:`email` gets.

        Raises:
            ProviderAway: its discovery document cannot be had.
        """
        known = await self._knowledge()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.settings.client_id,
                "redirect_uri": redirect,
                "scope": SCOPE,
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        return _with(known.authorization, query)

    async def end_address(self, back: str) -> str | None:
        """Where the browser is sent to sign out at the provider, too (RP-initiated logout), and from there ``back``,
        which must be registered there; None where the provider names no such place. No ID token goes along, since none
        is kept: the provider asks the person.

        Raises:
            ProviderAway: its discovery document cannot be had.
        """
        known = await self._knowledge()
        if known.end is None:
            return None
        return _with(known.end, urlencode({"client_id": self.settings.client_id, "post_logout_redirect_uri": back}))

    async def email(self, code: str, *, redirect: str, verifier: str, nonce: str) -> str:
        """The verified e-mail of whoever has signed in.

        Raises:
            CodeRefused: the code is used, made up, or another's.
            BadToken: the ID token does not hold.
            ProviderAway: it does not answer.
        """
        known = await self._knowledge()
        token = await self._token(known, code, redirect, verifier)
        try:
            return self._checked(token, known, nonce)
        except UnknownKey:
            return self._checked(token, await self._knowledge(KEYS_AGAIN_S), nonce)

    def _checked(self, token: str, known: _Known, nonce: str) -> str:
        return checked_email_of(
            token,
            known.keys,
            issuer=self.settings.issuer,
            client_id=self.settings.client_id,
            nonce=nonce,
            now_s=self._clock(),
        )

    async def _token(self, known: _Known, code: str, redirect: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        headers = {"accept": "application/json"}
        client, secret = self.settings.client_id, self.settings.client_secret
        if known.basic:
            pair = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
            headers["authorization"] = "Basic " + base64.b64encode(pair).decode()
        else:
            form |= {"client_id": client, "client_secret": secret}
        status, answer = await self._ask("POST", known.token, headers=headers, data=form)
        if status in (400, 401, 403):
            # Which of its words it was tells the operator; what it adds in prose is not ours to log.
            raise CodeRefused(_word(answer.get("error")))
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            raise ProviderAway("no ID token")
        return token

    async def _knowledge(self, fresh_s: float = KNOWN_S) -> _Known:
        async with self._reading:
            now = self._clock()
            if self._known is None or not 0 <= now - self._known.at < fresh_s:
                self._known = await self._read(now)
            return self._known

    async def _read(self, now: float) -> _Known:
        issuer = self.settings.issuer
        found = await self._document(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise ProviderAway("the discovery document is of another issuer than SILTA_OIDC_ISSUER")
        addresses = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(map(_is_address, addresses)):
            raise ProviderAway("the discovery document lacks an address with https")
        authorization, token, jwks = map(str, addresses)
        ways = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = not isinstance(ways, list) or "client_secret_basic" in ways
        keys = keys_of(await self._document(jwks))
        end = found.get("end_session_endpoint")
        return _Known(authorization, token, jwks, basic, end if _is_address(end) else None, keys, now)

    async def _document(self, url: str) -> Mapping[str, Any]:
        status, answer = await self._ask("GET", url)
        if status != 200:
            raise ProviderAway(f"status {status}")
        return answer

    async def _ask(self, method: str, url: str, **more: Any) -> tuple[int, Mapping[str, Any]]:
        try:
            async with asyncio.timeout(2 * TIMEOUT_S), self._http.stream(method, url, **more) as reply:
                raw = bytearray()
                async for chunk in reply.aiter_bytes():
                    raw += chunk
                    if len(raw) > ANSWER_MAX_BYTES:
                        raise ProviderAway("an answer too long")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise ProviderAway(type(error).__name__) from error
        try:
            answer = json.loads(raw)
        except (ValueError, RecursionError):
            answer = None
        return reply.status_code, answer if isinstance(answer, dict) else {}


def _is_address(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and is_protected(value)


def _with(address: str, query: str) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{query}"


def _word(error: object) -> str:
    return error if isinstance(error, str) and len(error) <= 40 and error.replace("_", "").isalnum() else "refused"
