"""Whether a model is an encoder as retrieval needs one: tried on three tokens, not looked up in a list of names."""

from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from langsamp.data.text.stand_ins import loading_errors
from langsamp.errors import UserError
from langsamp.model.heads import HEADS
from langsamp.model.pretrained.model_config import reason

_BY_CHARACTERS = ("canine", "perceiver")
"""Model types that shorten their input on the way: their hidden states are not one for each token."""
_ROUNDING = 1e-5
"""Of the largest number. Experts of a token are multiplied with those of others, which rounds a decoder's states
otherwise (2e-8 in tiny models of three kinds); what a token reads changes an encoder's by 1e-3 and more."""
_TOLERANCE = {torch.float32: 1e-3}
_WIDE_TOLERANCE = 0.05
"""For half precision; what reads padding is far beyond."""


def layers_of(model: PreTrainedModel, *, kind: str) -> int:
    """How many layers the encoder of a model has, which is of the `kind`.

    Raises:
        UserError: where it does not say, or has no embeddings of tokens.
    """
    layers = getattr(getattr(model, "config", None), "num_hidden_layers", None)
    if not isinstance(layers, int):
        raise UserError(f"a {kind} model is no plain encoder: its encoder has no settings that say how many layers")
    try:
        model.get_input_embeddings()
    except NotImplementedError:  # what transformers raises for a model without any
        raise UserError(f"a {kind} model is no plain encoder: it has no embeddings of tokens") from None
    return layers


def check_encoder(model: PreTrainedModel, *, num_layers: int) -> None:
    """Accept a model that gives each of its tokens a vector on every layer, which depends on the tokens around it.

    Raises:
        UserError: where it gives other hidden states, cannot read plain tokens, reads from left to right only, or has
            an attention that does nothing.
    """
    kind = model.config.model_type
    if kind in _BY_CHARACTERS:
        raise UserError(
            f"a {kind} model is no plain encoder: it shortens its input, so its layers have no vector for each token; "
            "give one that reads pieces, or a BERT of bytes or characters"
        )
    first, padded = _hidden(model, [2, 3, 4]), _hidden(model, [2, 3, 4, 0, 0], padding=2)
    shapes = [tuple(getattr(states, "shape", ())) for states in first]  # some kinds give tuples
    wanted = [(1, 3, int(model.config.hidden_size))] * (num_layers + 1)
    if shapes != wanted:
        raise UserError(
            f"a {kind} model is no plain encoder: expected {num_layers + 1} hidden states of shape {list(wanted[0])} "
            f"for 3 tokens, got {len(shapes)}, one of {list(next((s for s in shapes if s != wanted[0]), wanted[0]))}"
        )
    if not all(bool(states[-1].isfinite().all()) for states in (first, padded)):
        return  # NaN equals nothing, so it would be blamed on the padding: `Encoder.encode` names the layer
    is_encoder = kind in HEADS and not getattr(model.config, "is_decoder", False)
    if not is_encoder:  # else by construction, also where a training has ruined what it attends to
        _check_reading(model, first)
    tolerance = _TOLERANCE.get(model.dtype, _WIDE_TOLERANCE)
    if not torch.allclose(padded[-1][:, :3].float(), first[-1].float(), atol=tolerance, rtol=tolerance):
        raise UserError(
            f"a {kind} model is no plain encoder: its hidden states change with the padding of a batch, so a sentence "
            "has no vector of its own"
        )


def _check_reading(model: PreTrainedModel, first: list[Tensor]) -> None:
    """Refuse a model whose hidden states, `first` for 2 3 4, change with no token around them or with none after."""
    kind, other, before = model.config.model_type, _hidden(model, [2, 3, 5]), _hidden(model, [5, 3, 4])
    reads_on = any(_differ(one[:, :2], two[:, :2]) for one, two in zip(first, other, strict=True))
    reads_back = any(_differ(one[:, 1:], two[:, 1:]) for one, two in zip(first, before, strict=True))
    if not reads_on and not reads_back:  # transformers gives zeros for an attention whose kernels it cannot build
        raise UserError(
            f"the attention of this {kind} model does nothing here: a token's hidden states depend on no other token. "
            "Where its kind needs kernels of its own (MRA, on a GPU) use a machine that has them, or another encoder"
        )
    if not reads_on:
        raise UserError(
            f"this {kind} model is a decoder: a token's hidden states do not depend on what follows it. Expected an "
            "encoder, such as XLM-R, or an encoder-decoder, whose encoder is taken"
        )


def _differ(one: Tensor, two: Tensor) -> bool:
    """Whether hidden states differ by more than rounding."""
    return bool((one - two).abs().max() > _ROUNDING * one.abs().max())


@torch.inference_mode()
def _hidden(model: PreTrainedModel, ids: list[int], *, padding: int = 0) -> list[Tensor]:
    """All hidden states of a few tokens, the last `padding` of which are masked."""
    was_training, caller = model.training, model.eval()
    ids_BL = torch.tensor([ids], device=model.device)
    mask_BL = torch.ones_like(ids_BL)
    mask_BL[:, len(ids) - padding :] = 0
    try:
        output: Any = caller(ids_BL, attention_mask=mask_BL, output_hidden_states=True)
        return list(output.hidden_states)
    except loading_errors() as error:
        raise UserError(
            f"a {model.config.model_type} model is no plain encoder, it cannot read tokens alone: {reason(error)}"
        ) from None
    finally:
        model.train(was_training)
