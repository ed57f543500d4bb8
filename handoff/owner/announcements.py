"""Announcements: a notice in three languages with a start and an end, shown in open widgets and told by the bot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from handoff.clock import now_ms, parse_ms
from handoff.errors import StoreUnavailable
from handoff.fanout import Fanout
from handoff.keys import ANSWER_TTL_S
from handoff.store import Store
from handoff.tasks import nudged
from handoff.writer import load_script

__all__ = ["Announcement", "Board"]

_ANNOUNCE = load_script("announce")

DONE = 1
"""What the script says when it has done it now, and not for the same request before."""

LOOK_EVERY_S = 1.0
"""A start or an end that comes by the clock is told at most this much later."""

KEPT_MS = 7 * 86_400_000
"""An announcement that is over is removed after a week."""


@dataclass(frozen=True)
class Announcement:
    """What is announced. ``topics`` are those whose answers begin with it; times are RFC 3339 in UTC."""

    id: str
    texts: Mapping[str, str]
    start: str
    end: str
    topics: tuple[str, ...] = ()
    by: str = ""

    def holds(self, at_ms: int) -> bool:
        return parse_ms(self.start) <= at_ms < parse_ms(self.end)

    def frame(self, language: str) -> dict[str, Any]:
        """As a visitor gets it."""
        return {"id": self.id, "text": self.texts[language], "from": self.start, "to": self.end}

    def whole(self) -> dict[str, Any]:
        """As supervisors see it, in every language."""
        return {
            "id": self.id,
            "texts": dict(self.texts),
            "from": self.start,
            "to": self.end,
            "topics": list(self.topics),
            "by": self.by,
        }


@dataclass
class Board:
    """All announcements, and who is told of them on this process. Run :meth:`keep_telling` for ever, and give
    :meth:`noticed` to the fan-out's watchers."""

    store: Store
    fanout: Fanout
    posted: dict[str, Announcement] = field(default_factory=dict)
    listeners: set[Callable[[Announcement, bool], None]] = field(default_factory=set)
    """Called with an announcement and whether it holds from now on."""

    def __post_init__(self) -> None:
        self._told: dict[str, Announcement] = {}
        self._news = asyncio.Event()

    def noticed(self, notice: Mapping[str, Any]) -> None:
        """Something was announced, or notices may have been lost."""
        if "announced" in notice or "reconnected" in notice:
            self._news.set()

    def current(self) -> list[Announcement]:
        """What holds now, oldest first."""
        now = now_ms()
        return sorted((one for one in self.posted.values() if one.holds(now)), key=lambda one: one.start)

    def matching(self, topic: str | None, channel: str, told: Sequence[str]) -> list[Announcement]:
        """What the bot has to tell before its answer: what belongs to the topic and, where there is no widget to show
        it, whatever holds; each once in a conversation."""
        return [
            one for one in self.current() if one.id not in told and (channel != "web" or (topic or "") in one.topics)
        ]

    async def post(self, announcement: Announcement, *, answer_key: str | None = None) -> None:
        """Announce it on every hub. With ``answer_key`` that is remembered there in the same write, and the same
        request again does nothing, whatever has become of the announcement since."""
        kept = json.dumps(asdict(announcement), ensure_ascii=False)
        if await self._write(announcement.id, kept, answer_key) == DONE:
            self.posted[announcement.id] = announcement
        await self.fanout.publish({"announced": announcement.id})

    async def end(self, id: str, *, answer_key: str | None = None) -> bool:
        """Take it away on every hub, once for each request as above; whether it was there."""
        done = await self._write(id, "", answer_key)
        if done == DONE:
            self.posted.pop(id, None)
        await self.fanout.publish({"announced": id})
        return bool(done)

    async def _write(self, id: str, kept: str, answer_key: str | None) -> int:
        names = [self.store.keys.announcements, *([answer_key] if answer_key is not None else [])]
        args: list[str | bytes | int] = [id, kept, json.dumps({"announcement": id}), ANSWER_TTL_S]
        return int(await self.store.run(_ANNOUNCE, names, args))

    async def read(self) -> None:
        """Read all anew.

        Raises:
            StoreUnavailable: Redis is away.
        """
        redis, keys = self.store.redis, self.store.keys
        found = {}
        for row in await self.store.call(redis.hvals(keys.announcements)):
            raw = json.loads(row)
            one = Announcement(**{**raw, "topics": tuple(raw["topics"])})
            if parse_ms(one.end) + KEPT_MS < now_ms():
                await self.store.call(redis.hdel(keys.announcements, one.id))
            else:
                found[one.id] = one
        self.posted = found

    async def keep_telling(self) -> None:
        news = True
        while True:
            try:
                if news:
                    await self.read()
                self.tell()
            except StoreUnavailable:
                self._news.set()
                await asyncio.sleep(LOOK_EVERY_S)
            news = await nudged(self._news, LOOK_EVERY_S)

    def tell(self) -> None:
        """Tell the listeners what begins and what ends."""
        current = {one.id: one for one in self.current()}
        begun = [one for id, one in current.items() if self._told.get(id) != one]
        ended = [one for id, one in self._told.items() if id not in current]
        self._told = current
        for one, holds in [*((one, False) for one in ended), *((one, True) for one in begun)]:
            for listener in tuple(self.listeners):
                listener(one, holds)
