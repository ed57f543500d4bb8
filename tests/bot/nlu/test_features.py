"""Features, and the store that spares encoding the same text twice."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bot.encoder.encoder import Encoder
from bot.nlu.features import featurise, featurise_all

TEXTS = ["Missä tilaus?", "hvor er min pakke", "MISSÄ TILAUS?", "", "hvor er min pakke"]


class Counting:
    """The encoder, counting what it encodes."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.encoded: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)

    def pools_of(self, texts: list[str]) -> object:
        self.encoded += texts
        return self._encoder.pools_of(texts)


def test_many_get_exactly_what_each_gets_alone(encoder: Encoder, tmp_path: Path) -> None:
    for _ in range(2):  # the second time from the store
        for text, example in zip(TEXTS, featurise_all(encoder, TEXTS, tmp_path), strict=True):
            alone = featurise(encoder, text)
            assert np.array_equal(example.pools, alone.pools) and example.counts == alone.counts


def test_case_does_not_matter(encoder: Encoder) -> None:
    assert np.array_equal(featurise(encoder, "MISSÄ Tilaus?").pools, featurise(encoder, "missä tilaus?").pools)


def test_what_is_stored_is_not_encoded_again(encoder: Encoder, tmp_path: Path) -> None:
    first, second = Counting(encoder), Counting(encoder)
    featurise_all(first, TEXTS, tmp_path)  # type: ignore[arg-type]
    featurise_all(second, [*TEXTS, "uusi"], tmp_path)  # type: ignore[arg-type]
    assert sorted(first.encoded) == ["", "hvor er min pakke", "missä tilaus?"]
    assert second.encoded == ["uusi"]


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_damaged_store_is_made_anew(encoder: Encoder, tmp_path: Path, damage: str) -> None:
    featurise_all(encoder, TEXTS, tmp_path)
    (path,) = tmp_path.glob("encoded-*.npz")
    path.write_bytes(path.read_bytes()[:100] if damage == "cut" else b"no archive")
    again = Counting(encoder)
    featurise_all(again, TEXTS, tmp_path)  # type: ignore[arg-type]
    assert len(again.encoded) == 3


def test_the_store_of_the_encoder_before_stays_and_older_ones_are_removed(encoder: Encoder, tmp_path: Path) -> None:
    # A deep training needs two: the tuned encoder's, and the built-in one's to tell near-copies.
    for age, name in enumerate(("before", "older", "oldest")):
        path = tmp_path / f"encoded-{name}.npz"
        path.write_bytes(b"old")
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    featurise_all(encoder, TEXTS, tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"encoded-{encoder.identity[:16]}.npz", "encoded-before.npz"}
