"""The socket engine: uvicorn on uvloop with websockets' sans-I/O protocol, and the few places where a hub needs more.

What is hooked is private in uvicorn, so uvicorn and websockets are pinned exactly and tests/handoff/edge/test_server.py
holds each hook: size by path, small kernel buffers, an abort that leaves nothing behind, a limit for silent TCP, and
closing 1012 spread over the drain.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from handoff.edge.flow import Incoming, Writable

__all__ = ["FRAME_MAX_BYTES", "HubHttp", "HubServer", "HubSocket", "make_server"]

FRAME_MAX_BYTES = {"/ws/visitor": 16 * 1024, "/ws/agent": 64 * 1024}
"""The largest frame by path (protocol §1); more closes with 1009."""

SEND_BUFFER_BYTES = 64 * 1024
"""Kernel's share of what one slow reader may hold."""

HIGH_WATER_BYTES = 32 * 1024
"""Our share: above it a send waits, and its timeout runs."""

HEAD_TIMEOUT_S = 5.0
"""A connection that sends no complete request head for so long is closed."""

STALLED_S = 30.0
"""Who takes nothing of an answer for so long is dropped: on the poorest line the 64 KiB that wait are taken sooner."""

HANDSHAKE_MAX_BYTES = 8 * 1024
"""A browser's head with its cookies; a longer one is read as HTTP first."""

ABORT_AFTER_S = 1.0
"""After the server's own close a peer that still reads nothing is aborted."""

CLOSE_TIMEOUT_S = 1.0
"""For a peer's answer to our close; it has the code by then. (uvicorn waits 10 s, for which a stranger without a hello
would hold the socket.)"""


NO_HANDSHAKE = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
"""To who asks for a socket in a way that nobody can read."""


def _reset(transport: asyncio.Transport) -> None:
    """Abort with a reset: a plain abort leaves the unsent bytes with the kernel for many seconds."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        try:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass  # closed already
    transport.abort()


_STOCK = (
    *("config", "app", "loop", "logger", "root_path", "asgi_version", "app_state"),
    *("connections", "tasks", "default_headers", "transport", "server", "client", "scheme"),
    *("queue", "handshake_initiated", "handshake_complete", "close_sent", "disconnected", "close_timer"),
    *("close_timeout", "initial_response", "conn", "read_paused", "writable", "request", "response", "scope"),
    *("ping_interval", "ping_timeout", "ping_timer", "pong_timer", "pending_ping_payload", "ping_sent_at"),
    *("last_ping_rtt", "frames", "curr_msg_data_type"),
)
"""All that uvicorn's protocol keeps. In slots it takes 300 bytes a socket, in a dictionary of so many names 1,600."""


class HubSocket(WebSocketsSansIOProtocol):
    """A websocket that can be aborted, that holds little for a slow reader and next to nothing for a silent one.

    The headers of its scope are there until the application has accepted.
    """

    __slots__ = _STOCK

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.queue = Incoming()  # type: ignore[assignment]  # what is used of them, and no more
        self.writable = Writable()  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.close_timeout = CLOSE_TIMEOUT_S
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        raw = self.transport.get_extra_info("socket")
        if raw is not None and raw.family != socket.AF_UNIX:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated and not self.close_sent:
            # No handshake, and uvicorn waits for one: without limit, since the head's time is over.
            self.handshake_complete = self.close_sent = True
            self.transport.write(b"".join(self.conn.data_to_send()) or NO_HANDSHAKE)
            self.transport.close()
            self.loop.call_later(ABORT_AFTER_S, self.hard_abort)

    def handle_connect(self, event: Any) -> None:
        path = event.path.partition("?")[0]
        self.conn.max_message_size = FRAME_MAX_BYTES.get(path, min(FRAME_MAX_BYTES.values()))
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["headers"] = [(name.lower(), value) for name, value in self.scope["headers"]]
            self.scope["extensions"]["silta.abort"] = {"abort": self.hard_abort, "write": self.write_text}

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.accept" and self.handshake_complete:
            # Of the handshake nothing is asked any more, and a browser's headers are two kilobytes. (The request itself
            # is held by the parser for as long as the socket lives.)
            self.request.headers.clear()
            self.response.headers.clear()
            self.scope["headers"] = []

    def write_text(self, text: str) -> bool:
        """Send a text frame at once, without a step of the event loop; False when it has to wait its turn in ``send``,
        which also says what is wrong."""
        if not self.handshake_complete or self.disconnected or self.close_sent or not self.writable.is_set():
            return False
        try:
            self.conn.send_text(text.encode())
        except InvalidState:
            return False
        self.transport.write(b"".join(self.conn.data_to_send()))
        return True

    def hard_abort(self) -> None:
        """Drop the peer now, with nothing left in the kernel. Nothing happens when it is gone already."""
        if not self.disconnected:
            _reset(self.transport)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        if not self.disconnected:
            # The handler is done and the socket closing: whoever does not take that is dropped.
            self.loop.call_later(CLOSE_TIMEOUT_S + ABORT_AFTER_S, self.hard_abort)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(ABORT_AFTER_S, self.hard_abort)

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(ABORT_AFTER_S, self.hard_abort)


