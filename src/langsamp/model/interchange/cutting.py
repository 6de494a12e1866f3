"""An encoder that ends at one of its layers, so that what any library takes from its end is that layer."""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModel, PreTrainedModel

from langsamp.errors import UserError
from langsamp.model.pretrained.load_pretrained import load_pretrained
from langsamp.model.pretrained.model_config import load_config

_SAME = 1e-5
"""Numbers in the hidden states of both differ by no more, relative to the largest."""


def depth_of(folder: Path) -> int:
    """How many layers the encoder in `folder` has."""
    return int(load_config(folder).num_hidden_layers)


def cut_encoder(folder: Path, layer: int) -> PreTrainedModel:
    """The encoder in `folder` without the layers above `layer` (1 to all), its pooler zero, in evaluation mode.

    Its output is checked to be `hidden_states[layer]` of the whole encoder.

    Raises:
        UserError: where there is no such layer, and for an architecture that makes more of its last layer than of the
            others, such as ModernBERT with its final norm.
    """
    depth = depth_of(folder)
    if not 1 <= layer <= depth:
        raise UserError(f"layer {layer}: {folder} has layers 1 to {depth}; choose one of them")
    whole = _encoder(folder)
    if layer == depth:
        return whole
    cut = _encoder(folder, num_hidden_layers=layer)
    ids_BL = torch.arange(8)[None] % int(whole.config.vocab_size)
    with torch.no_grad():
        expected = whole(ids_BL, output_hidden_states=True).hidden_states[layer]
        got = cut(ids_BL).last_hidden_state
    if not bool(((got - expected).abs() <= _SAME * expected.abs().max()).all()):
        raise UserError(
            f"layer {layer}: a {whole.config.model_type} cannot be cut there, since it norms the output of its last "
            f"layer alone; take the whole encoder, --layer {depth}"
        )
    return cut


def _encoder(folder: Path, **settings: Any) -> PreTrainedModel:
    model = load_pretrained(AutoModel, folder, keeps_surplus=bool(settings), **settings).model.eval()
    if isinstance(pooler := getattr(model, "pooler", None), nn.Module):
        for parameter in pooler.parameters():  # of these layouts none reads it, and one that was not stored is random
            nn.init.zeros_(parameter)
    return model
