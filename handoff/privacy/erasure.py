"""Erasing a person's conversation: everything of it, everywhere, and nothing of it comes back (I10).

One script takes the conversation out of Redis at once, leaves a mark that refuses every later write to it for
:data:`~handoff.keys.ERASED_TTL_S`, and tells all hubs, which close its sockets and forget it. What the script cannot
do is on a list in Redis until it is done, whoever dies meanwhile: files, keys that are found by a scan, the rewrite of
Redis' own file, and a second look for what was on its way when the first was made.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.exceptions import ResponseError

from handoff.errors import NotFound, StoreUnavailable
from handoff.keys import ERASED_TTL_S
from handoff.privacy.audit import Audit, Who
from handoff.privacy.places import FOLDERS, Places, Subject
from handoff.store import Store
from handoff.writer import load_script

__all__ = ["AGAIN_S", "REASONS", "Erasure"]

log = logging.getLogger("silta.privacy")

_ERASE = load_script("erase")

REASONS = ("asked", "mistake", "other", "retention")
"""Why; ``asked`` is the person's right (GDPR, article 17), ``retention`` the owner's limit."""

AGAIN_S = 30.0
"""The second look comes so long after the first: longer than any request takes. Files may take longer to come; who
keeps one looks for the mark itself, after it is written."""

BEGUN_S = 15.0
"""An erasure that has not come further by then was begun by a process that died."""

REWRITE_S = 55.0
"""How long the rewrite of Redis' file is waited for (P3: sixty seconds for all)."""

REWRITE_EVERY_S = 10.0
"""Between two rewrites: each is work for the whole of Redis, and a stranger can begin a conversation and erase it as
often as messages are taken. The first is made at once, a minute is promised for all."""

LOOK_S = 0.05

LEFT_AGAIN_S = 5.0
"""Pause before the folders of this machine are looked through again, when Redis was away."""

FOLDERS_AT_ONCE = 500
"""Folders that are asked for in one go: tens of thousands may be looked through while visitors wait."""

SCAN_COUNT = 1000


