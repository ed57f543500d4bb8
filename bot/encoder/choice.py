"""The encoder in use: the built-in one, the one that ``SILTA_ENCODER`` names, or one that was tuned on the examples.

A model is of use only with the encoder that it was trained with, so it notes which that is: what is read out of a
model's files decides, not what happens to lie on the disk.
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
from bot.deep.kept import folder_of
from bot.encoder.build import prepare
from bot.encoder.manifest import BadEncoder, Manifest
from bot.encoder.other import identity_of, prepare_other

__all__ = [
    "NOTE",
    "PLAIN",
    "TUNED",
    "AnyEncoder",
    "built_in",
    "encoder_in_use",
    "encoder_of",
    "identity_in_use",
    "note_encoder",
    "noted_as",
    "untuned",
    "using",
]

NOTE = "encoder.json"
"""Among a model's files: what :func:`noted_as` gives for the encoder that it needs."""
PLAIN, TUNED = "encoder", "tuned"
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
    """The identity of the encoder that would be loaded. Loads nothing, but reads every file of a directory that
    ``SILTA_ENCODER`` names; empty while the built-in one has still to be built.

    Raises:
        BadEncoder: that directory cannot be read.
    """
    if _chosen is not None:
        return _chosen.identity
    name = os.environ.get("SILTA_ENCODER")
    if name:
        return identity_of(name)
    try:
        return Manifest.read(places.ENCODER).files["model.onnx"]
    except BadEncoder:
        return ""


def built_in() -> bool:
    """Whether it is the built-in encoder that would be loaded, as it came, not tuned."""
    return not (isinstance(_chosen, DeepEncoder) or os.environ.get("SILTA_ENCODER"))


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


def noted_as(encoder: AnyEncoder) -> dict[str, str]:
    """How it is noted that a model needs this encoder: its identity, as :data:`PLAIN` or :data:`TUNED`."""
    return {TUNED if isinstance(encoder, DeepEncoder) else PLAIN: encoder.identity}


def note_encoder(encoder: AnyEncoder, directory: Path) -> None:
    """Note among a model's files which encoder it needs."""
    (directory / NOTE).write_text(json.dumps(noted_as(encoder)) + "\n", encoding="utf-8")


def encoder_of(directory: Path, report: Callable[[str], None] | None = None) -> AnyEncoder:
    """The encoder that a model was trained with, from the model's files.

    Raises:
        BadEncoder: it is missing or damaged, or has been changed or replaced since; or as :func:`encoder_in_use`.
    """
    noted = _noted(directory)
    found: AnyEncoder
    if TUNED in noted:
        place, needed = folder_of(places.DEEP, noted[TUNED]), noted[TUNED]
        found = DeepEncoder(place)
    else:
        place, found = Path(os.environ.get("SILTA_ENCODER") or places.ENCODER), encoder_in_use(report)
        # A model of an earlier version notes a tuned encoder alone: it has to take what there is.
        needed = noted.get(PLAIN, found.identity)
    if found.identity != needed:
        raise BadEncoder(place, "is not the one that the model was trained with: run silta train")
    return found


def _noted(directory: Path) -> dict[str, str]:
    try:
        return dict(json.loads((directory / NOTE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        raise BadEncoder(directory, f"no readable {NOTE} ({type(error).__name__}): run silta train") from error
