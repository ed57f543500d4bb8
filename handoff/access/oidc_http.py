"""Signing in with the company's identity provider (OpenID Connect: authorization code, PKCE, state and nonce).

What a sign-in under way needs rests in a signed cookie of the browser that began it, so that strangers who begin many
fill nothing here; only that its state was used is written down, and a state is good once.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handoff.access.account import Account
from handoff.access.accounts import Accounts
from handoff.access.oidc_provider import CodeRefused, Provider, ProviderAway
from handoff.access.oidc_token import BadToken
from handoff.access.sessions import digest_of
from handoff.errors import NotFound, StoreUnavailable
from handoff.keys import LOGIN_OIDC_TTL_S, HubKeys
from handoff.privacy.audit import Audit
from handoff.privacy.audit_chain import Actor

__all__ = ["FAILED", "LATER", "NOBODY", "OIDC", "OIDC_COOKIE", "PATH", "OidcSignIn"]

PATH = "/api/login/oidc"
CALLBACK = PATH + "/callback"

OIDC = "oidc"
"""How a sign-in that a provider vouched for is marked."""

OIDC_COOKIE = "silta_oidc"
"""Binds a sign-in under way to the browser that began it; it signs nobody in."""

FAILED, NOBODY, LATER = "oidc_failed", "oidc_nobody", "oidc_later"
"""What the console is told: it did not work, no account has this e-mail, the provider does not answer."""

STRANGER = Actor("stranger", "anyone")
"""Whose e-mail has no account here: the audit log names accounts only."""

log = logging.getLogger("silta.oidc")

LetIn = Callable[[Request, Account, Response, bool], Awaitable[Response]]
"""Begins the session on a response; the flag says whether its cookies are for HTTPS only."""


class OidcSignIn:
    """The two routes; without a provider there is nothing at them. ``let_in`` begins a session as any other."""

    def __init__(
        self,
        provider: Provider | None,
        accounts: Accounts,
        redis: Redis,
        keys: HubKeys,
        audit: Audit,
        signing: Sequence[str],
        *,
        origins: frozenset[str],
        let_in: LetIn,
    ) -> None:
        self._provider = provider
        self._accounts = accounts
        self._redis, self._keys = redis, keys
        self._audit = audit
        self._serializer = URLSafeTimedSerializer(list(reversed(signing)), salt="silta.oidc")
        self._origins = origins
        self._let_in = let_in

    def routes(self) -> list[Route]:
        return [Route(PATH, self.begin), Route(CALLBACK, self.back)]

    def method(self) -> dict[str, str] | None:
        """As ``GET /api/login/methods`` tells it."""
        return {"name": self._provider.settings.name, "url": PATH} if self._provider is not None else None

    async def begin(self, request: Request) -> Response:
        """To the provider."""
        provider = self._set()
        origin = self._origin(request)
        if origin is None:
            log.error(
                "the console was asked for under a name that is not in SILTA_ORIGINS, or by http behind a proxy "
                "that is not in SILTA_TRUSTED_PROXIES"
            )
            return _told(FAILED)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        redirect = origin + CALLBACK
        try:
            challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            address = await provider.address(redirect=redirect, state=state, nonce=nonce, challenge=challenge)
        except ProviderAway as error:
            log.error("the identity provider does not answer: %s", error)
            return _told(LATER)
        response = RedirectResponse(address, 303)
        made = self._serializer.dumps([state, nonce, verifier, redirect])
        response.set_cookie(
            OIDC_COOKIE,
            made if isinstance(made, str) else made.decode("ascii"),
            max_age=LOGIN_OIDC_TTL_S,
            httponly=True,
            # Not strict: the browser comes back from another site.
            samesite="lax",
            secure=urlsplit(origin).scheme == "https",
            path=PATH,
        )
        return response

    async def back(self, request: Request) -> Response:
        """From the provider, signed in or not."""
        response = await self._back(request, self._set())
        response.delete_cookie(OIDC_COOKIE, path=PATH, httponly=True, samesite="lax")
        return response

    async def end(self, request: Request) -> str | None:
        """Where a browser signs out at the provider, too; None where that cannot be told."""
        origin = self._origin(request)
        if self._provider is None or origin is None:
            return None
        try:
            return await self._provider.end_address(f"{origin}/console")
        except ProviderAway as error:
            log.warning("the identity provider does not say where to sign out: %s", error)
            return None

    async def _back(self, request: Request, provider: Provider) -> Response:
        query = request.query_params
        begun = self._begun(request, query.get("state", ""))
        if begun is None:
            return _told(FAILED)
        state, nonce, verifier, redirect = begun
        try:
            fresh = await self._redis.set(self._keys.login_oidc(digest_of(state)), b"1", ex=LOGIN_OIDC_TTL_S, nx=True)
        except (RedisError, OSError, TimeoutError):
            return _told(LATER)
        code = query.get("code")
        # Who gave up at the provider comes back with an error and no code.
        if not fresh or not code or query.get("iss", provider.settings.issuer) != provider.settings.issuer:
            return _told(FAILED)
        try:
            email = await provider.email(code, redirect=redirect, verifier=verifier, nonce=nonce)
            account = await self._accounts.find(email)
            if account is None or account.disabled:
                await self._audit.write(account or STRANGER, "login.failed", method="oidc")
                return _told(NOBODY)
            response = RedirectResponse("/console?signed_in", 303)
            return await self._let_in(request, account, response, urlsplit(redirect).scheme == "https")
        except BadToken as error:
            log.error("an ID token of the identity provider does not hold: %s", error)
            await self._audit.write(STRANGER, "login.failed", method="oidc")
            return _told(FAILED)
        except CodeRefused as error:
            log.warning("the identity provider gives nothing for a code: %s", error)
            return _told(FAILED)
        except ProviderAway as error:
            log.error("the identity provider does not answer: %s", error)
            return _told(LATER)
        except (StoreUnavailable, RedisError, OSError, TimeoutError):
            return _told(LATER)

    def _begun(self, request: Request, state: str) -> tuple[str, str, str, str] | None:
        """What this browser has begun, if it is what comes back."""
        try:
            begun: Any = self._serializer.loads(request.cookies.get(OIDC_COOKIE, ""), max_age=LOGIN_OIDC_TTL_S)
            mine, nonce, verifier, redirect = map(str, begun)
        except (BadData, ValueError, TypeError):
            return None
        if not secrets.compare_digest(mine.encode(), state.encode("utf-8", "replace")):
            return None
        return mine, nonce, verifier, redirect

    def _origin(self, request: Request) -> str | None:
        """How the browser names us: one of our own origins, whatever its ``Host`` says."""
        host = request.headers.get("host", "")
        # Behind a proxy that ends TLS and is not trusted the request looks plain; only a name of ours is taken anyway.
        for scheme in (request.url.scheme, "https"):
            if f"{scheme}://{host}" in self._origins:
                return f"{scheme}://{host}"
        return None

    def _set(self) -> Provider:
        if self._provider is None:
            raise NotFound("There is no such way to sign in.")
        return self._provider


def _told(code: str) -> Response:
    return RedirectResponse(f"/console?error={code}", 303)
