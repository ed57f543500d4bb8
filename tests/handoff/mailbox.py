"""A mail server of a test's own, and what it took."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller

__all__ = ["Inbox", "listening"]


class Inbox:
    """What the mail server took."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.full = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.full:
            return "452 no room"
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 taken"


class _Listening(Controller):
    """On a port that is bound here, so that no other can take it in between."""

    def __init__(self, inbox: Inbox) -> None:
        super().__init__(inbox, hostname="127.0.0.1", port=0)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self.socket)


@contextmanager
def listening() -> Iterator[tuple[Inbox, int]]:
    """An inbox, and the port at which it takes mail."""
    inbox = Inbox()
    server = _Listening(inbox)
    server.start()
    try:
        yield inbox, server.port
    finally:
        server.stop()
