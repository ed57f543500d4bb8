"""From features to topics: linear SVMs on sparse and dense features, a stacked logistic regression, a temperature.

The stack learns from *out-of-fold* decision values, so it sees what the SVMs do on messages they do not know; the
temperature makes its probabilities honest. What comes out are plain arrays: at run time no learning library is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from bot.nlu.groups import folds
from bot.nlu.logistic import fit_logistic
from bot.nlu.machines import TOLERANCE, Machines
from bot.nlu.parts import parts
from bot.nlu.sparse import Counted, SparseFeatures

__all__ = [
    "THREADS",
    "Classifier",
    "Example",
    "Ranking",
    "Settings",
    "Trained",
    "fit_svm",
    "fit_temperature",
    "log_loss",
    "train",
]

Floats = npt.NDArray[np.float32]
THREADS = max(2, min(6, os.cpu_count() or 1))
"""Threads of a training. Encoder and SVMs compute outside the interpreter's lock, each thread on one core; more than
six gain nothing, as that many models are fitted side by side."""
_MANY, _FEW_FOLDS = 30_000, 3
"""From so many examples on, three folds tell what five do, as each still leaves more than enough to learn from; and all
dense features are used, of which more can be learnt then."""
_STEPS = 400  # of the second stage's optimiser, at most; about thirty are needed
_NEVER = -20.0  # the score of a topic that no example of a fold has
Report = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What training can be told; the defaults come from grouped cross-validation, but for
    ``axes``: a compromise between two values that were tried."""

    svm_c: float = 0.25
    stack_c: float = 0.01
    folds: int = 5
    least_documents: int = 2
    axes: int = 384
    """Of the dense features, those directions along which the examples differ most. Half of them take a third off the
    training; a third of them (256) lost half a point on messages held out."""
    seed: int = 0


@dataclass(frozen=True)
class Example:
    """One message ready for the classifier: feature counts, mean-pooled layers (layers, hidden)."""

    counts: tuple[Any, ...]
    pools: Floats


@dataclass(frozen=True)
class Ranking:
    """Topics with their probabilities, likeliest first, and the decision values in the classifier's own order."""

    topics: tuple[str, ...]
    probabilities: tuple[float, ...]
    decisions: Floats


