"""The Graph API over HTTP: tokens, versions and proofs are checked, errors come as Meta's JSON."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from handoff.demo.messenger import faults, profile, routing
from handoff.demo.messenger.faults import GraphError
from handoff.demo.messenger.platform import Platform
from handoff.demo.messenger.rules import attachment_of, fields_of, parse_send, string_of

__all__ = ["VERSIONS", "Call", "Fault", "Graph"]

VERSIONS = frozenset(f"v{number}.0" for number in range(21, 27))
"""Those that live. Meta answers older ones as the oldest living one, with unforeseen effects; here they are refused."""

SENDS_PER_S = 300
"""Of one page."""

CALLS_KEPT = 5000
HANG_S = 30.0
"""A call that hangs: longer than any client should wait."""

RATE_HEADERS = {"X-App-Usage": '{"call_count":100,"total_time":20,"total_cputime":20}'}


@dataclass
class Fault:
    """What goes wrong with the next calls that send a message.

    ``kind``: ``error`` (with ``code`` and ``subcode``), ``http`` (a ``status`` without Meta's JSON, as a proxy
    writes it), ``hang`` and ``cut`` (no answer, nothing accepted), ``hang_after_accept`` and ``cut_after_accept``
    (accepted, the echo comes, but no answer).
    """

    kind: str
    times: int = 1
    code: int = 2
    subcode: int | None = None
    status: int = 502


@dataclass(frozen=True)
class Call:
    """A call as it came, kept for tests and for people who wonder."""

    at_ms: int
    method: str
    path: str
    body: Any
    status: int
    code: int | None


@dataclass
class Weather:
    """How Graph feels today."""

    faults: deque[Fault] = field(default_factory=deque)
    delay_s: float = 0.0
    """Every call takes so long."""


class _Cut(Response):
    """Begins an answer and breaks off: the caller cannot know what became of the call."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"100"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


Handler = Callable[[Request, dict[str, Any]], Awaitable[Response]]


