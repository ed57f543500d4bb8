"""Where Redis is: a single server, the primary that Sentinel names, or the primary of our slot in a Redis Cluster.

All keys of a tenant carry one hash tag (:class:`handoff.events.Keys`), so in a cluster they lie in one slot, on one
primary. A connection therefore asks who that is when it is made, and everything else works as with a single server:
pipelines, scripts, blocking reads and notices. After a failover the old primary's connections break, or answer that it
is no primary any more; the next one is made to the new.

Both environments import this module (redis-py 8 in the hub, 4.6 in the bot), so it keeps to what both have.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar, cast
from urllib.parse import unquote, urlsplit

from redis.asyncio.connection import Connection
from redis.crc import key_slot
from redis.exceptions import ConnectionError, ReadOnlyError, RedisError, ResponseError

__all__ = ["SCHEMES", "Address", "BadAddress", "Kind", "Primary", "parse", "pool"]

SCHEMES = ("redis://", "rediss://", "unix://", "sentinel://", "cluster://")

SEED_PORTS = {"sentinel": 26379, "cluster": 6379}
"""Used where the address names no port."""

KEPT_S = 1.0
"""How long an answer to "who is primary" is used again: a process opens many connections at once, after a failover
most of all."""

ASK_TIMEOUT_S = 1.0
"""For one node to say who is primary; the next one is asked after it."""

Pool = TypeVar("Pool")


class BadAddress(ValueError):
    """The address cannot be used; the text says why and never holds it, for it may hold a password."""

    code = "redis.bad_address"


class Kind(Enum):
    SERVER = "server"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


@dataclass(frozen=True)
class Address:
    """An address, taken apart. ``nodes`` are those to ask who is primary; ``name`` is what Sentinel calls it."""

    kind: Kind
    nodes: tuple[tuple[str, int], ...] = ()
    name: str = ""
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    db: int = 0


def parse(url: str) -> Address:
    """Read ``redis://…``, ``rediss://…``, ``unix://…``, ``sentinel://[user:password@]host:port,host:port/name[/db]`` or
    ``cluster://[user:password@]host:port,host:port``.

    Raises:
        BadAddress: it is none of these.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or f"{scheme}://" not in SCHEMES:
        raise BadAddress(f"the address of Redis must start with one of {', '.join(SCHEMES)}")
    if scheme not in SEED_PORTS:
        return Address(Kind.SERVER)
    where, _, path = rest.partition("/")
    secret, _, hosts = where.rpartition("@")
    user, _, password = secret.partition(":")
    nodes = tuple(_node(part, SEED_PORTS[scheme]) for part in hosts.split(",") if part)
    if not nodes:
        raise BadAddress(f"{scheme}:// needs at least one host:port")
    name, _, db = path.partition("/")
    if scheme == "cluster" and path:
        raise BadAddress("a cluster has no names and no numbered databases: cluster://host:port,host:port")
    if scheme == "sentinel" and not name:
        raise BadAddress("Sentinel needs the name of the primary: sentinel://host:port,host:port/name")
    if db and not db.isdigit():
        raise BadAddress("the database after Sentinel's name must be a number")
    return Address(Kind(scheme), nodes, name, unquote(user) or None, unquote(password) or None, int(db or 0))


