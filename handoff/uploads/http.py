"""Files over HTTP: in from visitors and agents, out to those who may see the conversation.

A file is never shown as a page: it comes with its own type, ``nosniff``, a policy that allows nothing, and as something
to be saved. Pictures stand in an ``<img>`` all the same, where nothing in them can run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from handoff.access.accounts import Account
from handoff.access.tokens import VisitorTokens
from handoff.conversation import Conversation
from handoff.decisions import must_have
from handoff.edge.limits import AddressRates, Rate, network_of, peer_of
from handoff.errors import BadRequest, Forbidden, NotFound, RateLimited, TooLarge, TryLater, Unauthorized
from handoff.hub import Hub
from handoff.owner.widget_rules import UploadRules
from handoff.uploads.shelf import FileKeys, Stored, Uploads

__all__ = ["FileApi"]

UPLOAD_TIMEOUT_S = 120.0
"""For a whole file: ten megabytes over a poor mobile line."""

AT_ONCE = 8
"""Files that one hub takes in at the same time; each lies in memory until it is whole. One address has half of
them at most: who lets eight files trickle would keep everybody else from sending one."""

AT_ONCE_OF_ONE = 2
"""Of them for one conversation: a picture, and the next one."""

UPLOADS = Rate(60, 600.0)
"""Files of one address on one hub: more than an office sends, and no way to fill a disk within the hour."""

POLICY = "default-src 'none'; sandbox"


class FileApi:
    """The routes. ``account`` (who asks), ``seen`` (a conversation, or a refusal for whom it does not exist) and
    ``same_origin`` are those of the pages; ``limited`` is false where it is measured how much a hub can take."""

    def __init__(
        self,
        hub: Hub,
        uploads: Uploads,
        tokens: VisitorTokens,
        keys: FileKeys,
        *,
        origins: frozenset[str],
        account: Callable[[Request], Awaitable[Account]],
        seen: Callable[[Account, str], Awaitable[Conversation]],
        same_origin: Callable[[Request], None],
        limited: bool = True,
    ) -> None:
        self._hub = hub
        self._uploads = uploads
        self._tokens = tokens
        self._keys = keys
        self._origins = origins
        self._account = account
        self._seen = seen
        self._same_origin = same_origin
        self._taking: Counter[str] = Counter()
        self._rates = AddressRates(UPLOADS) if limited else None

    def routes(self) -> list[Route]:
        return [
            Route("/api/visitor/upload", self.visitor_upload, methods=["POST", "OPTIONS"]),
            Route("/api/visitor/files/{conversation}/{id}", self.visitor_file),
            Route("/api/conversations/{id}/upload", self.agent_upload, methods=["POST"]),
            Route("/api/files/{conversation}/{id}", self.agent_file),
        ]

    async def visitor_upload(self, request: Request) -> Response:
        """A visitor's file; the body is the file itself, ``name`` in the query what it is called."""
        origin = request.headers.get("origin")
        if origin is not None and origin not in self._origins:
            raise Forbidden("This origin is not allowed.")
        shared = {"access-control-allow-origin": origin, "vary": "origin"} if origin is not None else {}
        if request.method == "OPTIONS":
            allowed = {"access-control-allow-methods": "POST", "access-control-allow-headers": "authorization"}
            return Response(status_code=204, headers={**shared, **allowed, "access-control-max-age": "600"})
        # A refusal has them, too: else the widget on a shop of another origin could not read why.
        request.state.headers = shared
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized("The visitor's token is expected.")
        conversation = self._tokens.conversation(token.strip())
        if await self._hub.erasure.is_erased(conversation):
            raise Unauthorized("The conversation was erased.")
        await self._hub.visitors.must_have_agreed(Conversation(id=conversation))
        stored = await self._take(request, conversation)
        return JSONResponse({"attachment": stored.offered()}, headers=shared)

    async def agent_upload(self, request: Request) -> Response:
        """An agent's file for a conversation of their own."""
        self._same_origin(request)
        account = await self._account(request)
        state = await self._seen(account, str(request.path_params["id"]))
        must_have(state, account.assignee, supervisor=account.leads)
        return JSONResponse({"attachment": (await self._take(request, state.id)).offered()})

    async def visitor_file(self, request: Request) -> Response:
        conversation, id = _named(request)
        self._keys.check(conversation, id, request.query_params.get("key", ""))
        return self._file(conversation, id, {"cross-origin-resource-policy": "cross-origin"})

    async def agent_file(self, request: Request) -> Response:
        conversation, id = _named(request)
        account = await self._account(request)
        await self._seen(account, conversation)
        self._uploads.path(conversation, id)
        await self._hub.audit.write(account, "attachment.opened", conversation, file=id)
        return self._file(conversation, id, {})

    def _file(self, conversation: str, id: str, headers: dict[str, str]) -> Response:
        stored = self._uploads.find(conversation, id)
        return FileResponse(
            self._uploads.path(conversation, id),
            media_type=stored.type,
            headers={
                "content-disposition": f"attachment; filename*=utf-8''{quote(stored.name, safe='')}",
                "content-security-policy": POLICY,
                "cache-control": "private, max-age=3600",
                **headers,
            },
        )

    async def _take(self, request: Request, conversation: str) -> Stored:
        rules = self._hub.owner.now.widget.uploads
        if not rules.allowed:
            raise Forbidden("The owner takes no files.")
        with self._place(request, conversation):
            body = await self._body(request, rules)
            stored = await self._uploads.keep(conversation, request.query_params.get("name", ""), body, rules)
            await self._must_still_be_there(stored)
            return stored

    async def _must_still_be_there(self, stored: Stored) -> None:
        """A file may take longer to come than an erasure to look twice: what came too late goes at once. (Whoever
        erases from here on finds it.)

        Raises:
            NotFound: the conversation was erased meanwhile.
            StoreUnavailable: that cannot be told; the file is gone, too.
        """
        try:
            if await self._hub.erasure.is_erased(stored.conversation):
                raise NotFound("There is no such conversation.")
        except BaseException:
            self._uploads.drop(stored)
            raise

    @contextmanager
    def _place(self, request: Request, conversation: str) -> Iterator[None]:
        """A place for one more file, while there are some and others have theirs.

        Raises:
            TryLater: all are taken, or this conversation's or this address' share of them.
            RateLimited: this address has sent very many.
        """
        request.state.unread = True
        network = network_of(peer_of(request.scope)) or ""
        wait_s = self._rates.wait_s(network) if self._rates is not None and network else 0
        if wait_s:
            raise RateLimited("Too many files from here; wait a while.", retry_after=wait_s)
        mine = {"all": AT_ONCE, f"c {conversation}": AT_ONCE_OF_ONE}
        if network:
            mine[f"a {network}"] = AT_ONCE // 2
        if any(self._taking[name] >= most for name, most in mine.items()):
            raise TryLater("Others are sending files just now; send it again in a moment.")
        self._taking.update(mine.keys())
        request.state.unread = False
        try:
            yield
        finally:
            self._taking.subtract(mine.keys())
            self._taking += Counter()  # without those that are at nought

    async def _body(self, request: Request, rules: UploadRules) -> bytes:
        chunks = bytearray()
        try:
            async with asyncio.timeout(UPLOAD_TIMEOUT_S):
                async for chunk in request.stream():
                    chunks += chunk
                    if len(chunks) > rules.most_bytes:
                        request.state.unread = True
                        raise TooLarge(f"A file may have {rules.most_mb} MB.", limit=rules.most_bytes)
        except (TimeoutError, ClientDisconnect):
            request.state.unread = True
            raise BadRequest("The file did not come in time.") from None
        return bytes(chunks)


def _named(request: Request) -> tuple[str, str]:
    return str(request.path_params["conversation"]), str(request.path_params["id"])
