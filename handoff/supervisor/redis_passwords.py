"""The passwords of the embedded Redis' users: made once, kept in ``var/redis-users.json`` for this user alone."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from handoff.redis_users import USERS, acl_file, make_passwords, with_user
from handoff.supervisor.errors import RedisUnfit

__all__ = ["address", "kept", "write_acl"]

FILE = "redis-users.json"


def kept(var: Path) -> dict[str, str]:
    """The password of each user; made when there are none yet. Removing the file between two starts makes new ones.

    Raises:
        RedisUnfit: the file cannot be used.
    """
    path = var / FILE
    try:
        found = json.loads(path.read_text("ascii"))
    except FileNotFoundError:
        found = make_passwords()
        _write(path, json.dumps(found) + "\n")
    except (OSError, ValueError) as error:
        raise RedisUnfit(f"{path} cannot be read ({type(error).__name__}): remove it, and start again") from error
    names = {user.name for user in USERS}
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in names):
        raise RedisUnfit(f"{path} lacks a user of {', '.join(sorted(names))}: remove it, and start again")
    return {name: found[name] for name in names}


def write_acl(var: Path) -> Path:
    """Write the ACL file for the server's next start, with the rules of this version. Returns its path."""
    path = var / "redis" / "users.acl"
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, acl_file(kept(var)))
    return path


def address(var: Path, socket: Path, user: str) -> str:
    """The address of the embedded Redis for one of its users. It holds a password.

    Raises:
        RedisUnfit: see :func:`kept`.
    """
    return with_user(f"unix://{socket}", user, kept(var)[user])


def _write(path: Path, text: str) -> None:
    """Write a file whole, readable for this user alone from its first moment on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
    draft.replace(path)
