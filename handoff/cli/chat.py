"""``silta chat``: a visitor in the terminal, over the same socket that the widget uses."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from handoff.errors import StartRefused
from handoff.supervisor.settings import UpSettings

__all__ = ["Screen", "chat"]

HELP = "a number presses a button; :person asks for a person, :cancel goes back to the bot, :end closes, :quit leaves"

ANSWER_WAIT_S = 8.0
"""How long an answer is waited for when the input is no terminal: the bot's limit of 5 s and some patience."""

QUIET_S = 0.7
"""No further event for so long means that the answer is complete, when the input is no terminal."""

OPEN_TIMEOUT_S = 10.0
"""For connecting and for the welcome."""


class Screen:
    """What frames look like on a terminal. Pure: lines go to ``write``; buttons of the last message are remembered."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self.buttons: list[Mapping[str, Any]] = []
        self.status = "bot"

    def show(self, frame: Mapping[str, Any]) -> None:
        """Show a frame of the server; those that say nothing to a person are left out."""
        kind = frame.get("type")
        if kind == "welcome":
            self.status = frame.get("status", "bot")
            self._write(f"-- {frame.get('notice', '')}")
        elif kind == "event":
            self._event(frame)
        elif kind == "status":
            self.status = frame.get("status", self.status)
            ahead = frame.get("ahead")
            self._write(f"-- {self.status}" + (f", {ahead} ahead" if ahead is not None else ""))
        elif kind == "error":
            self._write(f"-- {frame.get('code')}: {frame.get('message')}")

    def _event(self, event: Mapping[str, Any]) -> None:
        author = event.get("author") or {}
        if event.get("kind") == "hidden" or author.get("role") == "visitor" or not event.get("text"):
            return
        self._write(f"{author.get('name') or author.get('role')}: {event['text']}")
        if author.get("role") == "bot":
            self.buttons = list(event.get("buttons") or ())
            for number, button in enumerate(self.buttons, 1):
                self._write(f"   [{number}] {button['title']}")


def frame_of(line: str, buttons: list[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The frame that a typed line asks for; None for a line that asks to leave."""
    line = line.strip()
    commands = {":person": "request_handoff", ":cancel": "cancel_handoff", ":end": "end"}
    if line == ":quit":
        return None
    frame: dict[str, Any] = {"id": str(uuid.uuid4())}
    if line in commands:
        return {"type": commands[line], **frame}
    if line.isascii() and line.isdigit() and 1 <= int(line) <= len(buttons):
        return {"type": "message", "button": buttons[int(line) - 1]["id"], **frame}
    return {"type": "message", "text": line, **frame}


def chat(given: argparse.Namespace) -> int:
    settings = UpSettings.read(os.environ)
    return asyncio.run(_chat(settings.address, given.language))


async def _chat(address: str, language: str) -> int:
    url = address.replace("http", "ws", 1) + "/ws/visitor"
    try:
        # Our own server, without a proxy between; the origin is what the widget on the demo page would send.
        async with connect(url, origin=address, open_timeout=OPEN_TIMEOUT_S, proxy=None) as socket:  # type: ignore[arg-type]  # Origin is a str
            return await _Talk(socket).run(language)
    except (OSError, InvalidHandshake, TimeoutError) as error:
        raise StartRefused(f"nobody answers at {url}: start Silta with 'silta up' ({error})") from error
    except ConnectionClosed as error:
        raise StartRefused(f"the connection was closed ({error})") from error


class _Talk:
    """One conversation in the terminal."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._screen = Screen(print)
        self._terminal = sys.stdin.isatty()
        self._last_frame = 0.0
        self._answered = asyncio.Event()

    async def run(self, language: str) -> int:
        await self._send({"type": "hello", "after": 0, "language": language})
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            self._screen.show(json.loads(await self._socket.recv()))
        if self._terminal:
            print(f"-- {HELP}")
        reading = asyncio.create_task(self._read())
        writing = asyncio.create_task(self._write())
        done, _ = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        for task in (reading, writing):
            task.cancel()
        await asyncio.gather(reading, writing, return_exceptions=True)
        for task in done:
            task.result()
        return 0

    async def _send(self, frame: Mapping[str, Any]) -> None:
        await self._socket.send(json.dumps(frame, ensure_ascii=False))

    async def _read(self) -> None:
        async for text in self._socket:
            frame = json.loads(text)
            self._screen.show(frame)
            self._last_frame = asyncio.get_running_loop().time()
            role = (frame.get("author") or {}).get("role")
            if frame.get("type") == "error" or (frame.get("type") == "event" and role != "visitor"):
                self._answered.set()
        raise StartRefused("the server closed the connection")

    async def _write(self) -> None:
        lines = _lines()
        while (line := await lines.get()) is not None:
            if not line.strip():
                continue
            frame = frame_of(line, self._screen.buttons)
            if frame is None:
                return
            if not self._terminal:
                print(f"> {line.strip()}")
            self._answered.clear()
            await self._send(frame)
            if not self._terminal:
                await self._until_answered()

    async def _until_answered(self) -> None:
        """Give the answer time, so that lines from a file are a conversation and not a burst."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(ANSWER_WAIT_S):
                await self._answered.wait()
        except TimeoutError:
            return
        while (left_s := self._last_frame + QUIET_S - loop.time()) > 0:  # noqa: ASYNC110 (the wait is for silence)
            await asyncio.sleep(left_s)


def _lines() -> asyncio.Queue[str | None]:
    """Lines of standard input, and None at its end. A thread reads them that dies with us: such a read has no end."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()  # as long as what one person types

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(queue.put_nowait, line)
        loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return queue
