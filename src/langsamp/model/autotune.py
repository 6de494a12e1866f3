"""Which fast paths a training takes: by rule where one is known to be better, else by a short measurement.

All give the same to float rounding, but not to the bit, so a training chooses once and keeps its choice.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from langsamp.errors import UserError
from langsamp.machine import available_memory_bytes, out_of_memory
from langsamp.model.fast.attention import LONGEST
from langsamp.model.fast.last_layer import can_prune
from langsamp.model.fast.matmul import OneDnnMatmuls, has_one_dnn, input_gradient, output_product, weight_gradient
from langsamp.model.fast.tied_embedding import can_tie
from langsamp.model.fast_paths import FastPaths
from langsamp.model.heads import decoder_of
from langsamp.model.loss import Backend, masked_lm_loss, obstacle_to
from langsamp.model.mlm import LangSampForMaskedLM

LossSetting = Literal["auto"] | Backend

_SMALL_BATCH = 1 << 16
"""Numbers in the hidden states of a batch; with fewer every path is equally fast."""
_SMALL_LOGITS = 32 << 20
"""Bytes of a batch's logits; with fewer there is nothing to gain."""
_CANDIDATES: dict[str, tuple[Backend, ...]] = {
    "cpu": ("blocked", "plain"),
    "cuda": ("blocked", "plain", "compiled", "torch", "liger", "cce"),
}
"""What is measured on a kind of device; the first is taken where no other is clearly faster, as it needs least memory.
On a CPU `torch` is far slower and compiling does not pay."""
_SHARE_FOR_LOGITS = 0.25
"""Of the free memory what the plain loss may take, four times its logits: the rest of a step comes on top of it."""
_COPIES = 18
"""Bytes that layers which are not lean keep for each token, layer and unit of width: copies and activations in bf16."""
_LITTLE_MEMORY = 128 << 20
"""Bytes of them up to which they are kept: making them again takes 1 to 8 % of a step (LOG.md), for the same bits."""
_LEAST_GAIN = 1.1
"""So many times as fast another loss must be; less cannot be told from noise."""
_LEAST_PRODUCT_GAIN = 1.05
_CPU_FLOP = 3e10
"""Of a measured loss, about a second for one core."""
_LEAST_TOKENS = 8192
"""Tokens of the vocabulary that are measured at least."""
_MOST_ROWS = 1024
_ROUNDS = 3


@dataclass(frozen=True, kw_only=True)
class BatchShape:
    """How much is trained at once."""

    rows: int
    row_tokens: int
    masked: int
    """Tokens to predict, about."""
    precision: str = "fp32"


@dataclass(frozen=True)
class TunedPaths:
    """Fast paths, and why: a few words for each thing that was chosen."""

    paths: FastPaths
    reasons: Mapping[str, str]

    def __str__(self) -> str:
        return "; ".join(f"{name}: {reason}" for name, reason in self.reasons.items())


def half_type(precision: str) -> torch.dtype | None:
    """What autocast computes in for `fp32`, `bf16` or `fp16`; None where it is off."""
    return {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)


Agree = Callable[[Sequence[float]], Sequence[float]]
"""Makes seconds that each process measured into those that all go by."""


def tune_paths(
    model: LangSampForMaskedLM,
    shape: BatchShape,
    *,
    loss: LossSetting = "auto",
    device: torch.device,
    agree: Agree = lambda seconds: seconds,
) -> TunedPaths:
    """The paths for training `model` with such batches on `device`; takes seconds and changes nothing.

    Raises:
        UserError: where `loss` names a backend that cannot run here.
    """
    if loss != "auto" and (obstacle := obstacle_to(loss, device)) is not None:
        raise UserError(f"training.loss {loss}: {obstacle}")
    if shape.rows * shape.row_tokens * model.mlm.config.hidden_size < _SMALL_BATCH and loss == "auto":
        return TunedPaths(FastPaths(), {"loss": "plain (too small to gain anything)"})
    products, reasons = _choose_products(model, shape, device, agree)
    paths, named = FastPaths(products=products), ""
    if loss == "auto":
        loss, named = _choose_loss(model, shape, device, paths, agree)
    on_cpu, config = device.type == "cpu", model.mlm.config
    copies = _COPIES * shape.rows * shape.row_tokens * config.num_hidden_layers * config.hidden_size
    paths = FastPaths(
        loss=loss,
        products=products,
        lean_layers=on_cpu and copies > _LITTLE_MEMORY,
        last_layer=can_prune(model.mlm),
        by_head=on_cpu and shape.row_tokens <= LONGEST and bool(model.mlm._supports_attention_backend),
        cheap_dropout=on_cpu,
        tied_embedding=loss == "blocked" and can_tie(model.mlm),
    )
    return TunedPaths(paths, {"loss": f"{loss} ({named or 'as the recipe says'})"} | reasons)


def _choose_loss(
    model: LangSampForMaskedLM, shape: BatchShape, device: torch.device, paths: FastPaths, agree: Agree
) -> tuple[Backend, str]:
    decoder: Any = decoder_of(model.mlm)
    vocabulary, width = decoder.weight.shape
    logits = 4 * shape.masked * vocabulary
    if logits < _SMALL_LOGITS:
        return "plain", "too small to gain anything"
    candidates = _CANDIDATES.get(device.type, ("blocked", "plain"))
    barred = {each for each in candidates if obstacle_to(each, device)}
    if 4 * logits >= _SHARE_FOR_LOGITS * _free_bytes(device):
        barred.add("plain")
    tokens = vocabulary
    if device.type == "cpu":
        tokens = min(vocabulary, max(_LEAST_TOKENS, int(_CPU_FLOP / (6 * shape.masked * width))))
    head = _Head(decoder, tokens=tokens, masked=shape.masked, device=device, is_tied=can_tie(model.mlm))
    # Of all candidates, as free memory and packages may differ between processes, which could then not agree.
    measured = agree([math.inf if each in barred else head.seconds(each, shape, paths) for each in candidates])
    seconds = dict(zip(candidates, measured, strict=True))
    fastest = min(seconds, key=seconds.__getitem__)
    if seconds[candidates[0]] < _LEAST_GAIN * seconds[fastest]:
        fastest = candidates[0]
    compared = ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in seconds.items() if value < math.inf)
    return fastest, f"measured on {tokens:,} of {vocabulary:,} tokens: {compared}"


