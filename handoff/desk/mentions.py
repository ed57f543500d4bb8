"""Agents who are called by ``@name`` in a note: who is meant, and the alert that stands until they have looked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from handoff.access.accounts import Account
from handoff.fanout import Fanout
from handoff.store import Store
from handoff.watch.alert import Alert

__all__ = ["KIND", "alerts", "called", "seen"]

KIND = "mention"


def called(text: str, accounts: Iterable[Account], *, by: str) -> list[str]:
    """Ids of agents whose name, or first name where it is one agent's alone, follows an ``@`` in the text; never the
    writer. Names are compared without regard to case."""
    low = text.casefold()
    others = [account for account in accounts if account.id != by and not account.disabled]
    firsts = [_first(account) for account in others]
    found = []
    for account, first in zip(others, firsts, strict=True):
        names = [account.name.casefold(), *([first] if firsts.count(first) == 1 else [])]
        if any(_stands(low, f"@{name}") for name in names if name):
            found.append(account.id)
    return found


def _first(account: Account) -> str:
    return account.name.casefold().partition(" ")[0]


def _stands(text: str, call: str) -> bool:
    """Whether the call stands in the text and does not go on as another word: ``@Ainola`` does not call Aino."""
    start = text.find(call)
    while start >= 0:
        end = start + len(call)
        if not (text[end : end + 1].isalnum() or (start and text[start - 1].isalnum())):
            return True
        start = text.find(call, start + 1)
    return False


def _id(conversation: str, agent: str) -> str:
    return f"{KIND}:{conversation}:{agent}"


def alerts(conversation: str, agents: Iterable[str], *, at: str, by: str) -> dict[str, Mapping[str, Any]]:
    """What tells these agents that somebody has called them: at once, or when they sign in."""
    found = (Alert(_id(conversation, agent), KIND, conversation, agent, {"name": by}) for agent in agents)
    return {alert.id: alert.kept(at) for alert in found}


async def seen(store: Store, fanout: Fanout, conversation: str, agent: str) -> None:
    """The agent has opened the conversation: the call is answered."""
    id = _id(conversation, agent)
    raw = await store.call(store.redis.hget(store.keys.alerts, id))
    if raw is not None and await store.call(store.redis.hdel(store.keys.alerts, id)):
        await fanout.publish({"alert": {**json.loads(raw), "ended": True}})