@dataclass
class Erasure:
    """Erases. ``var`` is the folder with files of conversations, None where there are none (tests)."""

    store: Store
    audit: Audit
    var: Path | None = None
    again_s: float = AGAIN_S
    rewrite_every_s: float = REWRITE_EVERY_S
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    _tidying: set[asyncio.Task[None]] = field(default_factory=set)
    _looking: asyncio.Task[None] | None = None
    _missed: bool = False
    """Whether notices were lost since the folders of this machine were looked through."""
    _rewritten: float = -math.inf
    """When this process made the last rewrite, by its own clock."""

    @property
    def places(self) -> Places:
        return Places(self.store.keys)

    async def is_erased(self, conversation: str) -> bool:
        """Whether it was erased lately.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        return bool(await self.store.call(self.store.redis.exists(self.store.keys.erased(conversation))))

    async def erase(self, conversation: str, actor: Who, reason: str) -> None:
        """Erase a conversation. When this returns, nothing of it can be read any more, and nothing can be added; the
        rewrite of Redis' file follows within the minute (:meth:`finish`). Idempotent.

        Raises:
            NotFound: there is no such conversation, and never was.
            StoreUnavailable: unknown outcome; erase it again.
        """
        subject = await self.subject(conversation)
        redis, keys = self.store.redis, self.store.keys
        if not await self.store.call(redis.exists(keys.state(conversation), keys.erased(conversation))):
            raise NotFound("There is no such conversation.")
        await self.audit.write(actor, "conversation.erased", conversation, reason=reason)
        answers = await self._agents_answers(conversation)
        await self._take_out(subject)
        await self._clean(subject, answers)
        await self._note(conversation, "cleaned")
        self.woken.set()

    async def forget_new(self, conversation: str) -> None:
        """Mark a conversation in which nothing was ever written, so that its token is good for nothing.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        await self._take_out(Subject(conversation))
        await self._note(conversation, "cleaned")

    async def subject(self, conversation: str) -> Subject:
        """Who it is with."""
        messenger = self.places.messenger
        raw = await self.store.call(self.store.redis.hmget(messenger.thread(conversation), "page", "person"))
        if raw[0] is None or raw[1] is None:
            return Subject(conversation)
        lane = f"{raw[0].decode()}:{raw[1].decode()}"
        known = await self.store.call(self.store.redis.get(messenger.person(lane)))
        # Who has begun another conversation since keeps that one.
        return Subject(conversation, lane if known is None or known.decode() == conversation else None)

    # -- what is still to be done

    async def finish(self) -> int:
        """Do what is left of all erasures; how many were done with. One process at a time, see the caller.

        Raises:
            StoreUnavailable: Redis does not answer; the next time does the rest.
        """
        store, keys = self.store, self.store.keys
        now_s = await self._now_s()
        rows = await store.call(store.redis.hgetall(keys.erasures))
        left = {id.decode(): json.loads(raw) for id, raw in rows.items()}
        for id, record in left.items():
            if record["stage"] == "begun" and now_s - record["at"] > BEGUN_S:
                await self._clean(Subject(id, record.get("lane")), ())
                await self._note(id, "cleaned")
                record["stage"] = "cleaned"
        fresh = [id for id, record in left.items() if record["stage"] == "cleaned"]
        if fresh and time.monotonic() - self._rewritten >= self.rewrite_every_s and await self.rewrite():
            self._rewritten = time.monotonic()
            for id in fresh:
                await self._note(id, "rewritten")
        done = 0
        for id, record in left.items():
            if record["stage"] == "rewritten" and now_s - record["at"] >= self.again_s:
                done += await self._again(id)
        return done

    async def _again(self, conversation: str) -> bool:
        """The second look. Whether it found nothing more."""
        subject = Subject(conversation)
        found = await self.store.call(self.store.redis.exists(*self.places.own(subject)))
        found += await self._clean(subject, ())
        if found:
            log.info("conversation %s: %d things came back while it was erased, and are gone", conversation, found)
            await self._take_out(subject)
            await self._note(conversation, "cleaned")
            return False
        await self.store.call(self.store.redis.hdel(self.store.keys.erasures, conversation))
        return True

    async def rewrite(self) -> bool:
        """Have Redis write its file anew, without what is gone; whether it did.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        store = self.store
        info = await self._persistence()
        try:
            if int(info.get("aof_enabled", 0)):
                # One that is under way may have passed the place already.
                await self._until(lambda now: not int(now["aof_rewrite_in_progress"]))
                await store.call(store.redis.bgrewriteaof())
                info = await self._until(
                    lambda now: not int(now["aof_rewrite_in_progress"]) and not int(now["aof_rewrite_scheduled"])
                )
                if info.get("aof_last_bgrewrite_status") != "ok":
                    log.error("Redis could not write its file anew: what was erased is still in it; trying again")
                    return False
            if int(info.get("rdb_last_bgsave_time_sec", -1)) >= 0:
                # It makes snapshots, too: the last one has what was erased.
                await store.call(store.redis.bgsave())
                await self._until(lambda now: not int(now["rdb_bgsave_in_progress"]))
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, ResponseError):
                raise
            log.error("Redis does not let its file be written anew (%s): let this user BGREWRITEAOF", error.__cause__)
            return False
        return True

    async def _persistence(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.store.call(self.store.redis.info("persistence"))
        return found

    async def _until(self, holds: Any) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(REWRITE_S):
                while not holds(info := await self._persistence()):  # noqa: ASYNC110 (Redis tells nobody)
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise StoreUnavailable("the rewrite takes too long") from None
        return info

    # -- one conversation

    async def _take_out(self, subject: Subject) -> None:
        places, keys, id = self.places, self.store.keys, subject.conversation
        now_s = await self._now_s()
        plan = {
            "id": id,
            "ttl": ERASED_TTL_S,
            "record": json.dumps({"stage": "begun", "at": now_s, "lane": subject.lane}),
            "keys": places.own(subject),
            "sets": places.sets(subject),
            "hashes": places.hashes(subject),
            "passed": keys.passed,
            "alerts": keys.alerts,
            "streams": places.streams(),
            "needles": places.needles(subject),
            "channel": keys.notices,
            "notice": json.dumps({"conversation": id, "erased": True, "queue": None}),
        }
        await self.store.run(_ERASE, [keys.erased(id), keys.erasures, keys.state(id)], [json.dumps(plan)])
        self.store.forget(id)

    async def _clean(self, subject: Subject, more: Iterable[str]) -> int:
        """Keys that a scan finds, and files. How many keys there were."""
        redis, call = self.store.redis, self.store.call
        kept = self.store.keys.erased(subject.conversation).encode()
        found: set[Any] = {name.encode() for name in more}
        cursor = 0
        while True:
            cursor, names = await call(redis.scan(cursor, match=self.places.pattern(subject), count=SCAN_COUNT))
            found.update(names)
            if not cursor:
                break
        found.discard(kept)
        gone = int(await call(redis.unlink(*found))) if found else 0
        await self.remove_files(subject.conversation)
        return gone

    async def remove_files(self, conversation: str) -> None:
        """Remove the conversation's files on this machine."""
        if self.var is not None and conversation.replace("-", "").replace("_", "").isalnum():
            for name in FOLDERS:
                await asyncio.to_thread(shutil.rmtree, self.var / name / conversation, ignore_errors=True)

    def noticed(self, notice: Mapping[str, Any]) -> None:
        """A watcher of the hub's notices: another process may have erased what has files on this machine."""
        if notice.get("erased"):
            task = asyncio.create_task(self.remove_files(notice["conversation"]), name="files")
            self._tidying.add(task)
            task.add_done_callback(self._tidying.discard)
        elif "reconnected" in notice and self.var is not None:
            self._missed = True
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._catch_up(), name="files")

    async def _catch_up(self) -> None:
        """Remove what lost notices would have told to remove; also at a start, for what was erased before it."""
        while self._missed:
            self._missed = False
            try:
                gone = await self.remove_left()
            except StoreUnavailable:
                self._missed = True
                await asyncio.sleep(LEFT_AGAIN_S)
            else:
                if gone:
                    log.info("files of %d conversations that were erased meanwhile are gone", gone)

    async def remove_left(self) -> int:
        """Remove the files on this machine of conversations whose erasure it was not told of; of how many.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        names, gone = await asyncio.to_thread(self._folders), 0
        for start in range(0, len(names), FOLDERS_AT_ONCE):
            chunk = names[start : start + FOLDERS_AT_ONCE]
            pipe = self.store.redis.pipeline(transaction=False)
            for name in chunk:
                pipe.exists(self.store.keys.erased(name))
            for name, erased in zip(chunk, await self.store.call(pipe.execute()), strict=True):
                if erased:
                    await self.remove_files(name)
                    gone += 1
        return gone

    def _folders(self) -> list[str]:
        """Conversations with files on this machine."""
        found: set[str] = set()
        for folder in (self.var / name for name in FOLDERS) if self.var is not None else ():
            try:
                found.update(one.name for one in folder.iterdir())
            except OSError:
                pass  # nothing was kept there yet
        return sorted(found)

    async def _agents_answers(self, conversation: str) -> list[str]:
        """The remembered answers of agents' requests, which stand under their own ids."""
        return [
            self.store.keys.answer(str(event["author"]["id"]), str(event["client_id"]))
            for event in await self.store.events(conversation)
            if event.get("client_id") and (event.get("author") or {}).get("role") == "agent"
        ]

    async def _note(self, conversation: str, stage: str) -> None:
        record = json.dumps({"stage": stage, "at": await self._now_s()})
        await self.store.call(self.store.redis.hset(self.store.keys.erasures, conversation, record))

    async def _now_s(self) -> int:
        return int((await self.store.call(self.store.redis.time()))[0])
