"""A decision as ``scripts/commit.lua`` is given it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handoff import callbacks
from handoff.clock import parse_ms
from handoff.compact import compact
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.events import Keys, encode
from handoff.keys import ANSWER_TTL_S, HubKeys
from handoff.queue import order as queue
from handoff.turns import PATIENCE, TURN_MS

__all__ = ["Plans"]

HELD_MS = 6_000
"""After this, messages that are still held back go to the bot: the hub that held them must have died, for typing puts
it off for less."""

HANDLED_KEPT = 500
"""Handling times kept in Redis, over all skills: those of the last hours."""

WAITED_MS = 1_500
"""So much of a pause counts toward the bot's limit: the visitor hears within it of the message, not of its turn."""


class Plans:
    """Words decisions for the script. One for each store; ``confirm`` where replicas must have what is written."""

    def __init__(self, keys: HubKeys, *, bot_timeout_ms: int, confirm: bool) -> None:
        self._keys = keys
        self._bot_timeout_ms = bot_timeout_ms
        self._confirm = confirm
        self.target_s: Callable[[str], int] = lambda _: 0
        """The target of a skill in seconds, for the order of the queue."""

    def keys(self, conversation: str, answer_key: str | None) -> list[str]:
        """The script's keys."""
        keys = self._keys
        return [
            keys.state(conversation),
            keys.log(conversation),
            answer_key or keys.prefix + "ack:none",
            keys.queue,
            keys.due,
            keys.index,
            keys.assigned,
            keys.buttons(conversation),
            keys.inbox,
            keys.busy(conversation),
            keys.wait(conversation),
            keys.events,
            keys.messenger_out,
            keys.erased(conversation),
        ]

    def plan(
        self, decision: Decision, answer_key: str | None, took: str | None = None, who: str = "", lost: int = 0
    ) -> tuple[str, str]:
        """The script's arguments: the plan, and the notice of what it will have written.

        Args:
            answer_key: where the answer is remembered, if it is.
            took: entry of ``bot:events`` that is settled by this.
            who: who asks for the turn, having ``lost`` so often.
        """
        before, after = decision.before, decision.after
        line, earlier = queue.entry(after), queue.entry(before)
        handled = _handled(before, after)
        plan = {
            "id": after.id,
            "version": before.version,
            "state": after.to_json(),
            "last": after.last,
            "from": before.last + 1,
            "entries": [entry.to_json() for entry in decision.entries],
            "answer": compact(dict(decision.answer)) if answer_key else False,
            "ttl": ANSWER_TTL_S,
            "score": queue.score(after, self.target_s(after.skill)) if after.status is Status.QUEUED else False,
            "agent": after.assignee.id if after.assignee else False,
            "due": self._deadline(before, after),
            "buttons": {button: compact(dict(value)) for button, value in decision.buttons.items()},
            "inbox": [encode(message) for message in decision.inbox],
            "took": took or False,
            "group": Keys.HUB_GROUP,
            "channel": False if self._confirm else self._keys.notices,
            "confirm": self._confirm,
            "offers": self._keys.offers,
            "offer": decision.offer or False,
            "channels": self._keys.assigned_channels,
            "on": after.channel,
            "room": _room(decision),
            "marks": _marks(self._keys, after),
            "alerts": self._keys.alerts,
            "raised": {id: compact(dict(alert)) for id, alert in decision.alerts.items() if alert is not None},
            "ended": [id for id, alert in decision.alerts.items() if alert is None],
            "window": False if decision.window_room is None else decision.window_room,
            "handled": [self._keys.handled, handled, HANDLED_KEPT] if handled else False,
            "who": who,
            "lost": lost,
            "patience": PATIENCE,
            "turn": TURN_MS,
            # The log is the outbox of Messenger: the same write says that there is something in it.
            "send": after.channel == "messenger" and any(entry.is_for_visitor for entry in decision.entries),
        }
        notice: dict[str, Any] = {
            "conversation": after.id,
            "status": after.status.value,
            "last": after.last,
            "events": [entry.for_agent() for entry in decision.entries],
        }
        if queue.moved(earlier, line):
            notice["queue"] = line
        if handled:
            notice["handled"] = handled
        if before.callback != after.callback:
            notice["callback"] = callbacks.task(after)
        if decision.alerts:
            notice["alerts"] = [alert or {"id": id, "ended": True} for id, alert in decision.alerts.items()]
        return compact(plan), compact(notice)

    def _deadline(self, before: Conversation, after: Conversation) -> int | bool:
        """Milliseconds until somebody must look at what the bot owes; 0 leaves the deadline, False removes it."""
        if not after.bot_pending:
            return False
        if after.turn:
            if after.turn == before.turn:
                return 0
            waited = parse_ms(after.updated_at) - int(before.held[0]["at"]) if before.held else 0
            return max(1, self._bot_timeout_ms - min(max(waited, 0), WAITED_MS))
        if after.held:
            return 0 if before.held and not before.turn else HELD_MS
        return 0 if after.bot_pending[0] in before.bot_pending[:1] else self._bot_timeout_ms


def _handled(before: Conversation, after: Conversation) -> str | None:
    """How long the agent had it, as :meth:`handoff.queue.eta.Handling.remember` reads it, when this ends that; None for
    one that was put off: how long it lay says nothing about how long a place is taken by the next."""
    if before.assignee is None or before.assignee == after.assignee or before.assigned_at is None:
        return None
    if before.put_off or before.snooze is not None:
        return None
    seconds = (parse_ms(after.updated_at) - parse_ms(before.assigned_at)) // 1000
    return f"{seconds} {before.skill}" if seconds > 0 else None


def _room(decision: Decision) -> dict[str, Any] | bool:
    if decision.room is None:
        return False
    limit = decision.room.on_channel
    return {"capacity": decision.room.capacity, "on_channel": False if limit is None else limit}


def _marks(keys: HubKeys, state: Conversation) -> list[dict[str, Any]]:
    """Where a conversation stands in the lists of things to do, the call-back first."""
    task = state.callback if callbacks.is_open(state.callback) else None
    called = parse_ms(task["from"]) if task and task["kind"] == "phone" else False
    mailed = parse_ms(task["by"]) if task and task["kind"] == "email" else False
    snoozed = parse_ms(state.snooze["until"]) if state.snooze else False
    return [
        {"key": keys.callbacks, "score": called},
        {"key": keys.replies, "score": mailed},
        {"key": keys.promises, "score": snoozed},
    ]
