"""The masked-LM loss behind one function: cross-entropy of the decoder's output, by any of several backends.

All give the same loss and gradients to the rounding of the type they compute in; they differ in time and memory. With
401,145 tokens in the vocabulary and 614 masked ones (8 rows of 512), the logits that `plain` holds take 0.9 GiB in
fp32, three times over.

Shape suffixes: M masked tokens, D hidden width, V vocabulary.
"""

import inspect
import shutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from langsamp.errors import UserError, did_you_mean
from langsamp.model.fast.blocked_loss import blocked_loss
from langsamp.model.fast.matmul import OneDnnMatmuls
from langsamp.model.fast.tied_embedding import WaitingGradient

Backend = Literal["plain", "blocked", "torch", "compiled", "liger", "cce"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)

_TORCH_CHUNK = 2048
"""Masked tokens of a chunk for `torch`; left to itself it takes a few at a time at these widths, many times slower."""
_LIGER_CHUNK = 16
"""Liger's factor for the size of a chunk; its default of 1 makes chunks of 8 tokens at width 768 and 401k tokens."""


def masked_lm_loss(
    hidden_MD: Tensor,
    weight_VD: Tensor,
    bias_V: Tensor | None,
    labels_M: Tensor,
    *,
    backend: Backend = "plain",
    products: OneDnnMatmuls = OneDnnMatmuls(),  # noqa: B008  (immutable)
    waiting: WaitingGradient | None = None,
) -> Tensor:
    """Summed cross-entropy of the decoder's logits against `labels_M` (each in [0, V)), a scalar in fp32.

    Under autocast the products are computed in its type, as they would be without a backend. `products` says which of
    the fp32 products of `blocked` go through oneDNN; it leaves the weight's gradient in `waiting` where that is given.

    Raises:
        UserError: where this machine cannot run `backend`.
    """
    if (obstacle := obstacle_to(backend, hidden_MD.device)) is not None:
        raise UserError(f"the loss cannot be computed by {backend!r}: {obstacle}")
    if backend == "blocked":
        return blocked_loss(hidden_MD, weight_VD, bias_V, labels_M, products=products, waiting=waiting)
    return _WAYS[backend](hidden_MD, weight_VD, bias_V, labels_M)


def obstacle_to(backend: str, device: torch.device) -> str | None:
    """Why `backend` cannot run on `device` here, None where it can.

    Raises:
        UserError: where there is no such backend.
    """
    if backend not in BACKENDS:
        raise UserError(
            f"no loss backend {backend!r}: expected {', '.join(BACKENDS)}.{did_you_mean(backend, BACKENDS)}"
        )
    return _obstacle(backend, device.type)


@cache
def _obstacle(backend: str, device: str) -> str | None:
    if backend == "torch" and not hasattr(F, "linear_cross_entropy"):
        return f"torch {torch.__version__} has no linear_cross_entropy, which came with 2.13"
    if backend == "compiled" and device == "cpu" and not any(map(shutil.which, ("g++", "clang++"))):
        return "torch.compile needs a C++ compiler on a CPU, and neither g++ nor clang++ is there"
    if backend in ("liger", "cce"):
        package, name = _PACKAGES[backend]
        if device == "cpu":
            return "it needs a GPU"
        if find_spec(package) is None:
            return f"{name} is not installed"
    if backend == "cce" and "bias" not in inspect.signature(_cce_function()).parameters:
        return "this cut-cross-entropy has no bias; install it from its source repository"
    return None


def _plain(hidden_MD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, labels_M: Tensor) -> Tensor:
    """What the others are held against: all logits at once."""
    logits_MV = F.linear(hidden_MD, weight_VD, bias_V)
    return F.cross_entropy(logits_MV.to(torch.promote_types(logits_MV.dtype, torch.float32)), labels_M, reduction="sum")


def _torch(hidden_MD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, labels_M: Tensor) -> Tensor:
    """Torch's own, in chunks of masked tokens, each as large as is good for products of this width."""
    options = torch.nn.LinearCrossEntropyOptions(batch_chunk_size=_TORCH_CHUNK, chunking_method=None)
    hidden_MD, weight_VD, bias_V = _in_autocast_type(hidden_MD, weight_VD, bias_V)
    with torch.autocast(hidden_MD.device.type, enabled=False):
        loss = F.linear_cross_entropy(
            hidden_MD, weight_VD, labels_M, linear_bias=bias_V, reduction="sum", options=options
        )
    return loss.to(torch.promote_types(loss.dtype, torch.float32))


def _compiled(hidden_MD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, labels_M: Tensor) -> Tensor:
    """`plain`, compiled for any number of masked tokens."""
    return _compiled_plain()(hidden_MD, weight_VD, bias_V, labels_M)


@cache
def _compiled_plain() -> Callable[..., Tensor]:
    return torch.compile(_plain, dynamic=True)


def _liger(hidden_MD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, labels_M: Tensor) -> Tensor:
    """Liger-Kernel's fused linear cross-entropy, sums in fp32, with chunks larger than its own choice."""
    function: Any = import_module("liger_kernel.ops.fused_linear_cross_entropy").LigerFusedLinearCrossEntropyFunction
    named = {"bias": bias_V, "reduction": "sum", "accum_dtype": torch.float32, "chunk_mem_const": _LIGER_CHUNK}
    parameters = list(inspect.signature(function.forward).parameters.values())[4:]  # after ctx, input, weight, target
    hidden_MD, weight_VD, named["bias"] = _in_autocast_type(hidden_MD, weight_VD, bias_V)
    with torch.autocast(hidden_MD.device.type, enabled=False):
        output = function.apply(
            hidden_MD, weight_VD, labels_M, *(named.get(each.name, each.default) for each in parameters)
        )
    loss: Tensor = output[0] if isinstance(output, tuple) else output
    return loss.float()


def _cce(hidden_MD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, labels_M: Tensor) -> Tensor:
    """Apple's cut cross-entropy without its filter of small gradients, on which rare languages live."""
    hidden_MD, weight_VD, bias_V = _in_autocast_type(hidden_MD, weight_VD, bias_V)
    with torch.autocast(hidden_MD.device.type, enabled=False):
        loss: Tensor = _cce_function()(
            hidden_MD, weight_VD, labels_M, bias=bias_V, reduction="sum", impl="cce_kahan_full_c"
        )
    return loss.float()


def _cce_function() -> Callable[..., Any]:
    function: Callable[..., Any] = import_module("cut_cross_entropy").linear_cross_entropy
    return function


def _in_autocast_type(
    hidden_MD: Tensor, weight_VD: Tensor, bias_V: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """These as autocast would give them to a product."""
    device = hidden_MD.device.type
    if not torch.is_autocast_enabled(device):
        return hidden_MD, weight_VD, bias_V
    dtype = torch.get_autocast_dtype(device)
    return hidden_MD.to(dtype), weight_VD.to(dtype), None if bias_V is None else bias_V.to(dtype)


_WAYS: dict[str, Callable[[Tensor, Tensor, Tensor | None, Tensor], Tensor]] = {
    "plain": _plain,
    "torch": _torch,
    "compiled": _compiled,
    "liger": _liger,
    "cce": _cce,
}
_PACKAGES = {"liger": ("liger_kernel", "liger-kernel"), "cce": ("cut_cross_entropy", "cut-cross-entropy")}
