"""Where independent tasks run: in processes of this machine, on a Dask cluster, or in jobs of a queue such as Slurm's.

The seam is Python's own `concurrent.futures.Executor`: a task is a pure function of its inputs with an atomic output,
so it may run anywhere where the package and the same folders are, and twice.
"""

import re
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

from langsamp.errors import UserError
from langsamp.executors.dask_workers import connected
from langsamp.executors.job_queue import QUEUES, queued
from langsamp.remote.session import check_workers

LOCAL = "local"
_DASK = "dask://"
_NAMES = f"local, dask://HOST:PORT of a Dask scheduler, or {', '.join(QUEUES)}; as many jobs as in slurm:8, or one"


@contextmanager
def opened(name: str, *, connect_seconds: float = 20) -> Iterator[Executor | None]:
    """What `name` stands for: `dask://HOST:PORT`, `slurm:JOBS` or another of `QUEUES`, or `local`.

    For `local` there is None: each stage takes what suits it. Whoever has waited for a scheduler's answer for
    `connect_seconds` gives up.

    Raises:
        UserError: for another name, where Dask or dask-jobqueue is not installed or cannot read its configuration,
            where the scheduler is not reached, where jobs cannot be submitted, or where one task ended several workers.
    """
    if name != LOCAL:
        check_workers()
    address = name.removeprefix(_DASK)
    jobs = re.fullmatch(rf"({'|'.join(QUEUES)})(?::([1-9]\d{{0,5}}))?", name)
    if name == LOCAL:
        yield None
    elif jobs is not None:
        _check_installed(name, "dask_jobqueue")
        with queued(jobs[1], int(jobs[2] or 1)) as executor:
            yield executor
    elif name.startswith(_DASK) and address:
        _check_installed(name, "distributed")
        with connected(address, seconds=connect_seconds) as executor:
            yield executor
    else:
        raise UserError(f"no executor {name!r}: expected {_NAMES}")


def _check_installed(name: str, module: str) -> None:
    """Whether a module is there and reads its configuration, which Dask does as soon as it is imported."""
    if find_spec(module) is None:
        raise UserError(f"{name} needs {module}, which is not installed: pip install 'langsamp[cluster]'")
    try:
        import_module(module)
    except ValueError as error:
        raise UserError(f"Dask cannot read its configuration: {' '.join(str(error).split())}") from None
