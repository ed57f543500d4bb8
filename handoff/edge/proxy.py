"""Who is at the other end of a connection: the peer itself, or whom a trusted proxy names.

A proxy that ends TLS in front of the hub says in headers from where and how its client came. Anybody can send such
headers, so they are believed from the addresses that the operator has named and from nobody else (row S16). Everything
behind this reads ``scope["client"]`` and ``scope["scheme"]`` alone.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Sequence
from typing import Any

__all__ = ["BadNetwork", "BehindProxy", "Network", "client_of", "networks"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HOPS_MAX = 20
"""Entries of the header that are looked at, from its end: nobody has more proxies, strangers may send thousands."""


class BadNetwork(ValueError):
    """A word that names no address and no network; the text is that word."""


def networks(words: str) -> tuple[Network, ...]:
    """Addresses and networks with commas between, as in ``127.0.0.1, 10.0.0.0/8``.

    Raises:
        BadNetwork: one is neither.
    """
    made: list[Network] = []
    for word in filter(None, (part.strip() for part in words.split(","))):
        try:
            made.append(ipaddress.ip_network(word))
        except ValueError:
            raise BadNetwork(word) from None
    return tuple(made)


def client_of(peer: str, forwarded: Sequence[bytes], trusted: Sequence[Network]) -> str:
    """The address a request comes from.

    Args:
        peer: the address at the other end of the connection.
        forwarded: the values of all ``X-Forwarded-For`` headers, in their order.
        trusted: proxies that are believed. Each has added the address of its own client at the end, so the list is
            read from there up to the first address that is no proxy of ours; what stands before was made up by anybody.
    """
    found = peer
    entries = b",".join(forwarded).split(b",")[-HOPS_MAX:]
    for entry in reversed(entries):
        if not _is_trusted(found, trusted):
            break
        try:
            found = str(ipaddress.ip_address(_bare(entry.decode("latin-1").strip())))
        except ValueError:
            break  # empty, or no address: who is known so far said so
    return found


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    try:
        plain = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(plain, ipaddress.IPv6Address) and plain.ipv4_mapped:
        plain = plain.ipv4_mapped
    return any(plain in network for network in trusted if network.version == plain.version)


def _bare(entry: str) -> str:
    """Without the port that some proxies add."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


class BehindProxy:
    """The application with ``client`` and ``scheme`` of each scope as they are for the person who asks."""

    def __init__(self, app: Any, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = tuple(trusted)

    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        # No coroutine of its own, which would stand under every socket for as long as that lives.
        client = scope.get("client")
        if self._trusted and client is not None and _is_trusted(client[0], self._trusted):
            headers: list[tuple[bytes, bytes]] = scope["headers"]
            forwarded = [value for name, value in headers if name == b"x-forwarded-for"]
            address = client_of(client[0], forwarded, self._trusted)
            scope = {**scope, "client": (address, 0 if address != client[0] else client[1])}
            schemes = [value for name, value in headers if name == b"x-forwarded-proto"]
            if schemes and scope["type"] in ("http", "websocket"):
                scope["scheme"] = _scheme(scope["type"], schemes[-1], scope.get("scheme", "http"))
        made: Awaitable[None] = self._app(scope, receive, send)
        return made


def _scheme(kind: str, said: bytes, now: str) -> str:
    word = said.rpartition(b",")[2].strip().lower()
    if word not in (b"http", b"https"):
        return now
    if kind == "websocket":
        return "wss" if word == b"https" else "ws"
    return word.decode()
