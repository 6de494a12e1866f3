"""Linear layers by the products that are fastest here, which keep little for their backward pass.

Autograd keeps the input of every linear layer, under autocast as a copy in its type beside one of the weight, and of a
feed-forward part both what goes into the activation and what comes out: the widest results of an encoder. A lean layer
keeps what it was given, once; copies and, in the layers that are known here, what comes out of the activation are made
again in the backward pass.

Shape suffixes: M rows of input, D inputs, N outputs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from langsamp.model.fast.matmul import OneDnnMatmuls, input_gradient, output_product, weight_gradient

_FEED_FORWARD = {
    "BertLayer",
    "CamembertLayer",
    "DebertaV2Layer",
    "RobertaLayer",
    "XLMRobertaLayer",
    "XLMRobertaXLLayer",
}
"""Layers of which `intermediate` is a linear layer with an activation, and `output` begins with a linear layer."""

Activation = Callable[[Tensor], Tensor]


class _Way(NamedTuple):
    """How a linear layer is computed."""

    products: OneDnnMatmuls
    lean: bool
    activation: Activation | None = None
    """What is done to its inputs first."""


@contextmanager
def linear_layers_by(model: nn.Module, products: OneDnnMatmuls, *, lean: bool = False) -> Iterator[None]:
    """Compute the linear layers of `model` by these products (in fp32 on a CPU) and, if wanted, lean, for a while."""
    layers = list(model.modules()) if lean or any(products) else []
    blocks: list[Any] = [each for each in layers if lean and _is_known(each)]
    before = {each.output.dense: each.intermediate.intermediate_act_fn for each in blocks}
    changed = [each for each in layers if type(each) is nn.Linear]
    for layer in changed:
        method = _Way(products, lean, before.get(layer))
        layer.forward = partial(_forward, layer, method)  # type: ignore[method-assign]
    for block in blocks:  # its activation is done by the layer that takes what comes out of it
        block.intermediate.forward = block.intermediate.dense.__call__
    try:
        yield
    finally:
        for layer in [*changed, *(each.intermediate for each in blocks)]:
            vars(layer).pop("forward", None)


def _is_known(layer: Any) -> bool:
    """Whether a layer's activation can be done by the linear layer that takes what comes out of it."""
    kind = type(layer).__name__.removeprefix("FSDP")  # torch makes a class of that name of one that it shards
    if kind not in _FEED_FORWARD or type(layer.output.dense) is not nn.Linear:
        return False
    activation = layer.intermediate.intermediate_act_fn
    return not isinstance(activation, nn.Module) or not list(activation.parameters())


def _forward(layer: nn.Linear, method: _Way, inputs: Tensor) -> Tensor:
    device, weight = inputs.device.type, layer.weight
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else inputs.dtype
    if device != "cpu" or not inputs.dtype == weight.dtype == dtype == torch.float32:
        method = method._replace(products=OneDnnMatmuls())
    keeps_no_copy = not method.lean or inputs.dtype == weight.dtype == dtype
    if keeps_no_copy and method.activation is None and not any(method.products):
        return linear(inputs, weight, layer.bias)
    with torch.autocast(device, enabled=False):
        outputs: Tensor = _Linear.apply(  # type: ignore[no-untyped-call]
            inputs.reshape(-1, inputs.shape[-1]), weight, layer.bias, dtype, method
        )
    return outputs.view(*inputs.shape[:-1], outputs.shape[-1])


class _Linear(torch.autograd.Function):
    """A linear layer over (M, D), or one over what an activation makes of (M, D), with products of type `dtype`."""

    @staticmethod
    def forward(
        ctx: Any, given_MD: Tensor, weight_ND: Tensor, bias_N: Tensor | None, dtype: torch.dtype, method: _Way
    ) -> Tensor:
        by_given, by_weight, *_ = ctx.needs_input_grad
        needs_given = by_weight or (by_given and method.activation is not None)
        ctx.save_for_backward(given_MD if needs_given else None, weight_ND if by_given else None)
        ctx.dtype, ctx.way, ctx.weight_dtype, ctx.given_dtype = dtype, method, weight_ND.dtype, given_MD.dtype
        inputs_MD = given_MD if method.activation is None else method.activation(given_MD)
        bias_N = None if bias_N is None else bias_N.to(dtype)
        return output_product(inputs_MD.to(dtype), weight_ND.to(dtype), bias_N, one_dnn=method.products.output)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient_MN: Tensor) -> tuple[Tensor | None, ...]:
        given_MD, weight_ND = ctx.saved_tensors
        method: _Way = ctx.way
        by_given, by_weight, by_bias, *_ = ctx.needs_input_grad
        inputs_MD = given_MD
        if given_MD is not None and method.activation is not None:
            with torch.enable_grad():
                given_MD = given_MD.detach().requires_grad_()
                inputs_MD = method.activation(given_MD)
        weight_gradient_ND = given_gradient_MD = None
        if by_weight:
            gradient_ND = weight_gradient(
                gradient_MN, inputs_MD.detach().to(ctx.dtype), one_dnn=method.products.weight_gradient
            )
            weight_gradient_ND = gradient_ND.to(ctx.weight_dtype)
        if by_given:
            given_gradient_MD = input_gradient(
                gradient_MN, weight_ND.to(ctx.dtype), one_dnn=method.products.input_gradient
            ).to(ctx.given_dtype)
            if method.activation is not None:
                (given_gradient_MD,) = torch.autograd.grad(inputs_MD, given_MD, given_gradient_MD)
        bias_gradient_N = gradient_MN.sum(0).to(ctx.weight_dtype) if by_bias else None
        return given_gradient_MD, weight_gradient_ND, bias_gradient_N, None, None
