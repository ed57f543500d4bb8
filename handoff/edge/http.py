"""The hub's HTTP: pages, sign-in, health. Sockets are beside it, see :mod:`handoff.main`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from redis.exceptions import RedisError, ResponseError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from handoff.access.accounts import Account, Accounts
from handoff.access.doors import guarded
from handoff.access.oidc_provider import Provider
from handoff.access.signin import COOKIE, SignIn
from handoff.access.tokens import VisitorTokens, signing_key
from handoff.channels.messenger.channel import Messenger
from handoff.desk.http import DeskApi
from handoff.edge import openapi
from handoff.edge.headers import SecurityHeaders
from handoff.errors import BadRequest, Forbidden, NotFound, Refused, StoreUnavailable, TooLarge
from handoff.events import Keys
from handoff.hub import Hub
from handoff.owner.canned import Reply
from handoff.owner.macros import Macro
from handoff.privacy.http import PrivacyApi
from handoff.privacy.notice import Notices
from handoff.privacy.vault import Vault, read_keys
from handoff.settings import Settings
from handoff.uploads.http import FileApi
from handoff.uploads.shelf import FileKeys, Uploads
from handoff.watch import figures, metrics
from handoff.watch.fitness import WriteProbe

__all__ = ["COOKIE", "make_http"]

BODY_MAX_BYTES = 16 * 1024
"""Sign-in and its like need a few hundred bytes."""

BODY_TIMEOUT_S = 5.0
"""As for a request's head: who sends nothing must not hold a connection."""

HEALTH_TIMEOUT_S = 1.0

STATUS = {
    "bad_request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "too_large": 413,
    "rate_limited": 429,
    "try_later": 503,
}

Files = tuple[Uploads, VisitorTokens, FileKeys]
"""What files need beside the hub."""

FOREVER = "public, max-age=31536000, immutable"


def _refusal(refused: Refused) -> JSONResponse:
    body = {"code": refused.code, "message": refused.message, **refused.extra}
    wait = refused.extra.get("retry_after")
    headers = {"retry-after": str(wait)} if wait is not None else None
    return JSONResponse(body, status_code=STATUS.get(refused.code, 400), headers=headers)


async def _on_refused(request: Request, error: Exception) -> Response:
    response = _refusal(error) if isinstance(error, Refused) else _refusal(StoreUnavailable())
    response.headers.update(getattr(request.state, "headers", {}))
    if getattr(request.state, "unread", False):
        # Else the connection would be kept for the rest of a body that nobody reads.
        response.headers["connection"] = "close"
    return response


async def _on_unforeseen(_: Request, __: Exception) -> Response:
    """Nothing of what went wrong: it is in the log (S18)."""
    return JSONResponse({"code": "internal", "message": "This did not work."}, status_code=500)


async def _body(request: Request) -> dict[str, Any]:
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            raw = await _read(request)
    except (TimeoutError, ClientDisconnect):
        request.state.unread = True
        raise BadRequest("The body did not come in time.") from None
    try:
        body = json.loads(raw.decode("utf-8"))
        json.dumps(body, ensure_ascii=False).encode("utf-8")  # half a character passes as an escape
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body is no JSON object.")
    return body


async def _read(request: Request) -> bytes:
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > BODY_MAX_BYTES:
            request.state.unread = True
            raise TooLarge(f"The body is larger than {BODY_MAX_BYTES} bytes.", limit=BODY_MAX_BYTES)
    return bytes(chunks)


