"""What a visitor's and an agent's socket do alike: the hello, then frame by frame an answer or the reason why not."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from handoff.edge.limits import Flooded, SocketLimit
from handoff.errors import BadRequest, Refused, TryLater
from handoff.gateway.gate import Reader
from handoff.gateway.peer import Peer
from handoff.watch import metrics
from handoff.wire import codec

__all__ = ["FrameSocket"]


class FrameSocket(ABC):
    """Reads frames and answers them. A kind of socket says how frames are decoded, what comes first, and what each
    does; what it raises becomes an ``error`` frame in which there is nothing of this process (S18)."""

    __slots__ = ("_limit", "_peer")

    log: ClassVar[logging.Logger]
    first: ClassVar[type]
    """The frame that must come before all others."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._limit: SocketLimit | None = None

    @property
    @abstractmethod
    def name(self) -> str:
        """Whose socket it is, for the log."""

    @abstractmethod
    def decode(self, text: str) -> Any:
        """A frame from its text.

        Raises:
            Malformed: it is none.
        """

    @abstractmethod
    async def hello(self, frame: Any) -> None:
        """Let the peer in, or raise what keeps it out."""

    @abstractmethod
    async def answer(self, frame: Any) -> None:
        """Do what a frame asks for."""

    async def run(self, reader: Reader, hello_timeout_s: float) -> None:
        """Talk until the socket closes.

        Raises:
            Gone: the peer closed it.
        """
        if not await self._admitted(reader, hello_timeout_s):
            return
        while not self._peer.closed:
            text = await reader.next()
            try:
                if self._limit is not None:
                    self._limit.frame()
                await self.handle(text)
            except Flooded:
                metrics.dropped.labels("flood").inc()
                self._peer.close(1008, "rate_limited")
                await self._peer.flushed()

    async def _admitted(self, reader: Reader, timeout_s: float) -> bool:
        """Whether the first frame let the peer in; the socket is closed when not. (Apart from :meth:`run`, whose frame
        stays: a hello is a kilobyte.)"""
        raw = await reader.hello(timeout_s)
        if raw is None:
            self._peer.close(1008)
            await self._peer.flushed()
            return False
        frame: Any = None
        try:
            frame = self.decode(raw)
            if not isinstance(frame, self.first):
                raise BadRequest("The first frame is hello.")
            await self.hello(frame)
        except codec.Malformed as malformed:
            await self._refuse(malformed.id, malformed.refused, 1008)
            return False
        except Refused as refused:
            code = 1013 if isinstance(refused, TryLater) else 1008
            await self._refuse(getattr(frame, "id", None), refused, code)
            return False
        except Exception:
            self.log.exception("a hello failed")
            await self._refuse(getattr(frame, "id", None), TryLater("This did not work; come back in a moment."), 1013)
            return False
        return True

    async def _refuse(self, id: str | None, refused: Refused, code: int) -> None:
        self._peer.push(codec.error(id, refused))
        self._peer.close(code)
        await self._peer.flushed()

    async def handle(self, text: str | None) -> None:
        """Answer one frame; None stands for one that is no text.

        Raises:
            Flooded: there were too many.
        """
        reply_to: str | None = None
        try:
            if text is None:
                raise BadRequest("Frames are text.")
            frame = self.decode(text)
            reply_to = getattr(frame, "id", None)
            await self.answer(frame)
        except codec.Malformed as malformed:
            self._peer.push(codec.error(malformed.id, malformed.refused))
        except Refused as refused:
            self._peer.push(codec.error(reply_to, refused))
        except Flooded:
            raise
        except Exception:
            self.log.exception("a frame of %s failed", self.name)
            self._peer.push(codec.error(reply_to, TryLater("This did not work; send the same again in a moment.")))

    @property
    def crowded(self) -> bool:
        return self._peer.crowded

    async def flushed(self) -> None:
        await self._peer.flushed()
