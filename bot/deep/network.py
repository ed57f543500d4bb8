"""The encoder as a network that can learn, with a head that tells the topics. Runs in the trainer's environment alone.

The same mathematics as :mod:`bot.encoder.graph`, so what is learnt here is what is exported there. Embeddings are not
trained: they are most of the weights, and most of a language's words never occur among the examples. Nor are the lowest
layers, if so asked: what comes out of them is then computed once for all epochs.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Network"]


class _Layer(nn.Module):
    def __init__(self, hidden: int, inner: int, heads: int, epsilon: float, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.ao = nn.Linear(hidden, hidden)
        self.fi = nn.Linear(hidden, inner)
        self.fo = nn.Linear(inner, hidden)
        self.aln = nn.LayerNorm(hidden, eps=epsilon)
        self.oln = nn.LayerNorm(hidden, eps=epsilon)

    def forward(self, state: Tensor, seen: Tensor) -> Tensor:
        batch, tokens, hidden = state.shape
        parts = self.qkv(state).view(batch, tokens, 3, self.heads, hidden // self.heads).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(
            parts[0], parts[1], parts[2], attn_mask=seen, dropout_p=self.dropout if self.training else 0.0
        )
        attended = attended.transpose(1, 2).reshape(batch, tokens, hidden)
        state = self.aln(state + functional.dropout(self.ao(attended), self.dropout, self.training))
        inner = self.fo(functional.gelu(self.fi(state)))
        normalised: Tensor = self.oln(state + functional.dropout(inner, self.dropout, self.training))
        return normalised


class Network(nn.Module):
    """Token rows in, decision values of the topics out.

    Args:
        tensors: as :class:`bot.deep.job.Job` holds them.
        heads: of the attention; ``epsilon``: of the normalisations.
        topics: how many there are.
        dropout: while it trains.
        frozen: so many of the lowest layers stay as they are.
    """

    words: Tensor
    places: Tensor

    def __init__(
        self,
        tensors: Mapping[str, npt.NDArray[np.float32]],
        heads: int,
        epsilon: float,
        topics: int,
        dropout: float,
        frozen: int,
    ) -> None:
        super().__init__()
        self.register_buffer("words", torch.tensor(tensors["emb.word"]), persistent=False)
        self.register_buffer("places", torch.tensor(tensors["emb.pos"]), persistent=False)
        hidden = self.words.shape[1]
        inner = len(tensors["l0.fi.b"])
        self.emb_ln = nn.LayerNorm(hidden, eps=epsilon)
        _fill(self.emb_ln, tensors["emb.ln.w"], tensors["emb.ln.b"])
        self.emb_ln.requires_grad_(False)
        self.layers = nn.ModuleList()
        while f"l{len(self.layers)}.q.w" in tensors:
            name = f"l{len(self.layers)}"
            layer = _Layer(hidden, inner, heads, epsilon, dropout)
            _fill(layer.qkv, *(np.concatenate([tensors[f"{name}.{part}.{kind}"] for part in "qkv"]) for kind in "wb"))
            for part in ("ao", "fi", "fo", "aln", "oln"):
                _fill(getattr(layer, part), tensors[f"{name}.{part}.w"], tensors[f"{name}.{part}.b"])
            self.layers.append(layer.requires_grad_(len(self.layers) >= frozen))
        self.dropout, self.frozen = dropout, frozen
        self.head = nn.Linear(hidden, topics)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def base(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """What stands below the layers that learn: (texts, tokens, hidden) of texts of any lengths. ``ids`` (texts,
        tokens) are padded with anything."""
        with torch.no_grad():
            state: Tensor = self.emb_ln(self.words[ids] + self.places[: ids.shape[1]])
            for layer in self.layers[: self.frozen]:
                state = layer(state, _seen(state, lengths))
        return state

    def forward(self, base: Tensor, lengths: Tensor) -> Tensor:
        """Decision values (texts, topics) from what :meth:`base` gives."""
        state = functional.dropout(base, self.dropout, self.training)
        seen = _seen(state, lengths)
        for layer in self.layers[self.frozen :]:
            state = layer(state, seen)
        there = seen[:, 0, 0, :, None].to(state.dtype)
        pooled = (state * there).sum(dim=1) / lengths[:, None]
        decisions: Tensor = self.head(functional.dropout(pooled, self.dropout, self.training))
        return decisions

    def tensors(self) -> dict[str, npt.NDArray[np.float32]]:
        """The trained layers by their names in the weight file, and ``head.w`` (topics, hidden), ``head.b``."""
        result = {}
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, _Layer)  # noqa: S101 - for the type alone
            for kind, whole in (("w", layer.qkv.weight), ("b", layer.qkv.bias)):
                for part, piece in zip("qkv", whole.chunk(3), strict=True):
                    result[f"l{number}.{part}.{kind}"] = _array(piece)
            for part in ("ao", "fi", "fo", "aln", "oln"):
                module = getattr(layer, part)
                result[f"l{number}.{part}.w"], result[f"l{number}.{part}.b"] = (
                    _array(module.weight),
                    _array(module.bias),
                )
        return result | {"head.w": _array(self.head.weight), "head.b": _array(self.head.bias)}


def _seen(state: Tensor, lengths: Tensor) -> Tensor:
    """Which tokens are no padding, as attention wants it: (texts, 1, 1, tokens)."""
    return (torch.arange(state.shape[1])[None] < lengths[:, None])[:, None, None, :]


def _fill(module: nn.Linear | nn.LayerNorm, weight: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> None:
    with torch.no_grad():
        module.weight.copy_(torch.tensor(weight).reshape(module.weight.shape))
        module.bias.copy_(torch.tensor(bias))


def _array(tensor: Tensor) -> npt.NDArray[np.float32]:
    return np.asarray(tensor.detach().numpy(), np.float32)
