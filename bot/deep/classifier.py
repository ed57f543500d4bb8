"""Topics from a tuned encoder: its head times an SVM on the sparse features, in the ordinary classifier's form.

Both are linear and their probabilities are multiplied, so their decision values add up: at run time it is one row of
weights, as after an ordinary training. How much the SVM counts and how sure the whole may be is chosen on the examples
that the network has not been trained on, with the numbers that the exported encoder gives for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from bot.deep.encoder import DeepEncoder
from bot.nlu.classifier import Classifier, Example, Settings, Trained, fit_svm, fit_temperature, log_loss
from bot.nlu.sparse import SparseFeatures

__all__ = ["KNOWN", "SHARES", "Unfit", "train_with_head"]

Floats = npt.NDArray[np.float32]
KNOWN = -1
"""The fold of an example that the network was trained on: nothing about the unknown is learnt from it."""
SHARES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""What an SVM's decision value may count against one of the head's; the head's are about three times as large."""


class Unfit(ValueError):
    """The tuned encoder knows other topics than the examples have; it must be tuned again."""

    code = "deep.other_topics"

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"{self.code}: {', '.join(missing)}")


def train_with_head(
    encoder: DeepEncoder,
    examples: Sequence[Example],
    topics: Sequence[str],
    held_out: npt.NDArray[np.bool_],
    settings: Settings | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train on examples with their topics.

    Args:
        encoder: the one that was tuned on them, and gave their pools.
        examples: all of them; ``topics`` the topic of each.
        held_out: (examples,), those that were kept from the tuning; at least one.
        settings: of the SVM; the rest has no meaning here.
        report: gets a line for each step.

    Raises:
        Unfit: the topics are not those of the encoder.
    """
    settings = settings or Settings()
    names = sorted(set(topics))
    if names != encoder.topics:
        raise Unfit(sorted({*names} ^ {*encoder.topics}))
    truth = np.array([names.index(topic) for topic in topics])
    sparse = SparseFeatures.fit((example.counts for example in examples), settings.least_documents)
    matrix = sparse.matrix(example.counts for example in examples)
    report(f"{len(examples)} examples, {len(names)} topics, {matrix.shape[1]} features beside the network")
    weights, intercept = fit_svm(matrix[~held_out], truth[~held_out], len(names), settings)
    counted = matrix[held_out] @ weights + intercept
    told = np.stack([example.pools[-1] for example in examples])[held_out] @ encoder.weights + encoder.intercept
    share = _share(told, counted, truth[held_out])
    scores = np.asarray(told + np.float32(share) * counted, np.float32)
    report(
        f"topics: {_right(scores, truth[held_out])} right on {int(held_out.sum())} held-out examples, "
        f"{_right(told, truth[held_out])} by the network alone, {_right(counted, truth[held_out])} by words alone"
    )
    weights, intercept = fit_svm(matrix, truth, len(names), settings)
    decisions = np.zeros((len(examples), len(names)), np.float32)
    decisions[held_out] = scores
    hidden, layers = encoder.hidden, len(encoder.layers)
    head = np.zeros((layers * hidden, len(names)), np.float32)
    head[-hidden:] = encoder.weights
    classifier = Classifier(
        topics=names,
        sparse=sparse,
        # The head was learnt on the layer as it is: so divided, the classifier's own scaling changes nothing.
        mean=np.zeros(layers * hidden, np.float32),
        deviation=np.full(layers * hidden, 1 / np.sqrt(layers * hidden), np.float32),
        weights=np.concatenate([np.float32(share) * weights, head]),
        intercept=np.asarray(np.float32(share) * intercept + encoder.intercept, np.float32),
        stack=np.eye(len(names), dtype=np.float32),
        stack_intercept=np.zeros(len(names), np.float32),
        temperature=fit_temperature(scores, truth[held_out]),
    )
    return Trained(classifier, decisions, truth, np.where(held_out, 0, KNOWN))


def _share(told: Floats, counted: Floats, truth: npt.NDArray[np.int64]) -> float:
    """The share of the SVM that makes the calibrated log loss smallest."""

    def loss(share: float) -> float:
        scores = np.asarray(told + np.float32(share) * counted, np.float32)
        return log_loss(scores / np.float32(fit_temperature(scores, truth)), truth)

    return min(SHARES, key=loss)


def _right(scores: Floats, truth: npt.NDArray[np.int64]) -> str:
    return f"{100 * np.mean(scores.argmax(axis=1) == truth):.1f} %"
