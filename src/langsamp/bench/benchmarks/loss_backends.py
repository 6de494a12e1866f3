"""The loss backends on vocabularies from 50k to a million tokens: time, memory, and the error of the gradients.

One way more than a training can choose shows what the chunks cost that torch takes by itself.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from langsamp.bench.record import Record, Row
from langsamp.bench.timing import Times, compared
from langsamp.machine import available_memory_bytes, peak_memory_bytes, resident_memory_bytes
from langsamp.model.fast.matmul import OneDnnMatmuls, has_one_dnn
from langsamp.model.loss import BACKENDS, Backend, masked_lm_loss, obstacle_to
from langsamp.progress import Bar

Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]

ONE_DNN, TORCH_AUTO = "blocked, oneDNN", "torch, own chunks"
_SEED = 0
_PART = 8192
"""Tokens of the vocabulary that are computed at once in fp64."""
_HELD = 5
"""So many times the weight's bytes are there at once at most: weight, gradient, the exact one, what is compared."""


class Case(NamedTuple):
    """One decoder and one batch."""

    vocab_size: int
    hidden: int
    masked: int
    precision: str = "fp32"

    def __str__(self) -> str:
        return f"{self.vocab_size:,} x {self.hidden}, {self.masked} masked, {self.precision}"

    @property
    def gflop(self) -> float:
        """Of three products, a multiply-add counted as 2."""
        return 6 * self.masked * self.vocab_size * self.hidden / 1e9


class LossSize(NamedTuple):
    """What is measured."""

    cases: tuple[Case, ...]
    rounds: int
    slowest_gflop: float = 200.0
    """Up to this size of a case the chunks of torch's own choice are measured too; beyond, they take minutes."""


_VOCABULARIES = (50_265, 128_000, 250_002, 401_145, 1_000_000)
QUICK = LossSize(tuple(Case(size, 256, 77) for size in (50_265, 250_002)), rounds=2)
NORMAL = LossSize(
    tuple(Case(size, hidden, 154) for hidden in (768, 1024) for size in _VOCABULARIES)
    + tuple(Case(401_145, 768, masked, precision) for masked, precision in ((614, "fp32"), (154, "bf16"))),
    rounds=1,
)
GPU = LossSize(
    tuple(Case(size, hidden, 4915, "bf16") for hidden in (768, 1024) for size in _VOCABULARIES)
    + tuple(Case(401_145, 768, masked, precision) for masked, precision in ((9830, "bf16"), (4915, "fp32"))),
    rounds=5,
)
"""64 or 128 rows of 512 tokens, 15 % of them masked."""


def measure_loss(size: LossSize, *, device: str = "cpu") -> Record:
    """Seconds, memory and gradient error of forward and backward by every backend that runs here.

    The error is the largest difference of a gradient (hidden states, weight, bias) from that of fp64, as a share of the
    largest number of that gradient. A case that does not fit into memory is left out and named.
    """
    rows: list[Row] = []
    left_out = []
    many = {case: _ways(device, slowest=case.gflop <= size.slowest_gflop) for case in size.cases}
    with Bar("losses", total=sum(map(len, many.values())), unit="ways") as bar:
        for case, ways in many.items():
            if _free(device) < _HELD * 4 * case.vocab_size * case.hidden:
                left_out.append(str(case))
                bar.update(len(ways))
                continue
            rows += _measured(case, ways, size.rounds, device, bar)
    return Record(
        name="loss",
        measures=(
            "Forward and backward of decoder and cross-entropy; ratios against `plain` of the same size. `above` is "
            "memory over weight, bias, hidden states and their gradients; `error` that of the worst gradient."
        ),
        unit="GFLOP",
        rows=tuple(rows),
        targets=(),
        settings={
            "cases": [str(case) for case in size.cases],
            "left_out": left_out,
            "absent": {each: obstacle for each in BACKENDS if (obstacle := obstacle_to(each, torch.device(device)))},
            "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name() if device == "cuda" else device,
        },
    )


def _ways(device: str, *, slowest: bool) -> dict[str, Loss]:
    """Loss by name: the backends, `blocked` also by oneDNN, and torch's with the chunks of its own choice."""
    here: list[Backend] = [each for each in BACKENDS if obstacle_to(each, torch.device(device)) is None]
    ways: dict[str, Loss] = {backend: partial(masked_lm_loss, backend=backend) for backend in here}
    if device == "cpu" and has_one_dnn():
        ways[ONE_DNN] = partial(masked_lm_loss, backend="blocked", products=OneDnnMatmuls(True, True, True))
    if slowest and "torch" in here:
        ways[TORCH_AUTO] = _torch_auto
    return ways


def _torch_auto(hidden_MD: Tensor, weight_VD: Tensor, bias_V: Tensor, labels_M: Tensor) -> Tensor:
    device = hidden_MD.device.type
    if torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
        hidden_MD, weight_VD, bias_V = hidden_MD.to(dtype), weight_VD.to(dtype), bias_V.to(dtype)
    options = torch.nn.LinearCrossEntropyOptions()
    with torch.autocast(device, enabled=False):
        loss: Tensor = F.linear_cross_entropy(
            hidden_MD, weight_VD, labels_M, linear_bias=bias_V, reduction="sum", options=options
        )
    return loss


