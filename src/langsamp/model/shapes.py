"""What the tensors of a batch must look like: a wrong shape that happens to fit would train on other ids in silence.

Shape suffixes: B rows, L tokens.
"""

from torch import Tensor, nn

from langsamp.errors import UserError


def check_tokens(input_ids_BL: Tensor, **others: Tensor | None) -> None:
    """Accept tokens in rows, and `others`, such as `labels`, of the same shape where they are given.

    Raises:
        UserError: naming what has another shape.
    """
    if input_ids_BL.dim() != 2:
        raise UserError(f"input_ids_BL: expected tokens in rows, shape (B, L), got {_described(input_ids_BL)}")
    for name, tensor_BL in others.items():
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


def _described(tensor: Tensor) -> str:
    return f"shape {tuple(tensor.shape)} of {str(tensor.dtype).removeprefix('torch.')}"
