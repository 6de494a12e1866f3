"""The fast paths of a training step: which of them a model takes, and taking them for a while.

Each gives what the plain path gives, to float rounding (design law 9); `FastPaths()` is the plain path.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from transformers import PreTrainedModel

from langsamp.model.fast.attention import NAME as BY_HEAD
from langsamp.model.fast.dropout import cheap_dropout
from langsamp.model.fast.last_layer import LastLayer, pruned_last_layer
from langsamp.model.fast.linear_layers import linear_layers_by
from langsamp.model.fast.matmul import OneDnnMatmuls
from langsamp.model.fast.tied_embedding import TiedEmbedding, tied_embedding
from langsamp.model.loss import Backend


class FastPaths(BaseModel):
    """What is computed in which way."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    loss: Backend = "plain"
    """Backend of the loss."""
    products: OneDnnMatmuls = OneDnnMatmuls()
    """Products of linear layers by oneDNN, in fp32 on a CPU."""
    lean_layers: bool = False
    """Whether linear layers keep no copies for the backward pass, nor what comes out of an activation."""
    last_layer: bool = False
    """Whether the last layer is computed at masked positions only."""
    by_head: bool = False
    """Whether attention goes head by head, for a CPU."""
    cheap_dropout: bool = False
    """Whether dropout draws its bits cheaply, for a CPU."""
    tied_embedding: bool = False
    """Whether the embedding adds its rows to the decoder's gradient instead of making a matrix of its own."""


class ActivePaths(NamedTuple):
    """What has to be told or asked at each forward pass."""

    last_layer: LastLayer | None
    embedding: TiedEmbedding | None


@contextmanager
def using_fast_paths(mlm: PreTrainedModel, paths: FastPaths) -> Iterator[ActivePaths]:
    """Compute `mlm` by `paths` within this block, but for the loss."""
    with ExitStack() as stack:
        if paths.by_head:
            stack.enter_context(_attention_by_head(mlm))
        if paths.cheap_dropout:
            stack.enter_context(cheap_dropout(mlm))
        stack.enter_context(linear_layers_by(mlm, paths.products, lean=paths.lean_layers))
        yield ActivePaths(
            last_layer=stack.enter_context(pruned_last_layer(mlm)) if paths.last_layer else None,
            embedding=stack.enter_context(tied_embedding(mlm)) if paths.tied_embedding else None,
        )


@contextmanager
def _attention_by_head(mlm: PreTrainedModel) -> Iterator[None]:
    before = mlm.config._attn_implementation
    mlm.set_attn_implementation(BY_HEAD)
    try:
        yield
    finally:
        mlm.set_attn_implementation(before)
