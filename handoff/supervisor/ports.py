"""Ports: the public one is checked before anything starts, the inner ones are picked on loopback."""

from __future__ import annotations

import errno
import os
import random
import socket

from handoff.supervisor.errors import PortInUse

__all__ = ["INNER_PORTS", "check_public", "free_ports"]

INNER_PORTS = range(20000, 32000)
"""Inner ports lie below the ranges that Linux and others hand out to outgoing connections. A part that dies gets its
port again, and nobody's outgoing connection can have taken it meanwhile."""

TRIES = 200


def _bind(host: str, port: int) -> None:
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = infos[0]
    with socket.socket(family, kind, protocol) as probe:
        # As servers do it: connections of an earlier run that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen(1)


def check_public(host: str, port: int) -> None:
    """Make sure that the hub will be able to listen.

    Raises:
        PortInUse: it will not; the text says why.
    """
    try:
        _bind(host, port)
    except socket.gaierror as error:
        raise PortInUse(host, port, f"{host!r} is no address of this machine") from error
    except OSError as error:
        cause = "it is in use" if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0).lower()
        raise PortInUse(host, port, cause) from error


def free_ports(count: int) -> list[int]:
    """Different loopback ports that nobody listens on now."""
    found: set[int] = set()
    for _ in range(TRIES * count):
        if len(found) == count:
            break
        port = random.choice(INNER_PORTS)  # noqa: S311 (no secret: spread, so that two starts rarely meet)
        try:
            _bind("127.0.0.1", port)
        except OSError:
            continue
        found.add(port)
    if len(found) < count:
        raise PortInUse("127.0.0.1", INNER_PORTS.start, f"of {TRIES * count} inner ports tried too few are free")
    return list(found)
