"""Encodes many texts on threads of its own, those first that somebody waits for.

Encoding is most of what a training costs, and runs outside the interpreter's lock; much of the rest runs inside it, on
one core. So both go on side by side: what a training will need is wanted at its start, and asked for when it is needed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.encoder.choice import AnyEncoder

__all__ = ["Encoding"]

Floats = npt.NDArray[np.float32]
Report = Callable[[str], None]

_EACH = 2000
"""Texts between two lines of progress."""
_AT_ONCE = 64
"""Texts that a thread takes at a time. Those of a length are encoded together, and as they come sorted, 64 have few
different ones."""


class Encoding:
    """A context: its threads end with it, whatever was still wanted.

    Args:
        encoder: the encoder in use.
        threads: so many at a time, each on one core.
        known: what is encoded already, by text; more is added to it.

    ``counted`` is a place to keep what was counted in a text as long as what was encoded.
    """

    def __init__(self, encoder: AnyEncoder, threads: int, known: dict[str, Floats] | None = None) -> None:
        self.encoder = encoder
        self.known = {} if known is None else known
        self.counted: dict[str, Any] = {}
        self._changed = threading.Condition()
        self._first: deque[str] = deque()
        self._later: deque[str] = deque()
        self._taken: set[str] = set()
        self._over = False
        self._failed: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._work, name=f"encoding-{number}", daemon=True) for number in range(threads)
        ]

    def __enter__(self) -> Encoding:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def want(self, texts: Iterable[str]) -> None:
        """These will be needed, later than those that were wanted before."""
        with self._changed:
            self._later.extend(_sorted(texts))
            self._changed.notify_all()

    def get(
        self, texts: Sequence[str], report: Report | None = None, meanwhile: Callable[[], None] | None = None
    ) -> dict[str, Floats]:
        """The pools of these texts, which come before all others; waits until the last of them is there.

        Args:
            texts: what is needed.
            report: gets a line now and then.
            meanwhile: something to be done while they are encoded.

        Raises:
            whatever the encoder raised.
        """
        wanted = list(dict.fromkeys(texts))
        with self._changed:
            missing = [text for text in wanted if text not in self.known]
            self._first.extend(_sorted(missing))
            self._changed.notify_all()
        if meanwhile is not None:
            meanwhile()
        told = 0
        with self._changed:
            while True:
                left = sum(text not in self.known for text in missing)
                done = len(missing) - left
                if report is not None and done > told and (done // _EACH > told // _EACH or not left):
                    report(f"encoded {done} of {len(missing)} new texts")
                    told = done
                if not left:
                    return {text: self.known[text] for text in wanted}
                if self._failed is not None:
                    raise self._failed
                self._changed.wait(timeout=1.0)

    def _work(self) -> None:
        while texts := self._next():
            try:
                pools = self.encoder.pools_of(texts)
            except BaseException as error:  # told to whoever waits, or nobody needs it
                with self._changed:
                    self._failed = error
                    self._changed.notify_all()
                return
            self.known.update(zip(texts, pools, strict=True))
            if not self._first:
                with self._changed:
                    self._changed.notify_all()

    def _next(self) -> list[str]:
        """The next texts, when there are any; none when all is over."""
        with self._changed:
            while not self._over and self._failed is None:
                for queue in (self._first, self._later):
                    texts: list[str] = []
                    while queue and len(texts) < _AT_ONCE:
                        text = queue.popleft()
                        if text not in self._taken and text not in self.known:
                            self._taken.add(text)
                            texts.append(text)
                    if texts:
                        return texts
                self._changed.wait()
        return []


def _sorted(texts: Iterable[str]) -> list[str]:
    """The longest first: what is left for the end is done soon."""
    return sorted(texts, key=len, reverse=True)
