"""The sockets a hub listens on: the public address, which several hubs may share, and a private one for its health."""

from __future__ import annotations

import errno
import os
import socket

from handoff.errors import StartRefused

__all__ = ["HEALTH_PATHS", "health_listener", "public_listeners"]

HEALTH_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
"""All that the private listener answers: on a shared address the kernel picks the hub, so a hub's own health and
figures need a door of their own."""


def public_listeners(host: str, port: int, *, shared: bool) -> list[socket.socket]:
    """Sockets bound to every address of ``host``; with ``shared`` other hubs of this user may be bound to it, too, and
    the kernel spreads the connections. The caller closes them.

    Raises:
        StartRefused: the address cannot be had.
    """
    made: list[socket.socket] = []
    try:
        infos = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(infos):
            try:
                one = socket.socket(family, kind, protocol)
            except OSError:
                continue  # a kernel without IPv6 still has names that resolve to it
            made.append(one)
            _bind(one, address, shared=shared)
    except OSError as error:
        for one in made:
            one.close()
        raise _refused(f"{host}:{port}", error) from error
    return made


def health_listener(port: int) -> socket.socket:
    """The private socket, on loopback. The caller closes it.

    Raises:
        StartRefused: the port cannot be had.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        _bind(made, ("127.0.0.1", port), shared=False)
    except OSError as error:
        made.close()
        raise _refused(f"127.0.0.1:{port}", error) from error
    return made


def _bind(made: socket.socket, address: object, *, shared: bool) -> None:
    # Connections of an earlier life that linger in TIME_WAIT are no obstacle.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # the IPv4 address has a socket of its own
    made.bind(address)  # type: ignore[arg-type]  # as getaddrinfo gave it
    made.setblocking(False)
    if not shared:
        made.listen()  # a second program fails here at the latest, and not when the first visitor comes


def _refused(where: str, error: OSError) -> StartRefused:
    if error.errno == errno.EADDRINUSE:
        return StartRefused(f"{where} cannot be listened on: is another program using the port?")
    return StartRefused(f"{where} cannot be listened on: {error.strerror or os.strerror(error.errno or 0)}")
