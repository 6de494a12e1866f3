"""The three products of a linear layer, each by torch or by oneDNN.

On a CPU torch sends fp32 products to MKL, which is slow on some processors; in bf16 it takes oneDNN itself. Both give
the same numbers to float rounding. Which is faster depends on processor and product, so each is chosen alone.

Shape suffixes: M rows of input, D inputs, N outputs.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn


class OneDnnMatmuls(NamedTuple):
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


def _one_dnn(inputs_MD: Tensor, weight_ND: Tensor, bias_N: Tensor | None = None) -> Tensor:
    if not inputs_MD.numel():
        return nn.functional.linear(inputs_MD, weight_ND, bias_N)
    product: Callable[..., Tensor] = torch.ops.mkldnn._linear_pointwise  # as torch.compile's own code calls it
    return product(inputs_MD, weight_ND, bias_N, "none", [], "")
