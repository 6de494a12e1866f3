"""Training with the embeddings that the training text uses: the same weights, without the rest of a large table.

Rows of tokens that never occur get no gradient, and AdamW without weight decay leaves them as they are. XLM-R has
250,002 rows of 768, of which an English training set uses a few thousand: without the others, gradients, moments and
kept weights take a third of the memory, and the optimizer a third of the time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from langsamp.evaluation.finetuning.predicting import Network
from langsamp.evaluation.finetuning.tokens import Tokens


@contextmanager
def used_rows(network: Network, several: Sequence[Tokens]) -> Iterator[tuple[Network, Sequence[Tokens]]]:
    """`network` with an embedding table of the rows that `several` use, and `several` in the numbers of its rows.

    After the block the model has its own table again, with what the rows have learnt.
    """
    table = network.model.get_input_embeddings()
    if type(table) is not nn.Embedding or table.max_norm is not None:  # it may do more than look rows up
        yield network, several
        return
    # rows up to the padding one keep their numbers, by which some models count positions or know where a text ends
    padding = [number for number in (table.padding_idx, network.model.config.pad_token_id) if number is not None]
    first = np.arange(min(max(padding, default=-1) + 1, table.num_embeddings))
    rows = np.unique(np.concatenate([first, [network.filler], *(tokens.ids for tokens in several)]))
    index = torch.from_numpy(rows).to(table.weight.device)
    small = nn.Embedding(
        len(rows), table.embedding_dim, padding_idx=table.padding_idx, _weight=table.weight.detach()[index]
    )
    network.model.set_input_embeddings(small)
    try:
        yield (
            replace(network, filler=int(np.searchsorted(rows, network.filler))),
            [replace(tokens, ids=np.searchsorted(rows, tokens.ids).astype(np.int32)) for tokens in several],
        )
    finally:
        network.model.set_input_embeddings(table)
        with torch.no_grad():
            table.weight[index] = small.weight
