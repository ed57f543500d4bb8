"""A person's data over HTTP: export and erasure by those who lead, a visitor's own export, and the privacy notice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from handoff.access.accounts import Account
from handoff.access.permissions import allowed, route_action
from handoff.errors import BadRequest, Forbidden, NotFound, TryLater
from handoff.hub import Hub
from handoff.privacy.audit import VISITOR
from handoff.privacy.notice import Notices
from handoff.wire.codec import identifier, language_hint

__all__ = ["PrivacyApi"]

EXPORT, ERASE = "/api/conversations/{id}/export", "/api/conversations/{id}/erase"

ASKED = ("asked", "mistake", "other")
"""Reasons that a person can have."""


OWN_AT_ONCE = 1
"""Exports of visitors that one hub makes at the same time: each looks through all names of keys, and any stranger with
a conversation can ask for one."""

OWN_WAITING_MAX = 20
"""So many may wait for their turn; who comes then is asked to come back."""


class PrivacyApi:
    """The routes. ``account``, ``same_origin`` and ``body`` are those of the pages they stand beside."""

    def __init__(
        self,
        hub: Hub,
        *,
        account: Callable[[Request], Awaitable[Account]],
        same_origin: Callable[[Request], None],
        body: Callable[[Request], Awaitable[dict[str, Any]]],
        notices: Notices | None,
    ) -> None:
        self._hub = hub
        self._account = account
        self._same_origin = same_origin
        self._body = body
        self._notices = notices
        self._own = asyncio.Semaphore(OWN_AT_ONCE)
        self._own_waiting = 0

    def routes(self) -> list[Route]:
        return [
            Route("/privacy", self.notice),
            Route("/api/visitor/export", self.own_export),
            Route(EXPORT, self.export, methods=["POST"]),
            Route(ERASE, self.erase, methods=["POST"]),
        ]

    async def notice(self, request: Request) -> Response:
        """The owner's privacy notice, in the language asked for or the browser's first that there is."""
        if self._notices is None:
            raise NotFound("There is no privacy notice here.")
        asked = [request.query_params.get("lang", ""), *request.headers.get("accept-language", "").split(",")[:10]]
        tags = (tag.split(";")[0].strip() for tag in asked)
        hints = (language_hint("lang", tag) for tag in tags if 0 < len(tag) <= 35)
        language = next((str(hint) for hint in hints if hint is not None), "en")
        page = self._notices.page(language)
        return Response(page, media_type="text/html", headers={"content-language": language, "vary": "accept-language"})

    async def own_export(self, request: Request) -> Response:
        if self._own_waiting >= OWN_WAITING_MAX:
            raise TryLater("Many ask for their data just now; try again in a moment.")
        conversation = await self._hub.exports.redeem(request.query_params.get("ticket", ""))
        self._own_waiting += 1
        try:
            async with self._own:
                return _download(await self._hub.exports.collect(conversation, VISITOR, own=True))
        finally:
            self._own_waiting -= 1

    async def export(self, request: Request) -> Response:
        self._same_origin(request)
        account = await self._allowed(request, EXPORT)
        return _download(await self._hub.exports.collect(_conversation(request), account))

    async def erase(self, request: Request) -> Response:
        self._same_origin(request)
        account = await self._allowed(request, ERASE)
        id = _conversation(request)
        reason = (await self._body(request)).get("reason")
        if reason not in ASKED:
            raise BadRequest(f"reason: one of {', '.join(ASKED)} is expected")
        await self._hub.erasure.erase(id, account, str(reason))
        return JSONResponse({"erased": True})

    async def _allowed(self, request: Request, path: str) -> Account:
        """Who asks, once more by the table: what these two do cannot be undone."""
        account = await self._account(request)
        if not allowed(account, route_action("POST", path)):
            raise Forbidden("Your role may not do this.")
        return account


def _conversation(request: Request) -> str:
    return str(identifier("id", request.path_params["id"]))


def _download(found: dict[str, Any]) -> Response:
    name = f"silta-{found['conversation']}.json"
    return Response(
        json.dumps(found, ensure_ascii=False, indent=1),
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )
