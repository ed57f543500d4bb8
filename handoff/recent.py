"""The latest states that this process wrote or met. A decision on one saves a read; the version refuses it when it is
old."""

from __future__ import annotations

from collections import OrderedDict

from handoff.conversation import Conversation

__all__ = ["RECENT_MAX", "Recent"]

RECENT_MAX = 2000
"""Conversations kept: those in which somebody just wrote. About 3 KiB each."""


class Recent:
    """States by conversation; the one used longest ago goes first. Never the truth, always a guess."""

    def __init__(self, most: int = RECENT_MAX) -> None:
        self._most = most
        self._states: OrderedDict[str, Conversation] = OrderedDict()

    def get(self, conversation: str) -> Conversation | None:
        """The state as this process last knew it."""
        state = self._states.get(conversation)
        if state is not None:
            self._states.move_to_end(conversation)
        return state

    def keep(self, state: Conversation) -> None:
        """Remember what has just been written or read."""
        self._states[state.id] = state
        self._states.move_to_end(state.id)
        if len(self._states) > self._most:
            self._states.popitem(last=False)

    def forget(self, conversation: str) -> None:
        """Others have moved it, or it is not known whether it was written."""
        self._states.pop(conversation, None)
