"""An agent, over ``/api/login``, ``/api/socket-token`` and ``/ws/agent``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import httpx

from tests.helpers.frames import Frame, FrameClient

__all__ = ["Agent"]


class Agent(FrameClient):
    """One socket of an agent. :attr:`queue` and :attr:`logs`: the queue and the conversations as it was told them."""

    welcome: Frame

    def __init__(self, socket: Any) -> None:
        super().__init__(socket)
        self.queue: dict[str, Frame] = {}
        self.logs: dict[str, dict[int, Frame]] = {}

    @classmethod
    async def arrive(
        cls, address: str, email: str, password: str, *, cursors: Mapping[str, int] | None = None
    ) -> Self:
        """Sign in and say hello."""
        # A connection for each request: between two, a busy machine may let the server's keep-alive run out.
        headers = {"origin": address, "connection": "close"}
        async with httpx.AsyncClient(base_url=address, headers=headers, trust_env=False) as http:
            signed_in = await http.post("/api/login", json={"email": email, "password": password})
            assert signed_in.status_code == 200, signed_in.text
            token = (await http.post("/api/socket-token")).json()["token"]
        agent = await cls.dial(address.replace("http", "ws", 1) + "/ws/agent", origin=address)
        await agent.send("hello", token=token, cursors=dict(cursors or {}))
        agent.welcome = await agent.expect("welcome")
        return agent

    def _noticed(self, frame: Frame) -> None:
        kind = frame.get("type")
        if kind == "welcome":
            self.queue = {entry["conversation"]: entry for entry in frame["queue"]}
        elif kind == "queue":
            if frame["entry"] is None:
                self.queue.pop(frame["conversation"], None)
            else:
                self.queue[frame["conversation"]] = frame["entry"]
        elif kind == "event":
            self.logs.setdefault(frame["conversation"], {})[frame["seq"]] = frame

    async def sees_queued(self, conversation: str) -> Frame:
        """The entry of a conversation that waits, from the welcome or a push."""
        known = self.queue.get(conversation)
        if known is not None and known["status"] == "queued":
            return known
        frame = await self.expect(
            "queue",
            conversation=conversation,
            where=lambda f: f["entry"] is not None and f["entry"]["status"] == "queued",
        )
        entry: Frame = frame["entry"]
        return entry

    async def claim(self, conversation: str) -> Frame:
        return await self.ask("claim", conversation=conversation)

    async def open(self, conversation: str, *, after: int = 0) -> Frame:
        """The ack of ``open``, once every event up to its ``last`` has come."""
        ack = await self.ask("open", conversation=conversation, after=after)
        for seq in range(after + 1, ack["last"] + 1):
            await self.expect("event", conversation=conversation, seq=seq)
        return ack

    async def say(self, conversation: str, text: str) -> Frame:
        return await self.ask("message", conversation=conversation, text=text)

    async def hear(self, conversation: str, role: str, *, timeout_s: float = 30.0) -> Frame:
        return await self.expect(
            "event",
            conversation=conversation,
            kind="message",
            where=lambda frame: frame["author"]["role"] == role,
            timeout_s=timeout_s,
        )
