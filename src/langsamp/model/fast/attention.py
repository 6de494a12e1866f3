"""Attention for rows of a few hundred tokens on a CPU: plain products, one head after another while it is in the cache.

There torch's own fused attention is slower than plain products in bf16 and has dear dropout; plain products over all
heads at once go through memory several times. Probabilities are computed again in the backward pass: at most a few
hundredths of a step, for what would be most of its memory.

Shape suffixes: B rows, H heads, Q queries, L keys, E width of a head, N = B x H, n heads taken together.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

from langsamp.model.fast.dropout import draw_kept, keep_scale

NAME = "langsamp_by_head"
"""How Hugging Face knows it: a value of `attn_implementation`."""
LONGEST = 1024
"""Longest rows it is meant for; with longer ones a head's probabilities leave the cache."""

_CACHED = 1 << 18
"""Probabilities that are computed at once: 1 MiB in fp32."""


def attention_by_head(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    dropout: float = 0.0,
    scaling: float | None = None,
    **others: Any,
) -> tuple[Tensor, Tensor | None]:
    """What Hugging Face's attention functions return: (B, Q, H, E) for inputs (B, H, Q or L, E), and no probabilities.

    Rows with a mask, long ones and those on another device go to torch's fused attention, and so do keys that several
    heads share and inputs of several types, which EuroBERT's have (its rotation of queries and keys is in fp32).
    """
    differ = query.shape[1] != key.shape[1] or len({query.dtype, key.dtype, value.dtype}) > 1
    if attention_mask is not None or query.device.type != "cpu" or key.shape[2] > LONGEST or differ:
        outputs: tuple[Tensor, Tensor | None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
        )
        return outputs
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    with torch.autocast("cpu", enabled=False):  # what comes has its type already
        attended_NQE = _Attention.apply(  # type: ignore[no-untyped-call]
            query.flatten(0, 1), key.flatten(0, 1), value.flatten(0, 1), scaling, dropout
        )
    return attended_NQE.view(query.shape).transpose(1, 2).contiguous(), None


AttentionInterface.register(NAME, attention_by_head)
AttentionMaskInterface.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])


class _Attention(torch.autograd.Function):
    """softmax(scaling * query key^T) value with dropout of the probabilities."""

    @staticmethod
    def forward(
        ctx: Any, query_NQE: Tensor, key_NLE: Tensor, value_NLE: Tensor, scaling: float, dropout: float
    ) -> Tensor:
        kept_NQL = draw_kept((*query_NQE.shape[:2], key_NLE.shape[1]), dropout) if dropout else None
        attended_NQE = torch.empty_like(query_NQE, memory_format=torch.contiguous_format)
        for part in _parts(query_NQE, key_NLE):
            shares_nQL = _shares(query_NQE[part], key_NLE[part], scaling)
            if kept_NQL is not None:
                shares_nQL.mul_(kept_NQL[part])
            _scaled(shares_nQL, value_NLE[part], keep_scale(dropout), out=attended_NQE[part])
        ctx.save_for_backward(query_NQE, key_NLE, value_NLE, kept_NQL)
        ctx.scaling, ctx.kept_scale = scaling, keep_scale(dropout)
        return attended_NQE

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient_NQE: Tensor) -> tuple[Tensor | None, ...]:
        query_NQE, key_NLE, value_NLE, kept_NQL = ctx.saved_tensors
        gradients = [
            torch.empty_like(each, memory_format=torch.contiguous_format) for each in (query_NQE, key_NLE, value_NLE)
        ]
        for part in _parts(query_NQE, key_NLE):
            shares_nQL = _shares(query_NQE[part], key_NLE[part], ctx.scaling)
            dropped_nQL = shares_nQL if kept_NQL is None else shares_nQL * kept_NQL[part]
            _scaled(dropped_nQL.mT, gradient_NQE[part], ctx.kept_scale, out=gradients[2][part])
            gradient_nQL = _scaled(gradient_NQE[part], value_NLE[part].mT, ctx.kept_scale, out=None)
            if kept_NQL is not None:
                gradient_nQL.mul_(kept_NQL[part])
            gradient_nQL = torch._softmax_backward_data(gradient_nQL, shares_nQL, -1, shares_nQL.dtype)
            _scaled(gradient_nQL, key_NLE[part], ctx.scaling, out=gradients[0][part])
            _scaled(gradient_nQL.mT, query_NQE[part], ctx.scaling, out=gradients[1][part])
        return *gradients, None, None


def _parts(query_NQE: Tensor, key_NLE: Tensor) -> list[slice]:
    """Heads that are taken together: one for each thread, or as many as stay in a core's cache."""
    heads, queries, keys = *query_NQE.shape[:2], key_NLE.shape[1]
    together = max(torch.get_num_threads(), _CACHED // max(queries * keys, 1))
    return [slice(first, first + together) for first in range(0, heads, together)]


def _shares(query_nQE: Tensor, key_nLE: Tensor, scaling: float) -> Tensor:
    """How much each query attends to each key; over a query's keys they add up to 1."""
    shares_nQL = _scaled(query_nQE, key_nLE.mT, scaling, out=None)
    return torch.softmax(shares_nQL, -1, out=shares_nQL)


def _scaled(one: Tensor, other: Tensor, scale: float, *, out: Tensor | None) -> Tensor:
    """`scale * one @ other` for each head, put into `out` where that is given."""
    if out is None:
        out = one.new_empty(*one.shape[:-1], other.shape[-1])
    return torch.baddbmm(out, one, other, beta=0, alpha=scale, out=out)
