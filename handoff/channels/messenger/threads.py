"""What is kept about a person's thread beside the conversation: who it is, how far it is sent, who has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handoff.access.tokens import new_id
from handoff.channels.messenger.keys import NEW_TTL_S, MessengerKeys
from handoff.store import Store
from handoff.writer import load_script

__all__ = ["Attempt", "Thread", "Threads"]


_WRITES = load_script("plain_writes")


@dataclass(frozen=True)
class Attempt:
    """One message's way to Graph. ``mid`` when it is there; before that ``at`` is when it was tried (ms)."""

    at: int
    mid: str | None = None


@dataclass(frozen=True)
class Thread:
    """Times are milliseconds by Meta's clock, 0 for never. ``cursor`` is the last number of the log that is settled.

    ``inbox``: a human in the page inbox has the thread; ``echo`` when we only saw them write, ``control`` when Meta
    said so, empty when not. ``asking``: what the person was asked to write, see
    :class:`~handoff.channels.messenger.asking.Question`.
    ``attempts`` are by ``SEQ:PART``, for entries above the cursor. ``new``: nothing was said in it yet, and it is
    forgotten by itself unless something is (:meth:`Threads.stay`).
    """

    conversation: str
    page: str
    person: str
    last_in: int = 0
    cursor: int = 0
    tries: int = 0
    inbox: str = ""
    inbox_at: int = 0
    asking: str = ""
    delivered: int = 0
    read: int = 0
    choices: Mapping[str, str] = field(default_factory=dict)
    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    new: bool = False

    @property
    def lane(self) -> str:
        return f"{self.page}:{self.person}"


_NUMBERS = ("last_in", "cursor", "tries", "inbox_at", "delivered", "read")
_ATTEMPT = "p:"
_NEW = "new"

SENT_KEPT = 200
"""Entries whose time of sending is kept: a read mark is about the latest ones."""


