"""Batches of items of like length, padded to their own maximum only: no token is computed that nobody asked for."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from torch import nn
from transformers import PreTrainedModel

_START = {"cpu": 3e7, "cuda": 6e10}
"""What starting a layer takes, by device, in tokens x weights that are multiplied meanwhile. Measured for a CPU: 0.3 to
0.5 ms on a core that does 1e11 operations a second; reckoned for a GPU that does 4e14."""
_GRADIENT = 300
"""What one number of the embedding matrix takes in a backward pass, in the same unit: each batch writes all of its
gradient. Measured for a CPU: 40 ms for 20,000 x 192."""


def batch_cost(model: PreTrainedModel, *, training: bool = False) -> int:
    """What one more batch costs, as padded tokens that take `model` as long: the more, the smaller its layers are."""
    weights = sum(module.weight.numel() for module in model.modules() if isinstance(module, nn.Linear))
    cost = _START.get(model.device.type, _START["cuda"]) * int(model.config.num_hidden_layers)
    if training:
        cost += _GRADIENT * int(model.get_input_embeddings().weight.numel())
    return math.ceil(cost / max(1, weights))


def by_length(lengths: Sequence[int], token_budget: int, *, batch_cost: int = 0) -> Iterator[list[int]]:
    """Indices of items of like length, longest first, at most `token_budget` padded tokens a batch (or one item).

    Of all ways to cut the sorted items into batches, the one with the fewest padded tokens, where each batch counts as
    `batch_cost` more.
    """
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    longest = np.array([lengths[index] for index in order], dtype=np.int64)
    ends = np.zeros(len(order), dtype=np.int64)
    least = np.zeros(len(order) + 1, dtype=np.int64)  # tokens of all items from here on
    for first in range(len(order) - 1, -1, -1):
        most = max(1, min(len(order) - first, token_budget // max(1, int(longest[first]))))
        tokens = longest[first] * np.arange(1, most + 1) + least[first + 1 : first + most + 1]
        best = most - 1 - int(tokens[::-1].argmin())  # the most items where several cuts cost as much
        least[first], ends[first] = batch_cost + tokens[best], first + 1 + best
    first = 0
    while first < len(order):
        end = int(ends[first])
        yield order[first:end]
        first = end