class Graph:
    """The routes of one page and its app."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.world = platform.world
        self.weather = Weather()
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._sends: deque[int] = deque()

    def routes(self) -> list[Route]:
        """To be mounted at the root."""
        node = "/{version}/{node}"
        return [
            Route("/{version}/debug_token", self._wrap(self._debug_token, by_page=False)),
            Route(node, self._wrap(self._object)),
            Route(node + "/messages", self._wrap(self._messages), methods=["POST"]),
            Route(node + "/messenger_profile", self._wrap(self._profile), methods=["GET", "POST", "DELETE"]),
            Route(node + "/thread_owner", self._wrap(self._thread_owner)),
            Route(node + "/subscribed_apps", self._wrap(self._subscribed), methods=["GET", "POST", "DELETE"]),
            Route(node + "/message_attachments", self._wrap(self._upload), methods=["POST"]),
            Route(node + "/{verb}_thread_control", self._wrap(self._control), methods=["POST"]),
        ]

    # -- every call

    def _wrap(self, handler: Handler, *, by_page: bool = True) -> Callable[[Request], Awaitable[Response]]:
        async def call(request: Request) -> Response:
            given: dict[str, Any] = {}
            try:
                given = await _given(request)
                if request.path_params["version"] not in VERSIONS:
                    raise faults.unknown_path(request.url.path)
                if self.weather.delay_s:
                    await asyncio.sleep(self.weather.delay_s)
                if by_page:
                    self._authorise(request, given)
                    if request.path_params["node"] == "me":
                        request.path_params["node"] = self.world.page_id
                response = await handler(request, given)
                self._keep(request, given, response.status_code, None)
            except GraphError as error:
                headers = {"www-authenticate": 'OAuth "Facebook Platform"'} if error.code == 190 else {}
                if error.code in (4, 613):
                    headers |= RATE_HEADERS
                response = JSONResponse(error.body(), status_code=error.status, headers=headers)
                self._keep(request, given, response.status_code, error.code)
            response.headers["facebook-api-version"] = request.path_params["version"]
            return response

        return call

    def _keep(self, request: Request, given: dict[str, Any], status: int, code: int | None) -> None:
        body = {name: value for name, value in given.items() if name not in ("access_token", "appsecret_proof")}
        self.calls.append(Call(self.world.clock.now_ms(), request.method, request.url.path, body, status, code))

    def _authorise(self, request: Request, given: dict[str, Any]) -> None:
        app = self.world.app
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        token = bearer.strip() if scheme.lower() == "bearer" else given.get("access_token")
        if not token:
            raise GraphError(2500, "An active access token must be used to query information about the current user.")
        if not isinstance(token, str) or not hmac.compare_digest(token.encode(), app.page_token.encode()):
            raise faults.token_bad(None)
        if app.token_expired or 0 < app.token_expires_at_ms <= self.world.clock.now_ms():
            raise faults.token_bad()
        proof = given.get("appsecret_proof")
        if proof is None:
            raise faults.proof_bad("API calls from the server require an")
        if not hmac.compare_digest(str(proof).encode(), app.proof(token).encode()):
            raise faults.proof_bad("Invalid")

    def _page(self, request: Request) -> None:
        if request.path_params["node"] != self.world.page_id:
            raise faults.unsupported_get(request.path_params["node"])

    # -- sending

    async def _messages(self, request: Request, given: dict[str, Any]) -> Response:
        self._page(request)
        fault = self._fault(given)
        if fault is not None and not fault.kind.endswith("_after_accept"):
            return await self._fail(fault)
        self._limit_rate()
        answer = self.platform.send(parse_send(given))
        if fault is not None:
            return await self._fail(fault)
        return JSONResponse(answer)

    def _fault(self, given: dict[str, Any]) -> Fault | None:
        if "message" not in given or not self.weather.faults:
            return None
        fault = self.weather.faults[0]
        fault.times -= 1
        if fault.times <= 0:
            self.weather.faults.popleft()
        return fault

    async def _fail(self, fault: Fault) -> Response:
        if fault.kind == "error":
            raise GraphError(fault.code, f"(#{fault.code}) The demo was told to fail", subcode=fault.subcode)
        if fault.kind == "http":
            return PlainTextResponse("<html>bad gateway</html>", status_code=fault.status)
        if fault.kind.startswith("hang"):
            await asyncio.sleep(HANG_S)
        return _Cut()

    def _limit_rate(self) -> None:
        now = self.world.clock.now_ms()
        while self._sends and self._sends[0] <= now - 1000:
            self._sends.popleft()
        if len(self._sends) >= SENDS_PER_S:
            raise faults.rate_limited()
        self._sends.append(now)

    async def _upload(self, request: Request, given: dict[str, Any]) -> Response:
        self._page(request)
        message = fields_of(given.get("message"), "message", {"attachment"}, ("attachment",))
        made = attachment_of(message["attachment"]).get("attachments")
        if not made:
            raise faults.invalid("A template cannot be uploaded")
        number = str(10**14 + secrets.randbelow(9 * 10**14))
        self.world.uploads[number] = made[0]
        return JSONResponse({"attachment_id": number})

    # -- threads

    async def _control(self, request: Request, given: dict[str, Any]) -> Response:
        self._page(request)
        verb = request.path_params["verb"]
        if verb not in ("pass", "take", "request", "release"):
            raise faults.unknown_path(request.url.path)
        allowed = {"recipient", "metadata", "access_token", "appsecret_proof"}
        if verb == "pass":
            allowed.add("target_app_id")
        body = fields_of(given, "body", allowed, ("recipient",))
        recipient = fields_of(body["recipient"], "recipient", {"id"}, ("id",))
        person = self.platform.person(str(recipient["id"]))
        target = body.get("target_app_id")
        if target is not None and not str(target).isdigit():
            raise faults.invalid("Param target_app_id must be an app id")
        metadata = string_of(body.get("metadata", ""), "metadata", 1000, 0)
        self.platform.control(person, verb, target=int(target) if target is not None else None, metadata=metadata)
        return JSONResponse({"success": True})

    async def _thread_owner(self, request: Request, given: dict[str, Any]) -> Response:
        self._page(request)
        person = self.platform.person(str(given.get("recipient", "")))
        owner = routing.owner_of(self.world, person)
        if owner is None:
            return JSONResponse({"data": []})
        until = person.thread.owner_until_ms // 1000
        return JSONResponse({"data": [{"thread_owner": {"app_id": str(owner), "expiration": until}}]})

    # -- the page, people, the app

    async def _object(self, request: Request, given: dict[str, Any]) -> Response:
        node = request.path_params["node"]
        wanted = [one for one in str(given.get("fields", "")).split(",") if one]
        if node == self.world.page_id:
            page = {"id": self.world.page_id, "name": self.world.page_name}
            return JSONResponse({name: page[name] for name in wanted or page if name in page} | {"id": page["id"]})
        person = self.world.people.get(node)
        app = self.world.app
        if person is None or person.thread.last_action_ms is None or not app.profile_access:
            raise faults.unsupported_get(node)
        known = {"first_name", "last_name", "name", "profile_pic", "locale", "timezone", "gender"}
        if unknown := sorted(set(wanted) - known - {"id"}):
            raise faults.invalid(f"Tried accessing nonexisting field ({unknown[0]})")
        shown: dict[str, Any] = {"first_name": person.first_name, "last_name": person.last_name}
        shown["name"] = f"{person.first_name} {person.last_name}"
        shown["profile_pic"] = f"{self.platform.media}/media/picture.png"
        if app.locale_access:  # without the permission these are left out without a word
            shown |= {"locale": person.locale, "timezone": 2}
        wanted = wanted or ["first_name", "last_name"]
        return JSONResponse({name: shown[name] for name in wanted if name in shown} | {"id": person.psid})

    async def _profile(self, request: Request, given: dict[str, Any]) -> Response:
        self._page(request)
        body = {name: value for name, value in given.items() if name not in ("access_token", "appsecret_proof")}
        held = self.world.profile
        if request.method == "POST":
            profile.update(held, body)
            return JSONResponse({"result": "success"})
        names = body.get("fields", [])
        names = names.split(",") if isinstance(names, str) else names
        if request.method == "DELETE":
            profile.clear(held, names)
            return JSONResponse({"result": "success"})
        if unknown := [name for name in names if name not in profile.FIELDS]:
            raise faults.invalid(f"Tried accessing nonexisting field ({unknown[0]})")
        shown = {name: held[name] for name in names if name in held}
        return JSONResponse({"data": [shown] if shown else []})

    async def _subscribed(self, request: Request, given: dict[str, Any]) -> Response:
        self._page(request)
        app = self.world.app
        if request.method == "GET":
            entry = {"id": str(app.id), "name": "Silta", "link": "", "subscribed_fields": app.fields}
            return JSONResponse({"data": [entry] if self.world.subscribed else []})
        if request.method == "POST":
            names = given.get("subscribed_fields", "")
            names = names.split(",") if isinstance(names, str) else names
            if not names or not all(isinstance(name, str) and name for name in names):
                raise faults.invalid("The parameter subscribed_fields is required")
            app.fields = list(names)
        self.world.subscribed = request.method == "POST"
        return JSONResponse({"success": True})

    async def _debug_token(self, request: Request, given: dict[str, Any]) -> Response:
        app = self.world.app
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        asks = bearer.strip() if scheme.lower() == "bearer" else given.get("access_token")
        if asks not in (f"{app.id}|{app.secret}", app.page_token):
            raise faults.token_bad(None)
        if given.get("input_token") != app.page_token:
            error = {"code": 190, "message": "Invalid OAuth access token."}
            return JSONResponse({"data": {"error": error, "is_valid": False, "scopes": []}})
        expired = app.token_expired or 0 < app.token_expires_at_ms <= self.world.clock.now_ms()
        data: dict[str, Any] = {
            "app_id": str(app.id), "type": "PAGE", "application": "Silta", "profile_id": self.world.page_id,
            "expires_at": app.token_expires_at_ms // 1000, "data_access_expires_at": 0, "is_valid": not expired,
            "scopes": app.scopes,
        }  # fmt: skip
        if expired:
            data["error"] = {"code": 190, "subcode": 463, "message": faults.EXPIRED}
        return JSONResponse({"data": data})


async def _given(request: Request) -> dict[str, Any]:
    """Query and body together, as Graph takes them."""
    given: dict[str, Any] = dict(request.query_params)
    raw = await request.body()
    if not raw:
        return given
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind != "application/json":
        raise faults.invalid(f"Unsupported content type {kind!r}")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise faults.invalid("The body is not valid JSON") from None
    if not isinstance(body, dict):
        raise faults.invalid("The body must be an object")
    return given | body
