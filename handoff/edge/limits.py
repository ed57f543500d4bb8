"""How much a visitor and an address may send (S8): token buckets, of each socket and, in Redis, of all hubs.

What Redis says of one message counts for the next: a message does not wait for a second write before it is kept. Until
then the socket's own buckets hold, so the two together let hardly more through than one of them would.

Neither address nor conversation is written down: a bucket's name holds a keyed hash, and it is gone when it is full
again. This machine's own addresses are not counted: they are a proxy's that was not named, or somebody who measures.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Any

from handoff.errors import RateLimited, StoreUnavailable
from handoff.store import Store
from handoff.writer import load_script

__all__ = ["AddressRates", "Flooded", "Limits", "Rate", "SocketLimit", "network_of", "peer_of"]

_BUCKETS = load_script("buckets")


@dataclass(frozen=True)
class Rate:
    """So many at once, and as many again in so many seconds."""

    count: int
    seconds: float

    @property
    def each_ms(self) -> float:
        """Until one more is allowed."""
        return self.seconds * 1000 / self.count


SOFT = Rate(10, 10.0)
"""Requests of one visitor: faster than this nobody types; what is more is refused and may be sent again."""

HARD = Rate(100, 60.0)
"""Requests of one visitor, refused ones too: no person does that, and the socket is closed."""

FRAMES = Rate(600, 60.0)
"""Frames of any kind on one socket, typing and pings too: ten a second, and the socket is closed."""

AGENT_FRAMES = Rate(1200, 60.0)
"""As :data:`FRAMES` for an agent, who has several conversations open."""


ADDRESSES_MAX = 10_000
"""Addresses whose new sockets are counted; the one known longest goes first."""


class Flooded(Exception):
    """More than anybody needs: the socket is to be closed with 1008."""


class _Bucket:
    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate, self._clock = rate, clock
        self._tokens, self._at = float(rate.count), clock()

    def take(self) -> float:
        """Seconds until there is a token; 0 when one was taken."""
        now = self._clock()
        gained = (now - self._at) * self._rate.count / self._rate.seconds
        self._tokens, self._at = min(self._rate.count, self._tokens + gained), now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) * self._rate.seconds / self._rate.count


class SocketLimit:
    """The limits of one visitor's socket. ``charge`` asks the buckets that all hubs share."""

    def __init__(
        self,
        charge: Callable[[], Any],
        clock: Callable[[], float] = monotonic,
        *,
        frames: Rate = FRAMES,
    ) -> None:
        self._charge = charge
        self._clock = clock
        self._frames, self._soft, self._hard = (_Bucket(rate, clock) for rate in (frames, SOFT, HARD))
        self._until = 0.0
        self._flooded = False
        self._charging: asyncio.Task[None] | None = None

    def frame(self) -> None:
        """A frame has come.

        Raises:
            Flooded: it is one too many.
        """
        if self._frames.take():
            raise Flooded

    def request(self) -> None:
        """The frame asks for something that is written.

        Raises:
            RateLimited: too many in a short time; ``retry_after`` says in how many seconds it may be sent again.
            Flooded: far too many.
        """
        if self._flooded or self._hard.take():
            raise Flooded
        wait = max(self._until - self._clock(), self._soft.take())
        self._ask()
        if wait > 0:
            raise RateLimited("Too many messages; wait a moment.", retry_after=max(1, round(wait + 0.5)))

    def close(self) -> None:
        if self._charging is not None:
            self._charging.cancel()

    def _ask(self) -> None:
        if self._charging is None or self._charging.done():
            self._charging = asyncio.create_task(self._charged(), name="limits")

    async def _charged(self) -> None:
        soft, hard, address = await self._charge()
        self._flooded = self._flooded or hard > 0
        self._until = max(self._until, self._clock() + max(soft, address) / 1000) if soft or address else self._until


