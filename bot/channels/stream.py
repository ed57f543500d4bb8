"""The input channel that reads the hub's stream: an ordinary Rasa channel, named in ``credentials.yml`` by its path.

It has no HTTP route. Replies leave with the tracker (:mod:`bot.tracker_store`), so no output channel is needed either.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic

from bot.seam.attach import NotReady, attach
from bot.seam.limits import Limits
from bot.seam.runner import CHANNEL
from bot.seam.worker import Worker

__all__ = ["StreamInput"]


class StreamInput(InputChannel):
    """Reads ``bot:inbox`` from the server's start to its stop. Settings are the names of :class:`Limits`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._worker: Worker | None = None

    @classmethod
    def name(cls) -> str:
        """The channel's name in trackers."""
        return CHANNEL

    @classmethod
    def from_credentials(cls, credentials: Mapping[str, Any] | None) -> StreamInput:
        """The channel with the settings of ``credentials.yml``.

        Raises:
            ValueError: a setting is unknown or no positive number.
        """
        return cls(Limits.of(credentials))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Start and stop with the server."""
        blueprint = Blueprint("silta_stream", __name__)

        async def start(app: Sanic, _: AbstractEventLoop) -> None:
            # Before this the agent is not loaded yet.
            try:
                self._worker = await attach(getattr(app.ctx, "agent", None), on_new_message, self._limits)
            except NotReady as error:
                raise SystemExit(str(error)) from error

        async def stop(_: Sanic, __: AbstractEventLoop) -> None:
            # Awaited without a limit, and before anything is closed: the place to let turns end.
            if self._worker is not None:
                await self._worker.stop()

        blueprint.listener("after_server_start")(start)
        blueprint.listener("before_server_stop")(stop)
        return blueprint
