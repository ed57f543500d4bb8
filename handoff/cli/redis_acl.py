"""``silta redis-acl``: the users of a Redis that the operator runs."""

from __future__ import annotations

import argparse

from handoff.redis_users import acl_file, make_passwords, with_user

__all__ = ["show"]


def show(given: argparse.Namespace) -> int:
    """Print the lines of an ACL file with new random passwords, and the settings that go with them."""
    passwords = make_passwords()
    print("# For the file that `aclfile` of your Redis names; it holds only hashes. Then ACL LOAD, or a new start.")
    print(acl_file(passwords), end="")
    print("# The settings of Silta, shown only now:")
    server = f"redis://{given.host}/0"
    for name, user in (("SILTA_REDIS_URL", "hub"), ("SILTA_REDIS_BOT_URL", "bot")):
        print(f"# {name}={with_user(server, user, passwords[user])}")
    print(f"# for a person with redis-cli: {with_user(server, 'admin', passwords['admin'])}")
    return 0
