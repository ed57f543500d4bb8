"""Meta's side of the door: ``GET`` and ``POST /webhooks/messenger``, and the files that people sent, for agents."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from handoff.access.account import Account
from handoff.channels.messenger import events
from handoff.channels.messenger.inbox import Inbox
from handoff.channels.messenger.media import ENDINGS, START_BYTES, Media, sniff
from handoff.channels.messenger.settings import MessengerSettings
from handoff.channels.messenger.signature import verify
from handoff.clock import now_ms
from handoff.errors import BadRequest, Forbidden, NotFound, TooLarge
from handoff.privacy.audit import Audit
from handoff.uploads.http import POLICY

__all__ = ["BODY_MAX_BYTES", "PATH", "Webhook"]

log = logging.getLogger("silta.messenger")

PATH = "/webhooks/messenger"

BODY_MAX_BYTES = 1024 * 1024
"""Of one delivery: thousands of events. It is read before its signature can be checked."""

BODY_TIMEOUT_S = 5.0
"""As for a request's head: who sends nothing must not hold a connection."""


class Webhook:
    """Routes. ``sees`` gives the account that asks for a conversation's file, and raises
    :class:`~handoff.errors.Refused` for a request that is no agent's, or one's who may not see the conversation."""

    def __init__(
        self,
        settings: MessengerSettings,
        inbox: Inbox,
        media: Media,
        audit: Audit,
        sees: Callable[[Request], Awaitable[Account]],
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._media = media
        self._audit = audit
        self._sees = sees

    def routes(self) -> list[Route]:
        return [
            Route(PATH, self.verification, methods=["GET"]),
            Route(PATH, self.delivery, methods=["POST"]),
            Route("/api/messenger/files/{conversation}/{name}", self.file),
        ]

    async def verification(self, request: Request) -> Response:
        """Meta asks whether this is our webhook.

        Raises:
            Forbidden: it does not know the token.
        """
        query = request.query_params
        given = query.get("hub.verify_token", "").encode()
        known = hmac.compare_digest(given, self._settings.verify_token.encode())
        if query.get("hub.mode") != "subscribe" or not known:
            raise Forbidden("The verify token is not the one that is set here.")
        return PlainTextResponse(query.get("hub.challenge", ""))

    async def delivery(self, request: Request) -> Response:
        """Events. Answered as soon as they are on disk: what they ask for is done afterwards.

        Raises:
            Forbidden: the signature is not Meta's, or the events are not about a page.
            StoreUnavailable: Redis is away; Meta sends the same again.
        """
        body = await _read(request)
        if not verify(body, request.headers.get("x-hub-signature-256"), self._settings.app_secrets):
            raise Forbidden("The signature does not fit the body.")
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            raise BadRequest("The body is not JSON.") from None
        if not events.is_page(payload):
            raise Forbidden("Only events about a page are taken.")
        known = events.parse(payload, now_ms=now_ms())
        if self._settings.page_id:
            known = [event for event in known if event.page == self._settings.page_id]
        await self._inbox.accept(known)
        return PlainTextResponse("EVENT_RECEIVED")

    async def file(self, request: Request) -> Response:
        """A file that a person has sent, for an agent who sees the conversation: as something to be saved, by the
        ending of its true type. Pictures stand in an ``<img>`` all the same, where nothing in them can run."""
        account = await self._sees(request)
        conversation, name = request.path_params["conversation"], request.path_params["name"]
        path = self._media.path(conversation, name)
        if path is None:
            raise NotFound("There is no such file.")
        await self._audit.write(account, "attachment.opened", conversation, file=name)
        try:
            mime = await asyncio.to_thread(_type_of, path)
        except OSError:
            raise NotFound("There is no such file.") from None  # erased a moment ago
        headers = {
            "cache-control": "private, max-age=3600",
            "content-security-policy": POLICY,
            "content-disposition": f'attachment; filename="{name}{ENDINGS[mime]}"',
        }
        return FileResponse(path, media_type=mime, headers=headers)


def _type_of(path: Path) -> str:
    with path.open("rb") as file:
        return sniff(file.read(START_BYTES))


async def _read(request: Request) -> bytes:
    chunks = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                chunks += chunk
                if len(chunks) > BODY_MAX_BYTES:
                    request.state.unread = True
                    raise TooLarge(f"The body is larger than {BODY_MAX_BYTES} bytes.", limit=BODY_MAX_BYTES)
    except (TimeoutError, ClientDisconnect):
        request.state.unread = True
        raise BadRequest("The body did not come in time.") from None
    return bytes(chunks)
