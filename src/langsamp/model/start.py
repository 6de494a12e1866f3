"""What is put right in a model before its first step: a new head, the one token-type row, a bias that nobody reads."""

from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from langsamp.model.pretrained.load_pretrained import above_encoder
from langsamp.model.shapes import POSITIONS_AFTER_PADDING


def draw_head(mlm: PreTrainedModel, *, seed: int) -> None:
    """Draw the LM head anew from `seed` alone: matrices as transformers does, norms one, biases zero.

    A decoder that is the word embedding stays.
    """
    generator = torch.Generator().manual_seed(seed)
    deviation = float(getattr(mlm.config, "initializer_range", 0.02))
    with torch.no_grad():
        for name, parameter in above_encoder(mlm).items():
            if name.endswith("bias"):
                parameter.zero_()
            elif parameter.ndim < 2:
                parameter.fill_(1.0)
            else:
                parameter.normal_(0.0, deviation, generator=generator)


def fix_token_type(mlm: PreTrainedModel) -> None:
    """Make the single token-type row of the RoBERTa family zero and keep it so.

    Every token gets that row, so it moves into the position table without changing any output. An export then always
    has a zero row, and the encoder equals one without it, as the original code trains it (protocols, b).
    """
    if mlm.config.model_type not in POSITIONS_AFTER_PADDING:
        return
    embeddings: Any = mlm.base_model.embeddings
    types, table = embeddings.token_type_embeddings, embeddings.position_embeddings
    if not isinstance(types, nn.Embedding) or types.num_embeddings != 1:
        return
    with torch.no_grad():
        table.weight += types.weight
        types.weight.zero_()
    types.weight.requires_grad_(False)


def fix_unused_bias(mlm: PreTrainedModel) -> None:
    """Keep the second bias of an untied RoBERTa head out of training: only the decoder's is computed with."""
    head: Any = getattr(mlm, "lm_head", None)
    bias, decoder = getattr(head, "bias", None), getattr(head, "decoder", None)
    if isinstance(bias, nn.Parameter) and isinstance(decoder, nn.Linear) and decoder.bias is not bias:
        bias.requires_grad_(False)
