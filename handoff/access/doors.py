"""The door of every HTTP route: who may come through it stands in :mod:`handoff.access.permissions`, and is checked
before the route's own work. A route without a line there lets nobody in."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handoff.access.accounts import Account
from handoff.access.permissions import ACTIONS, ANYONE, allowed, may, route_action
from handoff.errors import Forbidden

__all__ = ["guarded"]

log = logging.getLogger("silta.doors")
access = logging.getLogger("silta.access")

SignedIn = Callable[[Request], Awaitable[Account]]


def guarded(routes: Iterable[Route], signed_in: SignedIn) -> list[Route]:
    """The routes, each behind the table. ``signed_in`` gives the account of a request, or raises
    :class:`~handoff.errors.Unauthorized`."""
    return [_guard(route, signed_in) for route in routes]


def _guard(route: Route, signed_in: SignedIn) -> Route:
    handler: Callable[[Request], Awaitable[Response]] = route.endpoint
    methods = route.methods or {"GET"}
    for method in methods:
        if route_action(method, route.path) not in ACTIONS:
            log.error("%s %s has no line in handoff/access/permissions.py: nobody may use it", method, route.path)

    async def guard(request: Request) -> Response:
        action = route_action(request.method, route.path)
        if not may(ANYONE, action):
            if action not in ACTIONS:
                raise Forbidden("Nobody may do this.")
            account = await signed_in(request)
            if not allowed(account, action):
                access.warning("%s %s was refused %s", account.role, account.id, action)
                raise Forbidden("Your role may not do this.")
        return await handler(request)

    return Route(route.path, guard, methods=sorted(methods))