@dataclass
class Classifier:
    """A trained model. ``weights`` (features + dense, topics) and ``intercept`` are the SVMs; ``stack`` (topics,
    topics) and ``stack_intercept`` the logistic regression on their decision values."""

    topics: list[str]
    sparse: SparseFeatures
    mean: Floats
    deviation: Floats
    weights: Floats
    intercept: Floats
    stack: Floats
    stack_intercept: Floats
    temperature: float

    def dense(self, pools: Floats) -> Floats:
        """Standardised layers of one message or of many: (…, layers × hidden)."""
        flat = pools.reshape(*pools.shape[:-2], -1)
        return np.asarray((flat - self.mean) / self.deviation / np.sqrt(np.float32(flat.shape[-1])), np.float32)

    def decisions(self, example: Example) -> Floats:
        """The SVMs' decision values of one message: (topics,)."""
        return self.words(example.counts) + self.sense(example.pools)

    def words(self, counts: tuple[Any, ...]) -> Floats:
        """What the counted words alone add to the decision values: (topics,)."""
        columns, values = self.sparse.row(counts)
        result = values @ self.weights[columns] if len(columns) else np.zeros(len(self.topics))
        return np.asarray(result, np.float32)

    def sense(self, pools: Floats) -> Floats:
        """What the encoder's layers add to them, intercepts included: (topics,)."""
        return np.asarray(self.dense(pools) @ self.weights[len(self.sparse.idf) :] + self.intercept, np.float32)

    def probabilities(self, decisions: Floats) -> Floats:
        """Calibrated probabilities for decision values, of one message or many."""
        return _softmax((decisions @ self.stack + self.stack_intercept) / self.temperature)

    def rank(self, example: Example) -> Ranking:
        """All topics, likeliest first."""
        decisions = self.decisions(example)
        chances = self.probabilities(decisions)
        order = np.argsort(-chances, kind="stable")
        return Ranking(
            topics=tuple(self.topics[place] for place in order),
            probabilities=tuple(float(chances[place]) for place in order),
            decisions=decisions,
        )

    def save(self, directory: Path) -> None:
        """Write the model into a directory as plain arrays and JSON."""
        features = sorted(self.sparse.columns, key=self.sparse.columns.__getitem__)
        described = {"topics": self.topics, "temperature": self.temperature, "features": features}
        (directory / "classifier.json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        np.savez(directory / "classifier.npz", idf=self.sparse.idf, **arrays)

    @classmethod
    def load(cls, directory: Path) -> Classifier:
        """Read what :meth:`save` wrote."""
        described = json.loads((directory / "classifier.json").read_text(encoding="utf-8"))
        with np.load(directory / "classifier.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in _ARRAYS}
            idf = stored["idf"]
        columns = {feature: column for column, feature in enumerate(described["features"])}
        return cls(
            topics=described["topics"],
            temperature=described["temperature"],
            sparse=SparseFeatures(columns, idf),
            **arrays,
        )


_ARRAYS = ("mean", "deviation", "weights", "intercept", "stack", "stack_intercept")


@dataclass(frozen=True)
class Trained:
    """A classifier with what its training learnt about unknown messages: out-of-fold ``decisions`` (examples,
    topics), ``truth`` (examples,) as positions in the classifier's topics, and each example's ``fold``."""

    classifier: Classifier
    decisions: Floats
    truth: npt.NDArray[np.int64]
    fold: npt.NDArray[np.int64]


def train(
    examples: Sequence[Example],
    topics: Sequence[str],
    groups: npt.NDArray[np.int64],
    settings: Settings | None = None,
    report: Report | None = None,
    counted: Counted | None = None,
) -> Trained:
    """Train on examples with their topics.

    Args:
        examples: at least two topics, and for the stack at least ``settings.folds`` groups a topic.
        topics: the topic of each example.
        groups: the group of each (see :func:`bot.nlu.groups.near_copies`).
        settings: see :class:`Settings`.
        report: gets a line for each step.
        counted: the examples' counts, where they have been put in order already.
    """
    settings = settings or Settings()
    if len(examples) >= _MANY:
        settings = replace(settings, folds=min(settings.folds, _FEW_FOLDS), axes=examples[0].pools.size)
    say = report or (lambda _: None)
    names = sorted(set(topics))
    if len(names) < 2:
        raise ValueError("training needs at least two topics")
    position = {name: place for place, name in enumerate(names)}
    truth = np.array([position[topic] for topic in topics])
    with parts.part("features"):
        counted = counted or Counted.of([example.counts for example in examples], settings.least_documents)
        flat = np.stack([example.pools for example in examples]).reshape(len(examples), -1)
        mean = flat.mean(axis=0)
        deviation = np.maximum(flat.std(axis=0), 1e-6)
        dense = (flat - mean) / deviation / np.sqrt(np.float32(flat.shape[1]))
        axes = _axes(dense, settings.axes)
        fold = folds(groups, topics, settings.folds, settings.seed)
    say(f"{len(examples)} examples, {len(names)} topics, {counted.matrix.shape[1] + axes.shape[1]} features")
    machines = Machines(
        counted.matrix, dense @ axes, truth, len(names), strength=settings.svm_c, seed=settings.seed, threads=THREADS
    )
    decisions = np.zeros((len(examples), len(names)), np.float32)
    # Each fit on one core: the linear algebra's own threads would only wait for each other.
    with threadpool_limits(1, user_api="blas"), parts.part("SVMs"):
        final = machines.fit(np.ones(len(examples), np.bool_))
        say(f"topics: part 1 of {settings.folds + 1}")
        kept = [fold != number for number in range(settings.folds)]
        kept = [each for each in kept if not each.all() and len(np.unique(truth[each])) > 1]
        for number, (each, fitted) in enumerate(zip(kept, machines.fit_each(kept, like=final), strict=True), start=2):
            decisions[~each] = fitted.decisions[~each]
            say(f"topics: part {number} of {settings.folds + 1}")
    with parts.part("second stage"):
        stack, stack_intercept, temperature = _calibrated(decisions, truth, fold, len(names), settings, say)
    classifier = Classifier(
        topics=names,
        sparse=counted.sparse,
        mean=mean.astype(np.float32),
        deviation=deviation.astype(np.float32),
        weights=_unfolded(final.weights, counted.matrix.shape[1], axes),
        intercept=final.intercept,
        stack=stack,
        stack_intercept=stack_intercept,
        temperature=temperature,
    )
    return Trained(classifier, decisions, truth, fold)


def _axes(dense: Floats, number: int) -> Floats:
    """The ``number`` orthogonal directions of largest variance: (dense, number)."""
    _, directions = np.linalg.eigh(np.cov(dense.T))
    return np.ascontiguousarray(directions[:, ::-1][:, :number], np.float32)


def _unfolded(weights: Floats, counted: int, axes: Floats) -> Floats:
    """Weights on axes of the dense features as weights on these themselves; those of counted ones stay."""
    return np.concatenate([weights[:counted], axes @ weights[counted:]])


def fit_svm(matrix: csr_matrix, truth: npt.NDArray[np.int64], topics: int, settings: Settings) -> tuple[Floats, Floats]:
    """One SVM a topic: weights (features, topics) and intercepts. A topic that a fold lacks gets a firm no."""
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=settings.svm_c, tol=TOLERANCE, random_state=settings.seed)
    machine.fit(matrix, truth)
    weights = np.zeros((matrix.shape[1], topics), np.float32)
    intercept = np.full(topics, -1.0, np.float32)
    if len(machine.classes_) == 2:
        weights[:, machine.classes_] = np.stack([-machine.coef_[0], machine.coef_[0]], axis=1)
        intercept[machine.classes_] = [-machine.intercept_[0], machine.intercept_[0]]
    else:
        weights[:, machine.classes_] = machine.coef_.T
        intercept[machine.classes_] = machine.intercept_
    return weights, intercept


def _stack(decisions: Floats, truth: npt.NDArray[np.int64], topics: int, settings: Settings) -> tuple[Floats, Floats]:
    """A logistic regression on standardised decision values, with the standardising folded into its weights."""
    mean = decisions.mean(axis=0)
    deviation = np.maximum(decisions.std(axis=0), 1e-6)
    known, place = np.unique(truth, return_inverse=True)
    scaled = np.asarray((decisions - mean) / deviation, np.float32)
    nothing = csr_matrix((len(decisions), 0), dtype=np.float32)
    coefficients, shifts = fit_logistic(nothing, scaled, place, len(known), strength=settings.stack_c, steps=_STEPS)
    weights = np.zeros((decisions.shape[1], topics), np.float32)
    intercept = np.full(topics, _NEVER, np.float32)
    weights[:, known] = coefficients / deviation[:, None]
    intercept[known] = shifts - (mean / deviation) @ coefficients
    return weights, intercept


def _calibrated(
    decisions: Floats,
    truth: npt.NDArray[np.int64],
    fold: npt.NDArray[np.int64],
    topics: int,
    settings: Settings,
    say: Report,
) -> tuple[Floats, Floats, float]:
    """What makes probabilities of decision values: weights, intercepts and a temperature.

    The stack, or where its probabilities are worse on folds that it has not seen, the decision values themselves. The
    log loss tells the two apart, each at its best temperature: how often either is right differs by less than chance,
    so that a few new examples changed the choice, and with it how honest the probabilities are.
    """

    def part(held_out: int) -> tuple[Floats, Floats] | None:
        chosen = fold != held_out
        if (chosen.all() and held_out >= 0) or len(set(truth[chosen].tolist())) < 2:
            return None
        return _stack(decisions[chosen], truth[chosen], topics, settings)

    scores = np.zeros_like(decisions)
    # Each fit on one core: the linear algebra's own threads would only wait for each other.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(max_workers=THREADS) as pool:
        final, *held_out = pool.map(part, range(-1, settings.folds))
    for number, fitted in enumerate(held_out):
        if fitted is not None:
            chosen = fold == number
            scores[chosen] = decisions[chosen] @ fitted[0] + fitted[1]
    alone = _right(decisions, truth)
    say(f"topics: {_right(scores, truth)} right on held-out examples, {alone} without the second stage")
    none = np.zeros(topics, np.float32)
    plain = np.eye(topics, dtype=np.float32), none, fit_temperature(decisions, truth)
    if final is None:
        return plain
    stacked = *final, fit_temperature(scores, truth)
    better = log_loss(scores / np.float32(stacked[2]), truth) < log_loss(decisions / np.float32(plain[2]), truth)
    return stacked if better else plain


def _right(scores: Floats, truth: npt.NDArray[np.int64]) -> str:
    return f"{100 * np.mean(scores.argmax(axis=1) == truth):.1f} %"


def fit_temperature(scores: Floats, truth: npt.NDArray[np.int64]) -> float:
    """The divisor of ``scores`` (examples, topics) that makes the log loss smallest."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        return log_loss(scores / np.float32(np.exp(log_temperature)), truth)

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 3.0), method="bounded").x))


def log_loss(scores: Floats, truth: npt.NDArray[np.int64]) -> float:
    """The mean log loss of the probabilities that follow from ``scores`` (examples, topics)."""
    chances = _softmax(scores)
    return float(-np.log(np.maximum(chances[np.arange(len(truth)), truth], 1e-12)).mean())


def _softmax(scores: Floats) -> Floats:
    shifted = scores - scores.max(axis=-1, keepdims=True)
    powers = np.exp(shifted)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
