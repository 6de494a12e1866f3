"""Processes that train together, forked from one that has imported everything: a rank costs no start of torch."""

import json
import multiprocessing
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, NamedTuple

import torch
from accelerate.state import AcceleratorState
from transformers import AutoTokenizer

from langsamp.data.rows import PreparedRows
from langsamp.data.sampler import SamplerConfig
from langsamp.errors import StoppedError, UserError
from langsamp.training.processes import leave_processes
from langsamp.training.trainer import train
from tests.processes import warm

LIMIT = 240.0
"""Seconds that any launch may take at most."""


class Stage(NamedTuple):
    """One training by the first `size` processes; what happens goes by the step in which it does."""

    name: str
    size: int
    port: int
    settings: dict[str, Any]
    stop_at: int | None = None
    """Step in which the first process is asked to stop."""
    harmed: int | None = None
    """Process to which `harm` happens in the second step."""
    harm: str = ""


def stage(
    name: str, size: int, *, stop_at: int | None = None, harmed: int | None = None, harm: str = "", **settings: Any
) -> Stage:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Stage(name, size, free.getsockname()[1], settings, stop_at, harmed, harm)


def launch(folder: Path, stages: Sequence[Stage]) -> list[int | None]:
    """Run the stages one after the other, each in as many processes as it says; exit codes, None for a stopped one.

    `folder` holds `rows` and `tokenizer`; trainings and `rank-N.txt`, what process N said, go there.
    """
    context = multiprocessing.get_context("forkserver")
    warm()
    number = max(each.size for each in stages)
    barrier = context.Barrier(number)
    ranks = [context.Process(target=_rank, args=(rank, folder, stages, barrier)) for rank in range(number)]
    for rank in ranks:
        rank.start()
    ended = [_ended(rank) for rank in ranks]
    for rank in ranks:
        rank.kill()
        rank.join()
    return ended


def said_by(folder: Path, rank: int) -> str:
    path = folder / f"rank-{rank}.txt"
    return path.read_text() if path.is_file() else ""


def _ended(rank: BaseProcess) -> int | None:
    """The exit code, once there is one; None for a process that is stopped."""
    for _ in range(int(LIMIT * 10)):
        rank.join(0.1)
        if rank.exitcode is not None or _is_stopped(rank):
            break
    return rank.exitcode


def _is_stopped(rank: BaseProcess) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{rank.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    return False


def _rank(rank: int, folder: Path, stages: Sequence[Stage], barrier: Barrier) -> None:
    errors = os.open(folder / f"rank-{rank}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(errors, 1)
    os.dup2(errors, 2)
    torch.set_num_threads(1)
    for each in stages:
        barrier.wait(LIMIT)
        if rank < each.size:
            os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(each.size), "LOCAL_RANK": str(rank),
                           "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(each.port)}  # fmt: skip
            train_stage(rank, folder, each)
            leave_processes()
            AcceleratorState._reset_state(reset_partial_state=True)


def train_stage(rank: int, folder: Path, stage: Stage) -> None:
    from tests.training.test_trainer import task

    settings = dict(stage.settings)
    tokenizer, rows = AutoTokenizer.from_pretrained(folder / "tokenizer"), PreparedRows(folder / "rows")
    rows_per_step = settings.pop("rows_per_step", 32)
    job = task(rows, tokenizer, folder / stage.name, dropout=0.0, **settings)
    job = type(job)(**{**vars(job), "sampler": SamplerConfig(rows_per_step=rows_per_step)})
    steps = 0

    def in_step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == stage.stop_at and rank == 0:
            os.kill(os.getpid(), signal.SIGUSR1)
        if steps == 2 and rank == stage.harmed:
            HARMS[stage.harm]()

    job.model.register_forward_hook(in_step)
    try:
        train(job, cpu=True)
    except StoppedError as stop:
        _note(stop)
    except UserError as error:
        _note(error)
        os._exit(error.exit_code)
    except BaseException:
        traceback.print_exc()
        os._exit(99)


def _note(error: BaseException) -> None:
    os.write(2, f"{type(error).__name__}: {error}\n".encode())


def _fail() -> None:
    raise UserError("this text cannot be read")


def _kill_as_it_writes() -> None:
    """At the second file of a checkpoint's parts, so that one is there."""
    opened = []

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and "shard-" in str(arguments[0]) and int(arguments[2] or 0) & os.O_WRONLY:  # type: ignore[call-overload]
            opened.append(arguments[0])
            if len(opened) == 2:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


HARMS: dict[str, Callable[[], object]] = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stopped": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "an error": _fail,
    "killed as it writes": _kill_as_it_writes,
    "no room": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)),
    "no memory": lambda: torch.empty(1 << 50, dtype=torch.uint8),
    "a bug": lambda: json.loads("no JSON"),
}
