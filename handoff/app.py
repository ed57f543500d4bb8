"""What a connection gets: pages and health over HTTP, the two sockets, and on the private listener health alone."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp

from handoff.gateway.gate import refuse_upgrade
from handoff.listeners import HEALTH_PATHS

__all__ = ["make_app"]


def make_app(http: ASGIApp, sockets: dict[str, Any], *, health_port: int | None) -> Any:
    """The ASGI application: ``sockets`` by path, everything else to ``http``."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if _private(scope, health_port) and (scope["type"] == "websocket" or scope["path"] not in HEALTH_PATHS):
            await _turn_away(scope, receive, send)
        elif scope["type"] != "websocket":
            await http(scope, receive, send)
        elif scope["path"] in sockets:
            await sockets[scope["path"]](scope, receive, send)
        else:
            await refuse_upgrade(receive, send)

    return app


def _private(scope: Any, health_port: int | None) -> bool:
    return health_port is not None and scope["server"] is not None and scope["server"][1] == health_port


async def _turn_away(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await refuse_upgrade(receive, send)
        return
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
