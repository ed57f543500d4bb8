"""The encoder in use: the built-in one, or the one that ``SILTA_ENCODER`` names."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot import places
from bot.encoder.build import prepare
from bot.encoder.other import prepare_other

__all__ = ["AnyEncoder", "encoder_in_use"]


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

    def sentence(self, text: str) -> npt.NDArray[np.float32]:
        """(hidden,): the sentence embedding, of length one."""


def encoder_in_use(report: Callable[[str], None] | None = None) -> AnyEncoder:
    """Load the encoder, building or fetching it first when it is missing or damaged.

    Raises:
        BadEncoder, BadWeights: it cannot be had; the text says why.
    """
    say = report or (lambda _: None)
    name = os.environ.get("SILTA_ENCODER")
    return prepare_other(name, places.MODELS, say) if name else prepare(places.ENCODER, report=say)
