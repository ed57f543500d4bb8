"""Visitors and agents at the door of a hub, and a visitor who talks on through everything."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import AsyncExitStack
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin

from tests.helpers.agent import Agent
from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.frames import Frame, FrameClient
from tests.helpers.visitor import Visitor

__all__ = ["Door", "Talker"]


class Door:
    """Opens sockets of one hub, and closes them all when it is left."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def visitor(self, language: str = "en", **fields: Any) -> Visitor:
        """A visitor who has been welcomed."""
        return await self._stack.enter_async_context(await Visitor.arrive(self.address, language=language, **fields))

    async def again(self, visitor: Visitor) -> Visitor:
        """The same visitor on a new socket, after the last event it has seen."""
        return await self._stack.enter_async_context(await visitor.again())

    async def agent(self, name: str = "Aino", **fields: Any) -> Agent:
        """An agent who has been welcomed."""
        return await self._stack.enter_async_context(await Agent.arrive(self.address, AGENTS[name], PASSWORD, **fields))

    async def raw(self, path: str = "/ws/visitor", **fields: Any) -> FrameClient:
        """A socket that has said nothing yet."""
        fields = {"origin": self.address} | fields
        client = await FrameClient.dial(self.address.replace("http", "ws", 1) + path, **fields)
        return await self._stack.enter_async_context(client)


class Talker:
    """A visitor that does what the widget does: keeps what is not acknowledged, comes back with ``after`` and sends it
    again under the same id. :attr:`log` is what it was shown, :attr:`acked` the number of each acknowledged text."""

    def __init__(self, address: str, name: str) -> None:
        self.name = name
        self.acked: dict[str, int] = {}
        self.log: dict[int, Frame] = {}
        self.repeated: list[Frame] = []
        self.reconnections = 0
        self.conversation = ""
        self._url = address.replace("http", "ws", 1) + "/ws/visitor"
        self._origin = Origin(address)
        self._token: str | None = None
        self._said = 0

    async def talk(self, until: asyncio.Event, *, pause_s: float = 0.01) -> None:
        """Say one thing after the other until told to stop, and return when all of it is acknowledged."""
        while not until.is_set():
            await self.say()
            await asyncio.sleep(pause_s)

    async def say(self) -> None:
        """One message, however often the line breaks before it is acknowledged."""
        self._said += 1
        await self._send({"type": "message", "id": str(uuid.uuid4()), "text": f"{self.name} {self._said}"})

    def elsewhere(self) -> Talker:
        """The same visitor in another window, which has been shown nothing yet."""
        window = Talker("http" + self._url.removesuffix("/ws/visitor").removeprefix("ws"), self.name)
        window._token = self._token
        return window

    async def catch_up(self, last: int) -> None:
        """Come back once more and read until the event with this number."""
        await self.close()
        while max(self.log, default=0) < last:
            try:
                socket = await self._line()
                while max(self.log, default=0) < last:
                    await self._read(socket)
            except (ConnectionClosed, OSError, InvalidHandshake, TimeoutError):
                await self._lost()
        await self.close()

    def shown(self) -> dict[str, int]:
        """What the log says this visitor said: the number of each text."""
        return {
            event["text"]: seq
            for seq, event in self.log.items()
            if event.get("author", {}).get("role") == "visitor" and event.get("kind") == "message"
        }

    async def close(self) -> None:
        """Drop the line, as lines are dropped: without a word, and whatever was on its way."""
        if self._socket is not None:
            self._socket.transport.abort()
            await self._socket.wait_closed()
        self._socket = None

    _socket: ClientConnection | None = None

    async def _send(self, frame: Frame) -> None:
        while True:
            try:
                socket = await self._line()
                await socket.send(json.dumps(frame))
                while True:
                    answer = await self._read(socket)
                    if answer.get("id") != frame["id"]:
                        continue
                    if answer["type"] == "ack":
                        self.acked[frame["text"]] = answer["seq"]
                        return
                    assert answer["code"] == "try_later", answer
                    break
                await asyncio.sleep(0.05)
            except (ConnectionClosed, OSError, InvalidHandshake, TimeoutError):
                await self._lost()

    async def _lost(self) -> None:
        self.reconnections += 1
        await self.close()
        await asyncio.sleep(0.05)

    async def _line(self) -> ClientConnection:
        if self._socket is None:
            socket = await connect(self._url, origin=self._origin, proxy=None, compression=None, open_timeout=5)
            self._socket = socket
            hello: Frame = {"type": "hello", "after": max(self.log, default=0), "language": "en"}
            if self._token is not None:
                hello["token"] = self._token
            await socket.send(json.dumps(hello))
            while (welcome := await self._read(socket))["type"] != "welcome":
                assert welcome.get("code") == "try_later", welcome
            self._token, self.conversation = welcome["token"], welcome["conversation"]
        return self._socket

    async def _read(self, socket: ClientConnection) -> Frame:
        async with asyncio.timeout(20):
            frame: Frame = json.loads(await socket.recv())
        assert frame["type"] != "resync", "nothing may be lost"
        if frame["type"] == "event":
            if frame["seq"] in self.log:
                self.repeated.append(frame)
            assert frame["seq"] == max(self.log, default=0) + 1, "I3: no gap"
            self.log[frame["seq"]] = frame
        return frame
