"""The processes that train together: joined by accelerate, summed over, ended as one."""

import atexit
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs, broadcast_object_list
from torch import Tensor, nn
from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]  # public by its documentation
from torch.distributed.rendezvous import register_rendezvous_handler, rendezvous

from langsamp.disk.files import writing
from langsamp.disk.leftovers import scratch_folder
from langsamp.errors import UserError
from langsamp.machine import bf16_instructions
from langsamp.progress import say
from langsamp.training.checkpoint import checkpoint_folder, newest_alone, read_record
from langsamp.training.config import TrainingConfig
from langsamp.training.ending.watch import Watch
from langsamp.world import World

_MIXED = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}
"""Accelerate's names of our precisions."""
_WRAPPERS = {
    "ACCELERATE_USE_FSDP": "FSDP",
    "ACCELERATE_USE_DEEPSPEED": "DEEPSPEED",
    "ACCELERATE_USE_MEGATRON_LM": "MEGATRON_LM",
}
"""What `accelerate launch` sets where it is asked for other than plain data parallel, and accelerate's name of it."""
_ANEW = "anew"
_watches: list[Watch] = []
"""That over the group of processes, as long as there is one: all trainings of this process share both."""


def join_processes(config: TrainingConfig, out: Path, *, cpu: bool) -> tuple[Accelerator, World]:
    """Accelerate, set up for this process and joined with the others, and which of how many processes this is.

    Raises:
        UserError: where the machine lacks what `config` asks for, or the processes cannot be joined.
    """
    check_machine(config, cpu=cpu)
    check_launch(os.environ)
    World.from_environment()
    atexit.register(leave_processes)
    try:
        accelerator = Accelerator(
            mixed_precision=_MIXED[config.precision],
            cpu=cpu or not torch.accelerator.is_available(),  # else accelerate would not join processes without a GPU
            log_with=list(config.log_to) or None,
            project_dir=out if config.log_to else None,
            kwargs_handlers=[InitProcessGroupKwargs(init_method=f"{_ANEW}://")] if _attempt() else None,
        )
    except (ValueError, RuntimeError) as error:  # torch's errors of its network are RuntimeErrors
        raise UserError(
            f"the processes cannot be joined ({str(error).strip().splitlines()[0]}): start them with `torchrun -m "
            "langsamp train ...`, which sets all that they need, or start one"
        ) from error
    check_wrapper(accelerator.distributed_type.value)
    world = World(accelerator.process_index, accelerator.num_processes)
    if world != World.from_environment():
        raise UserError(
            f"{World.from_environment().size} processes were started, but accelerate cannot join them on this "
            f"machine's {accelerator.device.type} devices: start one process"
        )
    if world.is_leader:
        for sentence in unmet(os.environ, config, size=world.size):
            say(f"note: {sentence}")
    if world.size > 1 and not _watches:
        _watches.append(_watch_over(world, patience=config.rank_timeout))
    return accelerator, world


@contextmanager
def as_one() -> Iterator[None]:
    """Make an error in this block that of all processes.

    Raises:
        RankLostError: where another process died, hangs or failed, instead of what the network said about it.
    """
    try:
        yield
    except Exception as error:
        if not _watches:
            raise
        if isinstance(error, torch.distributed.DistError) or "gloo" in str(error):  # gloo's are plain RuntimeErrors
            raise _watches[0].reason_for(error) from error
        _watches[0].tell(str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}")
        raise


def leave_processes() -> None:
    """Leave the group of processes and the watch over it, as a process does that ends."""
    while _watches:
        _watches.pop().close()
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _watch_over(world: World, *, patience: float) -> Watch:
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    store = TCPStore(address, port, is_master=False, timeout=timedelta(seconds=patience))
    return Watch(PrefixStore(f"langsamp/{_attempt()}", store), world, patience=patience)


