"""Gradient checkpointing: a layer's inner results are computed anew for its backward pass instead of being kept.

The random state is restored for that, so dropout draws the same bits and the gradients are the same to the bit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from langsamp.errors import UserError


@contextmanager
def recomputing(mlm: PreTrainedModel) -> Iterator[None]:
    """Keep only the inputs of the encoder's layers, but for the last one, within this block.

    The last layer's backward pass comes first, when its results would have to be there anyway. Fast paths that change
    layers must be taken before.

    Raises:
        UserError: where Hugging Face says that the architecture's layers cannot be computed twice.
    """
    layers: list[Any] = [each for each in mlm.base_model.modules() if isinstance(each, GradientCheckpointingLayer)]
    if not layers:
        raise UserError(
            f"training.gradient_checkpointing: {mlm.config.model_type} models cannot do it; set it to false, and a "
            "smaller training.rows_per_batch where memory is short"
        )
    for layer in layers[:-1]:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
    try:
        yield
    finally:
        for layer in layers[:-1]:
            del layer.forward
