"""``silta key``: API keys of programs."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence

from handoff.access.api_keys import ApiKey, ApiKeys
from handoff.cli.store import running_store
from handoff.privacy.audit import COMMAND_LINE, Audit

__all__ = ["add", "list_all", "revoke"]


def add(given: argparse.Namespace) -> int:
    async def work() -> tuple[ApiKey, str]:
        async with running_store() as store:
            made, token = await ApiKeys(store.redis).add(given.name, given.scopes)
            await Audit(store, "cli").write(COMMAND_LINE, "key.created", key=made.id, scopes=",".join(made.scopes))
            return made, token

    made, token = asyncio.run(work())
    print(f"{made.name} has key {made.id} for {', '.join(made.scopes)}")
    print(f"key, shown only now: {token}")
    return 0


def revoke(given: argparse.Namespace) -> int:
    async def work() -> None:
        async with running_store() as store:
            await ApiKeys(store.redis).revoke(given.id)
            await Audit(store, "cli").write(COMMAND_LINE, "key.revoked", key=given.id)

    asyncio.run(work())
    print(f"key {given.id} is good for nothing any more")
    return 0


def list_all(given: argparse.Namespace) -> int:
    async def work() -> Sequence[ApiKey]:
        async with running_store() as store:
            return await ApiKeys(store.redis).list()

    for key in asyncio.run(work()):
        if given.json:
            row = {"id": key.id, "name": key.name, "scopes": list(key.scopes), "created_at": key.created_at}
            print(json.dumps(row, ensure_ascii=False))
        else:
            print(f"{key.id}  {key.created_at[:10]}  {key.name:<30} {','.join(key.scopes)}")
    return 0
