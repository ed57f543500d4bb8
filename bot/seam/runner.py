"""Runs a turn in Rasa."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

from bot.seam import stretch
from bot.seam.plain import plain
from bot.seam.turn import Turn
from handoff.events import Inbound, InboundKind

__all__ = ["CHANNEL", "Runner"]

CHANNEL = "silta"
"""Name of the input channel, as trackers have it."""


def _metadata(inbound: Inbound) -> dict[str, Any]:
    ours: dict[str, Any] = {"language": inbound.language, "topic": inbound.topic, "of": inbound.of}
    if inbound.at:
        ours["at"] = inbound.at
    if inbound.parts:
        ours["parts"] = [[part.of, part.text] for part in inbound.parts]
    return ours


class Runner:
    """Runs inbound messages and commands on an agent.

    ``handle`` is what Rasa gives an input channel for its messages; it must end in a save by the seam's tracker store.
    """

    def __init__(self, agent: Agent, handle: Callable[[UserMessage], Awaitable[Any]]) -> None:
        self._agent = agent
        self._handle = handle

    async def __call__(self, turn: Turn) -> None:
        """Run ``turn`` up to its commit. Must be called within the turn's context."""
        if turn.inbound.kind is InboundKind.MESSAGE:
            await self._message(turn)
        else:
            await self._command(turn.inbound)

    async def _message(self, turn: Turn) -> None:
        inbound = turn.inbound
        turn.metadata = _metadata(inbound)
        await self._handle(
            UserMessage(
                # A button may come without a text; Rasa needs one.
                text=plain(inbound.text) or inbound.topic or "",
                output_channel=CollectingOutputChannel(),
                sender_id=inbound.conversation,
                input_channel=CHANNEL,
                message_id=inbound.message_id,
                # One namespaced key: Rasa merges others over the message's own fields.
                metadata={"silta": turn.metadata},
            )
        )

    async def _command(self, inbound: Inbound) -> None:
        processor = self._agent.processor
        if processor is None:
            raise RuntimeError("no model")
        async with self._agent.lock_store.lock(inbound.conversation):
            tracker = await processor.fetch_tracker_with_initial_session(inbound.conversation)
            events = (stretch.resume if inbound.kind is InboundKind.RESUME else stretch.pause)(tracker, inbound)
            # Lines of the past keep their own times.
            tracker.update_with_events(events, processor.domain, override_timestamp=False)
            await processor.save_tracker(tracker)
