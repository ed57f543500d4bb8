"""``silta agent``: accounts of those who answer."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from handoff.accounts import Account, Accounts, make_password
from handoff.cli.store import running_redis
from handoff.errors import BadRequest

__all__ = ["add", "disable", "list_all", "password"]


def add(given: argparse.Namespace) -> int:
    secret, made = _password(given)

    async def work() -> Account:
        async with running_redis() as redis:
            return await Accounts(redis).add(
                given.email,
                name=given.name,
                role=given.role,
                languages=given.languages,
                skills=given.skills,
                capacity=given.capacity,
                password=secret,
            )

    account = asyncio.run(work())
    print(f"{account.email} can sign in as {account.name} ({account.role})")
    if made:
        print(f"password, shown only now: {secret}")
    return 0


def password(given: argparse.Namespace) -> int:
    secret, made = _password(given)

    async def work() -> Account:
        async with running_redis() as redis:
            return await Accounts(redis).set_password(given.email, secret)

    print(f"{asyncio.run(work()).email} has a new password")
    if made:
        print(f"password, shown only now: {secret}")
    return 0


def disable(given: argparse.Namespace) -> int:
    async def work() -> Account:
        async with running_redis() as redis:
            return await Accounts(redis).disable(given.email)

    print(f"{asyncio.run(work()).email} cannot sign in any more")
    return 0


def list_all(given: argparse.Namespace) -> int:
    async def work() -> Sequence[Account]:
        async with running_redis() as redis:
            return await Accounts(redis).list()

    for account in asyncio.run(work()):
        if given.json:
            print(json.dumps({**account.public(), "disabled": account.disabled}, ensure_ascii=False))
        else:
            row = (
                f"{account.email:<32} {account.name:<16} {account.role:<10} {','.join(account.languages):<9} "
                f"{','.join(account.skills):<24} {account.capacity:>3}"
            )
            print(f"{row}  disabled" if account.disabled else row)
    return 0


def _password(given: argparse.Namespace) -> tuple[str, bool]:
    """The password to set, and whether it was made here."""
    if not given.password_stdin:
        return make_password(), True
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise BadRequest("password: standard input is empty")
    return secret, False
