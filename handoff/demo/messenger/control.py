"""What steers the demo: its page, and tests. JSON over HTTP under ``/control``; nothing of this exists at Meta."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from handoff.demo.messenger import routing
from handoff.demo.messenger.courier import Chaos, Courier
from handoff.demo.messenger.faults import GraphError
from handoff.demo.messenger.graph import Fault, Graph
from handoff.demo.messenger.platform import Impossible, Platform
from handoff.demo.messenger.world import Message, Person

__all__ = ["Control"]

Handler = Callable[[Request, dict[str, Any]], Awaitable[Any]]


class Control:
    """Routes over the parts of one demo."""

    def __init__(self, platform: Platform, graph: Graph, courier: Courier) -> None:
        self._platform = platform
        self._world = platform.world
        self._graph = graph
        self._courier = courier

    def routes(self) -> list[Route]:
        """To be mounted at the root."""
        person = "/control/people/{psid}"
        return [
            Route("/control/state", self._wrap(self._state)),
            Route("/control/people", self._wrap(self._people), methods=["GET", "POST"]),
            Route(person, self._wrap(self._thread)),
            Route(person + "/{deed}", self._wrap(self._deed), methods=["POST"]),
            Route("/control/inbox/{psid}/{deed}", self._wrap(self._inbox), methods=["POST"]),
            Route("/control/chaos", self._wrap(self._chaos), methods=["POST"]),
            Route("/control/fault", self._wrap(self._fault), methods=["POST"]),
            Route("/control/set", self._wrap(self._set), methods=["POST"]),
            Route("/control/clock", self._wrap(self._clock), methods=["POST"]),
            Route("/control/hook", self._wrap(self._hook), methods=["POST"]),
            Route("/control/calls", self._wrap(self._calls)),
        ]

    def _wrap(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def call(request: Request) -> Response:
            if request.method == "POST" and request.headers.get("content-type") != "application/json":
                # A form on some other page must not be able to post here; JSON it may not send.
                return JSONResponse({"message": "JSON is expected"}, status_code=415)
            try:
                raw = await request.body()
                given = json.loads(raw) if raw else {}
                return JSONResponse(await handler(request, given))
            except (Impossible, ValueError, TypeError, KeyError) as error:
                return JSONResponse({"message": str(error)}, status_code=409)
            except GraphError as error:
                return JSONResponse(error.body(), status_code=409)

        return call

    async def _state(self, _: Request, __: dict[str, Any]) -> Any:
        world = self._world
        return {
            "page": world.page_name, "page_id": world.page_id, "app_id": str(world.app.id), "routing": world.routing,
            "restricted": world.restricted, "token_expired": world.app.token_expired,
            "human_agent": world.app.human_agent, "clock_moves": world.clock.movable,
            "clock_offset_s": world.clock.offset_s(), "now_ms": world.clock.now_ms(),
            "chaos": dataclasses.asdict(self._courier.chaos), "posts": dataclasses.asdict(self._courier.tally),
            "faults": len(self._graph.weather.faults),
        }  # fmt: skip

    async def _people(self, request: Request, given: dict[str, Any]) -> Any:
        if request.method == "POST":
            return self._show(self._world.join(**given))
        return [person.profile for person in self._world.people.values()]

    def _person(self, request: Request) -> Person:
        return self._platform.person(request.path_params["psid"])

    async def _thread(self, request: Request, _: dict[str, Any]) -> Any:
        return self._show(self._person(request))

    def _show(self, person: Person) -> dict[str, Any]:
        thread = person.thread
        return {
            **person.profile,
            "psid": person.psid,
            "messages": [message.seen() for message in thread.messages],
            "offered": [reply["title"] for reply in thread.offered() if "title" in reply],
            "typing": thread.typing,
            "seen_by_page": thread.seen_by_page,
            "signs": thread.signs,
            "owner": routing.owner_of(self._world, person) if self._world.routing else None,
            **self._platform.menus(person),
        }

    async def _deed(self, request: Request, given: dict[str, Any]) -> Any:
        person, platform = self._person(request), self._platform
        deeds: dict[str, Callable[..., Message | None]] = {
            "type": platform.type, "tap": platform.tap, "press": platform.press, "start": platform.start,
            "pick": platform.pick, "edit": platform.edit, "unsend": platform.unsend, "react": platform.react,
            "show": platform.show,
        }  # fmt: skip
        deed = request.path_params["deed"]
        message: Message | None = None
        if deed == "refer":
            platform.refer(person, **given)
        elif deed == "block":
            person.blocked = bool(given["on"])
        elif deed in deeds:
            message = deeds[deed](person, **given)
        else:
            raise Impossible(f"nobody can {deed}")
        return {"mid": message.mid if message is not None else None}

    async def _inbox(self, request: Request, given: dict[str, Any]) -> Any:
        person, platform = self._person(request), self._platform
        deed = request.path_params["deed"]
        if deed == "answer":
            return {"mid": platform.inbox_says(person, given["text"]).mid}
        deeds = {"take": platform.inbox_takes, "ask": platform.inbox_asks, "done": platform.inbox_done}
        if deed not in deeds:
            raise Impossible(f"the inbox cannot {deed}")
        deeds[deed](person)
        return {}

    async def _chaos(self, _: Request, given: dict[str, Any]) -> Any:
        """What is given is changed; everything else is as at the start."""
        self._courier.chaos = Chaos(**given)
        return dataclasses.asdict(self._courier.chaos)

    async def _fault(self, _: Request, given: dict[str, Any]) -> Any:
        """One more fault for the next calls; without a kind all are forgotten."""
        faults = self._graph.weather.faults
        if given:
            faults.append(Fault(**given))
        else:
            faults.clear()
        return {"faults": len(faults)}

    async def _set(self, request: Request, given: dict[str, Any]) -> Any:
        """Switches of the page, the app and Graph."""
        app = ("token_expired", "human_agent", "profile_access", "locale_access", "scopes", "token_expires_at_ms")
        for name, value in given.items():
            if name in app:
                setattr(self._world.app, name, value)
            elif name in ("routing", "restricted", "subscribed"):
                setattr(self._world, name, bool(value))
            elif name in ("reads_at_once", "force_standby"):
                setattr(self._platform, name, bool(value))
            elif name == "graph_delay_s":
                self._graph.weather.delay_s = float(value)
            elif name == "policy":
                self._platform.policy(**value)
            else:
                raise Impossible(f"there is no switch {name!r}")
        return await self._state(request, {})

    async def _clock(self, _: Request, given: dict[str, Any]) -> Any:
        return {"offset_s": self._world.clock.advance(float(given["advance_s"]))}

    async def _hook(self, _: Request, given: dict[str, Any]) -> Any:
        """Post any body to the webhook, signed, or signed with another ``secret``."""
        body = given["raw"].encode("utf-8") if "raw" in given else json.dumps(given["body"]).encode("ascii")
        return {"status": await self._courier.post(body, secret=given.get("secret"))}

    async def _calls(self, _: Request, __: dict[str, Any]) -> Any:
        return [dataclasses.asdict(call) for call in self._graph.calls]
