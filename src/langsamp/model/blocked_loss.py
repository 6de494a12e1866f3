"""Cross-entropy of a linear layer over a large vocabulary, block by block of it: no (M, V) matrix is ever there.

Two passes: the forward one finds each row's log-sum-exp, the backward one turns each block's logits into its part of
the gradients, which is written where it stays. Blocks run over the vocabulary and not over rows: with few masked rows
and a huge vocabulary, parts of the rows would make tiny products and read the whole weight for each.

On a CPU the logits of the first pass need not be computed again: the memory that is to become a block's gradient of the
weight (n x D numbers) holds them meanwhile (n x M numbers, or as many as fit).

Shape suffixes: M masked tokens, D hidden width, V vocabulary, n tokens of one block.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from langsamp.model.products import Products, input_gradient, output_product, weight_gradient
from langsamp.model.tied_embedding import WaitingGradient

_CPU_BLOCK = 4096
"""Tokens of a block: of 2,048 to 8,192 about equally fast on a CPU, where a block stays in the caches."""
_BLOCK = 32_768
"""The same elsewhere: enough to fill a GPU."""


def blocked_loss(
    hidden_MD: Tensor,
    weight_VD: Tensor,
    bias_V: Tensor | None,
    labels_M: Tensor,
    *,
    products: Products = Products(),  # noqa: B008  (immutable)
    waiting: WaitingGradient | None = None,
    block: int | None = None,
) -> Tensor:
    """Summed cross-entropy of `hidden_MD @ weight_VD.T + bias_V` against `labels_M`, each in [0, V).

    Products are computed in autocast's type where it is on, sums in fp32 (in fp64 for fp64). `products` says which
    of the fp32 ones go through oneDNN. The weight's gradient is left in `waiting`, where that is given.
    """
    device = hidden_MD.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden_MD.dtype
    if dtype != torch.float32 or device != "cpu":
        products = Products()
    block = block or (_CPU_BLOCK if device == "cpu" else _BLOCK)
    keeps = torch.is_grad_enabled() and weight_VD.requires_grad and device == "cpu" and len(labels_M) > 0
    with torch.autocast(device, enabled=False):
        loss: Tensor = _BlockedLoss.apply(  # type: ignore[no-untyped-call]
            hidden_MD, weight_VD, bias_V, labels_M, _Way(dtype, products, block, keeps, waiting)
        )
    return loss


class _Way(NamedTuple):
    """How the loss is computed."""

    dtype: torch.dtype
    """Type of the products."""
    products: Products
    block: int
    """Tokens of a block."""
    keeps: bool
    """Whether logits wait for the second pass."""
    waiting: WaitingGradient | None
    """Where the weight's gradient is left; None to give it to autograd."""

    def logits(self, inputs_MD: Tensor, weight_nD: Tensor, bias_n: Tensor | None) -> Tensor:
        """Logits (M, n) of a block; `inputs_MD` and `weight_nD` have the products' type already."""
        bias_n = None if bias_n is None else bias_n.to(self.dtype)
        return output_product(inputs_MD, weight_nD, bias_n, one_dnn=self.products.output)


