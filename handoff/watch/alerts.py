"""Alerts to those who lead: what runs out, whom nobody can serve, and a queue that grows too fast.

:func:`standing` is pure; :class:`Watch` keeps Redis' list of alerts equal to it. Any hub may run the watch: an alert is
raised by the one that writes it first, and told by a notice to all.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from handoff.clock import now_ms, parse_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.errors import StoreUnavailable
from handoff.hub import Hub
from handoff.owner.files import OwnerSettings
from handoff.promises import REMIND_PROMISE_MS
from handoff.queue.assignment import may_serve
from handoff.watch.alert import Alert
from handoff.writer import load_script

__all__ = ["Watch", "worded"]

_DROP = load_script("drop_field")
_SWAP = load_script("swap_field")

LOOK_EVERY_S = 1.0

GROWTH_OVER_S = 60

WATCH_LEASE_MS = 5000
"""For so long the hub that keeps the watch may be silent."""

FILES_SAID_EVERY_MS = 60_000
"""How often a hub says again that its owner's files are refused."""

FILES_SILENT_MS = 3 * FILES_SAID_EVERY_MS
"""A hub that has not said it for so long has gone, and cannot take its word back."""


LASTING = ("help", "mention", "settings")
"""Kinds that end by what somebody does, or no longer does, not by what is found here."""


def worded(alert: Mapping[str, Any], settings: OwnerSettings, language: str) -> dict[str, Any]:
    """An alert as an agent gets it, in the agent's language."""
    frame = {name: alert[name] for name in ("id", "kind", "at", "ended") if name in alert}
    if alert.get("conversation"):
        frame["conversation"] = alert["conversation"]
    values, now = dict(alert.get("values") or {}), datetime.now(UTC)
    if "text" in values:
        return {**frame, "text": values["text"]}
    teller, texts = settings.teller, settings.texts
    if "language" in values:
        values["language"] = texts.say(language, f"names.{values['language']}")
    if "by" in values:
        values["by"] = teller.when(language, datetime.fromisoformat(values["by"]), now, by=True)
    if "from" in values:
        start, end = (datetime.fromisoformat(values[name]) for name in ("from", "to"))
        values["window"] = teller.window(language, start, end, now)
    key = values.pop("key", alert["kind"])
    return {**frame, "text": texts.say(language, f"alerts.{key}", **values)}


