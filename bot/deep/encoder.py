"""The tuned encoder at work: used as :class:`bot.encoder.encoder.Encoder` is.

It pools what the tuning left as it was, with what the built-in encoder knows, and last of all the layer that tells the
topics. Where all layers were tuned, the untuned ones are run beside them, on the same message with the prefix that they
were taught (:mod:`bot.deep.beside`); where the lowest were not, the last of those is looked at on the way. Beside the
graph lies the head: the layer on top of the last mean that training has learnt along with the rest. It is linear, so
:mod:`bot.deep.classifier` adds it to the other features' weights.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.deep.beside import BESIDE
from bot.encoder.encoder import Encoder
from bot.encoder.manifest import FORMAT, BadEncoder, Manifest

__all__ = ["HEAD", "TOPICS", "DeepEncoder", "identity_in", "key"]

HEAD, TOPICS = "head.npz", "topics.json"
_FORMATS = range(1, FORMAT + 1)
"""A tuned encoder of an earlier version gives what it gave: it cost hours, and goes on working."""
Floats = npt.NDArray[np.float32]


class DeepEncoder(Encoder):
    """A loaded tuned encoder.

    Raises:
        BadEncoder: the directory is missing, damaged, or holds no tuned encoder.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, _FORMATS)
        try:
            self.topics: list[str] = json.loads((directory / TOPICS).read_text(encoding="utf-8"))
            with np.load(directory / HEAD, allow_pickle=False) as stored:
                self.weights: Floats = stored["weights"]
                self.intercept: Floats = stored["intercept"]
                keys = stored["held_out"]
                strange = stored["strange"] if "strange" in stored else np.ones(len(keys), np.bool_)
                self.untouched = int(stored["untouched"]) if "untouched" in stored else 0
                """So many of the pooled layers, the first ones, are as they were before the tuning."""
                beside = tuple(map(int, stored["beside"])) if "beside" in stored else ()
                self._beside_prefix = str(stored["beside_prefix"]) if beside else None
        except (OSError, ValueError, KeyError) as error:
            raise BadEncoder(directory, f"no tuned encoder ({type(error).__name__})") from error
        self.layers = (*beside, *self.layers)
        self._outputs = [*(f"{BESIDE}layer_{layer}" for layer in beside), *self._outputs]
        self._held_out = {item.tobytes() for item in keys}
        self._strange = {item.tobytes() for item in keys[strange]}

    @cached_property
    def identity(self) -> str:
        """Changes whenever the numbers it gives could, those of the head included."""
        return _identity(self.manifest.files)

    def _inputs(self, text: str) -> dict[str, list[int]]:
        inputs = super()._inputs(text)
        if self._beside_prefix is not None:
            inputs[f"{BESIDE}input_ids"] = self.tokens(text, self._beside_prefix)
        return inputs

    def held_out(self, form: str) -> bool:
        """Whether a text (in its written form) was kept from the training, so that it shows how good it is."""
        return key(form) in self._held_out

    def strange(self, form: str) -> bool:
        """Whether it is also one of those that are least like what was learnt from."""
        return key(form) in self._strange


def identity_in(directory: Path) -> str | None:
    """The identity of the tuned encoder in a directory, without loading it; None where there is no whole one."""
    try:
        return _identity(Manifest.read(directory, _FORMATS).files)
    except BadEncoder:
        return None


def _identity(files: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def key(form: str) -> bytes:
    """How a held-out text is noted: what customers might have written is not stored beside a model."""
    return hashlib.sha256(form.encode("utf-8", "replace")).digest()[:16]
