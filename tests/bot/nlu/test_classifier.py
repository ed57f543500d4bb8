"""Probabilities from decision values: the second stage, or none where it is of no use."""

from __future__ import annotations

import numpy as np

from bot.nlu.classifier import Settings, _calibrated

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