def _attempt() -> int:
    """How often the launcher has started all processes again."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT") or 0)


def _meet_anew(_: str, **options: Any) -> Iterator[tuple[Store, int, int]]:
    """How processes meet that were started again: as usual, but apart from those before them.

    torchrun keeps its store over restarts. In it gloo (torch 2.13) finds the addresses of the dead and waits for them.
    """
    options = {"timeout": options["timeout"]} if "timeout" in options else {}
    for store, rank, size in rendezvous("env://", **options):
        yield PrefixStore(f"attempt-{_attempt()}", store), rank, size


register_rendezvous_handler(_ANEW, _meet_anew)  # type: ignore[no-untyped-call]


def check_machine(config: TrainingConfig, *, cpu: bool = False) -> None:
    """Accept a configuration that this machine can train with.

    Raises:
        UserError: where it lacks the arithmetic or a tracker that is asked for.
    """
    if config.precision == "fp16" and (cpu or not torch.accelerator.is_available()):
        raise UserError("training.precision fp16 needs a GPU; on a CPU use bf16 or fp32")
    for tracker in config.log_to:
        if find_spec(tracker) is None:
            raise UserError(
                f"cannot log to {tracker}: it is not installed. pip install 'langsamp[{tracker}]', or take it out "
                "of training.log_to"
            )


def training_device() -> torch.device:
    """Where a training of this machine runs unless it is told otherwise: its accelerator, else the CPU."""
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def slow_arithmetic(config: TrainingConfig, *, device: str) -> list[str]:
    """A sentence where `device` (torch's name of its type) computes `config.precision` in software, else nothing."""
    if config.precision != "bf16" or device != "cpu" or bf16_instructions() != ():
        return []
    return ["this processor has no bf16 instructions: training.precision fp32 is several times faster on it than bf16"]


def could_take_bf16(config: TrainingConfig, *, device: str) -> bool:
    """Whether a training that computes in fp32 on `device` (torch's name of its type) has bf16 instructions there."""
    return config.precision == "fp32" and device == "cpu" and bool(bf16_instructions())


def check_launch(environment: Mapping[str, str]) -> None:
    """Accept what `accelerate launch` was asked for, where it leaves the arithmetic to the recipe.

    Raises:
        UserError: for accumulation, by which accelerate would divide every gradient.
    """
    parts = environment.get("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "1")
    if parts not in ("", "1"):
        raise UserError(
            f"`accelerate launch` asks for {parts} steps of gradient accumulation, which would divide the gradients: "
            "leave that out. A step accumulates by itself what sampler.rows_per_step needs beyond "
            "training.rows_per_batch"
        )


def check_wrapper(kind: str) -> None:
    """Accept how accelerate has joined the processes (its `DistributedType`), where it leaves the model to the recipe.

    Raises:
        UserError: where it would change the model by itself, which checkpoints and scores know nothing of.
    """
    if kind in _WRAPPERS.values():
        raise UserError(
            f"`accelerate launch` asks for {kind}: leave that out of its options and its configuration. For a model "
            "that is spread over the processes set training.sharding to fsdp in the recipe"
        )


def unmet(environment: Mapping[str, str], config: TrainingConfig, *, size: int) -> list[str]:
    """What was asked for and is not done in these processes, a sentence each.

    `environment` is what it has set, `size` the number of processes that were joined.
    """
    said = []
    launched, several = "ACCELERATE_MIXED_PRECISION" in environment, "MASTER_ADDR" in environment
    if launched and several and size == 1 and "WORLD_SIZE" not in environment:
        said.append(
            "`accelerate launch` was asked for several processes and has started one, as it does for a CPU: training "
            "in one process. For more, `torchrun --nproc-per-node 2 -m langsamp train ...`"
        )
    if config.sharding != "none" and size == 1:
        said.append(f"training.sharding {config.sharding} is for several processes: this one holds the whole model")
    instead = "in plain data parallel (DDP)" if config.sharding == "none" else "with training.sharding fsdp"
    for variable, asked in _WRAPPERS.items():
        if environment.get(variable, "").lower() in ("true", "1"):
            version = environment.get("FSDP_VERSION", "") if asked == "FSDP" else ""
            said.append(
                f"the launcher asks for {asked}{version}, but only training.sharding of the recipe does: training "
                f"{instead if size > 1 else 'in one process'}, which gives the same"
            )
    precision = environment.get("ACCELERATE_MIXED_PRECISION", "no")
    if precision not in ("no", _MIXED[config.precision]):
        said.append(
            f"the launcher asks for mixed precision {precision}, the recipe for training.precision {config.precision}, "
            "which holds"
        )
    return said


def summed(values: Tensor, accelerator: Accelerator) -> Tensor:
    """The sum of all processes' `values`, where they are kept."""
    if accelerator.num_processes == 1:
        return values
    total: Tensor = accelerator.reduce(values.to(accelerator.device), "sum")
    return total.to(values.device)


def in_all(holds: bool, accelerator: Accelerator) -> bool:
    """Whether something `holds` in all processes, which can be unlike machines: all must do the same next."""
    return not int(summed(torch.tensor(int(not holds)), accelerator))


def measured_by_all(
    measure: Callable[[range], Sequence[float]], number: int, *, accelerator: Accelerator, world: World, at: str
) -> Tensor:
    """So many values (number,), of which each process measures its share.

    Raises:
        UserError: in all processes, where one could not; `at` says when.
    """
    values, mine, trouble = torch.zeros(number, dtype=torch.float64), world.share(range(number)), None
    try:
        values[mine.start : mine.stop] = torch.tensor(measure(mine), dtype=torch.float64)
    except UserError as error:  # told after the sum, where the other ranks wait for this one
        values[mine.start : mine.stop], trouble = float("nan"), error
    values = summed(values, accelerator)
    if values.isnan().any():
        raise UserError(f"{at}: {trouble or 'another process could not score'}")
    return values


def average_gradients(parameters: Iterable[nn.Parameter], accelerator: Accelerator) -> None:
    """Make each gradient that there is the mean over all processes, as DDP does at the end of a backward pass."""
    if accelerator.num_processes == 1:
        return
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.copy_(summed(parameter.grad, accelerator) / accelerator.num_processes)


def check_one_disk(folder: Path, accelerator: Accelerator, world: World) -> None:
    """Accept a `folder` that all processes see, as each writes a part of a checkpoint into it.

    Raises:
        UserError: where one does not.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with scratch_folder(folder / "disk") if world.is_leader else nullcontext() as made:
            (name,) = broadcast_object_list([made and made.name])
            sees = torch.zeros(world.size, dtype=torch.int64)
            sees[world.rank] = (folder / name).is_dir()
            sees = summed(sees, accelerator)
    if not sees.all():
        raise UserError(
            f"process {int(sees.argmin())} of {world.size} does not see what process 0 writes to {folder}: with "
            "training.sharding fsdp each writes a part of a checkpoint, so all machines need one disk there. Choose an "
            "output folder on a disk that all mount"
        )


def newest_for_all(folder: Path, accelerator: Accelerator, world: World, *, name: str) -> Path | None:
    """The checkpoint to go on from, the same in all processes; the leader puts damaged newer ones aside."""
    step = torch.zeros((), dtype=torch.int64)
    if world.is_leader:
        newest, warnings = newest_alone(folder)
        if newest is not None:
            step += 1 + read_record(newest).step
            for warning in warnings:
                say(f"warning: {warning}, and {name} goes on from {newest.name}")
    chosen = int(summed(step, accelerator))
    return checkpoint_folder(folder, chosen - 1) if chosen else None
