"""What stands beside the queue, as one console was told it: call-backs, alerts, and what keeps a channel from sending.

A console rings for what it is told. So after lost notices (:meth:`Standing.refresh`) it is told what has come, what has
changed and what has ended, and nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handoff import callbacks
from handoff.clock import now_ms, stamp
from handoff.desk import mentions
from handoff.gateway.console import Console
from handoff.watch.alerts import worded

__all__ = ["Standing"]

BY_THE_CLOCK = frozenset({"due", "late"})
"""What is another of a call-back with time alone."""
PERSONAL = frozenset({mentions.KIND, "snooze"})
"""Alerts that are for one agent alone: who is called in a note, or has put something off."""


class Standing:
    """Tells a console what its agent may see of it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tasks: dict[str, Mapping[str, Any]] = {}
        """Those to do, by conversation, which has one."""
        self._alerts: dict[str, Mapping[str, Any]] = {}
        self._alarm: Mapping[str, Any] | None = None
        self._heard: set[tuple[str, str]] | None = None
        """What notices have told while a refresh reads: they are newer than what it reads."""

    # -- by notices

    def welcomed(self, tasks: list[dict[str, Any]]) -> None:
        """The welcome has named these call-backs, and no others."""
        self._tasks = {task["conversation"]: task for task in tasks}

    def task(self, task: Mapping[str, Any]) -> None:
        """Tell a call-back as it is now."""
        if self._console.sees_line(task):
            self._hear("task", task["conversation"])
            self._push_task(task)

    def alert(self, alert: Mapping[str, Any]) -> None:
        """Tell an alert that is raised, has changed, or has ended. Only ``id`` and ``ended`` of one that has: where it
        was told, it is over."""
        id = str(alert["id"])
        self._hear("alert", id)
        known = self._alerts.get(id)
        # When a hub last said it is no news.
        told = {name: value for name, value in {**(known or {}), **alert}.items() if name != "said"}
        if "kind" not in told or not self._concerns(told):
            if known is None:
                return
            told["ended"] = True  # it is another's by now
        self._push_alert(id, told)

    def _concerns(self, alert: Mapping[str, Any]) -> bool:
        account = self._console.account
        return alert.get("for_agent") == account.id or (account.leads and alert["kind"] not in PERSONAL)

    def alarm(self, alarm: Mapping[str, Any]) -> None:
        """Tell that a channel cannot send, or can again."""
        self._hear("alarm")
        self._push_alarm(alarm)

    def erased(self, conversation: str) -> None:
        """The conversation is to be forgotten."""
        self._hear("task", conversation)
        self._tasks.pop(conversation, None)
        self._console.peer.push({"type": "erased", "conversation": conversation})

    def _hear(self, kind: str, id: str = "") -> None:
        if self._heard is not None:
            self._heard.add((kind, id))

    def _has_heard(self, kind: str, id: str = "") -> bool:
        return self._heard is not None and (kind, id) in self._heard

    # -- after lost notices

    async def refresh(self) -> None:
        """Tell what differs from what the console was told.

        Raises:
            StoreUnavailable: Redis is away; what was told is known, and not told again the next time.
        """
        self._heard = set()
        try:
            await self._refresh_tasks()
            await self._refresh_alerts()
            await self._refresh_alarm()
        finally:
            self._heard = None

    async def _refresh_tasks(self) -> None:
        console, lists = self._console, self._console.hub.lists
        known = set(self._tasks)
        todo = {task["conversation"]: task for task in await lists.tasks()}
        over = known - todo.keys()
        found = {state.id: callbacks.task(state) for state in await lists.states([id.encode() for id in over])}
        for conversation in over:
            if self._has_heard("task", conversation):
                continue
            task = found.get(conversation)
            if task is None:
                self.erased(conversation)
            else:
                self._push_task(task)
            await console.peer.flushed()
        for conversation, task in todo.items():
            before = self._tasks.get(conversation)
            if not console.sees_line(task) or (before is not None and _lasting(before) == _lasting(task)):
                continue
            if console.makes(task):
                await console.note_contact(conversation)
            if not self._has_heard("task", conversation):
                self._push_task(task)
            await console.peer.flushed()

    async def _refresh_alerts(self) -> None:
        known = dict(self._alerts)
        stand = {str(alert["id"]): alert for alert in await self._console.hub.lists.alerts()}
        for id, alert in known.items():
            if id not in stand and not self._has_heard("alert", id):
                self._push_alert(id, {**alert, "ended": True})
                await self._console.peer.flushed()
        for id, alert in stand.items():
            if not self._has_heard("alert", id):
                self.alert(alert)
                await self._console.peer.flushed()

    async def _refresh_alarm(self) -> None:
        trouble = self._console.hub.trouble
        found = await trouble() if trouble is not None else {}
        if self._has_heard("alarm"):
            return
        if found:
            self._push_alarm({"code": found["code"], "at": found.get("at", ""), "ended": False})
        elif self._alarm is not None:
            self._push_alarm({**self._alarm, "at": stamp(now_ms()), "ended": True})

    # -- frames

    def _push_task(self, task: Mapping[str, Any]) -> None:
        before = self._tasks.pop(task["conversation"], None)
        if before is not None and before["id"] != task["id"]:
            # The visitor has chosen another way since: consoles know call-backs by their own ids.
            self._tell_task({**before, "state": "cancelled", "due": False, "late": False})
        if callbacks.is_open(task):
            self._tasks[task["conversation"]] = task
        self._tell_task(task)

    def _tell_task(self, task: Mapping[str, Any]) -> None:
        self._console.peer.push({"type": "callback", "task": self._console.task(task)})

    def _push_alert(self, id: str, alert: Mapping[str, Any]) -> None:
        before = self._alerts.pop(id, None)
        if not alert["ended"]:
            self._alerts[id] = alert
        if before == alert:
            return
        told = worded(alert, self._console.hub.owner.now, self._console.language)
        if before is not None and not alert["ended"] and before["at"] == alert["at"]:
            told["quiet"] = True  # the same alert with new figures calls nobody again
        self._console.peer.push({"type": "alert", **told})

    def _push_alarm(self, alarm: Mapping[str, Any]) -> None:
        code = "working_again" if alarm["ended"] else alarm["code"]
        if not alarm["ended"] and self._alarm is not None and self._alarm["code"] == code:
            return
        self._alarm = None if alarm["ended"] else alarm
        text = self._console.hub.texts.channel_said(self._console.language, code)
        self._console.peer.push({"type": "alert", "id": "messenger", "kind": "token", "text": text, **alarm})


def _lasting(task: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in task.items() if name not in BY_THE_CLOCK}
