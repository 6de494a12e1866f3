"""How many rows go through the model at once, found by trying: as many as fit, while more of them are faster.

The size changes no weight but by the order of summation, so a training keeps what it found in its checkpoints.
"""

import math
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.optim import Optimizer

from langsamp.errors import UserError
from langsamp.machine import available_memory_bytes, out_of_memory, processor, resident_memory_bytes
from langsamp.training.processes import summed

_LEAST_GAIN = 1.03
"""So many times as fast, row by row, a larger size must be."""
_PATIENCE = 2
"""Sizes without gain after which no larger one is tried."""
_PASSES, _SECONDS = 3, 2.0
"""Passes that are timed at each size; fewer where they take long."""
_CPU_SHARE = 0.5
"""Of the memory that is free on a CPU; there nothing says in time that too much is taken."""
_SPARE = 0.03
"""Of a device's memory, left over for batches with more masked tokens."""


class BatchSize(BaseModel):
    """Rows at once, and where that was found: there it holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: int
    processes: int
    device: str
    """Name of the processes' processor or accelerator; of all kinds, where these are several."""


def find_batch_size(
    trials: "Trials", *, rows: int, accelerator: Accelerator, kept: Mapping[str, Any] | None
) -> tuple[BatchSize, str]:
    """The size for a process's `rows` of a step, the same in all processes, and a few words why.

    `kept` is the record of the one that was found before; on as many devices of that kind it is taken again.

    Raises:
        UserError: where not even one row fits.
    """
    device = accelerator.device
    mine = torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
    name = " and ".join(sorted({*gather_object([mine])}))  # of all: one process that measures alone would wait for ever
    before = None if kept is None else BatchSize.model_validate(kept)
    if before is not None and (before.processes, before.device) == (accelerator.num_processes, name):
        return before, "as before"
    size, tried = search(batch_sizes(rows), trials.seconds)
    if math.isinf(tried[size]):
        raise UserError(
            "training.rows_per_batch auto: the memory does not suffice for one row. Use training.precision bf16, "
            "training.gradient_checkpointing, or a smaller model"
        )
    compared = ", ".join(
        f"{rows} {1 / seconds:,.1f}" if seconds < math.inf else f"{rows} does not fit"
        for rows, seconds in tried.items()
    )
    return BatchSize(rows=size, processes=accelerator.num_processes, device=name), f"rows a second at once: {compared}"