class Threads:
    """Reads and writes threads. All of it may be repeated without harm."""

    def __init__(self, store: Store, keys: MessengerKeys) -> None:
        self._store = store
        self._keys = keys

    async def of(self, page: str, person: str) -> Thread:
        """A person's thread, begun when it is new. Until :meth:`stay` it lasts for :data:`NEW_TTL_S` from here on: a
        person's number that is in no transcript would never be erased."""
        redis, call = self._store.redis, self._store.call
        lane, made = f"{page}:{person}", new_id()
        name = self._keys.person(lane)
        known = await call(redis.get(name)) or await call(redis.set(name, made, nx=True, get=True, ex=NEW_TTL_S))
        conversation = known.decode() if known is not None else made
        found, begins = await self.load(conversation), []
        if found is None:
            found = Thread(conversation, page, person, new=True)
            begins = [("HSET", self._keys.thread(conversation), "page", page, "person", person, _NEW, "1")]
        if found.new:
            await self._write(*begins, *(("EXPIRE", key, str(NEW_TTL_S)) for key in self._both(found)))
        return found

    async def known(self, page: str, person: str) -> Thread | None:
        """A person's thread; None when there is none."""
        conversation = await self._store.call(self._store.redis.get(self._keys.person(f"{page}:{person}")))
        return await self.load(conversation.decode()) if conversation is not None else None

    async def stay(self, thread: Thread) -> None:
        """Something was said in it: it is kept as long as the conversation. What was erased meanwhile stays gone."""
        person, own = self._both(thread)
        await self._write(("PERSIST", person), ("PERSIST", own), ("HDEL", own, _NEW))

    def _both(self, thread: Thread) -> tuple[str, str]:
        return self._keys.person(thread.lane), self._keys.thread(thread.conversation)

    async def load(self, conversation: str) -> Thread | None:
        """The thread of a conversation; None when it has none."""
        raw = await self._store.call(self._store.redis.hgetall(self._keys.thread(conversation)))
        fields = {name.decode(): value.decode() for name, value in raw.items()}
        if "person" not in fields:
            return None
        return Thread(
            conversation,
            fields["page"],
            fields["person"],
            inbox=fields.get("inbox", ""),
            asking=fields.get("asking", ""),
            new=_NEW in fields,
            choices=json.loads(fields.get("choices", "{}")),
            attempts={
                name.removeprefix(_ATTEMPT): Attempt(**json.loads(value))
                for name, value in fields.items()
                if name.startswith(_ATTEMPT)
            },
            **{name: int(fields.get(name, 0)) for name in _NUMBERS},
        )

    async def note(self, conversation: str, **fields: str | int) -> None:
        """Set fields of the thread."""
        pairs = [str(part) for pair in fields.items() for part in pair]
        await self._write(("HSET", self._keys.thread(conversation), *pairs))

    async def keep_choices(self, conversation: str, choices: Mapping[str, str]) -> None:
        """What the person may type for the choices of the latest message."""
        await self.note(conversation, choices=json.dumps(dict(choices)))

    # -- sending

    async def trying(self, conversation: str, part: str, at: int) -> None:
        """A part is about to be sent: whoever finds this and no ``sent`` does not know whether it was."""
        await self._write(self._attempt(conversation, part, Attempt(at)))

    async def not_sent(self, conversation: str, part: str) -> None:
        """Graph has said that a part did not go."""
        await self._write(("HDEL", self._keys.thread(conversation), _ATTEMPT + part))

    async def sent(self, conversation: str, part: str, mid: str, at: int) -> None:
        """A part is with Graph, by its answer or by its echo."""
        seq, name = int(part.partition(":")[0]), self._keys.sent(conversation)
        await self._write(
            self._attempt(conversation, part, Attempt(at, mid)),
            ("ZADD", name, str(at), str(seq)),
            ("ZREMRANGEBYRANK", name, "0", str(-SENT_KEPT - 1)),
            *([("HSET", self._keys.mids(conversation), mid, str(seq))] if mid else []),
        )

    async def sent_by(self, conversation: str, at: int) -> int:
        """The latest entry that was sent at ``at`` or before, 0 for none."""
        found = await self._store.call(
            self._store.redis.zrevrangebyscore(self._keys.sent(conversation), at, "-inf", start=0, num=1)
        )
        return int(found[0]) if found else 0

    async def settle(self, conversation: str, cursor: int, done: Mapping[str, Any]) -> None:
        """Everything up to ``cursor`` is sent or never will be; the attempts in ``done`` are not needed any more."""
        name = self._keys.thread(conversation)
        stale = [_ATTEMPT + part for part in done if int(part.partition(":")[0]) <= cursor]
        await self._write(
            ("HSET", name, "cursor", str(cursor), "tries", "0"), *([("HDEL", name, *stale)] if stale else [])
        )

    def _attempt(self, conversation: str, part: str, attempt: Attempt) -> tuple[str, ...]:
        value = json.dumps({"at": attempt.at, "mid": attempt.mid})
        return ("HSET", self._keys.thread(conversation), _ATTEMPT + part, value)

    async def _write(self, *commands: tuple[str, ...]) -> None:
        """Commands, each with its name, its key and its arguments: all of them in one step."""
        names = list(dict.fromkeys(command[1] for command in commands))
        rows = [[command[0], names.index(command[1]) + 1, *command[2:]] for command in commands]
        await self._store.run(_WRITES, names, [json.dumps(rows)])

    # -- Meta's message ids

    async def name(self, conversation: str, mid: str, seq: int) -> None:
        """Meta calls the entry ``seq`` by this id."""
        await self._write(("HSET", self._keys.mids(conversation), mid, str(seq)))

    async def number(self, conversation: str, mid: str) -> int | None:
        """The entry that Meta calls by this id."""
        found = await self._store.call(self._store.redis.hget(self._keys.mids(conversation), mid))
        return int(found) if found is not None else None
