"""How large the numbers get that go into the encoder's linear layers, and the 8 bits that are made of them.

Most numbers of a text are below two; a few, always at the same places, are twenty times as large. With one scale for
all, the few would leave the many a handful of steps. So numbers at such a place are divided by a factor, and the
weights that they meet are multiplied by it: the product stays what it was (SmoothQuant, Xiao et al. 2023, with α 0.7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Range", "Ranges", "Scale"]

Floats = npt.NDArray[np.float32]

STRENGTH = 0.7
"""How far large numbers are brought down: 0 not at all, 1 all to one size. At 0.5 and 0.8 the encoder comes less near
to its own single precision (docs/understanding.md)."""
_SPARE = 1.1
"""A text may go so far beyond what was seen before its numbers are cut off."""
_STEPS = 255
_TINY = 1e-5


@dataclass(frozen=True)
class Scale:
    """Numbers from ``least`` to ``most`` in 256 steps of ``step``, of which ``zero`` stands for 0."""

    step: np.float32
    zero: np.uint8

    @classmethod
    def of(cls, least: float, most: float) -> Scale:
        """The scale for numbers between two; 0 is always one of its steps."""
        least, most = min(least, 0.0), max(most, 0.0)
        step = max((most - least) / _STEPS, _TINY)
        return cls(np.float32(step), np.uint8(round(-least / step)))


@dataclass(frozen=True)
class Range:
    """The ``least`` and the ``most`` of the numbers at each place of a linear layer's input: (inputs,)."""

    least: Floats
    most: Floats

    def factors(self, weights: Floats) -> Floats:
        """What the numbers at each place are to be divided by, and the rows of ``weights`` (inputs, outputs) to be
        multiplied by: (inputs,), about one on average."""
        size = np.maximum(np.abs(self.least), np.abs(self.most))
        # A place that was small in all texts that were looked at is taken for a usual one: another text may be larger.
        size = np.maximum(size, max(_TINY, float(np.median(size))))
        other = np.maximum(np.abs(weights).max(axis=1), _TINY)
        factors = size**STRENGTH / other ** (1 - STRENGTH)
        return np.asarray(factors / factors.mean(), np.float32)

    def scale(self, factors: Floats | None = None) -> Scale:
        """Of the numbers as they are, or divided by the ``factors``."""
        by = np.ones_like(self.least) if factors is None else factors
        return Scale.of(_SPARE * float((self.least / by).min()), _SPARE * float((self.most / by).max()))


Ranges = Mapping[str, Range]
"""By the layer's name in the weight file (``l0.ao``, ``l0.fi``, ``l0.fo``; ``l0.qkv`` for the three that share one
input)."""
