"""Which examples say nearly the same: translations and near-copies must fall on one side of a fold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["folds", "near_copies"]

NEAR = 0.93
"""Cosine of sentence embeddings from which two examples of one topic count as copies of each other."""


def near_copies(
    vectors: npt.NDArray[np.float32], topics: Sequence[str], near: float = NEAR
) -> npt.NDArray[np.int64]:
    """A group number for each example. Only examples of the same topic are compared.

    Args:
        vectors: sentence embeddings of length one, (examples, hidden).
        topics: the topic of each.
        near: the cosine from which two belong together.
    """
    parent = np.arange(len(topics))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = int(parent[item])
        return item

    members: dict[str, list[int]] = defaultdict(list)
    for index, topic in enumerate(topics):
        members[topic].append(index)
    for indices in members.values():
        similar = vectors[indices] @ vectors[indices].T
        for first, second in zip(*np.nonzero(np.triu(similar > near, 1)), strict=True):
            a, b = root(indices[first]), root(indices[second])
            parent[max(a, b)] = min(a, b)
    return np.array([root(index) for index in range(len(topics))])


def folds(
    groups: npt.NDArray[np.int64], topics: Sequence[str], number: int, seed: int = 0
) -> npt.NDArray[np.int64]:
    """The fold of each example: groups stay whole, and each topic is spread as evenly as they allow."""
    generator = np.random.default_rng(seed)
    result = np.zeros(len(topics), np.int64)
    members: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index, (topic, group) in enumerate(zip(topics, groups.tolist(), strict=True)):
        members[(topic, group)].append(index)
    by_topic: dict[str, list[list[int]]] = defaultdict(list)
    for (topic, _), indices in members.items():
        by_topic[topic].append(indices)
    load = np.zeros(number)
    for topic in sorted(by_topic):
        own = np.zeros(number)
        chunks = by_topic[topic]
        order = generator.permutation(len(chunks))
        for indices in sorted((chunks[place] for place in order), key=len, reverse=True):
            # The fold that has fewest of this topic, then fewest of all.
            best = int(np.lexsort((load, own))[0])
            result[indices] = best
            own[best] += len(indices)
            load[best] += len(indices)
    return result
