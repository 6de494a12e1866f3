"""Where independent tasks run: in processes of this machine, or on the workers of a Dask cluster.

The seam is Python's own `concurrent.futures.Executor`: a task is a pure function of its inputs with an atomic output,
so it may run anywhere where the package and the same folders are, and twice.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib.util import find_spec

from langsamp.errors import UserError

LOCAL = "local"
_DASK = "dask://"
_CONNECT_SECONDS = 20


@contextmanager
def opened(name: str) -> Iterator[Executor | None]:
    """What `name` stands for: `dask://HOST:PORT`, or `local`, for which there is None: each stage takes what suits it.

    Raises:
        UserError: for another name, where Dask is not installed or the scheduler not reached, or where one task ended
            several workers.
    """
    if name == LOCAL:
        yield None
        return
    address = name.removeprefix(_DASK)
    if not name.startswith(_DASK) or not address:
        raise UserError(
            f"no executor {name!r}: expected local, or dask://HOST:PORT of a Dask scheduler. On Slurm and other "
            "schedulers start Dask's scheduler and workers as a job; docs/scaling.md has the script"
        )
    if find_spec("distributed") is None:
        raise UserError(f"{name} needs Dask, which is not installed: pip install 'langsamp[cluster]'")
    with _dask(address) as executor:
        yield executor


@contextmanager
def _dask(address: str) -> Iterator[Executor]:
    from distributed import Client
    from distributed.scheduler import KilledWorker

    try:
        client = Client(f"tcp://{address}", timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:  # a TimeoutError is an OSError
        raise UserError(
            f"no Dask scheduler answers at {address} ({str(error).splitlines()[0]}): start one with `dask scheduler`, "
            "and workers with `dask worker HOST:PORT --nthreads 1`"
        ) from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise UserError(
                f"the Dask scheduler at {address} has no workers: start some with `dask worker {address} --nthreads 1`"
            )
        try:
            yield client.get_executor(pure=False)
        except KilledWorker as error:
            raise UserError(
                f"several workers ended while they did the same task, most likely for want of memory ({error}). What "
                "is finished is kept: give workers more memory and run the same command again"
            ) from None
