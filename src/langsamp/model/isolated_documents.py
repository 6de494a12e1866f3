"""Rows that hold several documents, computed as if each stood alone: positions start again, attention stays inside.

Shape suffixes: B rows, L tokens.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from langsamp.errors import UserError

_FIRST_POSITION: dict[str, str | int] = {
    "bert": 0,
    "camembert": "after padding",
    "distilbert": 0,
    "eurobert": 0,
    "modernbert": 0,
    "roberta": "after padding",
    "xlm-roberta": "after padding",
    "xlm-roberta-xl": "after padding",
}
"""By model type the position of a document's first token; the RoBERTa family counts on from the padding's id."""


def check_documents(model_type: str) -> None:
    """Accept a model type that can keep documents of a row apart.

    Raises:
        UserError: where it cannot.
    """
    if model_type not in _FIRST_POSITION:
        raise UserError(
            f"a {model_type} model cannot keep the documents of a row apart: rows.packing best-fit works with "
            f"{', '.join(_FIRST_POSITION)}. Use rows.packing concatenate"
        )


def isolated_documents(mlm: PreTrainedModel, documents_BL: Tensor) -> dict[str, Any]:
    """The arguments that make the encoder of `mlm` compute each document of a row alone.

    `documents_BL` numbers the documents of each row; tokens of one number are one document, and 0 is padding, which
    attends to padding.

    Raises:
        UserError: as `check_documents`.
    """
    config: Any = mlm.config
    check_documents(config.model_type)
    columns_L = torch.arange(documents_BL.shape[1], device=documents_BL.device)
    begins_BL = torch.ones_like(documents_BL, dtype=torch.bool)
    begins_BL[:, 1:] = documents_BL[:, 1:] != documents_BL[:, :-1]
    start_BL = torch.where(begins_BL, columns_L, 0).cummax(1).values
    first = _FIRST_POSITION[config.model_type]
    positions_BL = columns_L - start_BL + (first if isinstance(first, int) else config.pad_token_id + 1)
    together_B1LL = (documents_BL[:, :, None] == documents_BL[:, None, :])[:, None]
    if config.model_type != "modernbert":
        return {"attention_mask": _as_taken(together_B1LL, mlm), "position_ids": positions_BL}
    near_LL = (columns_L[:, None] - columns_L).abs() <= config.sliding_window
    masks = {"full_attention": together_B1LL, "sliding_attention": together_B1LL & near_LL}
    return {
        "attention_mask": {name: _as_taken(mask, mlm) for name, mask in masks.items()},
        "position_ids": positions_BL,
    }


def _as_taken(together_B1LL: Tensor, mlm: PreTrainedModel) -> Tensor:
    """The mask in the form that the model's attention reads: for plain products something to add to the scores."""
    if mlm.config._attn_implementation != "eager":
        return together_B1LL
    zero, least = torch.zeros((), dtype=mlm.dtype), torch.finfo(mlm.dtype).min
    return torch.where(together_B1LL, zero.to(together_B1LL.device), least)
