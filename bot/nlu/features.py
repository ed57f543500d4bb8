"""The features of messages: words and pieces counted, layers of the encoder pooled.

Encoding is most of what a training costs, so what was encoded is kept on disk (:mod:`bot.nlu.encoded`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.encoder.choice import AnyEncoder
from bot.nlu.classifier import THREADS, Example
from bot.nlu.cleaning import clean
from bot.nlu.encoded import Encoded, key
from bot.nlu.encoding import Encoding
from bot.nlu.sparse import counts

__all__ = ["count", "encoded_ahead", "featurise", "featurise_all", "keep_encoded", "written_form"]

Floats = npt.NDArray[np.float32]
Report = Callable[[str], None]
Counts = tuple[Any, ...]

_SAVED = 2000
"""Texts encoded before they are written to disk: what an interruption loses at most, ten seconds' work."""
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


def count(encoder: AnyEncoder, text: str) -> Counts:
    """The counted features alone, which need no encoding: a twentieth of the time."""
    form = written_form(text)
    return counts(form, encoder.pieces(form))


def featurise_all(
    encoder: AnyEncoder,
    texts: Sequence[str],
    store: Path | None = None,
    report: Report | None = None,
    meanwhile: Callable[[list[Counts]], None] = lambda _: None,
) -> list[Example]:
    """The features of many messages, exactly as :func:`featurise` gives them.

    Args:
        encoder: the encoder in use.
        texts: the messages.
        store: a directory where pooled layers are kept from one training to the next; None keeps nothing.
        report: gets a line now and then.
        meanwhile: gets what was counted in each, while they are still being encoded.
    """
    forms = [written_form(text) for text in texts]
    kept = None if store is None else Encoded(store, encoder)
    stored = {} if kept is None else kept.read()
    counted: list[Counts] = []
    with _encoding(encoder) as encoding:

        def count_all() -> None:
            for form in forms:
                if form not in encoding.counted:
                    encoding.counted[form] = counts(form, encoder.pieces(form))
                counted.append(encoding.counted[form])
            meanwhile(counted)

        _recall(encoding, forms, stored)
        pools = encoding.get(forms, report, meanwhile=count_all)
    new = {key(form): each for form, each in pools.items() if key(form) not in stored}
    if kept is not None and new:
        kept.add(new, [key(form) for form in forms])
    return [Example(number, pools[form]) for number, form in zip(counted, forms, strict=True)]


def keep_encoded(encoder: AnyEncoder, forms: Sequence[str], store: Path, report: Report) -> None:
    """Encode texts in written form for trainings to come. What is done is kept when it is broken off.

    Args:
        encoder: the encoder in use.
        forms: see :func:`written_form`; those that are kept already are left out.
        store: the directory that the trainings are given.
        report: gets a line now and then.
    """
    kept = Encoded(store, encoder)
    known = kept.read()
    missing = [form for form in dict.fromkeys(forms) if key(form) not in known]
    with Encoding(encoder, THREADS) as encoding:
        encoding.want(missing)
        for start in range(0, len(missing), _SAVED):
            new = encoding.get(missing[start : start + _SAVED])
            kept.add({key(form): pools for form, pools in new.items()}, [key(form) for form in forms])
            report(f"encoded {start + len(new)} of {len(missing)} new texts")


@contextlib.contextmanager
def encoded_ahead(encoder: AnyEncoder, store: Path) -> Iterator[Callable[[Sequence[str]], None]]:
    """While it lasts, texts are encoded in the background for the :func:`featurise_all` to come. Gives a function
    that takes the texts that will be needed, in written form."""
    global _ahead
    stored = Encoded(store, encoder).read()
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
        if form not in encoding.known and (pools := stored.get(key(form))) is not None:
            encoding.known[form] = pools


def _encoding(encoder: AnyEncoder) -> contextlib.AbstractContextManager[Encoding]:
    """What encodes in the background already, or a new one."""
    if _ahead is not None and _ahead.encoder.identity == encoder.identity:
        return contextlib.nullcontext(_ahead)
    return Encoding(encoder, THREADS)
