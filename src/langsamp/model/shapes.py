"""What the tensors of a batch must look like: a wrong shape that happens to fit would train on other ids in silence.

And how many tokens a row may have.

Shape suffixes: B rows, L tokens.
"""

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig

from langsamp.errors import UserError

POSITIONS_AFTER_PADDING = {"camembert", "roberta", "xlm-roberta", "xlm-roberta-xl"}
"""Model types whose positions start after the padding id and that have a single token type."""


def check_tokens(input_ids_BL: Tensor, **others: Tensor | None) -> None:
    """Accept tokens in rows, and `others`, such as `labels`, of the same shape where they are given.

    Raises:
        UserError: naming what has another shape, or is on another device, or what should be whole numbers and is none.
    """
    if input_ids_BL.dim() != 2 or input_ids_BL.is_floating_point() or not input_ids_BL.numel():
        raise UserError(
            "input_ids_BL: expected tokens in rows, whole numbers of shape (B, L), at least one, got "
            f"{_described(input_ids_BL)}"
        )
    labels_BL = others.get("labels")
    if labels_BL is not None and labels_BL.dtype != torch.long:
        raise UserError(f"labels_BL: expected whole numbers (torch.long), got {labels_BL.dtype}")
    for name, tensor_BL in others.items():
        if tensor_BL is not None and tensor_BL.device != input_ids_BL.device:
            raise UserError(
                f"{name}_BL is on {tensor_BL.device} and input_ids_BL on {input_ids_BL.device}: move one to the other"
            )
        if tensor_BL is not None and tensor_BL.shape != input_ids_BL.shape:
            raise UserError(
                f"{name}_BL: expected the shape of input_ids_BL, {tuple(input_ids_BL.shape)}, got "
                f"{_described(tensor_BL)}"
            )


def check_ids(input_ids_BL: Tensor, **tables: tuple[nn.Module | None, Tensor | None]) -> None:
    """Accept whole numbers for each row, (B,), or each token, (B, L), for each table that is on, given with its ids.

    Raises:
        UserError: where there are none, or of another shape, or fractions.
    """
    rows, tokens = input_ids_BL.shape
    for name, (table, ids) in tables.items():
        expected = f"{name}_ids_B with one id per row"
        if table is None:
            continue
        if ids is None:
            raise UserError(f"the {name} table is on but no {name} ids came: pass {expected}")
        if ids.shape not in ((rows,), (rows, tokens)) or ids.is_floating_point():
            raise UserError(
                f"expected {expected}, whole numbers of shape ({rows},), or one per token, ({rows}, {tokens}), got "
                f"{_described(ids)}"
            )


def default_layer(num_layers: int) -> int:
    """The hidden state pooled unless another is asked for: two thirds of the depth, 8 of 12 as in the paper."""
    return round(num_layers * 2 / 3)


def positions(config: PretrainedConfig) -> int:
    """The longest input, special tokens included, that a model of this configuration can read.

    Raises:
        UserError: where positions start behind a padding that is not named, or that leaves none.
    """
    if config.model_type not in POSITIONS_AFTER_PADDING:
        return int(config.max_position_embeddings)
    if config.pad_token_id is None:
        raise UserError(
            f"config.json names no pad_token_id, and a {config.model_type} model counts its positions from it: set the "
            "id of the padding there, which is 1 in XLM-R"
        )
    left = int(config.max_position_embeddings) - int(config.pad_token_id) - 1
    if left < 1:
        raise UserError(
            f"config.json has pad_token_id {config.pad_token_id}, behind which a {config.model_type} model counts its "
            f"{config.max_position_embeddings} positions: none is left. Set the id of the padding there, which is 1 in "
            "XLM-R"
        )
    return left


def _described(tensor: Tensor) -> str:
    return f"shape {tuple(tensor.shape)} of {str(tensor.dtype).removeprefix('torch.')}"
