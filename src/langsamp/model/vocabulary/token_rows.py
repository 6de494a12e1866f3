"""Rows of a vocabulary carried to another one by token string (design law 6), and rows that fill a table up.

A table is filled up to a multiple of 64 rows, at which products are fastest. Such a row has zeros for an embedding and
a decoder bias so low that its probability is exactly 0 in float32: it is never predicted, it changes no loss and gets
no gradient.

Shape suffixes: V vocabulary, N new vocabulary, D width.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from transformers import PreTrainedModel

from langsamp.model.heads import decoder_of

SILENT = -1e4
"""Decoder bias of a row that stands for no token; float16 has it, and exp of it is 0."""
NO_ROW = -1


def sources(new: Mapping[str, int], old: Mapping[str, int], *, rows: int) -> Tensor:
    """For each of `rows` new rows the old row of the same token, shape (N,); `NO_ROW` where there is none."""
    source_N = torch.full((rows,), NO_ROW, dtype=torch.long)
    shared = [token for token in new if token in old]
    source_N[[new[token] for token in shared]] = torch.tensor([old[token] for token in shared], dtype=torch.long)
    return source_N


def carried(old_V: Tensor, source_N: Tensor, *, fill: float) -> Tensor:
    """The rows of `old_V` (V, ...) at `source_N` (N,), bit for bit; rows without a source are `fill`."""
    new_N = torch.full((len(source_N), *old_V.shape[1:]), fill, dtype=old_V.dtype)
    has_source = source_N != NO_ROW
    new_N[has_source] = old_V[source_N[has_source]]
    return new_N


def silence_padding(mlm: PreTrainedModel, *, vocabulary_size: int) -> int:
    """Make sure that no row that only fills the table up can be predicted; return how many rows that are.

    Rows behind the tokenizer's that are all zeros get the bias `SILENT`, for an LM head that was drawn anew. Other rows
    behind it, as some published models have, stay as they are.
    """
    embedding_VD = mlm.get_input_embeddings().weight
    decoder = decoder_of(mlm)
    is_padding = (embedding_VD.detach() == 0).all(1)
    is_padding[:vocabulary_size] = False
    if decoder.bias is None:
        return 0
    with torch.no_grad():
        decoder.bias[is_padding] = SILENT
    return int(is_padding.sum())


def padded(size: int, multiple: int) -> int:
    """The least multiple of `multiple` that is not below `size`."""
    return -(-size // multiple) * multiple
