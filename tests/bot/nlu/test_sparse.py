"""Sparse features."""

from __future__ import annotations

import numpy as np
import pytest

from bot.nlu.sparse import SparseFeatures, counts


def test_pieces_of_words_mark_where_a_word_begins_and_ends() -> None:
    characters, _, _ = counts("Ale", [])
    assert characters[" ale "] == 1 and characters["l"] == 1 and characters[" a"] == 1 and characters["e "] == 1


def test_words_and_pieces_come_alone_and_in_pairs() -> None:
    _, said, pieces = counts("hyvä hyvä tilaus", [7, 9])
    assert said == {"whyvä": 2, "wtilaus": 1, "whyvä hyvä": 1, "whyvä tilaus": 1}
    assert pieces == {"p7": 1, "p9": 1, "p7 9": 1}


def test_each_block_has_length_one() -> None:
    documents = [counts(text, [1, 2]) for text in ("missä paketti on", "missä tilaus on")]
    features = SparseFeatures.fit(documents)
    _, weights = features.row(documents[0])
    assert float((weights**2).sum()) == pytest.approx(3.0)


def test_rare_features_are_left_out() -> None:
    documents = [counts(text, []) for text in ("kissa", "kissa", "koira")]
    assert "wkoira" not in SparseFeatures.fit(documents, least=2).columns
    assert "wkoira" in SparseFeatures.fit(documents, least=1).columns


def test_a_text_without_known_features_is_an_empty_row() -> None:
    features = SparseFeatures.fit([counts("kissa", []), counts("kissa", [])])
    columns, weights = features.row(counts("", []))
    assert len(columns) == len(weights) == 0
    assert features.matrix([counts("", []), counts("kissa", [])]).getnnz(axis=1)[0] == 0


def test_a_matrix_holds_the_rows_in_order() -> None:
    documents = [counts(text, [3]) for text in ("yksi kaksi", "kaksi kolme", "kolme yksi")]
    features = SparseFeatures.fit(documents)
    matrix = features.matrix(documents)
    for number, document in enumerate(documents):
        columns, weights = features.row(document)
        dense = np.zeros(len(features.columns), np.float32)
        dense[columns] = weights
        assert np.allclose(matrix[number].toarray()[0], dense)
