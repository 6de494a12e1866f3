"""An embedding that is the decoder's weight, too: its few rows of gradient are added to the decoder's where that is.

Autograd would make a matrix of zeros, V x D, put the rows in and add it to the decoder's: with 401,145 tokens three
times 1.2 GB of memory traffic for a few hundred rows. Here the loss leaves the decoder's gradient with the embedding,
whose backward pass always comes later; it adds its rows and hands the whole to autograd.

Shape suffixes: V vocabulary, D hidden width.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from transformers import PreTrainedModel

from langsamp.model.heads import decoder_of


class WaitingGradient:
    """The decoder's part of one weight's gradient (V, D), between the loss's backward pass and the embedding's."""

    gradient: Tensor | None = None


class TiedEmbedding:
    """The forward pass of an embedding whose weight is the decoder's."""

    def __init__(self, embedding: nn.Embedding) -> None:
        """Stand in for the forward pass of `embedding`."""
        self._embedding = embedding
        self.waiting = WaitingGradient()
        """Where the loss of the newest forward pass leaves the decoder's gradient."""

    def __call__(self, input_ids: Tensor) -> Tensor:
        """What the embedding itself gives."""
        self.waiting = WaitingGradient()
        weight, padding = self._embedding.weight, self._embedding.padding_idx
        rows: Tensor = _Lookup.apply(input_ids, weight, -1 if padding is None else padding, self.waiting)  # type: ignore[no-untyped-call]
        return rows


def can_tie(mlm: PreTrainedModel) -> bool:
    """Whether the decoder is the embedding, trained and plain, on a CPU (a GPU would add rows in any order)."""
    decoder: Any = decoder_of(mlm)
    embedding: Any = mlm.get_input_embeddings()
    return (
        type(embedding) is nn.Embedding
        and decoder is not None
        and decoder.weight is embedding.weight
        and embedding.weight.requires_grad
        and embedding.weight.device.type == "cpu"
        and embedding.max_norm is None
        and not embedding.scale_grad_by_freq
    )


@contextmanager
def tied_embedding(mlm: PreTrainedModel) -> Iterator[TiedEmbedding]:
    """The embedding of `mlm` as one that takes over the decoder's gradient, within this block."""
    embedding: Any = mlm.get_input_embeddings()
    tied = TiedEmbedding(embedding)
    embedding.forward = tied
    try:
        yield tied
    finally:
        del embedding.forward


class _Lookup(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, input_ids: Tensor, weight_VD: Tensor, padding: int, waiting: WaitingGradient) -> Tensor:
        ctx.save_for_backward(input_ids)
        ctx.size, ctx.padding, ctx.waiting = len(weight_VD), padding, waiting
        return nn.functional.embedding(input_ids, weight_VD)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, None, None]:
        (input_ids,) = ctx.saved_tensors
        whole_VD, ctx.waiting.gradient = ctx.waiting.gradient, None
        if whole_VD is None:
            whole_VD = torch.ops.aten.embedding_dense_backward(gradient, input_ids, ctx.size, ctx.padding, False)
        else:
            ids, gradient = input_ids.flatten(), gradient.flatten(0, -2)
            gradient = gradient.masked_fill((ids == ctx.padding)[:, None], 0.0)
            whole_VD.index_add_(0, ids, gradient)
        return None, whole_VD, None, None
