"""The command line in processes of its own, to be killed at any moment: forks of one that has imported what they need.

A Python that is started anew imports torch for seconds, in which a kill harms nothing.
"""

import atexit
import os
import runpy
import socket
import sys
import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import torch

_CONTEXT = get_context("forkserver")
IMPORTED = ["langsamp.cli.verbs", "langsamp.pipeline"]
"""What a command imports, by name: what is measured here stands above this package."""
_GRACE = 20.0
"""Seconds that the others of several processes have to end by themselves, before they are killed as a launcher does."""
_STARTED = "started"


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    """Exit code of its first process that failed, 0 where none did; -9 where it was killed."""
    seconds: float
    """From the moment at which all its processes were there."""
    said: str
    """What it wrote on standard error."""


def run_command(
    words: Sequence[str],
    *,
    said: Path,
    processes: int = 1,
    threads: int | None = None,
    kill_after: float | None = None,
    killed: int = 0,
    imported: Sequence[str] = (),
) -> Ended:
    """`langsamp` with `words`, in so many processes that train together; killed after so many seconds, if it runs then.

    Each computes in so many threads, by default in as many as torch takes by itself. The modules `imported` are there
    before it starts, if they are those of the first call.

    Of several, process number `killed` is killed, and the others if they do not end by themselves; processes that it
    has started are left to end by themselves. What they write goes into files below the folder `said`.
    """
    _CONTEXT.set_forkserver_preload([*IMPORTED, *imported])
    port = _free_port()
    ranks = [_started(words, said / str(rank), _in_group(rank, processes, port), threads) for rank in range(processes)]
    for rank, process in enumerate(ranks):
        while not (said / str(rank) / _STARTED).is_file() and process.is_alive():
            time.sleep(0.01)
    began = time.perf_counter()
    ranks[killed].join(kill_after)
    is_killed = ranks[killed].exitcode is None
    ranks[killed].kill()
    for process in ranks:
        process.join(_GRACE if is_killed else None)
        process.kill()
        process.join()
    seconds = time.perf_counter() - began
    codes = [ranks[killed].exitcode, *(process.exitcode for process in ranks)]
    text = "".join((said / str(rank) / "err").read_text(encoding="utf-8") for rank in range(processes))
    return Ended(next((code for code in codes if code), 0), seconds, text)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _in_group(rank: int, size: int, port: int) -> dict[str, str]:
    """What tells a process its number among those that train together, as a launcher does; nothing to one alone."""
    if size == 1:
        return {}
    numbers = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size, "MASTER_PORT": port}
    return {"MASTER_ADDR": "127.0.0.1", **{name: str(number) for name, number in numbers.items()}}


def _started(words: Sequence[str], said: Path, environment: dict[str, str], threads: int | None) -> BaseProcess:
    said.mkdir(parents=True, exist_ok=True)
    (said / _STARTED).unlink(missing_ok=True)
    process = _CONTEXT.Process(target=_command, args=(list(words), said, environment, threads))
    process.start()
    return process


def _command(words: list[str], said: Path, environment: dict[str, str], threads: int | None) -> None:
    """`python -m langsamp WORDS` in this process."""
    for name, number in (("out", 1), ("err", 2)):
        os.dup2(os.open(said / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
    os.environ.update(environment)
    if threads is not None:
        torch.set_num_threads(threads)
    sys.argv = ["langsamp", *words]
    (said / _STARTED).touch()
    try:
        runpy.run_module("langsamp", run_name="__main__")
    finally:
        atexit._run_exitfuncs()  # which a process of multiprocessing ends without (Python 3.11)
