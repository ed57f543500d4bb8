"""Topics from a tuned encoder: its head times SVMs on all that the tuning left as it was, in the ordinary classifier's
form.

The SVMs see the sparse features and the layer below those that learnt: what the encoder knew of the language before it
learnt the topics. Head and SVMs are linear and their probabilities are multiplied, so their decision values add up: at
run time it is one row of weights, as after an ordinary training. How much the SVMs count and how sure the whole may be
is chosen on the strangest of the examples that the network has not been trained on, with the numbers that the exported
encoder gives for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from bot.deep.encoder import DeepEncoder
from bot.nlu.classifier import THREADS, Classifier, Example, Settings, Trained, fit_temperature
from bot.nlu.machines import Machines
from bot.nlu.sparse import SparseFeatures

__all__ = ["KNOWN", "SHARES", "Unfit", "train_with_head"]

Floats = npt.NDArray[np.float32]
KNOWN = -1
"""The fold of an example that the network was trained on: nothing about the unknown is learnt from it."""
SHARES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
"""What an SVM's decision value may count against one of the head's; the head's are about three times as large."""
_CERTAIN = 2.0
"""Standard errors of a mean difference from which it is no chance."""
_LEAST = 1e-6  # deviation of a number that is the same in all examples


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
    strange: npt.NDArray[np.bool_],
    settings: Settings | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train on examples with their topics.

    Args:
        encoder: the one that was tuned on them, and gave their pools.
        examples: all of them; ``topics`` the topic of each.
        held_out: (examples,), those that were kept from the tuning; at least one.
        strange: (examples,), those of them that are least like any other; at least one.
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
    pools = np.stack([example.pools for example in examples])
    flat = pools[:, : encoder.untouched].reshape(len(examples), -1)
    width, known = flat.shape[1], pools[0].size
    mean, deviation = flat.mean(axis=0), np.maximum(flat.std(axis=0), _LEAST) * np.sqrt(np.float32(max(1, width)))
    report(f"{len(examples)} examples, {len(names)} topics, {matrix.shape[1] + width} features beside the network")
    machines = Machines(
        matrix,
        (flat - mean) / deviation,
        truth,
        len(names),
        strength=settings.svm_c,
        seed=settings.seed,
        threads=THREADS,
    )
    # Each fit on one core: the linear algebra's own threads would only wait for each other.
    with threadpool_limits(1, user_api="blas"):
        final = machines.fit(np.ones(len(examples), np.bool_))
        counted = machines.fit(~held_out, like=final).decisions[held_out]
    told = pools[held_out, -1] @ encoder.weights + encoder.intercept
    few = strange[held_out]
    share = _share(told[few], counted[few], truth[held_out][few])
    scores = np.asarray(told + np.float32(share) * counted, np.float32)
    report(
        f"topics: {_right(scores, truth[held_out])} right on {int(held_out.sum())} held-out examples, "
        f"{_right(told, truth[held_out])} by the network alone, {_right(counted, truth[held_out])} by the SVMs alone, "
        f"which count {share:g} times"
    )
    decisions = np.zeros((len(examples), len(names)), np.float32)
    decisions[held_out] = scores
    head = np.zeros((known - width, len(names)), np.float32)
    head[-encoder.hidden :] = encoder.weights
    # The classifier divides by this root as well; the head was learnt on the layer as it is.
    root = np.sqrt(np.float32(known))
    classifier = Classifier(
        topics=names,
        sparse=sparse,
        mean=np.concatenate([mean, np.zeros(known - width, np.float32)]),
        deviation=np.asarray(np.concatenate([deviation, np.ones(known - width, np.float32)]) / root, np.float32),
        weights=np.concatenate([np.float32(share) * final.weights, head]),
        intercept=np.asarray(np.float32(share) * final.intercept + encoder.intercept, np.float32),
        stack=np.eye(len(names), dtype=np.float32),
        stack_intercept=np.zeros(len(names), np.float32),
        temperature=fit_temperature(scores[few], truth[held_out][few]),
    )
    return Trained(classifier, decisions, truth, np.where(held_out, 0, KNOWN))


def _share(told: Floats, counted: Floats, truth: npt.NDArray[np.int64]) -> float:
    """The largest share of the SVMs whose calibrated log loss is not certainly worse than the smallest, on strange
    examples.

    Of messages that were held out, the network may know a translation or an answer to the same question, and look
    better and surer than it may be on a new one. The SVMs gain less from such. So those least like what was learnt from
    decide, of the temperature, too; and where the two can hardly be told apart, the SVMs count.
    """
    losses = {share: _losses(np.asarray(told + np.float32(share) * counted, np.float32), truth) for share in SHARES}
    least = min(losses.values(), key=np.mean)

    def close(share: float) -> bool:
        worse = losses[share] - least
        return bool(worse.mean() <= _CERTAIN * worse.std() / np.sqrt(len(truth)))

    return max(share for share in SHARES if close(share))


def _losses(scores: Floats, truth: npt.NDArray[np.int64]) -> Floats:
    """The log loss of each example at the best temperature: (examples,)."""
    scores = scores / np.float32(fit_temperature(scores, truth))
    most = scores.max(axis=1)
    whole = most + np.log(np.exp(scores - most[:, None]).sum(axis=1))
    return np.asarray(whole - scores[np.arange(len(truth)), truth], np.float32)


def _right(scores: Floats, truth: npt.NDArray[np.int64]) -> str:
    return f"{100 * np.mean(scores.argmax(axis=1) == truth):.1f} %"
