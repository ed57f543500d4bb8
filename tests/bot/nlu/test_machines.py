"""SVMs fitted on the nearest examples: the same as on all of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix, hstack, random
from sklearn.svm import LinearSVC

from bot.nlu import machines
from bot.nlu.machines import Machines

NUMBER, TOPICS, STRENGTH = 1500, 5, 0.25


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that there are far examples to be left out at first."""
    monkeypatch.setattr(machines, "FIRST", 60)


def made() -> tuple[csr_matrix, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(7)
    truth = generator.integers(0, TOPICS, NUMBER)
    counted = random(NUMBER, 300, density=0.05, format="lil", random_state=3, dtype=np.float32)
    for row in generator.permutation(NUMBER)[: NUMBER // 2]:  # words that tell the topic, in half of the examples
        counted[row, truth[row] * 3 + int(generator.integers(3))] = 1.5
    dense = generator.normal(size=(NUMBER, 8)).astype(np.float32)
    dense[:, :TOPICS] += 1.5 * np.eye(TOPICS, dtype=np.float32)[truth]
    return csr_matrix(counted), dense, truth


def on_all(counted: csr_matrix, dense: np.ndarray, truth: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    matrix = hstack([counted, csr_matrix(dense)], format="csr")
    machine = LinearSVC(C=STRENGTH, tol=1e-4, random_state=0).fit(matrix[chosen], truth[chosen])
    return np.asarray(matrix @ machine.coef_.T + machine.intercept_)


@pytest.mark.parametrize("threads", [1, 2])
def test_they_decide_as_svms_do_that_have_seen_all_examples(threads: int) -> None:
    counted, dense, truth = made()
    kept = np.arange(NUMBER) % 5 != 0
    ours = Machines(counted, dense, truth, TOPICS, strength=STRENGTH, threads=threads)
    whole = ours.fit(np.ones(NUMBER, np.bool_))
    for chosen, fitted in (
        (np.ones(NUMBER, np.bool_), whole),
        (kept, ours.fit(kept, like=whole)),
        (kept, ours.fit(kept)),
    ):
        wanted = on_all(counted, dense, truth, chosen)
        assert np.abs(fitted.decisions - wanted).mean() < 0.02
        assert np.mean(fitted.decisions.argmax(axis=1) == wanted.argmax(axis=1)) > 0.98


def test_decisions_are_those_of_the_weights() -> None:
    counted, dense, truth = made()
    fitted = Machines(counted, dense, truth, TOPICS, strength=STRENGTH, threads=2).fit(np.ones(NUMBER, np.bool_))
    own = hstack([counted, csr_matrix(dense)]) @ fitted.weights + fitted.intercept
    np.testing.assert_allclose(fitted.decisions, own, atol=1e-4)


def test_examples_that_are_held_out_teach_nothing() -> None:
    counted, dense, truth = made()
    kept = np.arange(NUMBER) % 3 != 0
    other = np.where(kept, truth, (truth + 1) % TOPICS)
    fitted = [Machines(counted, dense, labels, TOPICS, strength=STRENGTH).fit(kept) for labels in (truth, other)]
    np.testing.assert_allclose(fitted[0].decisions, fitted[1].decisions, atol=0.05)


def test_a_topic_without_examples_gets_a_firm_no() -> None:
    counted, dense, truth = made()
    fitted = Machines(counted, dense, truth, TOPICS, strength=STRENGTH).fit(truth != 2)
    assert (fitted.decisions[:, 2] == machines.NO).all() and not fitted.weights[:, 2].any()
    assert set(fitted.decisions.argmax(axis=1).tolist()) == {0, 1, 3, 4}


def test_several_parts_side_by_side_give_what_each_gives_alone() -> None:
    counted, dense, truth = made()
    # The library's chance is one for all threads: with two of them, no two fits are quite the same.
    ours = Machines(counted, dense, truth, TOPICS, strength=STRENGTH, threads=1)
    whole = ours.fit(np.ones(NUMBER, np.bool_))
    parts = [np.arange(NUMBER) % 3 != number for number in range(3)]
    # All of them first: while one is waited for, the others go on, and would share the library's chance with `alone`.
    fitted = list(ours.fit_each(parts, like=whole))
    for part, beside in zip(parts, fitted, strict=True):
        alone = ours.fit(part, like=whole)
        assert np.array_equal(beside.decisions, alone.decisions) and np.array_equal(beside.weights, alone.weights)
    assert list(ours.fit_each([], like=whole)) == []