class _Pages:
    """Routes and what they need."""

    def __init__(
        self,
        hub: Hub,
        accounts: Accounts,
        settings: Settings,
        messenger: Messenger | None,
        canned: Sequence[Reply],
        files: Files | None = None,
        macros: Sequence[Macro] = (),
        notices: Notices | None = None,
        vault: Vault | None = None,
    ) -> None:
        self.hub = hub
        self.signin = SignIn(
            hub,
            accounts,
            vault or Vault(read_keys({}, settings.var)),
            settings.secrets or (signing_key(settings.var),),
            same_origin=self._same_origin,
            body=_body,
            provider=Provider(settings.oidc) if settings.oidc is not None else None,
            origins=settings.origins,
        )
        self.accounts = accounts
        self.settings = settings
        self.messenger = messenger
        self._probe = WriteProbe(hub.store)
        self.desk = DeskApi(
            hub, account=self._account, same_origin=self._same_origin, body=_body, canned=canned, macros=macros
        )
        self.files = (
            FileApi(
                hub,
                *files,
                origins=settings.origins,
                account=self._account,
                seen=self.desk.seen,
                same_origin=self._same_origin,
                limited=settings.limits,
            ).routes()
            if files is not None
            else []
        )
        self.privacy = PrivacyApi(
            hub, account=self._account, same_origin=self._same_origin, body=_body, notices=notices
        )
        self._http = httpx.AsyncClient(timeout=HEALTH_TIMEOUT_S, trust_env=False)

    # -- pages

    def _file(self, name: str, cache: str = "no-cache") -> Callable[[Request], Awaitable[Response]]:
        async def page(_: Request) -> Response:
            return self._send(self.settings.web_dir / name, cache)

        return page

    def _send(self, path: Path, cache: str, *, shared: bool = False) -> Response:
        if not path.is_file():
            raise NotFound("There is no such page. Are the web parts built?")
        headers = {"cache-control": cache}
        if shared:
            # The widget runs on the owner's shop, another origin than this one.
            headers |= {"cross-origin-resource-policy": "cross-origin", "access-control-allow-origin": "*"}
        return FileResponse(path, headers=headers)

    async def widget(self, _: Request) -> Response:
        return self._send(self.settings.web_dir / "widget.js", "no-cache", shared=True)

    async def asset(self, request: Request) -> Response:
        folder = (self.settings.web_dir / "assets").resolve()
        try:
            path = (folder / request.path_params["name"]).resolve()
            found = folder in path.parents and path.is_file()
        except (OSError, ValueError):  # a name too long, or with a NUL in it
            found = False
        if not found:
            raise NotFound("There is no such file.")
        return self._send(path, FOREVER, shared=True)

    # -- health

    async def alive(self, _: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(self, _: Request) -> Response:
        """Each part with its state; 503 unless all are up."""
        redis, bot, actions = await asyncio.gather(self._redis(), self._bot(), self._actions())
        parts = {"redis": redis, "bot": bot, "actions": actions}
        up = all(state == "up" for state in parts.values())
        body = {"ready": up, **parts, "process": self.settings.process}
        if self._probe.torn:
            body["warnings"] = ["redis_file_was_torn"]
        if self.messenger is not None:
            # Told, and no reason to take the hub away from the visitors of the website.
            body["messenger"] = await self.messenger.state()
        return JSONResponse(body, status_code=200 if up else 503)

    async def metrics(self, _: Request) -> Response:
        """This hub's figures and those of the house, as Prometheus reads them."""
        await figures.look(self.hub)
        return Response(metrics.render(), media_type=metrics.CONTENT_TYPE)

    async def _redis(self) -> str:
        state = await self._probe.state()
        return "connecting" if state == "up" and not self.hub.fanout.listening.is_set() else state

    async def _bot(self) -> str:
        """Whether a Rasa process reads the inbox: each is a consumer of its group, and gives signs of life."""
        redis, keys = self.hub.store.redis, self.hub.store.keys
        try:
            consumers = await redis.xinfo_consumers(keys.inbox, Keys.GROUP)
            names = [consumer["name"].decode() for consumer in consumers]
            alive = await redis.exists(*map(keys.alive, names)) if names else 0
        except ResponseError:
            return "down"  # no stream or no group: no bot was ever there
        except (RedisError, OSError, TimeoutError):
            return "unknown"
        return "up" if alive else "down"

    async def _actions(self) -> str:
        if self.settings.actions_url is None:
            return "unknown"
        try:
            reply = await self._http.get(self.settings.actions_url.replace("/webhook", "/health"))
        except httpx.HTTPError:
            return "down"
        return "up" if reply.status_code == 200 else "down"

    async def _account(self, request: Request) -> Account:
        return await self.signin.account(request)

    async def _sees_file(self, request: Request) -> Account:
        """Whoever asks for a conversation's file must see the conversation."""
        account = await self._account(request)
        await self.desk.seen(account, request.path_params["conversation"])
        return account

    def _same_origin(self, request: Request) -> None:
        """A browser names the origin of a POST; one that is not ours is a forged request. Programs send none.

        The list names the shop's pages, too, for the widget: to these, and to whatever they load from elsewhere, the
        console's routes are closed. Browsers say so themselves, whatever a proxy makes of our name.
        """
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
        if (origin is not None and origin not in self.settings.origins) or site not in ("same-origin", "none"):
            raise Forbidden("This origin is not allowed.")

    def routes(self) -> list[Route]:
        """Every route, each behind its line of :mod:`handoff.access.permissions`."""
        return guarded(self._routes(), self._account)

    def _routes(self) -> list[Route]:
        return [
            Route("/", self._file("index.html")),
            Route("/console", self._file("console.html")),
            Route("/widget.js", self.widget),
            Route("/assets/{name:path}", self.asset),
            Route("/favicon.ico", self._file("favicon.ico", FOREVER)),
            Route("/favicon.svg", self._file("favicon.svg", FOREVER)),
            Route("/healthz", self.alive),
            Route("/readyz", self.ready),
            Route("/metrics", self.metrics),
            *self.signin.routes(),
            *(self.messenger.routes(self._sees_file) if self.messenger is not None else ()),
            *self.desk.routes(),
            *self.files,
            *self.privacy.routes(),
        ]


def make_http(
    hub: Hub,
    accounts: Accounts,
    settings: Settings,
    messenger: Messenger | None = None,
    canned: Sequence[Reply] = (),
    files: Files | None = None,
    macros: Sequence[Macro] = (),
    notices: Notices | None = None,
    vault: Vault | None = None,
) -> ASGIApp:
    """The HTTP application. Without ``files`` none are taken, without ``notices`` there is no privacy page; without
    ``vault``, ``var`` has the key."""
    pages = _Pages(hub, accounts, settings, messenger, canned, files, macros, notices, vault)
    # Outside of Starlette, so that its answer to an unforeseen error has the headers too.
    routes = pages.routes()
    routes.append(openapi.route(routes))
    app = Starlette(routes=routes, exception_handlers={Refused: _on_refused, Exception: _on_unforeseen})
    # Starlette would send "/console/" on to the address that the request's own Host names, whoever wrote that.
    app.router.redirect_slashes = False
    return SecurityHeaders(app, hsts_s=settings.hsts_s)
