"""The logistic regression over sparse and dense features beside each other."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from bot.nlu.logistic import fit_logistic


def test_it_finds_what_a_library_finds_on_the_joined_features() -> None:
    generator = np.random.default_rng(1)
    counted = csr_matrix((generator.random((200, 30)) < 0.1).astype(np.float32))
    dense = generator.normal(size=(200, 5)).astype(np.float32)
    truth = (dense[:, 0] > 0).astype(np.int64) + (counted[:, 0].toarray().ravel() > 0)
    weights, intercept = fit_logistic(counted, dense, truth, 3, strength=2.0, steps=500)
    joined = hstack([counted, csr_matrix(dense)], format="csr")
    peer = LogisticRegression(C=2.0, max_iter=2000, tol=1e-6).fit(joined, truth)
    np.testing.assert_allclose(weights, peer.coef_.T, atol=0.02)
    np.testing.assert_allclose(intercept - intercept.mean(), peer.intercept_ - peer.intercept_.mean(), atol=0.02)


def test_a_step_more_or_less_is_the_callers_choice() -> None:
    generator = np.random.default_rng(2)
    dense = generator.normal(size=(60, 4)).astype(np.float32)
    truth = (dense[:, 1] > 0).astype(np.int64)
    none = csr_matrix((60, 0), dtype=np.float32)
    few, _ = fit_logistic(none, dense, truth, 2, strength=100.0, steps=1)
    many, _ = fit_logistic(none, dense, truth, 2, strength=100.0, steps=200)
    assert np.abs(many).max() > np.abs(few).max()
