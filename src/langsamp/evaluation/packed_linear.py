"""The products of linear layers through oneDNN where that is faster: the same numbers to float rounding, sooner.

On a CPU torch sends fp32 products to MKL, which is slow on some processors, and takes weights as they lie in memory.
oneDNN's own operator takes weights that were packed for it once. Which way is faster is measured on the model's own
layers. For inference only: the packed way has no gradient.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

_ROWS = 256
"""Tokens of the products that are measured, about as many as a batch has."""
_ROUNDS = 7
_LEAST_GAIN = 1.03
"""Less cannot be told from noise, and is not worth another rounding."""
_LEAST_WEIGHTS = 1 << 20
"""With fewer weights in all linear layers there is nothing to gain, and nothing is measured."""
_TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 1e-2}
"""Largest difference of two products as a share of the largest number in them."""


class LinearBackend(NamedTuple):
    """How a model's linear layers are best computed here, and why."""

    backend: str
    """`torch` or `oneDNN`."""
    reason: str

    def __str__(self) -> str:
        """For records and the terminal."""
        return f"{self.backend} ({self.reason})"


def choose_linear_backend(model: nn.Module) -> LinearBackend:
    """The faster way for `model` on this machine, with as many threads as torch has now; changes nothing.

    Takes a fraction of a second: a few products of each shape that occurs in the model.
    """
    layers = _linear_layers(model)
    if (obstacle := _obstacle(layers)) is not None:
        return LinearBackend("torch", obstacle)
    try:
        gain, is_equal = _compare(layers)
    except (RuntimeError, AttributeError) as error:  # AttributeError: this torch has no such operator
        return LinearBackend("torch", f"oneDNN cannot be called: {str(error).splitlines()[0][:80]}")
    if is_equal and gain >= _LEAST_GAIN:
        return LinearBackend("oneDNN", f"{gain:.2f} times as fast as torch here")
    return LinearBackend(
        "torch", f"oneDNN only {gain:.2f} times as fast here" if is_equal else "oneDNN rounds too coarsely"
    )


def _obstacle(layers: list[nn.Linear]) -> str | None:
    """Why there is nothing to choose for these layers."""
    if sum(layer.weight.numel() for layer in layers) < _LEAST_WEIGHTS:
        return "too small to gain anything"
    if any(layer.weight.device.type != "cpu" for layer in layers):
        return "not on a CPU"
    if any(layer.weight.dtype not in _TOLERANCE for layer in layers):
        return "neither fp32 nor bf16"
    if not (torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled):  # type: ignore[no-untyped-call]
        return "no oneDNN in this torch, or switched off"
    return None


def pack(model: nn.Module) -> None:
    """Compute the linear layers of `model` through oneDNN from now on; only their packed weights are kept."""
    for layer in _linear_layers(model):
        weight, product = _packed(layer)
        layer.weight = nn.Parameter(weight, requires_grad=False)
        layer.forward = product  # type: ignore[method-assign, assignment]


@contextmanager
def packed(model: nn.Module) -> Iterator[None]:
    """The same for a while, with `model` as it was afterwards; meanwhile it holds its linear weights twice."""
    layers = _linear_layers(model)
    weights = [layer.weight for layer in layers]
    try:
        pack(model)
        yield
    finally:
        for layer, weight in zip(layers, weights, strict=True):
            layer.weight = weight
            vars(layer).pop("forward", None)


def _linear_layers(model: nn.Module) -> list[nn.Linear]:
    """Stock linear layers only: what is derived from them may compute something else."""
    return [module for module in model.modules() if type(module) is nn.Linear]


def _packed(layer: nn.Linear) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The packed weight of `layer`, and what computes the layer from it."""
    product: Any = torch.ops.mkldnn._linear_pointwise
    weight: Tensor = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), None)
    bias = layer.bias
    return weight, lambda inputs: product(inputs, weight, bias, "none", [], "")


@torch.inference_mode()
def _compare(layers: list[nn.Linear]) -> tuple[float, bool]:
    """How many times as fast oneDNN computes all `layers`, and whether it gives the same to rounding."""
    shapes: dict[Any, list[nn.Linear]] = {}
    for layer in layers:
        shapes.setdefault((layer.in_features, layer.out_features, layer.bias is None), []).append(layer)
    plain_seconds = packed_seconds = 0.0
    is_equal = True
    for alike in shapes.values():
        layer = alike[0]
        inputs = torch.randn(_ROWS, layer.in_features, generator=torch.Generator().manual_seed(0))
        inputs = inputs.to(layer.weight.dtype)
        ways = (layer.forward, _packed(layer)[1])
        expected, packed_output = (product(inputs).float() for product in ways)
        is_equal &= bool(
            (packed_output - expected).abs().max() <= _TOLERANCE[layer.weight.dtype] * expected.abs().max()
        )
        plain, fast = _least_seconds(ways, inputs)
        plain_seconds += len(alike) * plain
        packed_seconds += len(alike) * fast
    return plain_seconds / packed_seconds, is_equal


def _least_seconds(ways: tuple[Callable[[Tensor], Tensor], ...], inputs: Tensor) -> list[float]:
    """The shortest of some runs of each way, in turns: what others do on the machine only ever makes one longer.

    In seconds of the processor, which others change less than those of the wall, where it tells them finely enough.
    """
    is_fine = time.get_clock_info("process_time").resolution < 1e-5
    clock = time.process_time if is_fine else time.perf_counter
    least = [float("inf")] * len(ways)
    for _ in range(_ROUNDS):
        for number, product in enumerate(ways):
            began = clock()
            product(inputs)
            least[number] = min(least[number], clock() - began)
    return least