class _Head:
    """A decoder, or the first part of it, with hidden states and labels to try a loss on."""

    def __init__(self, decoder: Any, *, tokens: int, masked: int, device: torch.device, is_tied: bool) -> None:
        generator = torch.Generator().manual_seed(0)
        self._weight: Tensor = decoder.weight.detach()[:tokens].requires_grad_()
        self._bias = None if decoder.bias is None else decoder.bias.detach()[:tokens].requires_grad_()
        self._hidden = torch.randn(masked, decoder.weight.shape[1], generator=generator).to(device).requires_grad_()
        self._labels = torch.randint(tokens, (masked,), generator=generator).to(device)
        self._is_tied = is_tied

    def seconds(self, backend: Backend, shape: BatchShape, paths: FastPaths) -> float:
        """What forward and backward take, the least of a few; infinite where memory does not suffice.

        With the embedding's gradient, a second matrix of the weight's size to be cleared and added, where the two could
        share one (`can_tie`) and the backend is not the one that does so.
        """
        dtype = half_type(shape.precision)
        given = [each for each in (self._weight, self._hidden, self._bias) if each is not None]
        device, adds_embedding = self._labels.device, self._is_tied and backend != "blocked"

        def once() -> None:
            with torch.autocast(device.type, dtype, enabled=dtype is not None):
                loss = masked_lm_loss(
                    self._hidden, self._weight, self._bias, self._labels, backend=backend, products=paths.products
                )
            gradient_VD, *_ = torch.autograd.grad(loss, given)
            if adds_embedding:
                gradient_VD += torch.zeros_like(gradient_VD)

        try:
            return _least_seconds({backend: once}, device)[backend]
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            return math.inf


def _choose_products(
    model: LangSampForMaskedLM, shape: BatchShape, device: torch.device, agree: Agree
) -> tuple[OneDnnMatmuls, dict[str, str]]:
    """Which products of the linear layers oneDNN computes, tried on the largest layer of the encoder."""
    layers = [each for each in model.mlm.base_model.modules() if type(each) is nn.Linear]
    if device.type != "cpu" or shape.precision != "fp32" or not layers:
        return OneDnnMatmuls(), {}
    weight_ND = max((layer.weight.detach() for layer in layers), key=Tensor.numel)
    if sum(layer.weight.numel() for layer in layers) < 1 << 20 or weight_ND.dtype != torch.float32:
        return OneDnnMatmuls(), {}
    generator = torch.Generator().manual_seed(0)
    rows = min(shape.rows * shape.row_tokens, _MOST_ROWS)
    inputs_MD, gradient_MN = (torch.randn(rows, size, generator=generator) for size in reversed(weight_ND.shape))
    ways: dict[str, Callable[[bool], Tensor]] = {
        "output": lambda one_dnn: output_product(inputs_MD, weight_ND, None, one_dnn=one_dnn),
        "input_gradient": lambda one_dnn: input_gradient(gradient_MN, weight_ND, one_dnn=one_dnn),
        "weight_gradient": lambda one_dnn: weight_gradient(gradient_MN, inputs_MD, one_dnn=one_dnn),
    }
    gains = {}
    for name, product in ways.items():
        both = {"torch": lambda: product(False), "oneDNN": lambda: product(True)}  # noqa: B023
        seconds = _least_seconds(both, device) if has_one_dnn() else {"torch": 0.0, "oneDNN": math.inf}
        torch_seconds, one_dnn_seconds = agree([*seconds.values()])  # by all processes, also those that have none
        gains[name] = torch_seconds / one_dnn_seconds
    if not any(gains.values()):
        return OneDnnMatmuls(), {}
    products = OneDnnMatmuls(**{name: gain >= _LEAST_PRODUCT_GAIN for name, gain in gains.items()})
    measured = ", ".join(f"{name} {gain:.2f}x" for name, gain in gains.items())
    return products, {"oneDNN": f"{'+'.join(n for n, on in products._asdict().items() if on) or 'none'} ({measured})"}


def _least_seconds(ways: Mapping[Any, Callable[[], object]], device: torch.device) -> dict[Any, float]:
    """The shortest of some runs of each way, in turns: what others do on the machine only ever makes one longer.

    On a CPU by processor time, a share of which each thread has: others take turns with us there.
    """
    clock = _processor_seconds if device.type == "cpu" else time.perf_counter
    least = dict.fromkeys(ways, math.inf)
    for number in range(_ROUNDS + 1):
        for name, candidate in ways.items():
            _finish(device)
            began = clock()
            candidate()
            _finish(device)
            if number:  # the first run allocates, and may compile
                least[name] = min(least[name], clock() - began)
    return least


def _processor_seconds() -> float:
    return time.process_time() / torch.get_num_threads()


def _finish(device: torch.device) -> None:
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def _free_bytes(device: torch.device) -> int:
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else available_memory_bytes()
