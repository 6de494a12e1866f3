"""A model spread over the processes that train it (`training.sharding: fsdp`): each keeps a part of every parameter.

By torch's FSDP2, which is ZeRO's third stage (Rajbhandari et al. 2020): weights, gradients and the optimizer's state
are cut along their first dimension. A transformer block is whole only during its forward and its backward pass; what
belongs to no block (embeddings, LM head, tables) during both. Held-out loss, scores and measurements get a whole model
of their own from here. Of a checkpoint each process writes and reads its part.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
import torch
import torch.distributed
from torch import Tensor, nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Partial

from langsamp.data.batches import MaskedBatch
from langsamp.data.masking import IGNORED
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
        without_weights = {
            id(each): nn.Parameter(each.new_empty(0), requires_grad=each.requires_grad) for each in model.parameters()
        }
        self._apart = deepcopy(model, without_weights).to(device).eval()
        mesh = init_device_mesh(device.type, (size,))
        for block in blocks:
            fully_shard(block, mesh=mesh)
        self._model: Any = fully_shard(model, mesh=mesh)
        self._size = size
        self.writers = torch.distributed.new_group(backend="gloo")
        """The processes as they write checkpoints, whose words must not mix with those of the training beside it."""

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
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def part_here(tensor: Tensor) -> Tensor:
    """What this process has of a tensor."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def sum_of_parts(total: Tensor, like: Tensor) -> Tensor:
    """The sum of what each process has summed up over its part of `like`."""
    if not isinstance(like, DTensor):
        return total
    return DTensor.from_local(total, like.device_mesh, [Partial()]).full_tensor()


def reason_of(failed: CheckpointException) -> BaseException:
    """What went wrong in the first of the processes in which a checkpoint failed."""
    return failed.failures[min(failed.failures)][0]


@contextmanager
def whole_model(model: LangSampForMaskedLM, shards: Shards | None, paths: FastPaths) -> Iterator[LangSampForMaskedLM]:
    """The model with all its weights in this process, for what processes compute apart; itself where none is spread."""
    if shards is None:
        yield model
    else:
        with shards.whole() as apart, apart.taking(paths):
            yield apart