class Watch:
    """Run :meth:`keep_watching` for ever."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lengths: deque[tuple[int, int]] = deque()

    async def keep_watching(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.once()
            except StoreUnavailable:
                pass

    async def once(self) -> None:
        """Raise what stands now and end what does not any more.

        Raises:
            StoreUnavailable: Redis is away.
        """
        store, keys = self._hub.store, self._hub.store.keys
        await self.files()
        if not self._hub.room.filled or not await self._leads():
            return
        found = {alert.id: alert for alert in [*self.waits(), *self.growth(), *await self.tasks()]}
        rows = await store.call(store.redis.hgetall(keys.alerts))
        kept = {id.decode(): json.loads(raw) for id, raw in rows.items()}
        at = stamp(self._hub.room.now_ms)
        for id, alert in found.items():
            if id not in kept:
                told = alert.kept(at)
                if await store.call(store.redis.hsetnx(keys.alerts, id, json.dumps(told, ensure_ascii=False))):
                    await self._hub.fanout.publish({"alert": told})
            elif (now := alert.anew(kept[id], at)) is not None:
                # Only where it still stands as it was read: it may have been erased, or ended, since.
                text = json.dumps(now, ensure_ascii=False)
                if await store.run(_SWAP, [keys.alerts], [id, rows[id.encode()], text]):
                    await self._hub.fanout.publish({"alert": now})
        over = await self._over(kept)
        for id, old in kept.items():
            if id in over or (id not in found and old["kind"] not in LASTING):
                await self._end(rows[id.encode()])

    async def files(self) -> None:
        """Say why the owner's files as they are now are not in force, on this very hub: each says so itself, for
        another may have read them earlier, or stand on another machine.

        Raises:
            StoreUnavailable: Redis is away.
        """
        store, id, now = self._hub.store, f"settings:{self._hub.process}", now_ms()
        row = await store.call(store.redis.hget(store.keys.alerts, id))
        old: dict[str, Any] = json.loads(row) if row is not None else {}
        text = "\n".join(self._hub.owner.problems)
        if not text:
            if row is not None:
                await self._end(row)
            return
        known = bool(old) and old["values"]["text"] == text
        if known and now - _said(old) < FILES_SAID_EVERY_MS:
            return
        told = old if known else Alert(id, "settings", values={"text": text}).kept(stamp(now))
        kept = json.dumps({**told, "said": stamp(now)}, ensure_ascii=False)
        await store.call(store.redis.hset(store.keys.alerts, id, kept))
        if not known:
            await self._hub.fanout.publish({"alert": told})

    async def _over(self, kept: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Those that last and that nobody can do anything about any more: help for a conversation that no person has,
        unless a supervisor's decision is still asked for, and files of a hub that has gone."""
        now = now_ms()
        over = {
            id
            for id, alert in kept.items()
            if alert["kind"] == "settings" and now - _said(alert) > FILES_SILENT_MS
        }
        calls = {str(alert["conversation"]): id for id, alert in kept.items() if alert["kind"] == "help"}
        for state in await self._hub.lists.states([conversation.encode() for conversation in calls]):
            waits = any(approval["state"] == "asked" for approval in state.approvals)
            if state.status is Status.ASSIGNED or waits:
                calls.pop(state.id)
        return over | set(calls.values())

    async def _end(self, row: bytes) -> None:
        """End an alert as it was read; one that was raised anew since stands."""
        store, alert = self._hub.store, json.loads(row)
        if await store.run(_DROP, [store.keys.alerts], [str(alert["id"]), row]):
            await self._hub.fanout.publish({"alert": {**alert, "ended": True}})

    async def _leads(self) -> bool:
        """Whether this hub keeps the watch: one does, and another soon after that one has gone."""
        store, process = self._hub.store, self._hub.process.encode()
        key = store.keys.watch
        if await store.call(store.redis.set(key, process, nx=True, px=WATCH_LEASE_MS)):
            return True
        if await store.call(store.redis.get(key)) != process:
            return False
        await store.call(store.redis.pexpire(key, WATCH_LEASE_MS))
        return True

    def waits(self) -> list[Alert]:
        """Waits past the target, and languages that nobody here answers."""
        room, rules = self._hub.room, self._hub.owner.now.rules
        agents, found = room.agents(), []
        alone: dict[str, int] = {}
        for one in room.waiting():
            target, waited_s = rules.target(one.skill), (room.now_ms - one.waits_since_ms) / 1000
            if waited_s > target:
                values = {"minutes": max(1, round(waited_s / 60)), "target": f"{target / 60:g}"}
                found.append(Alert(f"wait:{one.id}", "wait", one.id, None, values))
            if not any(may_serve(agent, one, rules, room.now_ms) for agent in agents):
                alone[one.language] = alone.get(one.language, 0) + 1
        for language, count in alone.items():
            found.append(Alert(f"nobody:{language}", "nobody", None, None, {"language": language, "count": count}))
        return found

    def growth(self) -> list[Alert]:
        """A queue that is longer than a minute ago by more than is usual."""
        room, rules = self._hub.room, self._hub.owner.now.rules
        count = len(room.lineup)
        self._lengths.append((room.now_ms, count))
        while self._lengths and self._lengths[0][0] < room.now_ms - GROWTH_OVER_S * 1000:
            self._lengths.popleft()
        if self._lengths and count - self._lengths[0][1] >= rules.growth_per_min:
            return [Alert("growth", "growth", None, None, {"count": count})]
        return []

    async def tasks(self) -> list[Alert]:
        """Call-backs, promises and agents' own reminders that are near or past their time."""
        store, keys, now = self._hub.store, self._hub.store.keys, self._hub.room.now_ms
        remind = self._hub.owner.now.rules.callbacks.remind_min * 60_000
        pipe = store.redis.pipeline(transaction=False)
        pipe.zrangebyscore(keys.callbacks, "-inf", now + remind)
        pipe.zrangebyscore(keys.replies, "-inf", now + remind)
        pipe.zrangebyscore(keys.promises, "-inf", now + REMIND_PROMISE_MS)
        calls, mails, promised = await store.call(pipe.execute())
        found = []
        for state in await self._hub.lists.states([*calls, *mails]):
            found.append(_callback_alert(state, now))
        for state in await self._hub.lists.states(promised):
            if state.snooze is not None:
                late = "late" if parse_ms(state.snooze["until"]) <= now else "due"
                who = state.assignee.id if state.assignee else None
                # Without a promise the visitor knows of nothing: the agent alone is reminded of the agent's own plan.
                kind = "promise" if state.snooze["promise"] is not None else "snooze"
                found.append(Alert(f"{kind}:{state.id}:{late}", kind, state.id, who, {"by": state.snooze["until"]}))
        return found


def _said(alert: Mapping[str, Any]) -> int:
    return parse_ms(alert.get("said") or alert["at"])


def _callback_alert(state: Conversation, now: int) -> Alert:
    task = dict(state.callback or {})
    late = parse_ms(task["to"] or task["by"]) <= now
    who = task["assignee"]["id"] if task["assignee"] else None
    if task["kind"] == "email":
        values = {"key": "promise", "by": task["by"]}
    else:
        values = {"key": "callback" if late else "callback_due", "from": task["from"], "to": task["to"]}
    return Alert(f"callback:{state.id}:{'late' if late else 'due'}", "callback", state.id, who, values)
