"""A visitor, over ``/ws/visitor``."""

from __future__ import annotations

from typing import Any, Self

from tests.helpers.frames import Frame, FrameClient

__all__ = ["Visitor"]


class Visitor(FrameClient):
    """One socket of a visitor. :attr:`log` is the conversation as this visitor has seen it, by ``seq``."""

    welcome: Frame

    def __init__(self, socket: Any) -> None:
        super().__init__(socket)
        self.log: dict[int, Frame] = {}
        self._address = ""

    @classmethod
    async def arrive(
        cls, address: str, *, language: str = "fi", token: str | None = None, log: dict[int, Frame] | None = None
    ) -> Self:
        """Say hello to the hub at ``address``; with ``token`` and ``log`` a conversation goes on."""
        visitor = await cls.dial(address.replace("http", "ws", 1) + "/ws/visitor", origin=address)
        visitor._address = address
        visitor.log.update(log or {})
        hello: dict[str, Any] = {"after": max(visitor.log, default=0), "language": language}
        if token is not None:
            hello["token"] = token
        await visitor.send("hello", **hello)
        visitor.welcome = await visitor.expect("welcome")
        return visitor

    async def again(self) -> Self:
        """A new socket of the same visitor, resuming after the last event seen."""
        return await type(self).arrive(self._address, token=self.token, log=self.log)

    def _noticed(self, frame: Frame) -> None:
        if frame.get("type") == "event":
            assert frame["seq"] not in self.log, f"event {frame['seq']} came twice"
            self.log[frame["seq"]] = frame

    @property
    def token(self) -> str:
        return str(self.welcome["token"])

    @property
    def conversation(self) -> str:
        return str(self.welcome["conversation"])

    async def say(self, text: str, **fields: Any) -> Frame:
        """Send a message and wait for its ack."""
        return await self.ask("message", text=text, **fields)

    async def press(self, button: str) -> Frame:
        return await self.ask("message", button=button)

    async def hear(self, role: str, *, timeout_s: float = 30.0) -> Frame:
        """The next message by bot, agent or system that was not heard yet."""
        return await self.expect(
            "event", kind="message", where=lambda frame: frame["author"]["role"] == role, timeout_s=timeout_s
        )

    async def hear_event(self, kind: str, **fields: Any) -> Frame:
        return await self.expect("event", kind=kind, **fields)

    async def reaches(self, status: str, *, timeout_s: float = 30.0) -> Frame:
        """Wait for the frame that tells this status."""
        return await self.expect("status", status=status, timeout_s=timeout_s)

    def assert_no_gap(self) -> None:
        """I3: numbers rise by one."""
        assert sorted(self.log) == list(range(1, len(self.log) + 1))

    def texts(self, role: str) -> list[str]:
        """What this role said, in order."""
        return [
            event["text"]
            for _, event in sorted(self.log.items())
            if event.get("kind") == "message" and event["author"]["role"] == role
        ]
