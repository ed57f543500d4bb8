"""The real route table, for tests that must hold for every route."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

__all__ = ["KnownRoute", "routes_of", "starlette_of"]


@dataclass(frozen=True)
class KnownRoute:
    path: str
    methods: frozenset[str]
    route: Route

    @property
    def example(self) -> str:
        """A path that matches, with made-up names in it."""
        return re.sub(r"\{[^}]+\}", "example", self.path)

    @property
    def shared(self) -> bool:
        """Whether other origins load it: the widget and what belongs to it."""
        return self.path == "/widget.js" or self.path.startswith("/assets/")


def starlette_of(app: Any) -> Starlette:
    """The Starlette inside whatever stands around it."""
    while not isinstance(app, Starlette):
        app = app._app
    return app


def routes_of(app: Any) -> list[KnownRoute]:
    """All routes, in the table's order."""
    found = []
    for route in starlette_of(app).routes:
        assert isinstance(route, Route), f"a route of another kind: {route!r}: teach the tests about it"
        found.append(KnownRoute(route.path, frozenset((route.methods or set()) - {"HEAD"}), route))
    return found
