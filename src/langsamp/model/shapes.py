"""What the tensors of a batch must look like: a wrong shape that happens to fit would train on other ids in silence.

So would an id that a GPU reads past the end of a table. And how many tokens a row may have.

Shape suffixes: B rows, L tokens.
"""

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from langsamp.errors import UserError

POSITIONS_AFTER_PADDING = {"camembert", "roberta", "xlm-roberta", "xlm-roberta-xl"}
"""Model types whose positions start after the padding id and that have a single token type."""


_WHOLE = (torch.long, torch.int32)
"""What torch takes as ids."""
_MARKS = (*_WHOLE, torch.bool, torch.int16, torch.int8, torch.uint8)
"""What says of each token whether it is read. No fractions: 0 and minus infinity, to be added to scores, would be read
the other way round."""


def check_tokens(input_ids_BL: Tensor, *, labels: Tensor, **others: Tensor | None) -> None:
    """Accept tokens in rows, `labels`, and `others`, such as a mask, of the same shape where they are given.

    Raises:
        UserError: naming what has another shape, or is on another device, or what should be whole numbers and is none.
    """
    for name, tensor in (("input_ids", input_ids_BL), ("labels", labels)):
        if not isinstance(tensor, Tensor):
            raise UserError(
                f"{name}_BL: expected a tensor of shape (B, L), got {type(tensor).__name__}; hidden states need no "
                "labels, they are those of the encoder, `model.mlm.base_model`"
            )
    if input_ids_BL.dim() != 2 or input_ids_BL.dtype not in _WHOLE or not input_ids_BL.numel():
        raise UserError(
            "input_ids_BL: expected tokens in rows, whole numbers of shape (B, L), at least one, got "
            f"{_described(input_ids_BL)}"
        )
    if labels.dtype != torch.long:
        raise UserError(f"labels_BL: expected whole numbers (torch.long), got {labels.dtype}")
    for name, tensor_BL in {"labels": labels, **others}.items():
        if tensor_BL is not None and tensor_BL.device != input_ids_BL.device:
            raise UserError(
                f"{name}_BL is on {tensor_BL.device} and input_ids_BL on {input_ids_BL.device}: move one to the other"
            )
        if tensor_BL is not None and tensor_BL.shape != input_ids_BL.shape:
            raise UserError(
                f"{name}_BL: expected the shape of input_ids_BL, {tuple(input_ids_BL.shape)}, got "
                f"{_described(tensor_BL)}"
            )
        if tensor_BL is not None and tensor_BL.dtype not in _MARKS:
            raise UserError(f"{name}_BL: expected whole numbers, 0 for padding, got {_described(tensor_BL)}")


def check_ids(input_ids_BL: Tensor, **tables: tuple[nn.Embedding | None, Tensor | None]) -> None:
    """Accept whole numbers for each row, (B,), or each token, (B, L), for each table that is on, given with its ids.

    Raises:
        UserError: where there are none, or of another shape, or fractions, or, on the CPU, no row of the table.
    """
    rows, tokens = input_ids_BL.shape
    for name, (table, ids) in tables.items():
        expected = f"{name}_ids_B with one id per row"
        if table is None:
            continue
        if ids is None:
            raise UserError(f"the {name} table is on but no {name} ids came: pass {expected}")
        if ids.shape not in ((rows,), (rows, tokens)) or ids.dtype not in _WHOLE:
            raise UserError(
                f"expected {expected}, whole numbers of shape ({rows},), or one per token, ({rows}, {tokens}), got "
                f"{_described(ids)}"
            )
        check_range(f"{name}_ids_B", ids, table.num_embeddings, f"rows of the {name} table")


def check_length(tokens: int, mlm: PreTrainedModel) -> None:
    """Accept rows of so many tokens for a model that has a table of positions, where they fit it.

    Raises:
        UserError: where they are longer.
    """
    table = getattr(getattr(mlm.base_model, "embeddings", None), "position_embeddings", None)
    if isinstance(table, nn.Embedding) and tokens > (most := positions(mlm.config)):
        raise UserError(f"input_ids_BL: rows of {tokens} tokens, and the model has positions for {most}: cut them")


def check_range(name: str, ids: Tensor, size: int, what: str) -> None:
    """Accept ids from 0 to `size` - 1, of tensors on the CPU: there the look costs microseconds.

    To read a number off a GPU each step would wait for all that the device has still to do. The trainer's ids need no
    look: they are those of their tags, and its rows' tokenizer is held against the embeddings before the first step.

    Raises:
        UserError: naming the id and the range.
    """
    if not ids.is_cpu or not ids.numel():
        return
    least, most = (int(bound) for bound in ids.aminmax())
    if least < 0 or most >= size:
        raise UserError(f"{name}: expected {what}, 0 to {size - 1}, got {least if least < 0 else most}")


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
