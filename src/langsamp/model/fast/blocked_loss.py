"""Cross-entropy of a linear layer over a large vocabulary, block by block of it: no (M, V) matrix is ever there.

Two passes: the forward one finds each row's log-sum-exp and, as attention without a matrix of probabilities does, the
sum of the weight's rows by their probabilities, all but the label's. That is the hidden states' gradient, and no
difference of nearly equal numbers where the label is well predicted. The backward one turns each block's logits into
its part of the weight's gradient, which is written where it stays, and need not read the weight again. Blocks run over
the vocabulary and not over rows: with few masked rows and a huge vocabulary, parts of the rows would make tiny products
and read the whole weight for each.

On a CPU the logits of the first pass need not be computed again: the memory that is to become a block's gradient of the
weight (n x D numbers) holds them meanwhile (n x M numbers, or as many as fit).

Shape suffixes: M masked tokens, D hidden width, V vocabulary, n tokens of one block.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from langsamp.model.fast.matmul import OneDnnMatmuls, input_gradient, output_product, weight_gradient
from langsamp.model.fast.tied_embedding import WaitingGradient

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
    products: OneDnnMatmuls = OneDnnMatmuls(),  # noqa: B008  (immutable)
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
        products = OneDnnMatmuls()
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
    products: OneDnnMatmuls
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

    def known_logits(
        self, kept_VD: Tensor | None, inputs_MD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, part: slice
    ) -> Tensor:
        """Logits (M, n) of a block in the second pass: those that wait, and the others computed anew."""
        weight_nD, bias_n = weight_VD[part], None if bias_V is None else bias_V[part]
        if kept_VD is None:
            return self.logits(inputs_MD, weight_nD.to(self.dtype), bias_n)
        kept_Mk = _kept(kept_VD[part], rows=len(inputs_MD), dtype=self.dtype)
        there = kept_Mk.shape[1]
        if there == len(weight_nD):
            return kept_Mk
        rest = self.logits(inputs_MD, weight_nD[there:].to(self.dtype), None if bias_n is None else bias_n[there:])
        return torch.cat((kept_Mk, rest), 1)


class _Softmax:
    """What is known so far of the softmax over the vocabulary, a block more at a time."""

    def __init__(self, hidden_MD: Tensor, *, has_gradient: bool) -> None:
        """Begin with no token; `has_gradient` to have that of the hidden states in the end."""
        dtype = torch.promote_types(hidden_MD.dtype, torch.float32)
        self._largest_M = hidden_MD.new_full((len(hidden_MD),), -torch.inf, dtype=dtype)
        self._sums_M, self._others_M = torch.zeros_like(self._largest_M), torch.zeros_like(self._largest_M)
        self._others_MD = torch.zeros_like(hidden_MD, dtype=dtype) if has_gradient else None

    def add(self, logits_Mn: Tensor, weight_nD: Tensor, place_M1: Tensor, is_here_M1: Tensor, method: _Way) -> None:
        """Take in a block; what was there shrinks where the block has a larger logit than any before."""
        largest_M = torch.maximum(self._largest_M, logits_Mn.amax(1))
        safe_M = largest_M.masked_fill(largest_M == -torch.inf, 0)  # where every logit until now is minus infinity
        shares_Mn = torch.sub(logits_Mn, safe_M[:, None]).exp_()
        shrunk_M = torch.exp(self._largest_M - safe_M)
        self._largest_M, self._sums_M = largest_M, self._sums_M * shrunk_M + shares_Mn.sum(1)
        if self._others_MD is not None:
            shares_Mn.scatter_(1, place_M1, shares_Mn.gather(1, place_M1) * ~is_here_M1)
            self._others_M = self._others_M * shrunk_M + shares_Mn.sum(1)
            found_MD = input_gradient(shares_Mn.to(method.dtype), weight_nD, one_dnn=method.products.input_gradient)
            self._others_MD.mul_(shrunk_M[:, None]).add_(found_MD)

    @property
    def log_sums(self) -> Tensor:
        """Log of the sum of the exponentials of all logits."""
        return self._largest_M + self._sums_M.log()

    def hidden_gradient(self, label_rows_MD: Tensor) -> Tensor | None:
        """Of each row's loss by its hidden state; `label_rows_MD` are the weight's rows of the labels."""
        if self._others_MD is None:
            return None
        return (self._others_MD - self._others_M[:, None] * label_rows_MD) / self._sums_M[:, None]


class _BlockedLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden_MD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, labels_M: Tensor, method: _Way
    ) -> Tensor:
        inputs_MD, softmax = hidden_MD.to(method.dtype), _Softmax(hidden_MD, has_gradient=ctx.needs_input_grad[0])
        hits_M = torch.zeros_like(softmax.log_sums)
        kept_VD = _unset(weight_VD) if method.keeps else None
        for first in range(0, len(weight_VD), method.block):
            part = slice(first, first + method.block)
            weight_nD = weight_VD[part].to(method.dtype)
            logits_Mn = method.logits(inputs_MD, weight_nD, None if bias_V is None else bias_V[part])
            if kept_VD is not None:
                kept_Mk = _kept(kept_VD[part], rows=len(labels_M), dtype=method.dtype)
                kept_Mk.copy_(logits_Mn[:, : kept_Mk.shape[1]])
            logits_Mn = logits_Mn.to(hits_M.dtype)
            place_M1, is_here_M1 = _places(labels_M, first, logits_Mn.shape[1])
            softmax.add(logits_Mn, weight_nD, place_M1, is_here_M1, method)
            hits_M = torch.where(is_here_M1, logits_Mn.gather(1, place_M1), hits_M[:, None]).squeeze(1)
        log_sums_M, hidden_gradient_MD = softmax.log_sums, softmax.hidden_gradient(weight_VD[labels_M])
        ctx.save_for_backward(hidden_MD, weight_VD, bias_V, labels_M, log_sums_M, hidden_gradient_MD)
        ctx.way, ctx.kept_VD = method, kept_VD
        return (log_sums_M - hits_M).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        hidden_MD, weight_VD, bias_V, labels_M, log_sums_M, hidden_gradient_MD = ctx.saved_tensors
        method: _Way = ctx.way
        kept_VD, ctx.kept_VD = ctx.kept_VD, None  # a second backward finds no logits in there any more
        _, by_weight, by_bias, *_ = ctx.needs_input_grad
        inputs_MD = hidden_MD.to(method.dtype)
        weight_gradient_VD = (_unset(weight_VD) if kept_VD is None else kept_VD) if by_weight else None
        bias_gradient_V = torch.empty_like(bias_V) if by_bias else None
        needs_scratch = by_weight and method.dtype != weight_VD.dtype
        scratch_nD = (
            inputs_MD.new_empty(min(method.block, len(weight_VD)), inputs_MD.shape[1]) if needs_scratch else None
        )
        for first in range(0, len(weight_VD) if by_weight or by_bias else 0, method.block):
            part = slice(first, first + method.block)
            logits_Mn = method.known_logits(kept_VD, inputs_MD, weight_VD, bias_V, part)
            gradient_Mn = torch.sub(logits_Mn, log_sums_M[:, None]).exp_().mul_(scale)
            place_M1, is_here_M1 = _places(labels_M, first, logits_Mn.shape[1])
            gradient_Mn.scatter_add_(1, place_M1, is_here_M1 * -scale)
            if bias_gradient_V is not None:
                bias_gradient_V[part] = gradient_Mn.sum(0)
            if weight_gradient_VD is not None:
                one_dnn = method.products.weight_gradient
                _write(weight_gradient_VD[part], gradient_Mn.to(method.dtype), inputs_MD, scratch_nD, one_dnn=one_dnn)
        if method.waiting is not None:
            method.waiting.gradient, weight_gradient_VD = weight_gradient_VD, None
        gradient_MD = None if hidden_gradient_MD is None else (hidden_gradient_MD * scale).to(hidden_MD.dtype)
        return gradient_MD, weight_gradient_VD, bias_gradient_V, None, None


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


def _write(
    gradient_nD: Tensor, gradient_Mn: Tensor, inputs_MD: Tensor, scratch_nD: Tensor | None, *, one_dnn: bool
) -> None:
    """Put the weight's gradient into its place, which may hold logits until now."""
    if one_dnn:
        gradient_nD.copy_(weight_gradient(gradient_Mn, inputs_MD, one_dnn=True))
    elif scratch_nD is None:
        torch.mm(gradient_Mn.t(), inputs_MD, out=gradient_nD)
    else:
        gradient_nD.copy_(torch.mm(gradient_Mn.t(), inputs_MD, out=scratch_nD[: len(gradient_nD)]))
