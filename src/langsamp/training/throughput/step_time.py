"""How long the steps of a training take here, from a few batches that are timed as a training computes them."""

import math
import time
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor

from langsamp.data.masking import IGNORED
from langsamp.machine import out_of_memory
from langsamp.model.autotune import BatchShape, half_type, tune_paths
from langsamp.model.fast_paths import FastPaths
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.training.anchor import held_layers, without_pruning
from langsamp.training.config import TrainingConfig
from langsamp.training.throughput.batch_size import too_many
from langsamp.training.throughput.tuned_paths import as_configured, memory_for

_TIMED = 3  # batches


@dataclass(frozen=True, kw_only=True)
class StepShape:
    """What a step reads."""

    rows: int
    row_tokens: int
    mask_rate: float


class StepTime(NamedTuple):
    """Seconds of one step."""

    whole: float
    head_alone: float
    """While the encoder stands still (`training.head_warmup_steps`); 0 where it never does."""

    def training(self, config: TrainingConfig) -> float:
        """Seconds of all steps of `config`."""
        alone = min(config.head_warmup_steps, config.steps)
        return alone * self.head_alone + (config.steps - alone) * self.whole


def time_steps(
    model: LangSampForMaskedLM, config: TrainingConfig, step: StepShape, *, device: torch.device
) -> StepTime:
    """The time of a step of `config`, by fast paths that are chosen as a training chooses them; changes the weights.

    Raises:
        UserError: where the memory does not suffice for a batch.
    """
    rows = min(config.usual_rows, step.rows)
    batch = _batch(model, rows, step, device)
    shape = BatchShape(
        rows=rows,
        row_tokens=step.row_tokens,
        masked=round(rows * step.row_tokens * step.mask_rate),
        precision=config.precision,
    )
    try:
        with memory_for(device):
            paths = as_configured(tune_paths(model, shape, loss=config.loss, device=device), config).paths
            return _timed(model, config, batch, paths=paths, batches=math.ceil(step.rows / rows))
    except RuntimeError as error:
        if not (trouble := out_of_memory(error)):
            raise
        raise too_many(rows, trouble, at="a step timed") from None


def _timed(
    model: LangSampForMaskedLM, config: TrainingConfig, batch: "_Batch", *, paths: FastPaths, batches: int
) -> StepTime:
    held = held_layers(model, config.anchor)
    with model.taking(without_pruning(paths, held, model.mlm.base_model)):
        timed = _Timed(model, config, batch)
        whole = timed.seconds(batches, computes_start=bool(held))
        if not config.head_warmup_steps:
            return StepTime(whole, 0.0)
        with model.frozen_encoder():
            return StepTime(whole, timed.seconds(batches, computes_start=False))


_Batch = tuple[Tensor, Tensor, Tensor]
"""Tokens and labels (B, L), and the id of both tables (B,)."""


def _batch(model: LangSampForMaskedLM, rows: int, step: StepShape, device: torch.device) -> _Batch:
    pieces = min(300, model.mlm.config.vocab_size)
    ids_BL = torch.randint(min(5, pieces - 1), pieces, (rows, step.row_tokens), device=device)
    labels_BL = ids_BL.where(torch.rand(ids_BL.shape, device=device) < step.mask_rate, IGNORED)
    return ids_BL, labels_BL, torch.zeros(rows, dtype=torch.long, device=device)


class _Timed:
    """A batch's passes and an optimizer's updates."""

    def __init__(self, model: LangSampForMaskedLM, config: TrainingConfig, batch: _Batch) -> None:
        self._model, self._batch = model.train(), batch
        self._optimizer = torch.optim.AdamW(model.parameters(), fused=True)
        self._half = half_type(config.precision)

    def seconds(self, batches: int, *, computes_start: bool) -> float:
        """The median of a step of so many batches, with the passes of an anchor's start or without."""
        passes, updates = [], []
        for _ in range(_TIMED + 1):  # the first allocates
            began = time.perf_counter()
            self._pass(computes_start)
            passes.append(time.perf_counter() - began)
            self._optimizer.step()
            self._optimizer.zero_grad()
            updates.append(time.perf_counter() - began - passes[-1])
        return batches * median(passes[1:]) + median(updates[1:])

    def _pass(self, computes_start: bool) -> None:
        ids_BL, labels_BL, ids_B = self._batch
        with torch.autocast(ids_BL.device.type, self._half, enabled=self._half is not None):
            loss: Tensor = self._model(ids_BL, labels_BL, language_ids_B=ids_B, script_ids_B=ids_B)
            if computes_start:
                with torch.no_grad():  # a copy up to one layer: at most what is timed here
                    self._model.mlm.base_model(ids_BL)
        loss.backward()  # type: ignore[no-untyped-call]
        loss.item()
