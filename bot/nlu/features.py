"""The features of messages: words and pieces counted, layers of the encoder pooled.

Encoding is most of what a training costs, so what was encoded is kept on disk: a training after a few new examples
encodes those few. The store is keyed by the encoder's checksum and the text, and can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.encoder.choice import AnyEncoder
from bot.nlu.classifier import THREADS, Example
from bot.nlu.cleaning import clean
from bot.nlu.sparse import counts

__all__ = ["featurise", "featurise_all", "written_form"]

Floats = npt.NDArray[np.float32]
Report = Callable[[str], None]

_MOST = 60_000
"""Texts in the store (about 200 MB); when there are more, only those of the last training stay."""
_OTHERS = 1
"""Encoders beside the one in use whose texts stay: a deep training needs the tuned one's and the built-in one's."""
_EACH = 2000
"""Examples between two lines of progress."""


def written_form(text: str) -> str:
    """The form in which a text is encoded and counted: clean, in lower case."""
    # Case is left out: capitals and missing capitals carry no topic, and lower case is what the encoder understands
    # best (measured by cross-validation, most of all in Finnish).
    return clean(text).lower()


def featurise(encoder: AnyEncoder, text: str) -> Example:
    """The features of one message; the only place where a message is encoded."""
    form = written_form(text)
    return Example(counts(form, encoder.pieces(form)), encoder.pools(form))


def featurise_all(
    encoder: AnyEncoder, texts: Sequence[str], store: Path | None = None, report: Report | None = None
) -> list[Example]:
    """The features of many messages, exactly as :func:`featurise` gives them.

    Args:
        encoder: the encoder in use.
        texts: the messages.
        store: a directory where pooled layers are kept from one training to the next; None keeps nothing.
        report: gets a line now and then.
    """
    forms = [written_form(text) for text in texts]
    known = _read(store, encoder)
    missing = list(dict.fromkeys(form for form in forms if _key(form) not in known))
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        for number, (form, pools) in enumerate(zip(missing, pool.map(encoder.pools, missing), strict=True), start=1):
            known[_key(form)] = pools
            if report is not None and (number % _EACH == 0 or number == len(missing)):
                report(f"encoded {number} of {len(missing)} new examples")
    if store is not None and missing:
        _write(store, encoder, known, {_key(form) for form in forms})
    return [Example(counts(form, encoder.pieces(form)), known[_key(form)]) for form in forms]


def _key(form: str) -> bytes:
    return hashlib.sha256(form.encode("utf-8", "replace")).digest()[:16]


def _file(store: Path, encoder: AnyEncoder) -> Path:
    return store / f"encoded-{encoder.identity[:16]}.npz"


def _read(store: Path | None, encoder: AnyEncoder) -> dict[bytes, Floats]:
    if store is None:
        return {}
    try:
        with np.load(_file(store, encoder), allow_pickle=False) as stored:
            keys, pools = stored["keys"], stored["pools"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return {}  # Not there yet, or broken off while it was written: encoded again.
    if pools.shape != (len(keys), len(encoder.layers), encoder.hidden):
        return {}
    return dict(zip((key.tobytes() for key in keys), pools, strict=True))


def _write(store: Path, encoder: AnyEncoder, known: dict[bytes, Floats], wanted: set[bytes]) -> None:
    kept = known if len(known) <= _MOST else {key: known[key] for key in wanted}
    store.mkdir(parents=True, exist_ok=True)
    path = _file(store, encoder)
    fresh = path.with_suffix(f".{os.getpid()}.npz")
    keys = np.frombuffer(b"".join(kept), np.uint8).reshape(len(kept), -1)
    np.savez(fresh, keys=keys, pools=np.stack(list(kept.values())).astype(np.float32))
    os.replace(fresh, path)
    others = [other for other in store.glob("encoded-*.npz") if other != path]
    for other in sorted(others, key=lambda other: other.stat().st_mtime, reverse=True)[_OTHERS:]:
        other.unlink(missing_ok=True)
