"""A person's data out: everything of one conversation as JSON, from the same places that erasure empties (P2)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handoff.clock import now_ms, stamp
from handoff.errors import NotFound, Unauthorized
from handoff.keys import EXPORT_TTL_S
from handoff.privacy.audit import Audit, Who
from handoff.privacy.erasure import SCAN_COUNT, Erasure
from handoff.privacy.places import FOLDERS, Subject
from handoff.privacy.vault import CannotOpen, Vault
from handoff.store import Store

__all__ = ["FORMAT", "Exports"]

FORMAT = "silta-export-1"

AGENTS_ONLY = frozenset({"note", "approval"})
"""Kinds of events that a visitor's own export leaves out: agents' words about them may speak of others, too, and are
given by a person who has read them (``silta conversation export`` has them)."""

AGENTS_WORDS = frozenset({"note", "cause", "why"})
"""Fields of an event that a visitor's own export leaves out for the same reason: the note that goes with a transfer,
why it was this agent. What was found about the visitor (reasons, priority, skill) is the visitor's and stays."""


@dataclass
class Exports:
    """Collects. ``vault`` opens what is sealed, None leaves it so. Covered numbers are opened for as long as they are
    kept, though the owner keeps no new ones by now."""

    store: Store
    erasure: Erasure
    audit: Audit
    vault: Vault | None = None

    async def collect(self, conversation: str, actor: Who, *, own: bool = False) -> dict[str, Any]:
        """Everything that is kept of a conversation. The read is in the audit log before it is done.

        Args:
            own: for the visitor, without what agents said among themselves.

        Raises:
            NotFound: there is no such conversation.
            StoreUnavailable: Redis does not answer.
        """
        keys = self.store.keys
        if not await self.store.call(self.store.redis.exists(keys.state(conversation))):
            raise NotFound("There is no such conversation.")
        await self.audit.write(actor, "transcript.exported", conversation, own=own)
        subject = await self.erasure.subject(conversation)
        state, events = keys.state(conversation), keys.log(conversation)
        kept = await self._keys(subject)
        clear = keys.clear(conversation)
        if isinstance(kept.get(clear), dict):
            kept[clear] = await self._shown(kept[clear], conversation, actor)
        found: dict[str, Any] = {
            "format": FORMAT,
            "exported_at": stamp(now_ms()),
            "conversation": conversation,
            "state": self._opened(kept.pop(state, {})),
            "events": [entry["e"] for _, entry in kept.pop(events, [])],
            "kept": {name.removeprefix(keys.prefix): value for name, value in sorted(kept.items())},
            "lists": await self._lists(subject),
            "streams": await self._streams(subject),
            "files": await asyncio.to_thread(_files, self.erasure.var, conversation),
        }
        if own:
            found["events"] = [
                {name: value for name, value in event.items() if name not in AGENTS_WORDS}
                for event in found["events"]
                if event.get("kind") not in AGENTS_ONLY
            ]
            found["kept"].pop(keys.drafts(conversation).removeprefix(keys.prefix), None)
            found["state"].get("state", {}).pop("approvals", None)
        return found

    async def address(self, conversation: str) -> str:
        """An address from which the visitor's own export can be fetched, once and soon.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        ticket = secrets.token_urlsafe(32)
        key = self.store.keys.export_ticket(_digest(ticket))
        await self.store.call(self.store.redis.set(key, conversation, ex=EXPORT_TTL_S))
        return f"/api/visitor/export?ticket={ticket}"

    async def redeem(self, ticket: str) -> str:
        """The conversation of a ticket, which is spent by this.

        Raises:
            Unauthorized: unknown, spent or too late.
        """
        raw = await self.store.call(self.store.redis.getdel(self.store.keys.export_ticket(_digest(ticket))))
        if raw is None:
            raise Unauthorized("This address was good once, for a minute. Ask for a new one.")
        return str(raw.decode())

    # -- what is kept

    async def _keys(self, subject: Subject) -> dict[str, Any]:
        redis, call, places = self.store.redis, self.store.call, self.erasure.places
        names = {name.encode() for name in places.own(subject)}
        cursor = 0
        while True:
            cursor, found = await call(redis.scan(cursor, match=places.pattern(subject), count=SCAN_COUNT))
            names.update(found)
            if not cursor:
                break
        kept = {name.decode(): await self._value(name) for name in sorted(names)}
        return {name: value for name, value in kept.items() if value is not None}

    async def _value(self, name: bytes) -> Any:
        redis: Any = self.store.redis
        kind = (await self.store.call(redis.type(name))).decode()
        read: Mapping[str, Any] = {
            "string": lambda: redis.get(name),
            "hash": lambda: redis.hgetall(name),
            "list": lambda: redis.lrange(name, 0, -1),
            "zset": lambda: redis.zrange(name, 0, -1, withscores=True),
            "set": lambda: redis.smembers(name),
            "stream": lambda: redis.xrange(name),
        }
        return _plain(await self.store.call(read[kind]())) if kind in read else None

    async def _lists(self, subject: Subject) -> dict[str, Any]:
        """The lists in which it stands, with its place or value there."""
        redis, call, places = self.store.redis, self.store.call, self.erasure.places
        prefix, found = places.keys.prefix, {}
        for name, member in places.sets(subject):
            score = await call(redis.zscore(name, member))
            if score is not None:
                found[name.removeprefix(prefix)] = score
        for name, member in places.hashes(subject):
            value = await call(redis.hget(name, member))
            if value is not None:
                found[name.removeprefix(prefix)] = _plain(value)
        for name, wanted in ((places.keys.passed, subject.conversation + " "), (places.keys.alerts, "")):
            rows = await call(redis.hgetall(name))
            own = subject.conversation.encode()
            mine = {
                field: value
                for field, value in rows.items()
                if (field.startswith(wanted.encode()) if wanted else own in value)
            }
            if mine:
                found[name.removeprefix(prefix)] = _plain(mine)
        return found

    async def _streams(self, subject: Subject) -> dict[str, Any]:
        """Its entries on the streams that all share."""
        places, found = self.erasure.places, {}
        needles = [needle.encode() for needle in places.needles(subject)]
        for name in places.streams():
            rows = await self.store.call(self.store.redis.xrange(name))
            mine = [
                _plain(fields)
                for _, fields in rows
                if fields and any(needle in value for value in fields.values() for needle in needles)
            ]
            if mine:
                found[name.removeprefix(places.keys.prefix)] = mine
        return found

    async def _shown(self, clear: Mapping[str, Any], conversation: str, actor: Who) -> dict[str, Any]:
        """Covered numbers that are kept, by message, in clear. Each look is in the audit log, as an agent's is."""
        shown: dict[str, Any] = {}
        for seq, sealed in clear.items():
            shown[seq] = self._numbers(sealed, conversation, seq)
            if shown[seq] is not sealed:
                kinds = [one["kind"] for one in shown[seq]]
                await self.audit.write(actor, "clear.shown", conversation, of=int(seq), kinds=kinds)
        return shown

    def _numbers(self, sealed: Any, conversation: str, seq: str) -> Any:
        if self.vault is None or not isinstance(sealed, str) or not Vault.is_sealed(sealed):
            return sealed
        try:
            return json.loads(self.vault.open(sealed, f"{conversation}:clear:{seq}"))
        except CannotOpen:
            return sealed  # its key is gone: nobody can read it any more

    def _opened(self, state: Any) -> Any:
        """The state with what is sealed in it in clear: it is the person's own."""
        raw = state.get("state") if isinstance(state, dict) else None
        callback = raw.get("callback") if isinstance(raw, dict) else None
        if self.vault is not None and isinstance(raw, dict) and isinstance(callback, dict):
            for name, value in callback.items():
                if isinstance(value, str) and Vault.is_sealed(value):
                    try:
                        callback[name] = self.vault.open(value, f"{raw['id']}:{name}")
                    except CannotOpen:
                        pass  # its key is gone: nobody can read it any more
        return state


def _plain(value: Any) -> Any:
    """What came from Redis, as JSON; what is JSON inside is taken out of its string."""
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
        try:
            return json.loads(text) if text[:1] in ("{", "[") else text
        except ValueError:
            return text
    if isinstance(value, Mapping):
        return {str(_name(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one) for one in value]
    return value


def _name(key: Any) -> Any:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else key


def _files(var: Path | None, conversation: str) -> list[dict[str, Any]]:
    found = []
    for folder in FOLDERS if var is not None else ():
        for path in sorted((Path(str(var)) / folder / conversation).glob("*")):
            if path.is_file():
                data = path.read_bytes()
                found.append({
                    "folder": folder,
                    "name": path.name,
                    "size": len(data),
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "base64": base64.b64encode(data).decode(),
                })
    return found


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()
