"""Which examples say nearly the same: translations and near-copies must fall on one side of a fold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

__all__ = ["folds", "near_copies"]

NEAR = 0.93
"""Cosine of sentence embeddings from which two examples of one topic count as copies of each other."""
TRANSLATED = 0.4
"""Cosine from which two examples of one topic in two languages, the nearest to each other there, may be translations:
what is common to all examples of a language is taken away first. On MASSIVE three in ten translations lie below, and
what is nearest above is the translation in six cases of ten."""
_LONGEST = 0.1
"""Share of a topic's examples that copies of copies may hold together: half of what one of five folds holds …"""
_SHORT = 12
"""… but so many always."""


def near_copies(
    vectors: npt.NDArray[np.float32],
    topics: Sequence[str],
    near: float = NEAR,
    languages: Sequence[str | None] | None = None,
) -> npt.NDArray[np.int64]:
    """A group number for each example. Only examples of the same topic are compared.

    Copies of copies belong together, too, unless the chain grows so long that it would hold much of a topic together:
    with hundreds of examples a topic it would, and a fold without them all would know nothing of it. Such a chain is
    cut into stars, an example with those near to itself.

    Args:
        vectors: sentence embeddings of length one, (examples, hidden).
        topics: the topic of each.
        near: the cosine from which two belong together.
        languages: the language of each, None where it is not known. Then each also belongs with what is most like it
            in each other language, from :data:`TRANSLATED` on; an embedding tells languages apart before it tells
            anything else, so few translations are near copies.
    """
    spoken = np.array([str(language) for language in languages or ()])
    apart = _without_language(vectors, spoken) if len(spoken) else vectors
    result = np.arange(len(topics))
    members: dict[str, list[int]] = defaultdict(list)
    for index, topic in enumerate(topics):
        members[topic].append(index)
    for listed in members.values():
        indices = np.array(listed)
        close = vectors[indices] @ vectors[indices].T > near
        np.fill_diagonal(close, True)
        if len(spoken):
            close |= _translations(apart[indices], spoken[indices])
        number, chain = connected_components(csr_matrix(close), directed=False)
        most = max(_SHORT, int(_LONGEST * len(indices)))
        for each in range(number):
            chosen = np.nonzero(chain == each)[0]
            whole = iter([np.arange(len(chosen))])
            for star in whole if len(chosen) <= most else _stars(close[np.ix_(chosen, chosen)]):
                result[indices[chosen[star]]] = indices[chosen[star]].min()
    return result


def _without_language(vectors: npt.NDArray[np.float32], spoken: npt.NDArray[np.str_]) -> npt.NDArray[np.float32]:
    """The vectors without what is common to those of their language, of length one."""
    result = np.asarray(vectors, np.float32).copy()
    for language in np.unique(spoken):
        result[spoken == language] -= result[spoken == language].mean(axis=0)
    return np.asarray(result / np.maximum(np.linalg.norm(result, axis=1, keepdims=True), 1e-9), np.float32)


def _translations(apart: npt.NDArray[np.float32], spoken: npt.NDArray[np.str_]) -> npt.NDArray[np.bool_]:
    """Which examples may be translations of each other: (examples, examples), symmetric."""
    cosines = apart @ apart.T
    found = np.zeros(cosines.shape, bool)
    for language in np.unique(spoken):
        own = np.flatnonzero(spoken == language)
        best = own[cosines[:, own].argmax(axis=1)]
        others = np.flatnonzero((spoken != language) & (cosines[np.arange(len(best)), best] >= TRANSLATED))
        found[others, best[others]] = True
    return np.asarray(found | found.T)


def _stars(close: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.int64]]:
    """Positions that belong together, those with most neighbours first."""
    left = np.ones(len(close), bool)
    for place in np.argsort(-close.sum(axis=1), kind="stable"):
        if left[place]:
            star = np.nonzero(close[place] & left)[0]
            left[star] = False
            yield star


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
