"""Who did what and who read what: an append-only log whose every line holds the hash of the line before it.

It is a stream in Redis, ``audit``, for what an audit log needs is what the conversations have already: several hub
processes append to one order (the script refuses who did not know the end), a line is on disk before its deed is
answered (``appendfsync always``), and a crash loses nothing. Beside it each process notes the end it last wrote in
``var/audit/``, outside of Redis: who rewrites the whole stream, or cuts off its end, cannot agree with those notes.

A deed whose line cannot be written is refused: better nothing read than something read that nobody knows of. After a
time-out it is unknown whether a line was written, so one may stand twice; none is ever missing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from handoff.clock import now_ms, stamp
from handoff.errors import StoreUnavailable
from handoff.privacy.audit_chain import TRIMMED, Actor, Anchor, Line, Verdict, make_line, verify
from handoff.store import Store
from handoff.writer import load_script

__all__ = ["COMMAND_LINE", "HUB", "VISITOR", "Audit", "Who", "read_anchors"]

log = logging.getLogger("silta.audit")

_APPEND = load_script("audit")

BATCH_MAX = 100
"""Lines that go to Redis together: what waits while one write is under way."""

TRIES = 50
"""Attempts while other processes keep writing first. Each takes a millisecond or two."""

PAGE = 1000
"""Lines read at once: about 400 KiB."""

COMMAND_LINE = Actor("command-line", "owner")
"""Who runs ``silta`` on the machine itself: the owner's shell, which no sign-in of ours guards."""

HUB = Actor("hub", "system")
"""What nobody asked for: retention."""

VISITOR = Actor("visitor", "visitor")
"""The person whom the conversation is with; the conversation's id says which."""


class Who(Protocol):
    """An account or an :class:`~handoff.privacy.audit_chain.Actor`."""

    @property
    def id(self) -> str: ...

    @property
    def role(self) -> str: ...


@dataclass(eq=False)
class _Waiting:
    made: dict[str, Any]
    written: bool = False
    failed: Exception | None = None


@dataclass
class Audit:
    """The audit log of the house. One for each process.

    ``anchors`` is the folder for the ends this process writes, None for none (tests); ``process`` names its file.
    """

    store: Store
    process: str = "hub-1"
    anchors: Path | None = None
    _last: tuple[int, str] = (0, "")
    _waiting: list[_Waiting] = field(default_factory=list)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def write(self, actor: Who, action: str, conversation: str | None = None, **facts: Any) -> None:
        """Write down what ``actor`` does, before it is done: when this returns, the line is kept.

        Args:
            action: a stable code, such as ``transcript.read``.
            facts: small: codes, counts, ids. Never the words of a conversation, a token or an address.

        Raises:
            StoreUnavailable: it could not be written; do not do what it was to tell.
            ValueError: the action is no code.
        """
        made: dict[str, Any] = {
            "at": stamp(now_ms()),
            "actor": Actor(actor.id, actor.role),
            "action": action,
            "conversation": conversation,
            "facts": facts,
        }
        make_line(1, "", **made)  # a mistake of the caller is the caller's, not that of all who wait
        mine = _Waiting(made)
        self._waiting.append(mine)
        async with self._lock:
            while not mine.written and mine.failed is None:
                batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                await self._append(batch)
        if mine.failed is not None:
            raise mine.failed

    async def _append(self, batch: Sequence[_Waiting]) -> None:
        try:
            for _ in range(TRIES):
                lines = self._chained(batch)
                flat = [part for line in lines for part in (line.text, line.hash)]
                seq, hash = self._last
                reply = await self.store.run(_APPEND, [self.store.keys.audit], [seq + 1, hash, *flat])
                if reply[0] == b"done":
                    self._last = (seq + len(lines), lines[-1].hash)
                    await self._anchor()
                    for one in batch:
                        one.written = True
                    return
                self._last = (int(reply[1]), reply[2].decode())
            raise StoreUnavailable("the audit log is too busy")
        except StoreUnavailable as error:
            for one in batch:
                one.failed = error
        except BaseException:
            # Whoever held the lock was cancelled; the others' lines are still to be written.
            self._waiting = [one for one in batch if not one.written] + self._waiting
            raise

    def _chained(self, batch: Sequence[_Waiting]) -> list[Line]:
        seq, prev = self._last
        lines: list[Line] = []
        for number, one in enumerate(batch, seq + 1):
            lines.append(make_line(number, prev, **one.made))
            prev = lines[-1].hash
        return lines

    async def _anchor(self) -> None:
        if self.anchors is None:
            return
        try:
            await asyncio.to_thread(_note_end, self.anchors, self.process, *self._last)
        except OSError as error:
            log.error("the end of the audit log could not be noted: %s", type(error).__name__)

    async def lines(self) -> AsyncIterator[str]:
        """Every line as it is kept, from the first.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        after = "-"
        while True:
            rows = await self.store.call(self.store.redis.xrange(self.store.keys.audit, after, "+", count=PAGE))
            for _, fields in rows:
                yield fields.get(b"l", b"").decode("utf-8", "replace")
            if len(rows) < PAGE:
                return
            after = "(" + rows[-1][0].decode()

    async def verify(self, anchors: Path | None = None) -> Verdict:
        """Look through the whole log; ``anchors`` is the folder of noted ends.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        # The notes first: lines that are written meanwhile are after them.
        ends = read_anchors(anchors) if anchors is not None else []
        highest = await self._highest()
        return verify([line async for line in self.lines()], highest=highest, anchors=ends)

    async def _highest(self) -> int:
        key = self.store.keys.audit
        if not await self.store.call(self.store.redis.exists(key)):
            return 0
        info = await self.store.call(self.store.redis.xinfo_stream(key))
        return int(info["last-generated-id"].decode().partition("-")[0])

    async def trim(self, before_ms: int) -> int:
        """Retention: let go of the lines from before ``before_ms``, but never of the last. Returns how many.

        What is cut off is vouched for by a line of its own (:data:`~handoff.privacy.audit_chain.TRIMMED`),
        written first.

        Raises:
            StoreUnavailable: Redis does not answer; the next sweep does the rest.
        """
        limit, through, hash, count = stamp(before_ms), 0, "", 0
        async for text in self.lines():
            try:
                fields = json.loads(text)
                if str(fields["at"]) >= limit:
                    break
                through, hash, count = int(fields["seq"]), str(fields["hash"]), count + 1
            except (ValueError, KeyError, TypeError):
                log.error("the audit log is not whole after line %d; nothing of it is let go", through)
                return 0
        if not through:
            return 0
        await self.write(HUB, TRIMMED, through=through, hash=hash)
        key = self.store.keys.audit
        await self.store.call(self.store.redis.xtrim(key, minid=f"{through + 1}-0", approximate=False))
        return count


def _note_end(folder: Path, process: str, seq: int, hash: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".{process}.{os.getpid()}.new"
    new.write_text(json.dumps({"seq": seq, "hash": hash}), "ascii")
    new.replace(folder / f"{process}.json")


def read_anchors(folder: Path) -> list[Anchor]:
    """The noted ends. A note that cannot be read is an end that nothing agrees with."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            raw = json.loads(path.read_text("ascii"))
            found.append(Anchor(int(raw["seq"]), str(raw["hash"]), path.stem))
        except (OSError, ValueError, KeyError, TypeError):
            found.append(Anchor(1, "unreadable", path.stem))
    return found
