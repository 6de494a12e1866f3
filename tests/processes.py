"""New processes in milliseconds: forks of one that has imported what they need and done nothing yet.

A Python that is started anew imports torch for seconds. Where a law is about the start itself, tests start one.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from multiprocessing import forkserver, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from torch.distributed import TCPStore

_CONTEXT = get_context("forkserver")
_IMPORTED = ("pytest", "langsamp.pipeline", "langsamp.doctor", "langsamp.bench.run", "tests.training.test_trainer")


def warm() -> None:
    """Start the process whose forks all others are, where there is none yet."""
    _CONTEXT.set_forkserver_preload(list(_IMPORTED))
    forkserver.ensure_running()


def start(
    function: Callable[..., object], *arguments: object, said: Path, environment: Mapping[str, str] | None = None
) -> BaseProcess:
    """Call a function in a new process, the first of a group; it prints into the files `out` and `err` of a folder."""
    warm()
    said.mkdir(parents=True, exist_ok=True)
    process = _CONTEXT.Process(target=_run, args=(function, arguments, said, dict(environment or {})))
    process.start()
    return process


def command_line(*words: object) -> None:
    """The command line; it ends this process."""
    from langsamp.cli.command import main

    sys.argv = ["langsamp", *map(str, words)]
    main()


def together(function: Callable[..., object], *arguments: object, said: Path, size: int = 2) -> None:
    """Call a function in so many processes that find each other as those of `torchrun` do; all must succeed."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port), "TORCHELASTIC_USE_AGENT_STORE": "True"}
    shared |= {"WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size)}
    ranks = [
        start(
            function,
            *arguments,
            said=said / str(rank),
            environment={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(size)
    ]
    for rank, process in enumerate(ranks):
        process.join(200)
        assert process.exitcode == 0, (said / str(rank) / "err").read_text()[-3000:]


def _run(
    function: Callable[..., object], arguments: tuple[object, ...], said: Path, environment: dict[str, str]
) -> None:
    os.setsid()
    for name, number in (("out", 1), ("err", 2)):
        os.dup2(os.open(said / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
    gc.freeze()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in the background without it
    os.environ.update(environment)
    function(*arguments)
