"""Probabilities from decision values: the second stage, or none where it is of no use."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bot.nlu import classifier
from bot.nlu.classifier import Example, Settings, _calibrated, train

TOPICS = 3
EACH = (90, 60, 30)


def _made(confused: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decision values, truth and folds. Confused: the values of topic 1 say that it is topic 0, and the reverse."""
    generator = np.random.default_rng(5)
    truth = np.repeat(np.arange(TOPICS), EACH)
    generator.shuffle(truth)
    decisions = np.full((len(truth), TOPICS), -1.0, np.float32)
    said = np.array([1, 0, 2])[truth] if confused else truth
    decisions[np.arange(len(truth)), said] = 1.0
    decisions += generator.normal(scale=0.3, size=decisions.shape).astype(np.float32)
    return decisions, truth, np.arange(len(truth)) % 5


def test_the_second_stage_learns_which_topics_are_taken_for_each_other() -> None:
    decisions, truth, fold = _made(confused=True)
    weights, intercept, temperature = _calibrated(decisions, truth, fold, TOPICS, Settings(stack_c=1.0), lambda _: None)
    assert np.mean((decisions @ weights + intercept).argmax(axis=1) == truth) > 0.95
    assert temperature > 0


def test_without_a_gain_on_held_out_examples_the_decision_values_stay_as_they_are() -> None:
    decisions, truth, fold = _made(confused=False)
    # So strongly held back that it learns nothing but which topic is most frequent.
    weights, intercept, _ = _calibrated(decisions, truth, fold, TOPICS, Settings(stack_c=1e-4), lambda _: None)
    np.testing.assert_array_equal(weights, np.eye(TOPICS, dtype=np.float32))
    np.testing.assert_array_equal(intercept, np.zeros(TOPICS, np.float32))


@pytest.mark.parametrize(("many", "folds", "dense"), [(1000, 5, 2), (20, 3, 6)])
def test_with_many_examples_fewer_folds_and_all_dense_features_are_used(
    monkeypatch: pytest.MonkeyPatch, many: int, folds: int, dense: int
) -> None:
    monkeypatch.setattr(classifier, "_MANY", many)
    generator = np.random.default_rng(2)
    topics = [f"t{number % 2}" for number in range(40)]
    pools = generator.normal(size=(40, 2, 3)).astype(np.float32)
    examples = [Example((Counter({topic: 1}),), each) for topic, each in zip(topics, pools, strict=True)]
    said: list[str] = []
    trained = train(examples, topics, np.arange(40), Settings(axes=2), said.append)
    assert len(set(trained.fold.tolist())) == folds
    assert f"{2 + dense} features" in said[0], "two words, and the dense ones"