def _is_handshake(data: bytes) -> bool:
    """Whether this is the whole head of a request for one of our sockets, with nothing behind it. What is not is no
    worse for it: it is read as HTTP first."""
    if not data.startswith(b"GET /ws/") or len(data) > HANDSHAKE_MAX_BYTES:
        return False
    end = data.find(b"\r\n\r\n")
    return end + 4 == len(data) and b"\r\nupgrade: websocket\r\n" in data.lower()


class HubHttp(H11Protocol):
    """HTTP that does not wait for ever: for a request's head, be it a connection's first or a later one; for a body
    whose request is answered; for somebody who does not read the answer."""

    _head_timer: asyncio.TimerHandle | None = None
    _answer_timer: asyncio.TimerHandle | None = None
    _resumed = 0
    """How often the peer has taken what was waiting for it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(HEAD_TIMEOUT_S, self._too_slow)

    def data_received(self, data: bytes) -> None:
        if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0] and _is_handshake(data):
            self._hand_over(data)
            return
        super().data_received(data)
        self._watch_head()

    def _hand_over(self, head: bytes) -> None:
        """Let the socket read the head, which it would read again anyway after it had been read here: a quarter of what
        it costs to let somebody in. As uvicorn does it."""
        self._forget_head()
        self._forget_answer()
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        socket = self.ws_protocol_class(  # type: ignore[misc,call-arg]
            config=self.config, server_state=self.server_state, app_state=self.app_state
        )
        socket.connection_made(self.transport)
        socket.data_received(head)
        self.transport.set_protocol(socket)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_head()
        self._watch_answer()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_answer()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._resumed += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_head()
        self._forget_answer()
        super().connection_lost(exc)

    def _watch_answer(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting and self._answer_timer is None:
            self._answer_timer = self.loop.call_later(STALLED_S, self._look_at_answer, waiting, self._resumed)

    def _look_at_answer(self, waiting: int, resumed: int) -> None:
        self._answer_timer = None
        if self.transport.get_protocol() is not self:
            return  # a socket by now, which has limits of its own
        if self._resumed == resumed and self.transport.get_write_buffer_size() >= waiting:
            _reset(self.transport)
        else:
            self._watch_answer()

    def _forget_answer(self) -> None:
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None

    def _watch_head(self) -> None:
        # Between requests the keep-alive limit holds; it ends with the first byte of the next head, or of a body whose
        # request is answered already.
        their, ours = self.conn.their_state, self.conn.our_state
        begun = their is h11.IDLE and bool(self.conn.trailing_data[0])
        begun = begun or (their is h11.SEND_BODY and ours is h11.DONE)
        if not begun:
            self._forget_head()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_TIMEOUT_S, self._too_slow)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        _reset(self.transport)


class HubServer(uvicorn.Server):
    """Stops by closing sockets with 1012, spread over the drain, so that clients do not come back all at once."""

    def __init__(self, config: uvicorn.Config, drain: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._drain = drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()  # at once: on a shared address the kernel sends newcomers to the other hubs from here on
        await self._drain()
        await super().shutdown(sockets)


def make_server(app: Any, *, drain: Callable[[], Awaitable[None]]) -> HubServer:
    """The server with the hub's settings; the caller awaits ``serve(sockets)``."""
    config = uvicorn.Config(
        app,
        http=HubHttp,
        ws=HubSocket,
        interface="asgi3",
        loop="uvloop",
        ws_per_message_deflate=False,
        ws_max_size=max(FRAME_MAX_BYTES.values()),
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=5,
        backlog=2048,
        access_log=False,
        log_level="warning",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        lifespan="off",
    )
    return HubServer(config, drain)
