"""Tasks on the workers of a Dask cluster, each with a GPU to itself where workers announce them."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any, Self

from langsamp.errors import UserError

if TYPE_CHECKING:
    from distributed import Client

GPU = "GPU"
"""The resource that a worker announces with `--resources GPU=1`."""
_WORKERS_SECONDS = 60


class DaskExecutor(Executor):
    """Does tasks on the workers of a Dask client, as its own executor does."""

    def __init__(self, client: "Client") -> None:
        """For tasks that any worker may take."""
        self._client = client
        self._any: Executor = client.get_executor(pure=False)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """The value of the function, to come."""
        return self._any.submit(function, *arguments, **named)

    def with_gpus(self) -> Self:
        """For tasks that each take one of the GPUs that workers announce; for any worker where none announces one."""
        if not self._has_gpus():
            return self
        other = copy(self)
        other._any = self._client.get_executor(pure=False, resources={GPU: 1})
        return other

    def _has_gpus(self) -> bool:
        workers = self._client.scheduler_info(n_workers=-1).get("workers", {})  # of five, unless all are asked for
        return any(worker.get("resources", {}).get(GPU) for worker in workers.values())


def with_gpus(executor: Executor) -> Executor:
    """The same, for tasks that each take a GPU where it knows of any."""
    return executor.with_gpus() if isinstance(executor, DaskExecutor) else executor


@contextmanager
def connected(address: str, *, seconds: float) -> Iterator[DaskExecutor]:
    """An executor for the workers of the scheduler at HOST:PORT.

    Raises:
        UserError: where it does not answer within so many seconds, has no workers, or one task ended several of them.
    """
    from distributed import Client

    try:
        client = Client(f"tcp://{address}", timeout=seconds, set_as_default=False)
    except (OSError, ValueError) as error:  # a TimeoutError is an OSError
        raise UserError(
            f"no Dask scheduler answers at {address} ({str(error).splitlines()[0]}): start one with `dask scheduler`, "
            "and workers with `dask worker HOST:PORT --nthreads 1`"
        ) from None
    with client, explained():
        try:
            client.wait_for_workers(1, timeout=_WORKERS_SECONDS)  # a job's scheduler may be there before its workers
        except OSError:
            raise UserError(
                f"the Dask scheduler at {address} has no workers: start some with `dask worker {address} --nthreads 1`"
            ) from None
        yield DaskExecutor(client)


@contextmanager
def explained() -> Iterator[None]:
    """Say in words of ours that a task ended several workers."""
    from distributed.scheduler import KilledWorker

    try:
        yield
    except KilledWorker as error:
        raise UserError(
            "several workers ended while they did the same task, most likely for want of memory or, in jobs, of time "
            f"({error}). What is finished is kept: give workers more and run the same command again"
        ) from None
