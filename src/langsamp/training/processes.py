"""The processes that train together: joined by accelerate, summed over, ended."""

import atexit
from collections.abc import Iterable
from pathlib import Path

import torch
import torch.distributed
from accelerate import Accelerator
from torch import Tensor, nn

from langsamp.errors import UserError
from langsamp.training.config import TrainingConfig
from langsamp.world import World


def join_processes(config: TrainingConfig, out: Path, *, cpu: bool) -> tuple[Accelerator, World]:
    """Accelerate, set up for this process and joined with the others, and which of how many processes this is.

    Raises:
        UserError: where the machine lacks what `config` asks for, or the processes cannot be joined.
    """
    if config.precision == "fp16" and (cpu or not torch.accelerator.is_available()):
        raise UserError("training.precision fp16 needs a GPU; on a CPU use bf16 or fp32")
    atexit.register(_end_group)
    accelerator = Accelerator(
        mixed_precision={"fp32": "no"}.get(config.precision, config.precision),
        cpu=cpu or not torch.accelerator.is_available(),  # else accelerate would not join processes without a GPU
        log_with=list(config.log_to) or None,
        project_dir=out if config.log_to else None,
    )
    world = World(accelerator.process_index, accelerator.num_processes)
    if world != World.from_environment():
        raise UserError(
            f"{World.from_environment().size} processes were started, but accelerate cannot join them on this "
            f"machine's {accelerator.device.type} devices: start one process"
        )
    return accelerator, world


def summed(values: Tensor, accelerator: Accelerator) -> Tensor:
    """The sum of all processes' `values`, where they are kept."""
    if accelerator.num_processes == 1:
        return values
    total: Tensor = accelerator.reduce(values.to(accelerator.device), "sum")
    return total.to(values.device)


def average_gradients(parameters: Iterable[nn.Parameter], accelerator: Accelerator) -> None:
    """Make each gradient that there is the mean over all processes, as DDP does at the end of a backward pass."""
    if accelerator.num_processes == 1:
        return
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.copy_(summed(parameter.grad, accelerator) / accelerator.num_processes)


def _end_group() -> None:
    """Leave the group of processes, which all trainings of this process share."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
