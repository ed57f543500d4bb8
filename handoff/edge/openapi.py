"""The OpenAPI description of the hub's HTTP, made from the routes that are really there.

What a route takes and gives stands in :data:`OPERATIONS`; a route without an entry is named with what its function
says of itself. The sockets are described in ``docs/protocol.md``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

__all__ = ["OPERATIONS", "PATH", "Operation", "describe", "route"]

PATH = "/api/openapi.json"

TEXT: Mapping[str, Any] = {"type": "string"}
FLAG: Mapping[str, Any] = {"type": "boolean"}
NUMBER: Mapping[str, Any] = {"type": "integer"}


def _object(required: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": {**required, **(more or {})}, "required": list(required)}


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: Mapping[str, Any] = {
    "Error": {
        **_object({"code": TEXT, "message": TEXT}),
        "description": "`code` is stable: bad_request, unauthorized, forbidden, not_found, conflict, too_large, "
        "rate_limited, try_later, internal. `message` is for people.",
    },
    "Agent": _object(
        {"id": TEXT, "email": TEXT, "name": TEXT, "role": {"enum": ["agent", "supervisor", "owner"]}},
        {"languages": _list(TEXT), "skills": _list(TEXT), "capacity": NUMBER},
    ),
    "Event": {
        **_object({"seq": NUMBER, "at": TEXT, "kind": TEXT}, {"author": {"type": "object"}, "text": TEXT}),
        "description": "An event of a conversation's log, see docs/protocol.md.",
    },
}


@dataclass(frozen=True)
class Operation:
    """What one method of one route takes and gives.

    ``needs``: ``nothing``, ``agent`` (the session cookie or an API key), ``signature`` (Meta's), ``visitor`` (the
    visitor's token). ``media`` is what a good answer is when it is not JSON.
    """

    summary: str
    needs: str = "agent"
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, Any] | None = None
    media: str | None = None
    refusals: tuple[int, ...] = ()


REFUSALS: Mapping[int, str] = {
    400: "the request is malformed",
    401: "not signed in, or wrong password",
    403: "not from a page of ours, or not for this role",
    404: "there is no such thing, or not for you",
    409: "somebody else was first",
    413: "the body is too large",
    429: "too many tries: come back after `retry_after` seconds",
    503: "Redis or another part is away: the same again in a moment",
}

READS = (401, 503)
WRITES = (400, 401, 403, 413, 503)
SETTINGS_ANSWER = _object({"settings": {"type": "object"}})

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", "/"): Operation("A shop's page with the widget on it", "nothing", media="text/html"),
    ("GET", "/console"): Operation("The agents' console", "nothing", media="text/html"),
    ("GET", "/widget.js"): Operation("The widget, for a script tag", "nothing", media="text/javascript"),
    ("GET", "/assets/{name}"): Operation("What the pages are made of", "nothing", media="*/*", refusals=(404,)),
    ("GET", "/favicon.ico"): Operation("The sign", "nothing", media="image/x-icon", refusals=(404,)),
    ("GET", "/favicon.svg"): Operation("The sign", "nothing", media="image/svg+xml", refusals=(404,)),
    ("GET", "/healthz"): Operation("Whether the process lives", "nothing", media="text/plain"),
    ("GET", "/readyz"): Operation(
        "Whether it can serve: the state of each part; 503 unless all are up",
        "nothing",
        answer=_object({"ready": FLAG, "redis": TEXT, "bot": TEXT, "actions": TEXT, "process": TEXT}),
        refusals=(503,),
    ),
    ("GET", "/metrics"): Operation("Figures for Prometheus", "nothing", media="text/plain"),
    ("GET", PATH): Operation("This description", "nothing", answer={"type": "object"}),
    ("POST", "/api/login"): Operation(
        "Sign in with e-mail and password; sets the session cookie",
        "nothing",
        body=_object({"email": TEXT, "password": TEXT}),
        answer={"type": "object"},
        refusals=(*WRITES, 429),
    ),
    ("POST", "/api/logout"): Operation(
        "Sign out; ends the session. `provider`, where it is given, is the page to sign out at the identity provider",
        "nothing",
        answer={"type": "object"},
        refusals=WRITES,
    ),
    ("POST", "/api/socket-token"): Operation(
        "A token for one agent socket, good once and for a minute", answer=_object({"token": TEXT}), refusals=WRITES
    ),
    ("GET", "/api/me"): Operation("Who is signed in", answer={"type": "object"}, refusals=READS),
    ("GET", "/api/search"): Operation(
        "Conversations that hold the words",
        query={"q": "words to look for"},
        answer=_object({"conversations": _list({"type": "object"})}),
        refusals=READS,
    ),
    ("GET", "/api/conversations/{id}"): Operation(
        "A conversation with its whole log; leaves a line in the audit log",
        answer=_object({"events": _list(_ref("Event"))}),
        refusals=(400, 404, *READS),
    ),
    ("POST", "/api/conversations/{id}/export"): Operation(
        "Everything that is kept of the person of a conversation; for supervisors and owners",
        answer={"type": "object"},
        refusals=(404, *WRITES),
    ),
    ("POST", "/api/conversations/{id}/erase"): Operation(
        "Take the person of a conversation out of everything; for supervisors and owners",
        body=_object({"reason": {"enum": ["asked", "mistake", "other"]}}),
        answer=_object({"erased": FLAG}),
        refusals=(404, *WRITES),
    ),
    ("GET", "/api/visitor/export"): Operation(
        "The visitor's own data, by the address that the frame `export` gave, once",
        "nothing",
        answer={"type": "object"},
        refusals=(403, 404, 503),
    ),
    ("GET", "/privacy"): Operation(
        "What is kept of visitors, and for how long", "nothing", media="text/html", query={"lang": "fi, da or en"}
    ),
    ("GET", "/api/drafts/{id}"): Operation(
        "The own unsent reply in a conversation", answer=_object({"text": TEXT}), refusals=(400, *READS)
    ),
    ("PUT", "/api/drafts/{id}"): Operation(
        "Keep an unsent reply", body=_object({"text": TEXT}), answer={"type": "object"}, refusals=(404, *WRITES)
    ),
    ("GET", "/api/canned"): Operation(
        "Ready replies", answer=_object({"replies": _list({"type": "object"})}), refusals=READS
    ),
    ("GET", "/api/me/settings"): Operation("The own settings of the console", answer=SETTINGS_ANSWER, refusals=READS),
    ("PUT", "/api/me/settings"): Operation(
        "Change the own settings of the console",
        body={"type": "object"},
        answer=SETTINGS_ANSWER,
        refusals=WRITES,
    ),
    ("GET", "/webhooks/messenger"): Operation(
        "Meta's question whether the address is ours",
        "nothing",
        query={"hub.mode": "subscribe", "hub.verify_token": "the owner's word", "hub.challenge": "to be said back"},
        media="text/plain",
        refusals=(403, 404),
    ),
    ("POST", "/webhooks/messenger"): Operation(
        "Meta's deliveries, each signed",
        "signature",
        body={"type": "object"},
        media="text/plain",
        refusals=(403, 404, 413),
    ),
    ("GET", "/api/messenger/files/{conversation}/{name}"): Operation(
        "A file that somebody sent by Messenger", media="*/*", refusals=(404, *READS)
    ),
}

SECURITY: Mapping[str, list[dict[str, list[str]]]] = {
    "nothing": [],
    "agent": [{"session": []}, {"key": []}],
    "visitor": [{"visitor": []}],
    "signature": [{"signature": []}],
}

SCHEMES: Mapping[str, Any] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "silta_session"},
    "key": {"type": "http", "scheme": "bearer", "description": "An API key that an owner made."},
    "visitor": {"type": "http", "scheme": "bearer", "description": "The token of the visitor's `welcome`."},
    "signature": {"type": "apiKey", "in": "header", "name": "X-Hub-Signature-256"},
}


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The description of exactly these routes, OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for one in routes:
        path = plain(one.path)
        for method in sorted((one.methods or {"GET"}) - {"HEAD"}):
            known = OPERATIONS.get((method, path)) or _unnamed(one)
            paths.setdefault(path, {})[method.lower()] = _described(method, path, known)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Silta",
            "version": "1",
            "description": "HTTP of the hub. Conversations go over the sockets `/ws/visitor` and `/ws/agent`. "
            "A request that changes something is refused when its Origin header names another site.",
        },
        "paths": paths,
        "components": {"schemas": dict(SCHEMAS), "securitySchemes": dict(SCHEMES)},
    }


def plain(path: str) -> str:
    """A route's path as OpenAPI writes it, without Starlette's convertors."""
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


def _unnamed(one: Route) -> Operation:
    said = (inspect.getdoc(one.endpoint) or one.name.replace("_", " ")).partition("\n")[0]
    return Operation(said, answer={"type": "object"}, refusals=(404, *WRITES))


def _described(method: str, path: str, known: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "done"}
    if known.media is not None:
        good["content"] = {known.media: {"schema": {"type": "string"}}}
    elif known.answer is not None:
        good["content"] = {"application/json": {"schema": known.answer}}
    refusal = {"application/json": {"schema": _ref("Error")}}
    described: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}_{path}").strip("_"),
        "summary": known.summary,
        "security": SECURITY[known.needs],
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
                for name in re.findall(r"\{(\w+)\}", path)
            ),
            *(
                {"name": name, "in": "query", "description": what, "schema": {"type": "string"}}
                for name, what in known.query.items()
            ),
        ],
        "responses": {
            "200": good,
            **{str(code): {"description": REFUSALS[code], "content": refusal} for code in sorted(set(known.refusals))},
        },
    }
    if known.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": known.body}}}
    return described


def route(routes: Iterable[Route]) -> Route:
    """The route that gives the description of ``routes`` and of itself."""
    listed = list(routes)

    async def openapi(_: Request) -> Response:
        """This description."""
        return JSONResponse(described)

    made = Route(PATH, openapi, methods=["GET"])
    described = describe([*listed, made])
    return made
