"""A model spread over the processes that train it (`training.sharding: fsdp`): each keeps a part of every parameter.

By torch's FSDP2, which is ZeRO's third stage (Rajbhandari et al. 2020): weights, gradients and the optimizer's state
are cut along their first dimension. A transformer block is whole only during its forward and its backward pass; what
belongs to no block (embeddings, LM head, tables) during both. Whatever else reads weights gets them whole from here:
held-out loss, scores and measurements a model of their own, checkpoints each tensor in main memory.

torch's modules for it are imported where they are used: they take a second that only sharded training needs.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from langsamp.data.batches import IGNORED, MaskedBatch
from langsamp.model.fast_paths import FastPaths
from langsamp.model.mlm import LangSampForMaskedLM


class Shards:
    """A model that is spread over all processes; what is said here has to be asked by all of them alike."""

    def __init__(
        self, model: LangSampForMaskedLM, blocks: Sequence[nn.Module], *, size: int, device: torch.device
    ) -> None:
        """Spread `model`, of which `blocks` are the transformer blocks, over `size` processes, each with its `device`.

        Its parameters are others afterwards, so this comes before the optimizer.
        """
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        without_weights = {
            id(each): nn.Parameter(each.new_empty(0), requires_grad=each.requires_grad) for each in model.parameters()
        }
        self._apart = deepcopy(model, without_weights).to(device).eval()
        mesh = init_device_mesh(device.type, (size,))
        for block in blocks:
            fully_shard(block, mesh=mesh)
        self._model: Any = fully_shard(model, mesh=mesh)
        self._size = size

    def sum_gradients(self, after_this_pass: bool) -> None:
        """Whether the next backward pass ends in the mean over all processes, or each one adds up its own meanwhile."""
        self._model.set_requires_gradient_sync(after_this_pass)

    def filled(self, batches: Sequence[MaskedBatch], *, rows_per_step: int, rows_at_once: int) -> list[MaskedBatch]:
        """A process's `batches` of a step, and as many with nothing to predict as another one has more.

        A pass gathers weights from all processes, so each has to make as many.
        """
        most = ceil(ceil(rows_per_step / self._size) / rows_at_once)
        last = batches[-1]
        idle = replace(
            last,
            labels=np.full_like(last.labels, IGNORED),
            num_masked=0,
            masked_by_tag=np.zeros_like(last.masked_by_tag),
        )
        return [*batches, *[idle] * (most - len(batches))]

    @contextmanager
    def whole(self) -> Iterator[LangSampForMaskedLM]:
        """Another model with all weights of now, for this block; each process may ask of it what it wants."""
        spread = dict(self._model.named_parameters())
        for name, parameter in self._apart.named_parameters():
            parameter.data = whole(spread[name].detach())
        try:
            yield self._apart
        finally:
            for parameter in self._apart.parameters():
                parameter.data = parameter.new_empty(0)


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor, in each of the processes over which it is spread; itself where it is not."""
    return tensor.full_tensor() if _is_spread(tensor) else tensor  # type: ignore[attr-defined]


def whole_copy(tensor: Tensor, *, is_kept: bool) -> Tensor:
    """A copy of all of a tensor in main memory; without numbers in processes that only help, where it is not kept."""
    gathered = whole(tensor)
    return gathered.to("cpu", copy=True) if is_kept else torch.empty(0)


def part_of(tensor: Tensor, like: Tensor) -> Tensor:
    """Of a tensor that all processes have, this one's part, as it has one of `like`; all where that is not spread."""
    if not _is_spread(like):
        return tensor
    from torch.distributed.tensor import DTensor, distribute_tensor

    assert isinstance(like, DTensor)
    return distribute_tensor(tensor, like.device_mesh, like.placements, src_data_rank=None)


def part_here(tensor: Tensor) -> Tensor:
    """What this process has of a tensor."""
    part: Tensor = tensor.to_local() if _is_spread(tensor) else tensor  # type: ignore[attr-defined]
    return part


def sum_of_parts(total: Tensor, like: Tensor) -> Tensor:
    """The sum of what each process has summed up over its part of `like`."""
    if not _is_spread(like):
        return total
    from torch.distributed.tensor import DTensor, Partial

    assert isinstance(like, DTensor)
    return DTensor.from_local(total, like.device_mesh, [Partial()]).full_tensor()


def _is_spread(tensor: Tensor) -> bool:
    return hasattr(tensor, "full_tensor")


@contextmanager
def whole_model(model: LangSampForMaskedLM, shards: Shards | None, paths: FastPaths) -> Iterator[LangSampForMaskedLM]:
    """The model with all its weights in this process, for what processes compute apart; itself where none is spread."""
    if shards is None:
        yield model
    else:
        with shards.whole() as apart, apart.taking(paths):
            yield apart
