"""The timers behind :mod:`handoff.pause`: lets held messages go to the bot when the visitor has come to an end.

A timer lives in the process that took the message. When that process dies, the deadline in Redis lets the messages go
(:meth:`handoff.bridge.BotBridge.keep_deadlines`), or the visitor's next socket does.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from handoff import decisions
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.decisions import Decision
from handoff.errors import Refused
from handoff.pause import Pause
from handoff.store import Store

__all__ = ["Holds"]

log = logging.getLogger("silta.holds")


@dataclass
class _Hold:
    """``due`` without typing, ``latest`` with it, both in milliseconds since the epoch."""

    due: int
    latest: int
    typing: bool = False
    timer: asyncio.TimerHandle | None = None


class Holds:
    """Conversations of this process with messages that are held back."""

    def __init__(self, store: Store, pause: Pause) -> None:
        self._store = store
        self._pause = pause
        self._holds: dict[str, _Hold] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self, state: Conversation) -> None:
        """Set the timer that this state needs. Call it with the state after each write that may change what is held."""
        old = self._holds.pop(state.id, None)
        if old is not None and old.timer is not None:
            old.timer.cancel()
        if not state.held or state.turn:
            return  # the result of the running turn brings the conversation here again
        due = self._pause.due_ms(state.held)
        hold = _Hold(due, max(due, int(state.held[0]["at"]) + round(self._pause.typing_s * 1000)))
        self._holds[state.id] = hold
        self._set(state.id, hold)

    def typing(self, conversation: str, on: bool) -> None:
        """The visitor types, or has stopped: what is held waits for it, within the bound."""
        hold = self._holds.get(conversation)
        if hold is None or hold.typing == on:
            return
        hold.typing = on
        self._set(conversation, hold)

    def _set(self, conversation: str, hold: _Hold) -> None:
        if hold.timer is not None:
            hold.timer.cancel()
        wait_ms = max(0, (hold.latest if hold.typing else hold.due) - now_ms())
        hold.timer = asyncio.get_running_loop().call_later(wait_ms / 1000, self._fire, conversation)

    def _fire(self, conversation: str) -> None:
        self._holds.pop(conversation, None)
        task = asyncio.create_task(self.let_go(conversation), name="let-go")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def let_go(self, conversation: str) -> None:
        """Give the bot what is held, unless it is busy. When Redis is away the deadline there does it later."""

        def decide(state: Conversation) -> Decision | None:
            return decisions.let_go(state, at=stamp(now_ms()))

        try:
            commit = await self._store.request(conversation, decide)
        except Refused as refused:
            log.warning("conversation %s: held messages wait on: %s", conversation, refused)
            return
        if commit.decision is not None:
            self.look(commit.decision.after)
