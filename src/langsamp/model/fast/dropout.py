"""Dropout whose random bits are cheap on a CPU: 16 of them for each number, four numbers at a draw.

torch draws a float for each number, which takes a tenth to a third of a training step on a CPU. The distribution is
the same but for the probability, which is rounded to 1/65,536 (0.1 becomes 0.10001); what is kept is scaled to match.
The bits come from torch's own generator, so they are a function of its seed.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

_LEVELS = 1 << 16


def keep_scale(probability: float) -> float:
    """What the kept numbers are multiplied by, so that the mean stays; 1 where nothing is dropped."""
    kept = _LEVELS - round(probability * _LEVELS)
    return _LEVELS / kept if kept else 0.0


def draw_kept(shape: Sequence[int], probability: float) -> Tensor:
    """A CPU tensor of this shape with 0 for what is dropped and 1 for what is kept, each drawn alone."""
    number = math.prod(shape)
    bits = torch.empty(-(-number // 4), dtype=torch.int64).random_(-(1 << 63), None)
    # Of the 65,536 values of a signed number of 16 bits, so many lie below the threshold as are kept of 65,536.
    threshold = _LEVELS // 2 - round(probability * _LEVELS)
    return (bits.view(torch.int16)[:number] < threshold).view(torch.uint8).view(*shape)


def dropout(inputs: Tensor, probability: float) -> Tensor:
    """`inputs` with each number set to zero with `probability`, the others scaled so that the mean stays."""
    if round(probability * _LEVELS) == 0:
        return inputs
    if inputs.device.type != "cpu":
        return nn.functional.dropout(inputs, probability)
    outputs: Tensor = _Dropout.apply(inputs, probability)  # type: ignore[no-untyped-call]
    return outputs


@contextmanager
def cheap_dropout(model: nn.Module) -> Iterator[None]:
    """Compute the dropout layers of `model` so for a while, where its tensors are on a CPU."""
    layers = [layer for layer in model.modules() if type(layer) is nn.Dropout]
    for layer in layers:
        layer.forward = partial(_forward, layer)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for layer in layers:
            vars(layer).pop("forward", None)


def _forward(layer: nn.Dropout, inputs: Tensor) -> Tensor:
    return dropout(inputs, layer.p) if layer.training else inputs


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, probability: float) -> Tensor:
        ctx.scale, kept = keep_scale(probability), draw_kept(inputs.shape, probability)
        ctx.save_for_backward(kept)
        return torch.mul(inputs, kept).mul_(ctx.scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (kept,) = ctx.saved_tensors
        return torch.mul(gradient, kept).mul_(ctx.scale), None
