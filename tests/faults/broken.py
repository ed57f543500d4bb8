"""``python -m tests.faults.broken MUTATION``: a hub that breaks one promise on purpose, to see that the tests notice.

The product knows nothing of this: the promise is taken out of the loaded module in this process, before it starts.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Callable
from typing import Any

from handoff import main, store
from handoff.decisions import Decision
from handoff.writer import Script

__all__ = ["MUTATIONS"]


def _change(part: str, into: str) -> None:
    """Change the script that commits; the part must be there exactly once, or the mutation is none."""
    text = store._COMMIT.text
    assert text.count(part) == 1, f"the script has changed, and the mutation with it: {part!r}"
    text = text.replace(part, into)
    store._COMMIT = Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def drop_compare_and_set() -> None:
    """A move is written on whatever version there is."""
    _change("if version ~= plan.version then", "if false then")


def ack_before_the_write() -> None:
    """The answer is given as soon as the write is under way."""
    commit = store.Store._commit
    writes: set[asyncio.Task[store.Commit]] = set()

    async def hasty(self: store.Store, decision: Decision, *how: Any) -> store.Commit:
        task = asyncio.create_task(commit(self, decision, *how))
        writes.add(task)
        task.add_done_callback(writes.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return store.Commit(decision.answer, decision)

    store.Store._commit = hasty  # type: ignore[method-assign]


def forget_the_dedupe() -> None:
    """What was answered is not looked up, so a request that comes again is done again."""
    _change("local seen = redis.call('GET', KEYS[3])", "local seen = false")
    load = store.Store._load_with_answer

    async def forgetful(self: store.Store, conversation: str, answer_key: str | None) -> tuple[object, None]:
        return (await load(self, conversation, None))[0], None

    store.Store._load_with_answer = forgetful  # type: ignore[assignment,method-assign]


def overlook_the_capacity() -> None:
    """Who claims gets it, however many there are already."""
    _change("if has >= plan.room.capacity then", "if false then")


MUTATIONS: dict[str, Callable[[], None]] = {
    change.__name__: change
    for change in (drop_compare_and_set, ack_before_the_write, forget_the_dedupe, overlook_the_capacity)
}


if __name__ == "__main__":
    MUTATIONS[sys.argv[1]]()
    raise SystemExit(main.main([]))
