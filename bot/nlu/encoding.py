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


class Encoding:
    """A context: its threads end with it, whatever was still wanted.

    Args:
        encoder: the encoder in use.
        threads: so many texts at a time, each on one core.
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
        """These will be needed; the first of them soonest."""
        with self._changed:
            self._later.extend(texts)
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
            self._first.extend(missing)
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
        while (text := self._next()) is not None:
            try:
                pools = self.encoder.pools(text)
            except BaseException as error:  # told to whoever waits, or nobody needs it
                with self._changed:
                    self._failed = error
                    self._changed.notify_all()
                return
            self.known[text] = pools
            if not self._first:
                with self._changed:
                    self._changed.notify_all()

    def _next(self) -> str | None:
        """The next text, when there is one; None when all is over."""
        with self._changed:
            while not self._over and self._failed is None:
                for queue in (self._first, self._later):
                    while queue:
                        text = queue.popleft()
                        if text not in self._taken and text not in self.known:
                            self._taken.add(text)
                            return text
                self._changed.wait()
        return None
