"""The features of messages: words and pieces counted, layers of the encoder pooled.

Encoding is most of what a training costs, so what was encoded is kept on disk: a training after a few new examples
encodes those few. The store is keyed by the encoder's checksum and the text, and can be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.encoder.choice import AnyEncoder
from bot.nlu.classifier import THREADS, Example
from bot.nlu.cleaning import clean
from bot.nlu.encoding import Encoding
from bot.nlu.sparse import counts

__all__ = ["count", "encoded_ahead", "featurise", "featurise_all", "written_form"]

Floats = npt.NDArray[np.float32]
Report = Callable[[str], None]

_MOST = 60_000
"""Texts in the store (about 200 MB); when there are more, only those of the last training stay."""
_OTHERS = 1
"""Encoders beside the one in use whose texts stay: a deep training needs the tuned one's and the built-in one's."""
_ahead: Encoding | None = None
"""What encodes in the background, while a training lasts."""


def written_form(text: str) -> str:
    """The form in which a text is encoded and counted: clean, in lower case."""
    # Case is left out: capitals and missing capitals carry no topic, and lower case is what the encoder understands
    # best (measured by cross-validation, most of all in Finnish).
    return clean(text).lower()


def featurise(encoder: AnyEncoder, text: str) -> Example:
    """The features of one message; the only place where a message is encoded."""
    return Example(count(encoder, text), encoder.pools(written_form(text)))


def count(encoder: AnyEncoder, text: str) -> tuple[Any, ...]:
    """The counted features alone, which need no encoding: a twentieth of the time."""
    form = written_form(text)
    return counts(form, encoder.pieces(form))


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
    stored = _read(store, encoder)
    counted: list[tuple[Any, ...]] = []
    with _encoding(encoder) as encoding:
        _recall(encoding, forms, stored)
        pools = encoding.get(
            forms, report, meanwhile=lambda: counted.extend(counts(form, encoder.pieces(form)) for form in forms)
        )
    new = {_key(form): each for form, each in pools.items() if _key(form) not in stored}
    if store is not None and new:
        _write(store, encoder, stored | new, {_key(form) for form in forms})
    return [Example(number, pools[form]) for number, form in zip(counted, forms, strict=True)]


@contextlib.contextmanager
def encoded_ahead(encoder: AnyEncoder, store: Path) -> Iterator[Callable[[Sequence[str]], None]]:
    """While it lasts, texts are encoded in the background for the :func:`featurise_all` to come. Gives a function
    that takes the texts that will be needed, in written form."""
    global _ahead
    stored = _read(store, encoder)
    with Encoding(encoder, THREADS) as encoding:

        def want(forms: Sequence[str]) -> None:
            _recall(encoding, forms, stored)
            encoding.want(forms)

        before, _ahead = _ahead, encoding
        try:
            yield want
        finally:
            _ahead = before


def _recall(encoding: Encoding, forms: Sequence[str], stored: dict[bytes, Floats]) -> None:
    for form in forms:
        if form not in encoding.known and (pools := stored.get(_key(form))) is not None:
            encoding.known[form] = pools


def _encoding(encoder: AnyEncoder) -> contextlib.AbstractContextManager[Encoding]:
    """What encodes in the background already, or a new one."""
    if _ahead is not None and _ahead.encoder.identity == encoder.identity:
        return contextlib.nullcontext(_ahead)
    return Encoding(encoder, THREADS)


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
