"""The encoder in use: the built-in one, the one that ``SILTA_ENCODER`` names, or one that was tuned on the examples.

A tuned one belongs to the model that was trained with it, so the model notes which it is: what is read out of a model's
files decides, not what happens to lie on the disk.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot import places
from bot.deep.encoder import DeepEncoder
from bot.encoder.build import prepare
from bot.encoder.manifest import BadEncoder
from bot.encoder.other import prepare_other

__all__ = [
    "AnyEncoder",
    "encoder_in_use",
    "encoder_of",
    "identity_in_use",
    "note_encoder",
    "untuned",
    "using",
]

_NOTE = "encoder.json"
_chosen: AnyEncoder | None = None


class AnyEncoder(Protocol):
    """What the rest of the bot asks of an encoder."""

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers that are pooled."""

    @property
    def hidden(self) -> int:
        """Numbers in one of them."""

    @property
    def identity(self) -> str:
        """Changes whenever the numbers could."""

    def pieces(self, text: str) -> list[int]:
        """The pieces of a text."""

    def pools(self, text: str) -> npt.NDArray[np.float32]:
        """(layers, hidden): the mean over the tokens of each layer."""

    def pools_of(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(texts, layers, hidden): the same of many texts, each exactly as alone."""

    def sentence(self, text: str) -> npt.NDArray[np.float32]:
        """(hidden,): the sentence embedding, of length one."""


def encoder_in_use(report: Callable[[str], None] | None = None) -> AnyEncoder:
    """Load the encoder, building or fetching it first when it is missing or damaged.

    Raises:
        BadEncoder, BadWeights: it cannot be had; the text says why.
    """
    if _chosen is not None:
        return _chosen
    say = report or (lambda _: None)
    name = os.environ.get("SILTA_ENCODER")
    return prepare_other(name, places.MODELS, say) if name else prepare(places.ENCODER, report=say)


def identity_in_use() -> str:
    """Changes when another encoder is to be used; empty for the built-in one. Loads nothing."""
    return _chosen.identity if isinstance(_chosen, DeepEncoder) else os.environ.get("SILTA_ENCODER", "")


@contextlib.contextmanager
def using(encoder: AnyEncoder) -> Iterator[None]:
    """While it lasts, this encoder is the one in use: a tuned one for the training of the model that it belongs to, any
    other so that it is not loaded again, which takes a second each time."""
    global _chosen
    before, _chosen = _chosen, encoder
    try:
        yield
    finally:
        _chosen = before


def untuned(encoder: AnyEncoder) -> AnyEncoder:
    """The encoder that tells how alike two texts are: one that was tuned on topics puts all texts of a topic in one
    place."""
    return prepare(places.ENCODER) if isinstance(encoder, DeepEncoder) else encoder


def note_encoder(encoder: AnyEncoder, directory: Path) -> None:
    """Note among a model's files which tuned encoder it needs, if it needs one."""
    if isinstance(encoder, DeepEncoder):
        (directory / _NOTE).write_text(json.dumps({"tuned": encoder.identity}) + "\n", encoding="utf-8")


def encoder_of(directory: Path, report: Callable[[str], None] | None = None) -> AnyEncoder:
    """The encoder that a model was trained with, from the model's files.

    Raises:
        BadEncoder: it was a tuned one, which is missing, damaged or has been replaced since; or as
            :func:`encoder_in_use`.
    """
    if not (directory / _NOTE).is_file():
        return encoder_in_use(report)
    needed = json.loads((directory / _NOTE).read_text(encoding="utf-8"))["tuned"]
    found = DeepEncoder(places.TUNED)
    if found.identity != needed:
        raise BadEncoder(places.TUNED, "is not the one that the model was trained with: run silta train")
    return found
