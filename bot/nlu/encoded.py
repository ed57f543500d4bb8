"""What was encoded, kept on disk from one training to the next.

Encoding is most of what a training costs, so a training after a few new examples encodes those few. A file belongs to
one encoder, by its checksum, and holds texts by theirs; it can be deleted at any time. Several processes may add to it
at once, and one that is killed leaves the file as it was.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.encoder.choice import AnyEncoder

__all__ = ["Encoded", "key"]

Floats = npt.NDArray[np.float32]

_MOST = 60_000
"""Texts in a file (about 200 MB); when there are more, only those of the last training stay."""
_OTHERS = 1
"""Encoders beside the one in use whose texts stay: a deep training needs the tuned one's and the built-in one's."""
_UNFINISHED = ".unfinished-"


def key(form: str) -> bytes:
    """What a text in written form is found by."""
    return hashlib.sha256(form.encode("utf-8", "replace")).digest()[:16]


class Encoded:
    """The texts of one encoder.

    Args:
        folder: where the files lie; it is made when something is added.
        encoder: gives identity and shape.
    """

    def __init__(self, folder: Path, encoder: AnyEncoder) -> None:
        self._folder = folder
        self._file = folder / f"encoded-{encoder.identity[:16]}.npz"
        self._shape = len(encoder.layers), encoder.hidden

    def read(self) -> dict[bytes, Floats]:
        """Everything that is kept, by :func:`key`; nothing where the file is missing, damaged or of another form."""
        try:
            with np.load(self._file, allow_pickle=False) as stored:
                keys, pools = stored["keys"], stored["pools"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return {}  # Not there yet, or damaged: encoded again.
        if pools.shape != (len(keys), *self._shape):
            return {}
        return dict(zip((each.tobytes() for each in keys), pools, strict=True))

    def add(self, new: Mapping[bytes, Floats], wanted: Sequence[bytes]) -> None:
        """Keep new texts beside those that are there, which another process may have added meanwhile. ``wanted`` are
        all texts of this training: they stay when there are too many."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._only_one():
            known = {**self.read(), **new}
            if len(known) > _MOST:
                known = {each: known[each] for each in wanted if each in known}
            fresh = self._folder / f"{_UNFINISHED}{os.getpid()}.npz"
            keys = np.frombuffer(b"".join(known), np.uint8).reshape(len(known), -1)
            np.savez(fresh, keys=keys, pools=np.stack(list(known.values())).astype(np.float32, copy=False))
            os.replace(fresh, self._file)
            self._tidy()

    def _tidy(self) -> None:
        for left_over in self._folder.glob(f"{_UNFINISHED}*"):
            left_over.unlink(missing_ok=True)  # of a process that was killed
        others = [other for other in self._folder.glob("encoded-*.npz") if other != self._file]
        for other in sorted(others, key=lambda other: other.stat().st_mtime, reverse=True)[_OTHERS:]:
            other.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        # Beside the folder: a training anew deletes that.
        with (self._folder.parent / f".{self._folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
