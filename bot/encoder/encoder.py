"""The encoder at work: text in, mean-pooled layers out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.encoder.manifest import FORMAT, Manifest
from bot.encoder.tokenizer import PIECES, Tokenizer

__all__ = ["Encoder", "session", "unit"]

_TOGETHER = 16
"""Texts of one length that are encoded together; more gain nothing."""


class Encoder:
    """A loaded encoder. Cheap to call from one thread; several threads may share it.

    Raises:
        BadEncoder: the directory is missing, damaged or of another format (see :mod:`bot.encoder.build`).
    """

    def __init__(self, directory: Path, formats: Container[int] = (FORMAT,)) -> None:
        self.directory = directory
        self.manifest = Manifest.read(directory, formats)
        self.layers = self.manifest.layers
        self.hidden = self.manifest.hidden
        self.tokenizer = Tokenizer(directory, self.manifest.files[PIECES])
        self._session = session(directory / "model.onnx")
        self._outputs = [f"layer_{layer}" for layer in self.layers]

    @property
    def identity(self) -> str:
        """Changes whenever the numbers it gives could."""
        return self.manifest.files["model.onnx"]

    def tokens(self, text: str, prefix: str | None = None) -> list[int]:
        """The token ids of a text with the model's prefix, or another one, at most :data:`MAX_TOKENS`."""
        return self.tokenizer.tokens((self.manifest.prefix if prefix is None else prefix) + text)

    def pieces(self, text: str) -> list[int]:
        """The pieces of a text, without prefix and marks: a vocabulary of sub-words for other features."""
        return self.tokenizer.pieces(text)

    def pools(self, text: str) -> npt.NDArray[np.float32]:
        """The mean over the tokens of each of :attr:`layers`: shape (layers, hidden)."""
        return np.asarray(self.pools_of([text])[0])

    def pools_of(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """:meth:`pools` of many texts: (texts, layers, hidden). Each gets exactly the numbers it gets alone, in five
        sixths of the time: those of one length go through the layers together."""
        result = np.zeros((len(texts), len(self.layers), self.hidden), np.float32)
        given = [self._inputs(text) for text in texts]
        alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for place, inputs in enumerate(given):
            alike[tuple(map(len, inputs.values()))].append(place)
        for places in alike.values():
            for start in range(0, len(places), _TOGETHER):
                chosen = places[start : start + _TOGETHER]
                rows = [given[place] for place in chosen]
                batch = {name: np.array([row[name] for row in rows], np.int64) for name in rows[0]}
                result[chosen] = np.stack(self._session.run(self._outputs, batch), axis=1)
        return result

    def _inputs(self, text: str) -> dict[str, list[int]]:
        """What the graph is given of a text, by the names of its inputs."""
        return {"input_ids": self.tokens(text)}

    def sentence(self, text: str) -> npt.NDArray[np.float32]:
        """The sentence embedding: the last layer's mean, of length one; shape (hidden,)."""
        return unit(self.pools(text)[-1])


def unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Vectors along the last axis brought to length one."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)


def session(model: Path | bytes) -> Any:
    """What runs a model, a file or what is in one, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread: a message is small, and several Rasa processes share the cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    given = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
