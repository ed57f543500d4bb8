"""``silta agent``: accounts of those who answer."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from handoff.access.accounts import Account, Accounts, make_password
from handoff.access.second_factor import turn_off
from handoff.cli.store import running_redis, running_store
from handoff.errors import BadRequest
from handoff.privacy.audit import COMMAND_LINE, Audit
from handoff.store import Store

__all__ = ["add", "disable", "list_all", "password", "role", "second_factor_off"]


def add(given: argparse.Namespace) -> int:
    secret, made = _password(given)

    async def work() -> Account:
        async with running_store() as store:
            made = await Accounts(store.redis).add(
                given.email,
                name=given.name,
                role=given.role,
                languages=given.languages,
                skills=given.skills,
                capacity=given.capacity,
                password=secret,
            )
            await _written(store, "account.created", made)
            return made

    account = asyncio.run(work())
    print(f"{account.email} can sign in as {account.name} ({account.role})")
    if made:
        print(f"password, shown only now: {secret}")
    return 0


def password(given: argparse.Namespace) -> int:
    secret, made = _password(given)

    async def work() -> Account:
        async with running_store() as store:
            changed = await Accounts(store.redis).set_password(given.email, secret)
            await _written(store, "account.password", changed)
            return changed

    print(f"{asyncio.run(work()).email} has a new password")
    if made:
        print(f"password, shown only now: {secret}")
    return 0


def disable(given: argparse.Namespace) -> int:
    async def work() -> Account:
        async with running_store() as store:
            changed = await Accounts(store.redis).disable(given.email)
            await _written(store, "account.disabled", changed)
            return changed

    print(f"{asyncio.run(work()).email} cannot sign in any more")
    return 0


def role(given: argparse.Namespace) -> int:
    async def work() -> Account:
        async with running_store() as store:
            changed = await Accounts(store.redis).set_role(given.email, given.role)
            await _written(store, "account.role", changed)
            return changed

    account = asyncio.run(work())
    print(f"{account.email} is {account.role} now")
    return 0


def second_factor_off(given: argparse.Namespace) -> int:
    async def work() -> tuple[Account, bool]:
        async with running_store() as store:
            account = await Accounts(store.redis).by_email(given.email)
            done = await turn_off(store.redis, store.keys, account.id)
            if done:
                await _written(store, "second_factor.off", account)
            return account, done

    account, done = asyncio.run(work())
    print(f"{account.email} {'signs in without a second factor now' if done else 'had no second factor'}")
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


async def _written(store: Store, action: str, account: Account) -> None:
    await Audit(store, "cli").write(COMMAND_LINE, action, of=account.id, role=account.role)


def _password(given: argparse.Namespace) -> tuple[str, bool]:
    """The password to set, and whether it was made here."""
    if not given.password_stdin:
        return make_password(), True
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise BadRequest("password: standard input is empty")
    return secret, False
