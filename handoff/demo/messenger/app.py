"""The demo as one ASGI application, and as a server that closes with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from handoff.demo.messenger import media
from handoff.demo.messenger.control import Control
from handoff.demo.messenger.courier import Courier
from handoff.demo.messenger.graph import Graph
from handoff.demo.messenger.platform import Platform
from handoff.demo.messenger.world import World

__all__ = ["Demo"]

PAGE = Path(__file__).with_name("page")
FILES = {"/": "index.html", "/page.js": "page.js", "/page.css": "page.css", "/texts.json": "texts.json"}

HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class _OwnOrigin:
    """Refuses what another site's page sends: the demo's secrets are cheap, but its hub is the real one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            origin = headers.get(b"origin")
            if origin is not None and urlsplit(origin).netloc != headers.get(b"host", b""):
                await Response(status_code=403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class Demo:
    """All parts put together. ``callback`` is the hub's webhook, ``address`` where this is reached itself."""

    def __init__(self, world: World, *, callback: str, address: str) -> None:
        self.world = world
        self.courier = Courier(world, callback)
        self.platform = Platform(world, self.courier.put, media=address)
        self.graph = Graph(self.platform)
        control = Control(self.platform, self.graph, self.courier)
        pages = [Route(path, self._file(name)) for path, name in FILES.items()]
        self.app: ASGIApp = Starlette(
            # The Graph API's routes match almost anything: last.
            routes=[*pages, *media.routes(), *control.routes(), *self.graph.routes()],
            middleware=[
                Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
                Middleware(_OwnOrigin),
            ],
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        carrying = asyncio.create_task(self.courier.run(), name="courier")
        try:
            yield
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)

    def _file(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        async def page(_: Request) -> Response:
            return FileResponse(PAGE / name, headers=HEADERS)

        return page
