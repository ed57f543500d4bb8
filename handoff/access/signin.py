"""Signing in over HTTP: password, second factor, sockets' tokens, and one's own account."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from handoff.access.account import Account
from handoff.access.accounts import Accounts
from handoff.access.api_keys import ApiKeys
from handoff.access.guesses import DEVICE_DAYS, Attempt, Devices, Guesses
from handoff.access.oidc_http import OIDC, OidcSignIn
from handoff.access.oidc_provider import Provider
from handoff.access.second_factor import SecondFactors
from handoff.access.sessions import digest_of, mark_of
from handoff.edge.limits import peer_of
from handoff.errors import BadRequest, Unauthorized
from handoff.hub import Hub
from handoff.privacy.audit_chain import Actor
from handoff.privacy.vault import Vault
from handoff.redis_client import guarded

__all__ = ["COOKIE", "DEVICE_COOKIE", "SignIn"]

COOKIE = "silta_session"
DEVICE_COOKIE = "silta_device"
"""Says that an account has signed in in this browser before; it signs nobody in."""

TICKET_TTL_S = 300
"""Between the password and the code: time to find the phone."""

TICKET_TRIES = 5
"""Wrong codes after one password."""

STRANGER = Actor("stranger", "anyone")
"""Whose password was wrong: an e-mail that was typed is no account, and may be a password."""


class SignIn:
    """The routes. ``same_origin`` and ``body`` are those of the pages they stand beside."""

    def __init__(
        self,
        hub: Hub,
        accounts: Accounts,
        vault: Vault,
        secrets: Sequence[str],
        *,
        same_origin: Callable[[Request], None],
        body: Callable[[Request], Awaitable[dict[str, Any]]],
        provider: Provider | None = None,
        origins: frozenset[str] = frozenset(),
    ) -> None:
        redis, keys = hub.store.redis, hub.store.keys
        self._hub = hub
        self._redis, self._keys = redis, keys
        self._accounts = accounts
        self._api_keys = ApiKeys(redis, keys)
        self._devices = Devices(secrets)
        self._guesses = Guesses(redis, keys, secrets[0])
        self._second = SecondFactors(redis, keys, vault)
        self._same_origin = same_origin
        self._body = body
        self._oidc = OidcSignIn(
            provider, accounts, redis, keys, hub.audit, secrets, origins=origins, let_in=self._let_in_from_provider
        )

    def routes(self) -> list[Route]:
        return [
            Route("/api/login", self.login, methods=["POST"]),
            Route("/api/login/second", self.login_second, methods=["POST"]),
            Route("/api/login/methods", self.methods),
            *self._oidc.routes(),
            Route("/api/logout", self.logout, methods=["POST"]),
            Route("/api/socket-token", self.socket_token, methods=["POST"]),
            Route("/api/me", self.me),
            Route("/api/me/stay", self.stay, methods=["POST"]),
            Route("/api/me/password", self.password, methods=["POST"]),
            Route("/api/me/second-factor", self.begin_second, methods=["POST"]),
            Route("/api/me/second-factor", self.confirm_second, methods=["PUT"]),
            Route("/api/me/second-factor", self.end_second, methods=["DELETE"]),
        ]

    async def account(self, request: Request) -> Account:
        """Who asks, looked up once for each request.

        Raises:
            Unauthorized: nobody who is signed in, and no good key.
        """
        known: Account | None = getattr(request.state, "account", None)
        if known is None:
            scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
            cookie = request.cookies.get(COOKIE)
            if scheme.lower() == "bearer":
                known = await guarded(self._api_keys.account(bearer.strip()))
            elif cookie:
                known = await guarded(self._accounts.signed_in(cookie))
            else:
                raise Unauthorized("Sign in first.")
            request.state.account = known
        return known

    # -- in and out

    async def methods(self, _: Request) -> Response:
        return JSONResponse({"password": True, "oidc": self._oidc.method()})

    async def login(self, request: Request) -> Response:
        self._same_origin(request)
        body = await self._body(request)
        email, password = _texts(body, "email", "password")
        account = await self._checked(request, email, password)
        if await guarded(self._second.is_on(account.id)):
            return JSONResponse({"second_factor": True, "ticket": await guarded(self._ticket(account))})
        return await self._let_in(request, account)

    async def login_second(self, request: Request) -> Response:
        self._same_origin(request)
        ticket, code = _texts(await self._body(request), "ticket", "code")
        key = self._keys.login_ticket(digest_of(ticket))
        row: Any = await guarded(self._redis.get(key))
        ticket_row = json.loads(row) if row is not None else {}
        account = await guarded(self._accounts.get(ticket_row["account"])) if ticket_row else None
        if account is None or account.disabled or ticket_row.get("mark") != mark_of(account):
            raise Unauthorized("This took too long; sign in again.")
        attempt = self._attempt(request, account.email, account)
        await guarded(self._guesses.take(attempt))
        try:
            await guarded(self._second.check(account.id, code))
        except Unauthorized:
            await guarded(self._wrong_code(key, ticket_row))
            raise
        await guarded(self._guesses.give_back(attempt))
        if not await guarded(self._redis.delete(key)):
            raise Unauthorized("This took too long; sign in again.")
        return await self._let_in(request, account)

    async def logout(self, request: Request) -> Response:
        self._same_origin(request)
        cookie = request.cookies.get(COOKIE)
        there = None
        if cookie:
            account = await guarded(self._accounts.sessions.account_of(digest_of(cookie), lengthen=False))
            via = await guarded(self._accounts.sessions.via(digest_of(cookie)))
            await guarded(self._accounts.sign_out(cookie))
            if account is not None:
                await self._hub.audit.write(account, "logout")
            # Out here in any case; the browser may go on and sign out there, else one click signs it in again.
            there = await self._oidc.end(request) if via == OIDC else None
        response = JSONResponse({"provider": there} if there is not None else {})
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    async def socket_token(self, request: Request) -> Response:
        self._same_origin(request)
        account = await self.account(request)
        return JSONResponse({"token": await guarded(self._accounts.socket_token(account, _session(request)))})

    # -- one's own account

    async def me(self, request: Request) -> Response:
        account = await self.account(request)
        shown = account.public()
        second = await guarded(self._second.is_on(account.id))
        return JSONResponse({**shown, "second_factor": second, "oidc": self._oidc.method() is not None, "agent": shown})

    async def stay(self, request: Request) -> Response:
        """Still there: looking the account up has moved the idle end already."""
        self._same_origin(request)
        await self.account(request)
        return JSONResponse({})

    async def password(self, request: Request) -> Response:
        self._same_origin(request)
        account = await self.account(request)
        old, new = _texts(await self._body(request), "old", "new")
        await self._checked(request, account.email, old)
        change = self._accounts.set_password(
            account.email, new, but=_session(request), instead_of=account.password
        )
        await guarded(change)
        await self._hub.audit.write(account, "account.password", of=account.id)
        return JSONResponse({})

    async def begin_second(self, request: Request) -> Response:
        self._same_origin(request)
        account = await self.account(request)
        (password,) = _texts(await self._body(request), "password")
        await self._checked(request, account.email, password)
        secret, uri = await guarded(self._second.begin(account))
        return JSONResponse({"secret": secret, "uri": uri})

    async def confirm_second(self, request: Request) -> Response:
        self._same_origin(request)
        account = await self.account(request)
        (code,) = _texts(await self._body(request), "code")
        recovery = await guarded(self._second.confirm(account, code))
        await self._hub.audit.write(account, "second_factor.on")
        return JSONResponse({"recovery": recovery})

    async def end_second(self, request: Request) -> Response:
        self._same_origin(request)
        account = await self.account(request)
        (password,) = _texts(await self._body(request), "password")
        await self._checked(request, account.email, password)
        if await guarded(self._second.turn_off(account.id)):
            await self._hub.audit.write(account, "second_factor.off")
        return JSONResponse({})

    # -- parts

    def _attempt(self, request: Request, email: str, account: Account | None) -> Attempt:
        known = self._devices.known(request.cookies.get(DEVICE_COOKIE))
        device = known[1] if known is not None and account is not None and known[0] == account.id else None
        return Attempt(email, peer_of(request.scope), device)

    async def _checked(self, request: Request, email: str, password: str) -> Account:
        """The account of a right password; wrong ones are counted, and too many are not looked at.

        Raises:
            Unauthorized: wrong.
            RateLimited: too many.
        """
        attempt = self._attempt(request, email, await guarded(self._accounts.find(email)))

        taken = False

        async def count() -> None:
            nonlocal taken
            await guarded(self._guesses.take(attempt))
            taken = True

        # Before the hash is waited for, to be quick; counted when its turn has come, for many may have waited together.
        await guarded(self._guesses.check(attempt))
        try:
            account: Account = await guarded(self._accounts.check(email, password, before=count))
        except Unauthorized:
            await self._hub.audit.write(STRANGER, "login.failed")
            raise
        except Exception:
            if taken:
                await guarded(self._guesses.give_back(attempt))
            raise
        await guarded(self._guesses.give_back(attempt))
        return account

    async def _let_in(self, request: Request, account: Account) -> Response:
        await guarded(self._guesses.right(self._attempt(request, account.email, account)))
        await self._hub.audit.write(account, "login.ok")
        response = JSONResponse({"name": account.name, "agent": account.public()})
        # Behind a proxy that ends TLS the request is plain, but the browser says what it sees.
        secure = "https" in (request.url.scheme, request.headers.get("origin", "").partition(":")[0])
        return await self._begin(request, account, response, secure)

    async def _let_in_from_provider(
        self, request: Request, account: Account, response: Response, secure: bool
    ) -> Response:
        """Whoever the identity provider has named: a second factor is the provider's matter."""
        await self._hub.audit.write(account, "login.ok", method="oidc")
        return await self._begin(request, account, response, secure, via=OIDC)

    async def _begin(
        self, request: Request, account: Account, response: Response, secure: bool, *, via: str = ""
    ) -> Response:
        before = _session(request)
        cookie = await guarded(self._accounts.sessions.begin(account, via=via))
        if before is not None:
            # Whoever signed in here before is gone from this browser, and must not stay behind in a copy of its cookie.
            await guarded(self._accounts.sessions.end(before))
        response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=secure, path="/")
        known = self._devices.known(request.cookies.get(DEVICE_COOKIE))
        if known is None or known[0] != account.id:
            response.set_cookie(
                DEVICE_COOKIE,
                self._devices.cookie(account.id),
                max_age=DEVICE_DAYS * 86_400,
                httponly=True,
                samesite="strict",
                secure=secure,
                path="/api/",
            )
        return response

    async def _ticket(self, account: Account) -> str:
        ticket = secrets.token_urlsafe(32)
        value = json.dumps({"account": account.id, "mark": mark_of(account), "tries": 0})
        await self._redis.set(self._keys.login_ticket(digest_of(ticket)), value, ex=TICKET_TTL_S)
        return ticket

    async def _wrong_code(self, key: str, ticket: dict[str, Any]) -> None:
        tries = ticket["tries"] + 1
        if tries >= TICKET_TRIES:
            await self._redis.delete(key)
        else:
            await self._redis.set(key, json.dumps({**ticket, "tries": tries}), keepttl=True, xx=True)
        await self._hub.audit.write(STRANGER, "login.failed", second=True)


def _texts(body: dict[str, Any], *names: str) -> tuple[str, ...]:
    values = tuple(body.get(name) for name in names)
    if not all(isinstance(value, str) for value in values):
        raise BadRequest(f"{' and '.join(names)} are expected.")
    return tuple(str(value) for value in values)


def _session(request: Request) -> str | None:
    cookie = request.cookies.get(COOKIE)
    return digest_of(cookie) if cookie else None
