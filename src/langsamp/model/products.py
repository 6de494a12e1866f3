"""The three products of a linear layer, each by torch or by oneDNN, with gradient.

On a CPU torch sends fp32 products to MKL, which is slow on some processors; in bf16 it takes oneDNN itself. Both give
the same numbers to float rounding. Which is faster depends on processor and product, so each is chosen alone.

Shape suffixes: M rows of input, D inputs, N outputs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class Products(NamedTuple):
    """Which products of a linear layer oneDNN computes; torch computes the others."""

    output: bool = False
    input_gradient: bool = False
    weight_gradient: bool = False


def output_product(inputs_MD: Tensor, weight_ND: Tensor, bias_N: Tensor | None, *, one_dnn: bool) -> Tensor:
    """Outputs (M, N) of the layer."""
    if one_dnn:
        return _one_dnn(inputs_MD, weight_ND, bias_N)
    return nn.functional.linear(inputs_MD, weight_ND, bias_N)


def input_gradient(gradient_MN: Tensor, weight_ND: Tensor, *, one_dnn: bool) -> Tensor:
    """Gradient of the inputs, shape (M, D), from that of the outputs."""
    return _one_dnn(gradient_MN, weight_ND.t()) if one_dnn else gradient_MN @ weight_ND


def weight_gradient(gradient_MN: Tensor, inputs_MD: Tensor, *, one_dnn: bool) -> Tensor:
    """Gradient of the weight, shape (N, D), from that of the outputs."""
    return _one_dnn(gradient_MN.t(), inputs_MD.t()) if one_dnn else gradient_MN.t() @ inputs_MD


def has_one_dnn() -> bool:
    """Whether this torch can send products to oneDNN."""
    is_on = torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled  # type: ignore[no-untyped-call]
    return bool(is_on) and hasattr(torch.ops.mkldnn, "_linear_pointwise")


@contextmanager
def linear_layers_by(model: nn.Module, products: Products) -> Iterator[None]:
    """Compute the fp32 linear layers of `model` by these products for a while; layers under autocast stay torch's."""
    layers = [each for each in model.modules() if type(each) is nn.Linear] if any(products) else []
    for layer in layers:
        layer.forward = partial(_forward, layer, products)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for layer in layers:
            vars(layer).pop("forward", None)


def _forward(layer: nn.Linear, products: Products, inputs: Tensor) -> Tensor:
    is_plain = inputs.device.type == "cpu" and inputs.dtype == layer.weight.dtype == torch.float32
    if not is_plain or torch.is_autocast_enabled("cpu"):
        return nn.functional.linear(inputs, layer.weight, layer.bias)
    outputs: Tensor = _Linear.apply(inputs.flatten(0, -2), layer.weight, layer.bias, products)  # type: ignore[no-untyped-call]
    return outputs.view(*inputs.shape[:-1], -1)


class _Linear(torch.autograd.Function):
    """A linear layer over (M, D) whose products are computed as `products` says."""

    @staticmethod
    def forward(ctx: Any, inputs_MD: Tensor, weight_ND: Tensor, bias_N: Tensor | None, products: Products) -> Tensor:
        ctx.save_for_backward(inputs_MD, weight_ND)
        ctx.products = products
        return output_product(inputs_MD, weight_ND, bias_N, one_dnn=products.output)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient_MN: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        inputs_MD, weight_ND = ctx.saved_tensors
        needs_input, needs_weight, needs_bias, _ = ctx.needs_input_grad
        products: Products = ctx.products
        return (
            input_gradient(gradient_MN, weight_ND, one_dnn=products.input_gradient) if needs_input else None,
            weight_gradient(gradient_MN, inputs_MD, one_dnn=products.weight_gradient) if needs_weight else None,
            gradient_MN.sum(0) if needs_bias else None,
            None,
        )


def _one_dnn(inputs_MD: Tensor, weight_ND: Tensor, bias_N: Tensor | None = None) -> Tensor:
    product: Callable[..., Tensor] = torch.ops.mkldnn._linear_pointwise  # as torch.compile's own code calls it
    return product(inputs_MD, weight_ND, bias_N, "none", [], "")
