"""What a connection gets: pages and health over HTTP, the two sockets, and on the private listener health alone."""

from __future__ import annotations

import resource
from collections.abc import Awaitable
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp

from handoff.edge.headers import SecurityHeaders
from handoff.edge.listeners import HEALTH_PATHS
from handoff.gateway.gate import come_later, refuse_upgrade
from handoff.watch import metrics

__all__ = ["make_app", "sockets_most"]

FILES_WANTED = 65536
"""Open files asked of the system: more than one process has memory for sockets."""

FILES_KEPT = 512
"""Of them not for sockets: two pools of Redis (64 each), pages being sent, connections that say nothing yet, logs."""


def sockets_most() -> int:
    """How many sockets this process may hold: the files it may open, raised as far as it is allowed to, less what
    Redis' connections, pages and logs need. At the limit itself even the listening would break (R27)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    files = FILES_WANTED if soft == resource.RLIM_INFINITY else soft
    return max(files - FILES_KEPT, files // 4)


def make_app(http: ASGIApp, sockets: dict[str, Any], *, health_port: int | None, most: int = FILES_WANTED) -> Any:
    """The ASGI application: ``sockets`` by path, everything else to ``http``; more than ``most`` sockets are told to
    come back later (1013)."""

    def app(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        answered: Awaitable[None] = _found(scope)(scope, receive, send)
        return answered

    def _found(scope: Any) -> Any:
        """Who answers: no coroutine between, which would stand under every socket for as long as that lives."""
        if _private(scope, health_port) and (scope["type"] == "websocket" or scope["path"] not in HEALTH_PATHS):
            return _turn_away
        if scope["type"] != "websocket":
            return _two_lengths if _has_two_lengths(scope["headers"]) else http
        if scope["path"] not in sockets:
            return _refused
        if sum(len(endpoint.peers) for endpoint in sockets.values()) >= most:
            metrics.dropped.labels("too_many").inc()
            return _later
        return sockets[scope["path"]]

    return app


def _private(scope: Any, health_port: int | None) -> bool:
    return health_port is not None and scope["server"] is not None and scope["server"][1] == health_port


def _has_two_lengths(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a body says its length and that it comes in chunks. A proxy in front may go by the other of the two, and
    then what one of them takes for its rest is the next request to the other."""
    names = {name for name, _ in headers}
    return b"content-length" in names and b"transfer-encoding" in names


async def _two_lengths(scope: Any, receive: Any, send: Any) -> None:
    # The connection ends with it: what follows cannot be trusted to be a request.
    await SecurityHeaders(Response(status_code=400, headers={"connection": "close"}))(scope, receive, send)


async def _refused(_: Any, receive: Any, send: Any) -> None:
    await refuse_upgrade(receive, send)


async def _later(_: Any, receive: Any, send: Any) -> None:
    await come_later(receive, send)


async def _turn_away(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await refuse_upgrade(receive, send)
        return
    await SecurityHeaders(Response(status_code=404))(scope, receive, send)
