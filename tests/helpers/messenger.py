"""People who write on Messenger, for tests: a thin hand on the demo's ``/control``, so that a test reads as a story.

The platform behind it is :mod:`handoff.demo.messenger`, started by ``silta up --demo-messenger`` or, for tests of
parts, by :func:`serve_demo` in a thread of the test's own process.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import httpx
import uvicorn

from handoff.demo.messenger.app import Demo
from handoff.demo.messenger.world import Clock, World
from handoff.supervisor.ports import free_ports
from tests.helpers.waiting import until, until_sync

__all__ = ["Customer", "Inbox", "Meta", "serve_demo"]

Seen = dict[str, Any]

HEAR_TIMEOUT_S = 20.0
"""For one answer: the bot has five seconds, and the machine of a test run is busy."""


@contextlib.contextmanager
def serve_demo(*, callback: str, clock: Clock | None = None) -> Iterator[tuple[Demo, str]]:
    """A demo in a thread of this process; its parts may be looked at, but only :class:`Meta` may change them."""
    port = free_ports(1)[0]
    address = f"http://127.0.0.1:{port}"
    demo = Demo(World(clock=clock), callback=callback, address=address)
    server = uvicorn.Server(
        uvicorn.Config(
            demo.app, host="127.0.0.1", port=port, log_config=None, log_level="warning", timeout_graceful_shutdown=1
        )
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), name="messenger demo")
    thread.start()
    try:
        until_sync(lambda: server.started or not thread.is_alive(), "the demo listens")
        assert server.started, "the demo did not start"
        yield demo, address
    finally:
        server.should_exit = True
        thread.join(10)


class Meta:
    """The platform as a test sees it. A context manager."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._http = httpx.AsyncClient(base_url=address, trust_env=False, timeout=40)

    @classmethod
    def of(cls, out: str) -> Self:
        """The one that ``silta up --demo-messenger`` has told of in its output."""
        found = re.search(r"Messenger to play with at (http://\S+?)/", out)
        assert found, f"no demo in: {out}"
        return cls(found[1])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(self, path: str, body: Any = None) -> Any:
        """GET, or POST of a body, under ``/control``."""
        if body is None:
            answer = await self._http.get(f"/control/{path}")
        else:
            answer = await self._http.post(f"/control/{path}", json=body)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def state(self) -> Any:
        return await self.ask("state")

    async def set(self, **switches: Any) -> Any:
        """``token_expired``, ``routing``, ``graph_delay_s`` and the like, see the demo's ``/control/set``."""
        return await self.ask("set", switches)

    @contextlib.asynccontextmanager
    async def chaos(self, **days: Any) -> AsyncIterator[None]:
        """Bad days on the way to the webhook, until the block ends."""
        await self.ask("chaos", days)
        try:
            yield
        finally:
            await self.ask("chaos", {})

    async def fail(self, kind: str, **more: Any) -> None:
        """The next calls that send a message fail."""
        await self.ask("fault", {"kind": kind, **more})

    async def later(self, *, hours: float) -> None:
        """Let time pass."""
        await self.ask("clock", {"advance_s": hours * 3600})

    async def quiet(self, *, timeout_s: float = 30) -> None:
        """Wait until every event that happened was taken by the webhook."""

        async def all_taken() -> bool:
            return int((await self.state())["posts"]["waiting"]) == 0

        await until(all_taken, "every event is taken", timeout_s=timeout_s)

    async def calls(self, path: str = "/messages") -> list[Any]:
        """The calls to Graph so far whose path ends so."""
        return [call for call in await self.ask("calls") if call["path"].endswith(path)]

    async def customer(self, first_name: str = "Aino", *, locale: str = "fi_FI") -> Customer:
        """Somebody new, who has not written yet."""
        joined = await self.ask("people", {"first_name": first_name, "last_name": "Koe", "locale": locale})
        return Customer(self, joined["psid"])


class Customer:
    """One person with the page's thread open. What they have read in a test already, :meth:`hear` skips."""

    def __init__(self, meta: Meta, psid: str) -> None:
        self.meta = meta
        self.psid = psid
        self._heard = 0

    async def _do(self, deed: str, **how: Any) -> str | None:
        mid: str | None = (await self.meta.ask(f"people/{self.psid}/{deed}", how))["mid"]
        return mid

    async def types(self, text: str) -> str:
        return str(await self._do("type", text=text))

    async def taps(self, title: str) -> str:
        return str(await self._do("tap", title=title))

    async def starts(self) -> None:
        await self._do("start")

    async def edits(self, mid: str, text: str) -> None:
        await self._do("edit", mid=mid, text=text)

    async def unsends(self, mid: str) -> None:
        await self._do("unsend", mid=mid)

    async def reacts(self, mid: str, emoji: str | None) -> None:
        await self._do("react", mid=mid, emoji=emoji)

    async def shows(self, what: str) -> str:
        return str(await self._do("show", what=what))

    async def looks(self) -> Any:
        """The person's screen."""
        return await self.meta.ask(f"people/{self.psid}")

    async def screen(self) -> list[Seen]:
        """Every message of the thread, as the person sees it."""
        messages: list[Seen] = (await self.looks())["messages"]
        return messages

    async def hear(self, *, timeout_s: float = HEAR_TIMEOUT_S) -> Seen:
        """The next message from the page that was not heard yet."""

        async def news() -> list[Seen]:
            return [one for one in await self.screen() if one["by"] != "person"][self._heard :]

        found = await until(news, "the page says something", timeout_s=timeout_s)
        self._heard += 1
        return found[0]

    async def hear_until(self, pattern: re.Pattern[str] | str, *, timeout_s: float = HEAR_TIMEOUT_S) -> Seen:
        """Hear until a message that the pattern matches as a whole; what comes before it is heard, too."""
        heard: list[str | None] = []
        while True:
            try:
                message = await self.hear(timeout_s=timeout_s)
            except AssertionError:
                raise AssertionError(f"waited for {pattern!r}, heard {heard}") from None
            heard.append(message["text"])
            if re.fullmatch(pattern, (message["text"] or "").strip()):
                return message


class Inbox:
    """A human of the page who works in the page inbox instead of the console."""

    def __init__(self, meta: Meta) -> None:
        self.meta = meta

    async def answers(self, customer: Customer, text: str) -> None:
        await self.meta.ask(f"inbox/{customer.psid}/answer", {"text": text})

    async def takes(self, customer: Customer) -> None:
        await self.meta.ask(f"inbox/{customer.psid}/take", {})

    async def asks(self, customer: Customer) -> None:
        await self.meta.ask(f"inbox/{customer.psid}/ask", {})

    async def is_done(self, customer: Customer) -> None:
        await self.meta.ask(f"inbox/{customer.psid}/done", {})