def batch_sizes(rows: int) -> list[int]:
    """The sizes that split a process's `rows` of a step into batches as even as can be, smallest first."""
    return sorted({-(-rows // batches) for batches in range(1, rows + 1)})


def search(sizes: Sequence[int], seconds: Callable[[int], float]) -> tuple[int, dict[int, float]]:
    """The size to take, and the seconds a row of those that were tried; infinite where memory did not suffice.

    Sizes double while they fit and bring something. Between the largest that fits and the smallest that does not, the
    largest that fits is found by bisection.
    """
    tried: dict[int, float] = {}

    def fits(index: int) -> bool:
        tried[sizes[index]] = seconds(sizes[index])
        return math.isfinite(tried[sizes[index]])

    best, index, without_gain = 0, 0, 0
    while without_gain < _PATIENCE:
        if not fits(index):
            low = max((number for number, size in enumerate(sizes[:index]) if size in tried), default=index)
            while index - low > 1:
                middle = (low + index) // 2
                low, index = (middle, index) if fits(middle) else (low, middle)
            return sizes[low if _pays(tried[sizes[low]], tried[sizes[best]]) else best], tried
        if index == 0 or _pays(tried[sizes[index]], tried[sizes[best]]):
            best, without_gain = index, 0
        else:
            without_gain += 1
        if index == len(sizes) - 1:
            break
        index = max(index + 1, bisect_right(sizes, 2 * sizes[index]) - 1)
    return sizes[best], tried


def _pays(seconds: float, before: float) -> bool:
    return seconds * _LEAST_GAIN <= before


class Trials:
    """Forward and backward passes on batches of several sizes; they change nothing but the random state."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        *,
        arguments: Callable[[int], Mapping[str, Any]],
        accelerator: Accelerator,
    ) -> None:
        """Try `model` on `arguments(rows)`; leave room for gradients and for what `optimizer` will keep."""
        self._model, self._arguments, self._accelerator = model, arguments, accelerator
        self._device = accelerator.device
        trained = [each for each in model.parameters() if each.requires_grad]
        missing = [each for each in trained if not optimizer.state.get(each)]
        self._optimizer_bytes = sum(2 * each.numel() * each.element_size() for each in missing)
        gradients = sum(each.numel() * each.element_size() for each in trained)
        self._room = _CPU_SHARE * (available_memory_bytes() - self._optimizer_bytes - gradients)
        self._taken: dict[int, int] = {}
        """Resident memory after the trials of each size, on a CPU."""

    def seconds(self, rows: int) -> float:
        """Seconds for each of `rows` rows at once, the slowest process's; infinite where one cannot take them."""
        mine = self._mine(rows)
        world = self._accelerator.num_processes
        each = torch.zeros(world, dtype=torch.float32)
        each[self._accelerator.process_index] = mine
        return float(summed(each, self._accelerator).max()) / rows

    def _mine(self, rows: int) -> float:
        """Seconds of this process for `rows` rows at once."""
        try:
            return self._on_cpu(rows) if self._device.type == "cpu" else self._on_accelerator(rows)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            return math.inf
        finally:
            self._model.zero_grad()

    def _on_cpu(self, rows: int) -> float:
        if not self._has_room(rows):
            return math.inf
        seconds = self._timed(rows)
        self._taken[rows] = resident_memory_bytes()
        return seconds

    def _on_accelerator(self, rows: int) -> float:
        torch.accelerator.empty_cache()
        spare = int(_SPARE * torch.cuda.mem_get_info(self._device)[1]) if self._device.type == "cuda" else 0
        held = torch.empty(self._optimizer_bytes + spare, dtype=torch.uint8, device=self._device)
        seconds = self._timed(rows)
        del held
        return seconds

    def _has_room(self, rows: int) -> bool:
        """Whether so many rows, by what a row more took in the last two trials, stay within their share of memory."""
        if len(self._taken) < 2:
            return True
        sizes, taken = list(self._taken), list(self._taken.values())
        a_row = (taken[-1] - taken[-2]) / (sizes[-1] - sizes[-2])
        return taken[-1] + a_row * (rows - sizes[-1]) - taken[0] <= self._room

    def _timed(self, rows: int) -> float:
        """The shortest of a few passes; the first may allocate."""
        arguments = self._arguments(rows)
        passes: list[float] = []
        while len(passes) < _PASSES and sum(passes) < _SECONDS:
            began = time.perf_counter()
            self._pass(arguments)
            passes.append(time.perf_counter() - began)
        return min(passes)

    def _pass(self, arguments: Mapping[str, Any]) -> None:
        with self._accelerator.autocast():
            loss: Tensor = self._model(**arguments)
        loss.backward()  # type: ignore[no-untyped-call]
        if self._device.type != "cpu":
            torch.accelerator.synchronize(self._device)


def half_of(rows: int, trouble: str, *, at: str, is_left: bool) -> tuple[int, str]:
    """Half as many rows at once, and why; `at` names training and step.

    Raises:
        UserError: where half of them is no way out that `is_left`.
    """
    if rows == 1 or not is_left:
        raise too_many(rows, trouble, at=at)
    return -(-rows // 2), f"the memory did not suffice for {rows}: {trouble}"


def too_many(rows: int, trouble: str, *, at: str) -> UserError:
    """What to do where the memory does not suffice for so many rows at once."""
    return UserError(
        f"{at}: the memory does not suffice for {rows} rows at once ({trouble}). Set training.rows_per_batch to "
        f"{max(1, rows // 2)} or training.gradient_checkpointing to true, which train the same, or "
        "training.precision to bf16, and run the same command again"
    )
