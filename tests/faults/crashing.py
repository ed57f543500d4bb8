"""``python -m tests.faults.crashing SEED``: a hub that dies by kill -9 at a named point, over and over (R1).

Each life is a fork of this process, which has loaded everything already: a life begins in a fraction of a second. Where
the next life ends, and at which passing of that point, comes from the seed; standard error says so. The product knows
nothing of this: the points are put into the loaded classes of the child.
"""

from __future__ import annotations

import ctypes
import functools
import os
import random
import signal
import sys
from collections.abc import Callable
from typing import Any

from handoff import main
from handoff.bridge import BotBridge
from handoff.fanout import Fanout
from handoff.gateway.peer import Peer
from handoff.store import Store
from handoff.writer import Writer

__all__ = ["POINTS"]

MOST_PASSINGS = 30
"""A life ends at the latest when its point has been passed so often."""

PR_SET_PDEATHSIG = 1

Die = Callable[[], None]


def _around(owner: type, name: str, *, before: Die | None = None, after: Die | None = None) -> None:
    inner = getattr(owner, name)

    @functools.wraps(inner)
    async def wrapped(*args: Any, **fields: Any) -> Any:
        if before is not None:
            before()
        result = await inner(*args, **fields)
        if after is not None:
            after()
        return result

    setattr(owner, name, wrapped)


def _before_call(owner: type, name: str, die: Die, *, when: Callable[..., bool] = lambda *_: True) -> None:
    inner = getattr(owner, name)

    @functools.wraps(inner)
    def wrapped(*args: Any, **fields: Any) -> Any:
        if when(*args):
            die()
        return inner(*args, **fields)

    setattr(owner, name, wrapped)


def result_taken(die: Die) -> None:
    """A result of the bot is read and nothing done with it."""
    inner = BotBridge._take

    async def wrapped(self: BotBridge, start: str) -> Any:
        rows = await inner(self, start)
        if rows:
            die()
        return rows

    BotBridge._take = wrapped  # type: ignore[method-assign]


def decision_made(die: Die) -> None:
    """What to write is decided, and not on its way."""
    _around(Store, "_commit", before=die)


def batch_formed(die: Die) -> None:
    """A batch of writes is formed, and not on its way."""
    _around(Writer, "_pipeline", before=die)


def batch_written(die: Die) -> None:
    """Redis has written and said so; nobody here has been told."""
    _around(Writer, "_pipeline", after=die)


def answer_ready(die: Die) -> None:
    """An acknowledgement is ready, and not sent."""
    _before_call(Peer, "push", die, when=lambda _, frame: frame["type"] == "ack")


def answer_sent(die: Die) -> None:
    """What waited for a socket is with the kernel."""
    _around(Peer, "_write", after=die)


def notice_heard(die: Die) -> None:
    """A notice has come, and reached no socket."""
    _before_call(Fanout, "_dispatch", die)


def resume_begun(die: Die) -> None:
    """Somebody is back and welcomed, and has not been sent what was missed."""
    _before_call(Fanout, "subscribe", die)


POINTS: dict[str, Callable[[Die], None]] = {
    point.__name__: point
    for point in (
        result_taken, decision_made, batch_formed, batch_written, answer_ready, answer_sent, notice_heard, resume_begun,
    )
}  # fmt: skip


def live(point: str, passings: int) -> None:
    """In the child: be a hub until the point has been passed so often."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    left = passings

    def die() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            print(f"crash: {point} {passings}", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

    POINTS[point](die)
    os._exit(main.main([]))


def run(seed: int) -> None:
    """In the parent: one life after the other."""
    chance = random.Random(seed)
    while True:
        point = chance.choice(sorted(POINTS))
        passings = 1 + int(MOST_PASSINGS * chance.random() ** 3)
        child = os.fork()
        if child == 0:
            live(point, passings)
        os.waitpid(child, 0)


if __name__ == "__main__":
    import uvloop  # noqa: F401 -- loaded once for all lives

    run(int(sys.argv[1]))