class _BlockedLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden_MD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, labels_M: Tensor, way: _Way
    ) -> Tensor:
        inputs_MD = hidden_MD.to(way.dtype)
        sums_M = torch.full(labels_M.shape, -torch.inf, dtype=_exact(hidden_MD), device=hidden_MD.device)
        hits_M = torch.zeros_like(sums_M)
        gradient_VD = _unset(weight_VD) if way.keeps else None
        for first in range(0, len(weight_VD), way.block):
            part = slice(first, first + way.block)
            logits_Mn = way.logits(inputs_MD, weight_VD[part].to(way.dtype), None if bias_V is None else bias_V[part])
            if gradient_VD is not None:
                kept_Mk = _kept(gradient_VD[part], rows=len(labels_M), dtype=way.dtype)
                kept_Mk.copy_(logits_Mn[:, : kept_Mk.shape[1]])
            logits_Mn = logits_Mn.to(sums_M.dtype)
            sums_M = torch.logaddexp(sums_M, logits_Mn.logsumexp(1))
            place_M1, is_here_M1 = _places(labels_M, first, logits_Mn.shape[1])
            hits_M = torch.where(is_here_M1, logits_Mn.gather(1, place_M1), hits_M[:, None]).squeeze(1)
        ctx.save_for_backward(hidden_MD, weight_VD, bias_V, labels_M, sums_M)
        ctx.way, ctx.gradient_VD = way, gradient_VD
        return (sums_M - hits_M).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        hidden_MD, weight_VD, bias_V, labels_M, sums_M = ctx.saved_tensors
        way: _Way = ctx.way
        kept_VD, ctx.gradient_VD = ctx.gradient_VD, None  # a second backward finds no logits in there any more
        by_hidden, by_weight, by_bias, *_ = ctx.needs_input_grad
        inputs_MD = hidden_MD.to(way.dtype)
        hidden_gradient_MD = hidden_MD.new_zeros(hidden_MD.shape, dtype=sums_M.dtype) if by_hidden else None
        weight_gradient_VD = (_unset(weight_VD) if kept_VD is None else kept_VD) if by_weight else None
        bias_gradient_V = torch.empty_like(bias_V) if by_bias else None
        for first in range(0, len(weight_VD), way.block):
            part = slice(first, first + way.block)
            weight_nD = weight_VD[part].to(way.dtype)
            bias_n = None if bias_V is None else bias_V[part]
            if kept_VD is None:
                logits_Mn = way.logits(inputs_MD, weight_nD, bias_n)
            else:
                kept_Mk = _kept(kept_VD[part], rows=len(labels_M), dtype=way.dtype)
                logits_Mn = _completed(kept_Mk, way, inputs_MD, weight_nD, bias_n)
            gradient_Mn = torch.sub(logits_Mn, sums_M[:, None]).exp_().mul_(scale)
            place_M1, is_here_M1 = _places(labels_M, first, logits_Mn.shape[1])
            gradient_Mn.scatter_add_(1, place_M1, is_here_M1 * -scale)
            if bias_gradient_V is not None:
                bias_gradient_V[part] = gradient_Mn.sum(0)
            gradient_Mn = gradient_Mn.to(way.dtype)
            if hidden_gradient_MD is not None:
                hidden_gradient_MD += input_gradient(gradient_Mn, weight_nD, one_dnn=way.products.input_gradient)
            if weight_gradient_VD is not None:
                _write(weight_gradient_VD[part], gradient_Mn, inputs_MD, one_dnn=way.products.weight_gradient)
        if way.waiting is not None:
            way.waiting.gradient, weight_gradient_VD = weight_gradient_VD, None
        gradient_MD = None if hidden_gradient_MD is None else hidden_gradient_MD.to(hidden_MD.dtype)
        return gradient_MD, weight_gradient_VD, bias_gradient_V, None, None


def _exact(hidden_MD: Tensor) -> torch.dtype:
    """The type of sums."""
    return torch.promote_types(hidden_MD.dtype, torch.float32)


def _unset(weight_VD: Tensor) -> Tensor:
    return torch.empty(weight_VD.shape, dtype=weight_VD.dtype, device=weight_VD.device)


def _places(labels_M: Tensor, first: int, tokens: int) -> tuple[Tensor, Tensor]:
    """Each label's column in the block from token `first` on (M, 1), and whether it is in there; no synchronisation."""
    place_M1 = (labels_M - first).unsqueeze(1)
    return place_M1.clamp(0, tokens - 1), (place_M1 >= 0) & (place_M1 < tokens)


def _kept(gradient_nD: Tensor, *, rows: int, dtype: torch.dtype) -> Tensor:
    """The memory of a block's gradient seen as logits of `rows` rows, (rows, k): of as many of its tokens as fit."""
    numbers = gradient_nD.view(-1).view(dtype)
    tokens = min(len(gradient_nD), len(numbers) // rows)
    return numbers[: rows * tokens].view(rows, tokens)


def _completed(kept_Mk: Tensor, way: _Way, inputs_MD: Tensor, weight_nD: Tensor, bias_n: Tensor | None) -> Tensor:
    """Logits (M, n) of a block: those that wait, and the others computed anew."""
    there = kept_Mk.shape[1]
    if there == len(weight_nD):
        return kept_Mk
    rest = way.logits(inputs_MD, weight_nD[there:], None if bias_n is None else bias_n[there:])
    return torch.cat((kept_Mk, rest), 1)


def _write(gradient_nD: Tensor, gradient_Mn: Tensor, inputs_MD: Tensor, *, one_dnn: bool) -> None:
    """Put the weight's gradient into its place, which may hold logits until now."""
    if not one_dnn and gradient_nD.dtype == inputs_MD.dtype:
        torch.mm(gradient_Mn.t(), inputs_MD, out=gradient_nD)
    else:
        gradient_nD.copy_(weight_gradient(gradient_Mn, inputs_MD, one_dnn=one_dnn))
