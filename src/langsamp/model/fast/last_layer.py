"""The encoder's last layer at masked positions only: nothing reads its output elsewhere, so loss and gradients stay.

Keys and values are those of all positions; queries, the attention's output, the feed-forward part and the norms are
computed at the masked ones, 15 % of all. The parts are the Hugging Face layer's own.

Shape suffixes: B rows, L tokens, D hidden width, M masked tokens, K most masked tokens of a row, H heads, E width of a
head.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from langsamp.model.fast.attention import NAME as BY_HEAD


class Places(NamedTuple):
    """Where the masked tokens of a batch are, known to the host, so that it need not wait for the device to count."""

    positions: Tensor
    """Numbers of the tokens in the batch, row after row: (M,)."""
    most: int
    """How many a row has at most."""

    @classmethod
    def at(cls, is_masked_BL: Tensor) -> "Places":
        """Where `is_masked_BL` holds; waits for its device."""
        return cls(is_masked_BL.flatten().nonzero().squeeze(1), int(is_masked_BL.sum(1).max()))


class Masked(NamedTuple):
    """Where the masked tokens of a batch are."""

    positions: Tensor
    """Numbers of the tokens in the batch, row after row: (M,)."""
    columns: Tensor
    """For each row its masked columns, then column 0 where it has fewer than others: (B, K)."""
    places: Tensor
    """Of each masked token the place in `columns`, counted row after row: (M,)."""

    @classmethod
    def of(cls, places: Places, *, rows: int, tokens: int) -> "Masked":
        """The masked tokens at `places` of a batch of `rows` rows of `tokens` tokens."""
        positions_M, most = places
        row_M = positions_M // tokens
        counts_B = positions_M.new_zeros(rows).index_add_(0, row_M, torch.ones_like(row_M))
        starts_B = counts_B.cumsum(0) - counts_B
        places_M = row_M * most + torch.arange(len(positions_M), device=positions_M.device) - starts_B[row_M]
        columns_BK = positions_M.new_zeros(rows * most).index_copy(0, places_M, positions_M % tokens).view(rows, most)
        return cls(positions_M, columns_BK, places_M)

    def taken(self, values_BLD: Tensor) -> Tensor:
        """Values (M, D) at the masked positions."""
        return values_BLD.flatten(0, 1).index_select(0, self.positions)

    def spread(self, values_MD: Tensor) -> Tensor:
        """Values (M, D) as (B, K, D), with zeros where a row has fewer than K."""
        rows, most = self.columns.shape
        return (
            values_MD.new_zeros(rows * most, values_MD.shape[1])
            .index_copy(0, self.places, values_MD)
            .view(rows, most, values_MD.shape[1])
        )

    def gathered(self, values_BKD: Tensor) -> Tensor:
        """The reverse of `spread`."""
        return values_BKD.flatten(0, 1).index_select(0, self.places)

    def of_queries(self, mask: Tensor | None) -> Tensor | None:
        """An attention mask (B, 1 or H, L, L), where there is one, for the masked queries: (B, 1 or H, K, L)."""
        if mask is None:
            return None
        rows, most = self.columns.shape
        mask = mask.expand(rows, -1, -1, -1)
        return mask.gather(2, self.columns[:, None, :, None].expand(rows, mask.shape[1], most, mask.shape[3]))


class LastLayer:
    """The last layer of a model, which gives its output (M, D) at masked positions where it is told them."""

    def __init__(self, layer: Any) -> None:
        """Stand in for the forward pass of `layer`, which is one that `can_prune` knows."""
        self._layer = layer
        self._masked: Masked | None = None

    @contextmanager
    def at(self, masked: Masked) -> Iterator[None]:
        """Within this block the layer computes its output at these positions only."""
        self._masked = masked
        try:
            yield
        finally:
            self._masked = None

    def __call__(
        self, hidden_states: Tensor, attention_mask: Tensor | None = None, *others: Any, **named: Any
    ) -> Tensor:
        """What the layer itself computes, or its output (M, D) at the positions that were told."""
        if self._masked is None:
            output: Tensor = type(self._layer).forward(self._layer, hidden_states, attention_mask, *others, **named)
            return output
        mask = self._masked.of_queries(attention_mask)
        return _LAYERS[_kind(self._layer)](self._layer, hidden_states, self._masked, mask, named)


def can_prune(mlm: PreTrainedModel) -> bool:
    """Whether the last layer of this model can be computed at some positions only, with the attention it has."""
    layer = _last_layer(mlm)
    return layer is not None and _kind(layer) in _LAYERS and mlm.config._attn_implementation in _ATTENTION


@contextmanager
def pruned_last_layer(mlm: PreTrainedModel) -> Iterator[LastLayer]:
    """The last layer of `mlm`, ready to be told positions within this block; without them it computes as ever."""
    layer = _last_layer(mlm)
    last = LastLayer(layer)
    layer.forward = last
    try:
        yield last
    finally:
        del layer.forward


def _last_layer(mlm: PreTrainedModel) -> Any:
    base: Any = mlm.base_model
    layers = getattr(getattr(base, "encoder", base), "layer", None) or getattr(base, "layers", None)
    return None if layers is None else layers[-1]


def _kind(layer: object) -> str:
    return type(layer).__name__.removeprefix("FSDP")  # torch makes a class of that name of one that it shards


def _bert_layer(layer: Any, hidden_BLD: Tensor, masked: Masked, mask: Tensor | None, _: dict[str, Any]) -> Tensor:
    attention, hidden_MD = layer.attention.self, masked.taken(hidden_BLD)
    width = attention.attention_head_size
    attended_MD = _attended(
        attention,
        _by_head(masked.spread(attention.query(hidden_MD)), width),
        _by_head(attention.key(hidden_BLD), width),
        _by_head(attention.value(hidden_BLD), width),
        masked=masked,
        mask=mask,
        dropout=attention.dropout.p,
    )
    output_MD: Tensor = layer.feed_forward_chunk(layer.attention.output(attended_MD, hidden_MD))
    return output_MD


def _modernbert_layer(
    layer: Any, hidden_BLD: Tensor, masked: Masked, mask: Tensor | None, others: dict[str, Any]
) -> Tensor:
    attention, hidden_MD = layer.attn, masked.taken(hidden_BLD)
    normed_BLD, size = layer.attn_norm(hidden_BLD), hidden_BLD.shape[-1]
    weight, bias = attention.Wqkv.weight, attention.Wqkv.bias
    parts = [slice(0, size), slice(size, 2 * size), slice(2 * size, 3 * size)]
    query, key, value = (
        F.linear(inputs, weight[part], None if bias is None else bias[part])
        for inputs, part in zip((masked.taken(normed_BLD), normed_BLD, normed_BLD), parts, strict=True)
    )
    cos, sin = (table.expand(len(hidden_BLD), -1, -1) for table in others["position_embeddings"])
    index_BKE = masked.columns[:, :, None].expand(-1, -1, cos.shape[-1])
    width, rotated = attention.head_dim, vars(sys.modules[type(attention).__module__])["apply_rotary_pos_emb"]
    query_BHKE, key_BHLE = _by_head(masked.spread(query), width), _by_head(key, width)
    query_BHKE, _ = rotated(query_BHKE, query_BHKE[:, :1], cos.gather(1, index_BKE), sin.gather(1, index_BKE))
    key_BHLE, _ = rotated(key_BHLE, key_BHLE[:, :1], cos, sin)
    attended_MD = _attended(
        attention,
        query_BHKE,
        key_BHLE,
        _by_head(value, width),
        masked=masked,
        mask=mask,
        dropout=attention.attention_dropout,
    )
    hidden_MD = hidden_MD + attention.out_drop(attention.Wo(attended_MD))
    output_MD: Tensor = hidden_MD + layer.mlp(layer.mlp_norm(hidden_MD))
    return output_MD


_ATTENTION = ("eager", "sdpa", BY_HEAD)
"""Attention functions that take fewer queries than keys, wherever in the row the queries are."""
_LAYERS: dict[str, Callable[[Any, Tensor, Masked, Tensor | None, dict[str, Any]], Tensor]] = {
    "BertLayer": _bert_layer,
    "CamembertLayer": _bert_layer,
    "ModernBertEncoderLayer": _modernbert_layer,
    "RobertaLayer": _bert_layer,
    "XLMRobertaLayer": _bert_layer,
}
"""By class of the layer: its output (M, D) from its input (B, L, D), the queries' mask and other keywords."""


def _by_head(values_BLD: Tensor, width: int) -> Tensor:
    return values_BLD.view(*values_BLD.shape[:2], -1, width).transpose(1, 2)


def _attended(
    attention: Any,
    query_BHKE: Tensor,
    key_BHLE: Tensor,
    value_BHLE: Tensor,
    *,
    masked: Masked,
    mask: Tensor | None,
    dropout: float,
) -> Tensor:
    """What the masked queries attend to, (M, D), by the model's own attention function."""
    eager = vars(sys.modules[type(attention).__module__])["eager_attention_forward"]
    function = ALL_ATTENTION_FUNCTIONS.get_interface(attention.config._attn_implementation, eager)
    attended_BKHE, _ = function(
        attention,
        query_BHKE,
        key_BHLE,
        value_BHLE,
        mask,
        dropout=dropout if attention.training else 0.0,
        scaling=query_BHKE.shape[-1] ** -0.5,
    )
    return masked.gathered(attended_BKHE.flatten(2))
