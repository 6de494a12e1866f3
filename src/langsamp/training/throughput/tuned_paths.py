"""Which fast paths a training takes: chosen at its start, said in the log, kept in its checkpoints.

A run that goes on takes the paths that it took, so that its bits stay those of a run that never stopped (design law 3).
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from accelerate import Accelerator

from langsamp.data.batches import MaskedBatch
from langsamp.machine import keeping_freed_memory
from langsamp.model.autotune import BatchShape, TunedPaths, tune_paths
from langsamp.model.fast.matmul import has_one_dnn
from langsamp.model.fast_paths import FastPaths
from langsamp.model.loss import obstacle_to
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.training.config import TrainingConfig
from langsamp.training.processes import in_all, summed


def training_paths(
    model: LangSampForMaskedLM,
    config: TrainingConfig,
    *,
    batch: MaskedBatch,
    accelerator: Accelerator,
    kept: Mapping[str, Any] | None,
) -> TunedPaths:
    """The paths for batches like `batch`, the same in all processes; `kept` is the record of those taken before.

    Raises:
        UserError: where this machine cannot compute the loss as `config` says.
    """
    before = None if kept is None else FastPaths.model_validate(kept)
    if before is not None and in_all(_still_good(before, config, accelerator.device), accelerator):
        return TunedPaths(before, {"loss": f"{before.loss} (as before)"})

    def mean(values: Sequence[float]) -> Sequence[float]:
        totals = summed(torch.tensor(values, dtype=torch.float32), accelerator) / accelerator.num_processes
        return [float(value) for value in totals]

    rows, masked = mean([len(batch.input_ids), batch.num_masked])
    shape = BatchShape(
        rows=round(rows), row_tokens=batch.input_ids.shape[1], masked=round(masked), precision=config.precision
    )
    return as_configured(tune_paths(model, shape, loss=config.loss, device=accelerator.device, agree=mean), config)


def as_configured(choice: TunedPaths, config: TrainingConfig) -> TunedPaths:
    """`choice`, or the plain path where `config` turns the fast ones off."""
    if config.fast:
        return choice
    loss = "plain" if config.loss == "auto" else config.loss
    return TunedPaths(FastPaths(loss=loss), {"loss": f"{loss} (fast paths are off)"})


def _still_good(paths: FastPaths, config: TrainingConfig, device: torch.device) -> bool:
    """Whether the recipe still means these paths, and this machine can take them."""
    is_meant = config.loss in ("auto", paths.loss) and (config.fast or paths == FastPaths(loss=paths.loss))
    return is_meant and obstacle_to(paths.loss, device) is None and (has_one_dnn() or not any(paths.products))


def memory_for(device: torch.device) -> AbstractContextManager[None]:
    """What makes memory cheap for a training on `device`, within the block."""
    return keeping_freed_memory() if device.type == "cpu" else nullcontext()