def _node(text: str, port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, given = parts.hostname, parts.port
    except ValueError:
        host, given = None, None
    if not host:
        raise BadAddress("each node of the address must be host:port")
    return host, given or port


class Primary:
    """Finds the primary of an address by asking its nodes. One for each pool."""

    def __init__(self, address: Address, key: str) -> None:
        self._address = address
        self._slot = key_slot(key.encode())
        self._nodes = list(address.nodes)
        self._found: tuple[str, int] | None = None
        self._until = 0.0
        self._asking = asyncio.Lock()

    def forget(self) -> None:
        """Ask again next time: it did not answer, or is none any more."""
        self._until = 0.0

    async def find(self) -> tuple[str, int]:
        """Host and port of the primary.

        Raises:
            ConnectionError: none of the nodes knows one.
        """
        async with self._asking:
            loop = asyncio.get_running_loop()
            if self._found is None or loop.time() >= self._until:
                self._found = await self._ask_all()
                self._until = loop.time() + KEPT_S
            return self._found

    async def _ask_all(self) -> tuple[str, int]:
        for node in tuple(self._nodes):
            try:
                found = await asyncio.wait_for(self._ask(*node), ASK_TIMEOUT_S)
            except (RedisError, OSError, asyncio.TimeoutError, LookupError, ValueError):
                continue
            # Who knew it is asked first next time.
            self._nodes.remove(node)
            self._nodes.insert(0, node)
            return found
        raise ConnectionError(f"no node of the {self._address.kind.value} says who is primary")

    async def _ask(self, host: str, port: int) -> tuple[str, int]:
        secrets: dict[str, Any] = {}
        if self._address.kind is Kind.CLUSTER:
            secrets = {"username": self._address.username, "password": self._address.password}
        connection: Any = Connection(host=host, port=port, socket_connect_timeout=ASK_TIMEOUT_S, **secrets)
        try:
            await connection.connect()
            if self._address.kind is Kind.SENTINEL:
                await connection.send_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._address.name)
                found = await connection.read_response()
                return found[0].decode(), int(found[1])
            await connection.send_command("CLUSTER", "SLOTS")
            return self._of_slot(await connection.read_response(), host)
        finally:
            await connection.disconnect()

    def _of_slot(self, rows: Any, asked: str) -> tuple[str, int]:
        mine: tuple[str, int] | None = None
        for first, last, *nodes in rows:
            for rank, (host, port, *_) in enumerate(nodes):
                # A node that does not know its own name leaves it out: it is the one that was asked.
                node = (host.decode() if host else asked, int(port))
                if node not in self._nodes:
                    self._nodes.append(node)
                if rank == 0 and first <= self._slot <= last:
                    mine = node
        if mine is None:
            raise LookupError("nobody serves our slot")
        return mine


class _PrimaryConnection(Connection):
    """A connection to whoever is primary when it is made."""

    def __init__(self, *, primary: Primary, **options: Any) -> None:
        super().__init__(**options)
        self._primary = primary

    async def _connect(self) -> None:
        self.host, self.port = await self._primary.find()
        try:
            parent: Any = super()  # the hub's stubs and the bot's know different halves of it
            await parent._connect()
        except BaseException:
            self._primary.forget()
            raise

    async def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            return await super().read_response(*args, **options)
        except ResponseError as error:
            if not isinstance(error, ReadOnlyError) and not str(error).startswith(("MOVED", "MASTERDOWN")):
                raise
            self._primary.forget()
            await self.disconnect()
            raise ConnectionError("this server is not the primary any more") from error


async def _make_sure(connection: Any) -> None:
    """Begin a connection; not with a replica, which would answer with what is old."""
    await connection.on_connect()
    await connection.send_command("ROLE")
    role = await connection.read_response()
    if role[0] not in (b"master", "master"):
        connection._primary.forget()
        raise ConnectionError("the server is a replica")


def pool(url: str, kind: type[Pool], *, key: str, **options: Any) -> Pool:
    """A pool of connections to the Redis of an address, whatever its form.

    Args:
        kind: the class of the pool.
        key: any key of the tenant: in a cluster its slot decides.
        options: of the pool and its connections.

    Raises:
        BadAddress: the address cannot be used.
    """
    address = parse(url)
    make: Any = kind
    if address.kind is Kind.SERVER:
        return cast("Pool", make.from_url(url, **options))
    made = make(
        connection_class=_PrimaryConnection,
        primary=Primary(address, key),
        username=address.username,
        password=address.password,
        db=address.db,
        redis_connect_func=_make_sure,
        **options,
    )
    return cast("Pool", made)