class Limits:
    """The limits of all sockets of this process.

    Args:
        secret: of this installation; without it the hash of an address could be guessed back.
        sockets: of one address at the same time on this process, and new ones in a minute.
        messages: of one address in a minute.
        on: False measures how much the hub can take, and counts nothing.
    """

    def __init__(self, store: Store, *, secret: str, sockets: int, messages: int, on: bool = True) -> None:
        self._store = store
        self._secret = secret.encode()
        self._sockets = sockets
        self._messages = messages
        self._on = on
        self._open: Counter[str] = Counter()
        self._strangers: Counter[str] = Counter()
        self._new: dict[str, _Bucket] = {}

    @contextmanager
    def connection(self, scope: Mapping[str, Any]) -> Iterator[bool]:
        """Whether one more socket of this peer may be opened; counted until left."""
        with self._counted(self._open, scope) as name:
            yield name is None or (self._open[name] <= self._sockets and not self._bucket(name).take())

    @contextmanager
    def stranger(self, scope: Mapping[str, Any]) -> Iterator[bool]:
        """As :meth:`connection` for a socket that has not said yet who it is. How many a minute is not asked: a whole
        office comes back at once."""
        with self._counted(self._strangers, scope) as name:
            yield name is None or self._strangers[name] <= self._sockets

    @contextmanager
    def _counted(self, open: Counter[str], scope: Mapping[str, Any]) -> Iterator[str | None]:
        """The name under which a peer is counted until left; None for one that is not."""
        network = network_of(peer_of(scope)) if self._on else None
        if network is None:
            yield None
            return
        name = self._hashed(network)
        open[name] += 1
        try:
            yield name
        finally:
            open[name] -= 1
            if not open[name]:
                del open[name]

    def visitor(self, scope: Mapping[str, Any], conversation: str) -> SocketLimit | None:
        """The limits of a visitor's socket; None where nothing is counted."""
        if not self._on:
            return None
        network = network_of(peer_of(scope))
        keys = self._store.keys
        who = self._hashed(conversation)
        buckets = [(keys.rate("s", who), SOFT), (keys.rate("h", who), HARD)]
        if network is not None:
            buckets.append((keys.rate("a", self._hashed(network)), Rate(self._messages, 60.0)))

        async def charge() -> tuple[int, int, int]:
            waits = await self._take(buckets)
            return waits[0], waits[1], waits[2] if len(waits) > 2 else 0

        return SocketLimit(charge)

    def agent(self) -> SocketLimit | None:
        """The limit of an agent's socket: frames of any kind; None where nothing is counted."""

        async def nothing() -> tuple[int, int, int]:
            return 0, 0, 0

        return SocketLimit(nothing, frames=AGENT_FRAMES) if self._on else None

    async def _take(self, buckets: list[tuple[str, Rate]]) -> list[int]:
        args = [value for _, rate in buckets for value in (rate.count, rate.each_ms)]
        script = self._store.redis.register_script(_BUCKETS.text)
        try:
            waits: list[int] = await self._store.call(script(keys=[key for key, _ in buckets], args=args))
        except StoreUnavailable:
            return [0] * len(buckets)  # what is sent meets the same Redis, and is refused there
        return waits

    def _bucket(self, name: str) -> _Bucket:
        if name not in self._new and len(self._new) >= ADDRESSES_MAX:
            self._new.pop(next(iter(self._new)))
        return self._new.setdefault(name, _Bucket(Rate(self._sockets, 60.0), monotonic))

    def _hashed(self, name: str) -> str:
        return hashlib.blake2b(name.encode(), key=self._secret[:64], digest_size=12).hexdigest()


class AddressRates:
    """How often each address may do something on this process; ``wait_s`` counts. Addresses are kept in memory alone,
    of :data:`ADDRESSES_MAX` those that came last."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._buckets: dict[str, _Bucket] = {}

    def wait_s(self, network: str) -> int:
        """Whole seconds until it is allowed again; 0 when it was, and is counted."""
        if network not in self._buckets and len(self._buckets) >= ADDRESSES_MAX:
            self._buckets.pop(next(iter(self._buckets)))
        return ceil(self._buckets.setdefault(network, _Bucket(self._rate, self._clock)).take())


def peer_of(scope: Mapping[str, Any]) -> str:
    """The address of who is at the other end, as :mod:`handoff.edge.proxy` leaves it; empty for a Unix socket."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def network_of(address: str) -> str | None:
    """What is counted as one: an IPv4 address, or the /64 that one IPv6 subscriber has; None for this machine's own and
    for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
