"""Meta's Graph API, as far as a page's conversations need it. One pooled client for each hub.

A call ends in a reply or in :class:`GraphError`, whose failure says whether the call may have been done all the same.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import httpx

from handoff.channels.messenger.failures import Cure, Failure, of_reply
from handoff.channels.messenger.settings import MessengerSettings
from handoff.channels.messenger.signature import proof
from handoff.channels.messenger.usage import STALE_S, Usage, read

__all__ = ["CONNECT_TIMEOUT_S", "REPLY_TIMEOUT_S", "Graph", "GraphError"]

CONNECT_TIMEOUT_S = 5.0
REPLY_TIMEOUT_S = 10.0
"""A call that took longer may have been done; nobody waits at a socket for it."""

CONNECTIONS = 32
"""Twice the lanes that are worked on at once: room for typing marks beside messages."""


class GraphError(Exception):
    """A call that was not answered with what was asked for."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure

    def __str__(self) -> str:
        return f"{self.failure.code}: {self.failure.detail}"


class Graph:
    """Calls for one page. The caller closes it with :meth:`close`."""

    def __init__(
        self,
        settings: MessengerSettings,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        reply_timeout_s: float = REPLY_TIMEOUT_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._usage, self._told = Usage(), 0.0
        self._whole_s = connect_timeout_s + reply_timeout_s
        self._page = settings.page_id or "me"
        self._known = {
            "access_token": settings.page_token,
            "appsecret_proof": proof(settings.page_token, settings.app_secrets[0]),
        }
        self._client = httpx.AsyncClient(
            base_url=f"{settings.graph_url}/{settings.graph_version}/",
            timeout=httpx.Timeout(reply_timeout_s, connect=connect_timeout_s),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            trust_env=False,
            transport=transport,
        )

    async def close(self) -> None:
        await self._client.aclose()

    @property
    def usage(self) -> Usage:
        """How much of the allowance was used when Meta last told; nothing when that was long ago, or when the time is
        over for which nothing was to be sent: then one call looks again."""
        age_s = time.monotonic() - self._told
        return self._usage if age_s < (self._usage.wait_s or STALE_S) else Usage()

    async def send(self, person: str, message: Mapping[str, Any], fields: Mapping[str, str], metadata: str) -> str:
        """Send a message; Meta's id of it. ``fields`` say under which rule it may go.

        Raises:
            GraphError: it was not sent, or nobody knows.
        """
        body = {"recipient": {"id": person}, "message": {**message, "metadata": metadata}, **fields}
        reply = await self.call("POST", f"{self._page}/messages", body)
        return str(reply.get("message_id") or "")

    async def act(self, person: str, action: str) -> None:
        """Show ``mark_seen``, ``typing_on`` or ``typing_off``."""
        await self.call("POST", f"{self._page}/messages", {"recipient": {"id": person}, "sender_action": action})

    async def pass_thread(self, person: str, app: str, metadata: str) -> None:
        """Give the thread to another app."""
        body = {"recipient": {"id": person}, "target_app_id": app, "metadata": metadata}
        await self.call("POST", f"{self._page}/pass_thread_control", body)

    async def take_thread(self, person: str) -> None:
        """Take the thread from whoever has it."""
        await self.call("POST", f"{self._page}/take_thread_control", {"recipient": {"id": person}})

    async def thread_owner(self, person: str) -> str:
        """The app that has the thread; empty for none."""
        reply = await self.call("GET", f"{self._page}/thread_owner", query={"recipient": person})
        rows = reply.get("data")
        first = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
        owner = first.get("thread_owner")
        return str(owner.get("app_id") or "") if isinstance(owner, dict) else ""

    async def person(self, person: str) -> Mapping[str, Any]:
        """What Meta tells of a person: ``first_name`` and ``last_name``, where that is permitted."""
        return await self.call("GET", person, query={"fields": "first_name,last_name"})

    async def profile(self, fields: str) -> Mapping[str, Any]:
        """The page's Messenger profile: one object with the fields that are set."""
        reply = await self.call("GET", f"{self._page}/messenger_profile", query={"fields": fields})
        rows = reply.get("data")
        return rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}

    async def set_profile(self, profile: Mapping[str, Any]) -> None:
        """Set the page's Messenger profile."""
        await self.call("POST", f"{self._page}/messenger_profile", profile)

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, query: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """One call; the reply's object.

        Raises:
            GraphError: see there.
        """
        try:
            # httpx' own limits are for each step of a call; this one is for the whole, and a lane's lease outlasts it.
            async with asyncio.timeout(self._whole_s):
                reply = await self._client.request(method, path, params={**self._known, **(query or {})}, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise GraphError(Failure(Cure.AGAIN, "graph", type(error).__name__)) from error
        except (httpx.HTTPError, TimeoutError) as error:
            # Sent, in part or whole, and no answer: it may have been done.
            raise GraphError(Failure(Cure.UNKNOWN, "graph", type(error).__name__)) from error
        told = read(reply.headers)
        if told is not None:
            self._usage, self._told = told, time.monotonic()
        try:
            answer = json.loads(reply.content)
        except (ValueError, RecursionError):
            answer = None
        if reply.status_code != 200:
            raise GraphError(of_reply(reply.status_code, answer))
        if not isinstance(answer, dict):
            raise GraphError(Failure(Cure.UNKNOWN, "graph", "no object in the reply"))
        return answer
