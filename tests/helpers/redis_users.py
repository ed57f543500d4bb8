"""Redis' users in tests: the hub and the bot sign in as in production, the test itself may do everything."""

from __future__ import annotations

from pathlib import Path

from handoff.redis_users import USERS, acl_file, with_user

__all__ = ["as_user", "write_test_acl"]

PASSWORDS = {user.name: f"of-the-tests-{user.name}" for user in USERS}
FILE = "users.acl"


def write_test_acl(folder: Path) -> Path:
    """An ACL file with all users, and the default user as if there were none."""
    path = folder / FILE
    path.write_text(acl_file(PASSWORDS, default="user default on nopass ~* &* +@all"), "ascii")
    return path


def as_user(url: str, name: str) -> str:
    """The address of a Redis of the tests for one of its users; any other address as it is."""
    scheme, _, path = url.partition("://")
    if scheme != "unix" or not (Path(path).parent / FILE).exists():
        return url
    return with_user(url, name, PASSWORDS[name])
