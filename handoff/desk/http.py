"""What the console asks over HTTP beside its socket: search, transcripts, drafts, ready replies, own settings.

Each needs a signed-in agent; what changes something needs a page of our own (the Origin header), too. Every look into
a conversation leaves a line in the audit log: who looked (never with what was seen).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from handoff.access.accounts import Account
from handoff.access.permissions import sees
from handoff.conversation import Conversation
from handoff.desk.drafts import Drafts, OwnSettings
from handoff.desk.search import Search
from handoff.errors import BadRequest, NotFound
from handoff.hub import Hub
from handoff.owner.canned import Reply
from handoff.owner.macros import Macro
from handoff.wire.codec import identifier

__all__ = ["DeskApi"]

access = logging.getLogger("silta.access")


class DeskApi:
    """The routes. ``account``, ``same_origin`` and ``body`` are those of the pages they stand beside."""

    def __init__(
        self,
        hub: Hub,
        *,
        account: Callable[[Request], Awaitable[Account]],
        same_origin: Callable[[Request], None],
        body: Callable[[Request], Awaitable[dict[str, Any]]],
        canned: Sequence[Reply],
        macros: Sequence[Macro] = (),
    ) -> None:
        self._hub = hub
        self._account = account
        self._same_origin = same_origin
        self._body = body
        self._canned = canned
        self._macros = macros
        self._search = Search(hub.store, hub.clear.name_of)
        self._drafts = Drafts(hub.store)
        self._settings = OwnSettings(hub.store)

    def routes(self) -> list[Route]:
        return [
            Route("/api/search", self.search),
            Route("/api/conversations/{id}", self.conversation),
            Route("/api/drafts/{id}", self.read_draft, methods=["GET"]),
            Route("/api/drafts/{id}", self.write_draft, methods=["PUT"]),
            Route("/api/canned", self.canned),
            Route("/api/me/settings", self.read_settings, methods=["GET"]),
            Route("/api/me/settings", self.write_settings, methods=["PUT"]),
        ]

    async def seen(self, account: Account, id: str) -> Conversation:
        """The conversation, for an account that may see it.

        Raises:
            NotFound: it is not there, or the account may not see it: the two must not be told apart (S5).
        """
        state = await self._hub.store.load(id)
        if state is None or not sees(account, state):
            if state is not None:
                access.warning("agent %s was refused conversation %s", account.id, id)
            raise NotFound("There is no such conversation.")
        return state

    async def search(self, request: Request) -> Response:
        account = await self._account(request)
        found = await self._search.find(request.query_params.get("q", ""), lambda state: sees(account, state))
        # Each by its number: a line of every one is shown, and after a breach it is asked whose.
        shown = [one["conversation"] for one in found]
        await self._hub.audit.write(account, "transcript.search", found=len(found), conversations=shown)
        return JSONResponse({"conversations": found})

    async def conversation(self, request: Request) -> Response:
        """A conversation's log as an agent sees it, for reading and for integrations."""
        account = await self._account(request)
        id = _conversation(request)
        await self.seen(account, id)
        await self._hub.audit.write(account, "transcript.read", id, over="http")
        opened = await self._hub.agents.opened(id, account.languages[0])
        return JSONResponse({**opened, "events": list(await self._hub.store.events(id))})

    async def read_draft(self, request: Request) -> Response:
        account = await self._account(request)
        return JSONResponse({"text": await self._drafts.read(_conversation(request), account.id)})

    async def write_draft(self, request: Request) -> Response:
        self._same_origin(request)
        account = await self._account(request)
        text = (await self._body(request)).get("text")
        if not isinstance(text, str):
            raise BadRequest("text: a text is expected")
        id = _conversation(request)
        # What is erased must not come back as a draft.
        await self.seen(account, id)
        await self._drafts.write(id, account.id, text)
        return JSONResponse({})

    async def canned(self, request: Request) -> Response:
        await self._account(request)
        replies = [reply.public() for reply in self._canned]
        return JSONResponse({"replies": replies, "macros": [macro.public() for macro in self._macros]})

    async def read_settings(self, request: Request) -> Response:
        account = await self._account(request)
        return JSONResponse({"settings": await self._settings.read(account.id)})

    async def write_settings(self, request: Request) -> Response:
        self._same_origin(request)
        account = await self._account(request)
        return JSONResponse({"settings": await self._settings.write(account.id, await self._body(request))})


def _conversation(request: Request) -> str:
    return str(identifier("id", request.path_params["id"]))
