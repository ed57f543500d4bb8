"""Near-copies and folds."""

from __future__ import annotations

import numpy as np

from bot.nlu.groups import folds, near_copies


def vectors(*angles: float) -> np.ndarray:
    return np.array([[np.cos(angle), np.sin(angle)] for angle in angles], np.float32)


def test_near_copies_share_a_group_also_over_a_third() -> None:
    # Neighbours are near, the ends are not: all three belong together.
    groups = near_copies(vectors(0.0, 0.3, 0.6, 1.5), ["x"] * 4)
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_a_chain_through_a_whole_topic_is_cut_into_neighbours() -> None:
    # A hundred examples, each near to the next ones only: held together, one fold would hold the topic whole.
    angles = np.linspace(0.0, 1.5, 100)
    groups = near_copies(vectors(*angles, *angles[:3]), ["x"] * 100 + ["y"] * 3)
    sizes = np.bincount(groups)
    assert 3 < np.count_nonzero(sizes) and sizes.max() < 60
    assert np.bincount(folds(groups[:100], ["x"] * 100, 2)).min() >= 40
    assert len(set(groups[100:].tolist())) == 1, "the short chain stays whole"


def test_examples_of_two_topics_are_never_copies() -> None:
    groups = near_copies(vectors(0.0, 0.0), ["x", "y"])
    assert groups[0] != groups[1]


def test_translations_share_a_group_where_the_languages_are_known() -> None:
    # Two languages far from each other; in each the same three things, lying alike around the middle of their language.
    things = np.eye(4, dtype=np.float32)[:3]
    both = np.concatenate([things + 5 * np.eye(4, dtype=np.float32)[3], things - 5 * np.eye(4, dtype=np.float32)[3]])
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    spoken = ["fi"] * 3 + ["da"] * 3
    assert len(set(near_copies(both, ["x"] * 6, near=0.999).tolist())) == 6
    groups = near_copies(both, ["x"] * 6, near=0.999, languages=spoken)
    assert groups[:3].tolist() == groups[3:].tolist() and len(set(groups.tolist())) == 3
    other = near_copies(both, ["x"] * 3 + ["y"] * 3, near=0.999, languages=spoken)
    assert len(set(other.tolist())) == 6, "of two topics nothing is a translation"


def test_what_only_lies_nearest_is_no_translation() -> None:
    generator = np.random.default_rng(2)
    chance = generator.normal(size=(60, 300)).astype(np.float32)
    chance /= np.linalg.norm(chance, axis=1, keepdims=True)
    groups = near_copies(chance, ["x"] * 60, languages=["en", "fi", None] * 20)
    assert len(set(groups.tolist())) == 60


def test_a_group_stays_in_one_fold() -> None:
    generator = np.random.default_rng(1)
    groups = generator.integers(0, 40, 200)
    topics = [f"t{group % 4}" for group in groups]
    fold = folds(groups, topics, 5)
    for group in set(groups.tolist()):
        assert len(set(fold[groups == group].tolist())) == 1


def test_every_topic_is_spread_over_the_folds() -> None:
    topics = ["x"] * 50 + ["y"] * 10
    fold = folds(np.arange(60), topics, 5)
    assert np.bincount(fold[:50]).tolist() == [10] * 5
    assert np.bincount(fold[50:]).tolist() == [2] * 5


def test_the_same_seed_gives_the_same_folds() -> None:
    topics = ["x", "y"] * 20
    assert np.array_equal(folds(np.arange(40), topics, 4, seed=3), folds(np.arange(40), topics, 4, seed=3))
