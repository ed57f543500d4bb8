"""``silta chat``: a visitor in the terminal, over the same socket that the widget uses."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin

from handoff.errors import StartRefused
from handoff.supervisor.settings import UpSettings

__all__ = ["Screen", "chat"]

HELP = (
    "a number presses a button; :person asks for a person, :cancel goes back to the bot, :agree ticks the owner's box, "
    ":end closes, :quit leaves"
)

ANSWER_WAIT_S = 8.0
"""How long an answer is waited for when the input is no terminal: the bot's limit of 5 s and some patience."""

QUIET_S = 0.7
"""No further event for so long means that the answer is complete, when the input is no terminal."""

OPEN_TIMEOUT_S = 10.0
"""For connecting and for the welcome."""

BACK_OFF_S = 0.5
BACK_OFF_MOST_S = 30.0
"""The pause before a new try is a random part of this, which doubles: after a restart not all come at once."""

GIVE_UP_S = 120.0
"""A hub that is not back after this will not be soon."""

FOR_GOOD = 1008
"""The close code of a socket that need not come again."""

AWAY = (OSError, InvalidHandshake, TimeoutError, ConnectionClosed)


class Screen:
    """What frames look like on a terminal. Pure: lines go to ``write``; buttons of the last message are remembered."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self.buttons: list[Mapping[str, Any]] = []
        self.status = "bot"
        self._notice = ""

    def show(self, frame: Mapping[str, Any]) -> None:
        """Show a frame of the server; those that say nothing to a person are left out."""
        kind = frame.get("type")
        if kind == "welcome":
            self.status = frame.get("status", "bot")
            self._notice = str(frame.get("notice", ""))
            self._write(f"-- {self._notice}")
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
        # The notice of the welcome stands at the top already; later ones, after a person, are news.
        if event.get("kind") == "notice" and event.get("text") == self._notice:
            return
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
    commands = {":person": "request_handoff", ":cancel": "cancel_handoff", ":agree": "agree", ":end": "end"}
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
    return await _Talk(address, language).run()


class _Talk:
    """One conversation in the terminal, over as many sockets as it takes."""

    def __init__(self, address: str, language: str) -> None:
        self._url = address.replace("http", "ws", 1) + "/ws/visitor"
        self._origin = address
        self._hello: dict[str, Any] = {"type": "hello", "after": 0, "language": language}
        self._socket: ClientConnection | None = None
        self._unanswered: dict[str, Mapping[str, Any]] = {}
        """Requests without an answer, sent again under their ids after a reconnection: they have one effect."""
        self._screen = Screen(print)
        self._terminal = sys.stdin.isatty()
        self._last_frame = 0.0
        self._answered = asyncio.Event()

    async def run(self) -> int:
        try:
            socket, welcome = await self._open()
        except AWAY as error:
            raise StartRefused(f"nobody answers at {self._url}: start Silta with 'silta up' ({error})") from error
        self._screen.show(welcome)
        if self._terminal:
            print(f"-- {HELP}")
        reading = asyncio.create_task(self._read(socket))
        writing = asyncio.create_task(self._write())
        done, _ = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        for task in (reading, writing):
            task.cancel()
        await asyncio.gather(reading, writing, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
        for task in done:
            task.result()
        return 0

    async def _open(self) -> tuple[ClientConnection, Mapping[str, Any]]:
        """Connect and say hello, after the last event that was shown; raises one of :data:`AWAY`."""
        # Our own server, without a proxy between; the origin is what the widget on the demo page would send.
        socket = await connect(self._url, origin=Origin(self._origin), open_timeout=OPEN_TIMEOUT_S, proxy=None)
        try:
            await socket.send(json.dumps(self._hello))
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                welcome = json.loads(await socket.recv())
            if welcome.get("type") != "welcome":
                raise TimeoutError(f"{welcome.get('code')}: {welcome.get('message')}")
        except BaseException:
            await socket.close()
            raise
        self._hello["token"] = welcome["token"]
        self._socket = socket
        return socket, welcome

    async def _come_back(self) -> ClientConnection:
        """A new socket in place of one that broke, with what was unanswered sent again."""
        loop = asyncio.get_running_loop()
        print("-- the connection is lost; trying again")
        deadline, pause_s = loop.time() + GIVE_UP_S, BACK_OFF_S
        while True:
            await asyncio.sleep(random.uniform(0, pause_s))  # noqa: S311 (spread, no secret)
            pause_s = min(pause_s * 2, BACK_OFF_MOST_S)
            try:
                socket, _ = await self._open()
                for frame in tuple(self._unanswered.values()):
                    await socket.send(json.dumps(frame, ensure_ascii=False))
            except AWAY as error:
                if loop.time() > deadline:
                    raise StartRefused(f"the connection was closed, and nobody answers at {self._url}") from error
            else:
                print("-- connected again")
                return socket

    async def _send(self, frame: Mapping[str, Any]) -> None:
        self._unanswered[frame["id"]] = frame
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):  # sent again when the line is back
                await self._socket.send(json.dumps(frame, ensure_ascii=False))

    async def _read(self, socket: ClientConnection) -> None:
        while True:
            with contextlib.suppress(ConnectionClosed):
                async for text in socket:
                    self._take(json.loads(text))
            if socket.close_code == FOR_GOOD:
                raise StartRefused("the server closed the connection")
            socket = await self._come_back()

    def _take(self, frame: Mapping[str, Any]) -> None:
        self._screen.show(frame)
        self._last_frame = asyncio.get_running_loop().time()
        kind = frame.get("type")
        if kind in ("ack", "error"):
            self._unanswered.pop(str(frame.get("id")), None)
        elif kind == "resync":
            self._hello["after"] = int(frame["from"]) - 1
        elif kind == "event":
            self._hello["after"] = max(self._hello["after"], int(frame["seq"]))
        role = (frame.get("author") or {}).get("role")
        if kind == "error" or (kind == "event" and role != "visitor"):
            self._answered.set()

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