class _Head:
    """A decoder with hidden states and labels, drawn from a fixed seed."""

    def __init__(self, case: Case, device: str) -> None:
        generator = torch.Generator().manual_seed(_SEED)
        weight_VD = torch.randn(case.vocab_size, case.hidden, generator=generator).mul_(0.05)
        self.labels_M = torch.randint(case.vocab_size, (case.masked,), generator=generator)
        hidden_MD = torch.randn(case.masked, case.hidden, generator=generator) + weight_VD[self.labels_M]
        bias_V = torch.randn(case.vocab_size, generator=generator).mul_(0.1)
        self.labels_M = self.labels_M.to(device)
        self.given = [each.to(device).requires_grad_() for each in (hidden_MD, weight_VD, bias_V)]
        self._device, self._dtype = device, torch.bfloat16 if case.precision == "bf16" else None

    def gradients(self, loss: Loss) -> list[Tensor]:
        """Of hidden states, weight and bias."""
        with torch.autocast(self._device, self._dtype, enabled=self._dtype is not None):
            value = loss(*self.given, self.labels_M)  # type: ignore[call-arg]
        gradients = list(torch.autograd.grad(value, self.given))
        if self._device == "cuda":
            torch.cuda.synchronize()
        return gradients

    def exact(self) -> list[Tensor]:
        """The same gradients by fp64, a part of the vocabulary after the other, as fp32."""
        hidden_MD, weight_VD, bias_V = (each.detach() for each in self.given)
        hidden_MD, bias_V = hidden_MD.double(), bias_V.double()
        parts = [slice(first, first + _PART) for first in range(0, len(weight_VD), _PART)]
        ids_V = torch.arange(len(weight_VD), device=weight_VD.device)
        sums = [torch.logsumexp(hidden_MD @ weight_VD[part].double().T + bias_V[part], 1) for part in parts]
        sum_M1 = torch.stack(sums).logsumexp(0)[:, None]
        gradient_MD, gradient_VD, gradient_V = (
            torch.zeros_like(hidden_MD), torch.empty_like(weight_VD), torch.empty_like(weight_VD[:, 0]),
        )  # fmt: skip
        for part in parts:
            weight_nD = weight_VD[part].double()
            share_Mn = (hidden_MD @ weight_nD.T + bias_V[part] - sum_M1).exp_()
            share_Mn -= (self.labels_M[:, None] == ids_V[part]).double()
            gradient_MD += share_Mn @ weight_nD
            gradient_VD[part] = (share_Mn.T @ hidden_MD).float()
            gradient_V[part] = share_Mn.sum(0).float()
        return [gradient_MD.float(), gradient_VD, gradient_V]


def _measured(case: Case, ways: dict[str, Loss], rounds: int, device: str, bar: Bar) -> Iterator[Row]:
    head = _Head(case, device)
    exact = head.exact()
    errors, taken = {}, {name: [] for name in ways}  # type: dict[str, float], dict[str, list[Times]]
    for name, loss in ways.items():  # the first run compiles and allocates
        errors[name] = _error(head.gradients(loss), exact)
        bar.update()
    del exact
    for number in range(rounds):
        for name in list(ways)[:: -1 if number % 2 else 1]:
            began = Times.now()
            head.gradients(ways[name])
            taken[name].append(Times.now().since(began))
    del head
    gc.collect()
    for row in compared(taken, amount=case.gflop):
        above = _above_on_gpu(case, ways[row.variant]) if device == "cuda" else _above_alone(case, row.variant)
        changed = {"group": str(case), "error": errors[row.variant], "above_mib": above, "spread": None}
        yield row.model_copy(update=changed)


def _error(gradients: Sequence[Tensor], exact: Sequence[Tensor]) -> float:
    return max(
        float((one - other).abs().max() / other.abs().max()) for one, other in zip(gradients, exact, strict=True)
    )  # fmt: skip


def _above_on_gpu(case: Case, loss: Loss) -> float:
    head = _Head(case, "cuda")
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    head.gradients(loss)
    return float(torch.cuda.max_memory_allocated() - before - _bytes(head.given)) / 2**20


def _above_alone(case: Case, name: str) -> float:
    """In a process that does this only: memory of a process never shrinks again."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_above, case, name, torch.get_num_threads()).result()


def _above(case: Case, name: str, threads: int) -> float:
    torch.set_num_threads(threads)
    loss = _ways("cpu", slowest=True)[name]
    if name == "compiled":
        _Head(Case(1000, case.hidden, case.masked, case.precision), "cpu").gradients(loss)  # the compiler's own memory
    head = _Head(case, "cpu")
    before = resident_memory_bytes()
    head.gradients(loss)
    return (peak_memory_bytes() - before - _bytes(head.given)) / 2**20


def _bytes(tensors: Sequence[Tensor]) -> int:
    return sum(each.nbytes for each in tensors)


def _free(device: str) -> int:
    return torch.cuda.mem_get_info()[0] if device == "cuda" else available_memory_bytes()
