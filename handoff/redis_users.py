"""Who may do what in Redis: one user for each service, with its keys and its commands.

==========  =============================================================  ========================================
user        keys and channels                                              who uses it
==========  =============================================================  ========================================
``hub``     all of the tenant's                                            hubs
``bot``     the tenant's ``bot:…`` and ``tracker:…``, no channel           Rasa processes
``admin``   all of the tenant's                                            ``silta up``, the ``silta`` commands
==========  =============================================================  ========================================

Nobody may FLUSHALL, CONFIG SET, DEBUG, KEYS, MONITOR or SHUTDOWN, nor touch a key of another tenant. EVAL is refused;
EVALSHA and SCRIPT LOAD are allowed, because a Redis that was started again has forgotten its scripts and each service
loads its own again. That gives nothing away: a script runs with the rights of the user who calls it.

The action server has no user: it has no business in Redis.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from handoff.events import Keys

__all__ = ["USERS", "RedisUser", "acl_file", "make_passwords", "user_name", "with_user"]

PASSWORD_BYTES = 32
"""As many as the hash has that Redis keeps of it: nobody guesses it, and nobody has to type it."""


@dataclass(frozen=True)
class RedisUser:
    """One service. ``keys`` and ``channels`` are patterns after the tenant's prefix; ``commands`` are ACL rules, read
    from left to right after ``-@all``."""

    name: str
    keys: tuple[str, ...]
    channels: tuple[str, ...]
    commands: tuple[str, ...]

    def rules(self, tenant: str | None = None) -> tuple[str, ...]:
        """The rules of the user, as ``ACL SETUSER`` takes them, less name and password."""
        prefix = Keys(tenant).prefix
        return (
            "resetkeys",
            "resetchannels",
            *(f"~{prefix}{pattern}" for pattern in self.keys),
            *(f"&{prefix}{pattern}" for pattern in self.channels),
            "-@all",
            *self.commands,
        )


DEFAULT_OFF = "user default off resetpass resetkeys resetchannels -@all"
"""Nobody gets in without a name and a password."""

SCRIPTS = ("+evalsha", "+script|load", "+script|exists")

PRIMARY = ("+role", "+cluster|slots")
"""Who is the primary: asked behind Sentinel and in a cluster."""

DATA = (
    # Its own keys are the hub's to do with as it likes: refusing ZADD beside HSET would protect nothing. What reaches
    # beyond them (KEYS, FLUSHALL, MIGRATE, SORT with foreign keys …) is in @dangerous.
    *("+@string", "+@hash", "+@set", "+@sortedset", "+@list", "+@stream", "+@keyspace", "+@pubsub"),
    *("+@transaction", "+@connection", "-@dangerous", "-@admin"),
    *("+time", "+wait"),
    *SCRIPTS,
    *PRIMARY,
    # @dangerous takes these, too. INFO: whether the server keeps what it is given.
    "+info",
    # What was erased must leave the file as well, which only a rewrite does.
    "+bgrewriteaof",
    *("-randomkey", "-dbsize"),
)

USERS = (
    RedisUser("hub", ("*",), ("*",), DATA),
    RedisUser(
        "bot",
        ("bot:*", "tracker:*"),
        (),
        (
            *("+ping", "+hello", "+auth", "+reset", "+quit", "+client|setname", "+client|setinfo", "+select"),
            *("+get", "+set", "+del", "+exists"),
            *("+llen", "+lindex", "+lrange", "+lpop", "+rpush"),
            *("+xadd", "+xack", "+xdel", "+xrange", "+xlen", "+xpending", "+xclaim", "+xreadgroup"),
            *("+xgroup|create", "+xgroup|delconsumer", "+xinfo|consumers"),
            *SCRIPTS,
            *PRIMARY,
        ),
    ),
    RedisUser(
        "admin",
        ("*",),
        ("*",),
        # For a person who looks what is wrong; nothing that changes the server.
        (*DATA, "+config|get", "+acl|log", "+acl|whoami", "+slowlog|get", "+latency|latest", "+memory|usage"),
    ),
)


def user_name(user: str, tenant: str | None = None) -> str:
    """A user's name in Redis: several houses may share one."""
    return f"{Keys(tenant).prefix[1:-2]}-{user}"


def make_passwords() -> dict[str, str]:
    """A new random password for each user, by its name in :data:`USERS`."""
    return {user.name: secrets.token_hex(PASSWORD_BYTES) for user in USERS}


def acl_file(passwords: Mapping[str, str], *, tenant: str | None = None, default: str = DEFAULT_OFF) -> str:
    """The text of an ACL file with all users; it holds hashes, no passwords.

    Args:
        passwords: as :func:`make_passwords` makes them.
        default: the line of the user who gives no name.
    """
    lines = [default]
    for user in USERS:
        digest = hashlib.sha256(passwords[user.name].encode()).hexdigest()
        lines.append(f"user {user_name(user.name, tenant)} on #{digest} {' '.join(user.rules(tenant))}")
    return "\n".join(lines) + "\n"


def with_user(url: str, user: str, password: str, *, tenant: str | None = None) -> str:
    """The address with a user's name and password in it. Keep it out of logs and command lines."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{quote(user_name(user, tenant))}:{quote(password, safe='')}@{rest}"
