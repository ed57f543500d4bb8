"""A websocket client that keeps every frame it got, for tests that speak the protocol's own words."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

__all__ = ["Frame", "FrameClient", "Refusal"]

Frame = dict[str, Any]

EXPECT_TIMEOUT_S = 30.0
"""For one frame: twice the bot's limit, since the machine of a test run is busy."""


class Refusal(Exception):
    """The server answered a request with an error frame."""

    def __init__(self, frame: Mapping[str, Any]) -> None:
        super().__init__(f"{frame.get('code')}: {frame.get('message')}")
        self.code = frame.get("code")
        self.frame = frame


class FrameClient:
    """One socket. Frames that no :meth:`expect` has taken yet are kept in order of arrival.

    Use it as a context manager, or call :meth:`close`.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[Frame] = []
        """Everything that came, taken or not."""
        self._untaken: list[Frame] = []
        self._news = asyncio.Condition()
        self._over = False
        self._reader = asyncio.create_task(self._read(), name="frames")

    @classmethod
    async def dial(cls, url: str, *, origin: str | None, headers: Mapping[str, str] | None = None) -> Self:
        """Connect without any hello."""
        socket = await connect(
            url,
            origin=Origin(origin) if origin is not None else None,
            additional_headers=dict(headers or {}),
            proxy=None,
            compression=None,
            max_size=2**24,
        )
        return cls(socket)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                frame = json.loads(text)
                async with self._news:
                    self.frames.append(frame)
                    self._untaken.append(frame)
                    self._noticed(frame)
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        finally:
            async with self._news:
                self._over = True
                self._news.notify_all()

    def _noticed(self, frame: Frame) -> None:
        """For subclasses that keep a picture of what they were told."""

    async def send(self, type: str, **fields: Any) -> None:
        await self.send_raw(json.dumps({"type": type, **fields}, ensure_ascii=False))

    async def send_raw(self, data: str | bytes) -> None:
        await self.socket.send(data)

    async def expect(
        self,
        type: str,
        *,
        where: Callable[[Frame], bool] | None = None,
        timeout_s: float = EXPECT_TIMEOUT_S,
        **fields: Any,
    ) -> Frame:
        """Take the first frame not taken yet with this type and these fields, waiting for it if need be.

        Fails the test with what came instead when none comes in time, or the socket closes first.
        """

        def matches(frame: Frame) -> bool:
            return (
                frame.get("type") == type
                and all(frame.get(name) == value for name, value in fields.items())
                and (where is None or where(frame))
            )

        def find() -> Frame | None:
            return next((frame for frame in self._untaken if matches(frame)), None)

        try:
            async with asyncio.timeout(timeout_s), self._news:
                await self._news.wait_for(lambda: find() is not None or self._over)
                found = find()
        except TimeoutError:
            found = None
        assert found is not None, (
            f"no frame {type} {fields} within {timeout_s:g} s{' (closed)' if self._over else ''}; "
            f"untaken: {json.dumps(self._untaken, ensure_ascii=False)[-2000:]}"
        )
        self._untaken.remove(found)
        return found

    async def ask(self, type: str, *, timeout_s: float = EXPECT_TIMEOUT_S, **fields: Any) -> Frame:
        """Send a frame with an id and return its ack.

        Raises:
            Refusal: the answer is an error.
        """
        id = fields.pop("id", None) or str(uuid.uuid4())
        await self.send(type, id=id, **fields)
        return await self.answer_to(id, timeout_s=timeout_s)

    async def answer_to(self, id: str, *, timeout_s: float = EXPECT_TIMEOUT_S) -> Frame:
        """The answer to a request that was sent with this id.

        Raises:
            Refusal: it is an error.
        """
        def is_answer() -> Frame | None:
            return next((f for f in self._untaken if f.get("id") == id and f.get("type") in ("ack", "error")), None)

        try:
            async with asyncio.timeout(timeout_s), self._news:
                await self._news.wait_for(lambda: is_answer() is not None or self._over)
                answer = is_answer()
        except TimeoutError:
            answer = None
        assert answer is not None, f"no answer within {timeout_s:g} s{' (closed)' if self._over else ''}"
        self._untaken.remove(answer)
        if answer["type"] == "error":
            raise Refusal(answer)
        return answer

    async def closed(self, *, timeout_s: float = EXPECT_TIMEOUT_S) -> int | None:
        """Wait until the server has closed; the close code."""
        async with asyncio.timeout(timeout_s):
            await self.socket.wait_closed()
            await self._reader
        return self.socket.close_code

    @property
    def is_open(self) -> bool:
        return not self._over

    async def close(self) -> None:
        await self.socket.close()
        await self._reader
