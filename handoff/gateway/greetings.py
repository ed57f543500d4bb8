"""What open pages were told of the hours: told anew when the clock, or the owner, has made it untrue."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from handoff.events import LANGUAGES
from handoff.moment import Moment

__all__ = ["Greetings"]

LOOK_EVERY_S = 5.0
"""A page that says "closed" is right again so soon after the doors have opened; looking costs three sentences."""

AT_ONCE = 100
"""Pages that are told before others get a turn: thousands may stand open when the hours change."""

CHANGES_ALONE = frozenset({"response"})
"""How soon somebody answers is another with each visitor who is served; it is told anew when something else is."""


class Greeted(Protocol):
    """A visitor's socket."""

    @property
    def language(self) -> str: ...

    def greet(self) -> None:
        """Tell what :meth:`Greetings.greeting` says now."""


class Greetings:
    """What the visitors on this process were told who came in. Run :meth:`keep_true` for ever."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._told: dict[Greeted, Mapping[str, Any]] = {}

    def greeting(self, socket: Greeted) -> Mapping[str, Any]:
        """What holds now, in the socket's language (:meth:`Moment.greeting`). The socket must tell it, and
        :meth:`leave` when it closes: until then it is asked to greet again whenever something else holds."""
        greeting = self._told[socket] = self._moment.greeting(socket.language)
        return greeting

    def leave(self, socket: Greeted) -> None:
        self._told.pop(socket, None)

    async def keep_true(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Have those greet again who told something else than what holds now."""
        holds = {language: self._moment.greeting(language) for language in LANGUAGES}
        # Who came in the same second was told the same: compared once, as this looks through thousands of pages.
        pairs = {id(told): (told, holds[socket.language]) for socket, told in self._told.items()}
        untrue = {key for key, (told, now) in pairs.items() if _lasting(told) != _lasting(now)}
        late = [socket for socket, told in self._told.items() if id(told) in untrue]
        for number, socket in enumerate(late, start=1):
            if socket in self._told:
                socket.greet()
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)


def _lasting(greeting: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in greeting.items() if name not in CHANGES_ALONE}
