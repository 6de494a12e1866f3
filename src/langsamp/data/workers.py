"""Processes that share the work of a preparation and end with it, however it ends."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from multiprocessing.connection import Connection
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask
from threading import Thread
from types import ModuleType
from typing import Any, TypeVar

from langsamp import stopping
from langsamp.errors import UserError
from langsamp.machine import usable_cores
from langsamp.progress import Bar

T = TypeVar("T")


_WORTH = 1 << 20
"""Bytes of text that take one process about as long as another one takes to start."""


def worthwhile(sizes: Sequence[int], *, tasks: int | None = None) -> int:
    """How many processes to share texts of so many bytes: one for each processor and task, none for too little text.

    Each text is one task unless `tasks` says how many they are. A size of 1 is one that the corpus does not know.
    """
    cores = min(usable_cores(), len(sizes) if tasks is None else tasks)
    return cores if 1 in sizes else min(cores, 1 + sum(sizes) // _WORTH)


@contextmanager
def shared_out(workers: int, executor: Executor | None = None, *, may_save: bool = False) -> Iterator[Executor | None]:
    """Processes for `each` and `mapped`; None where this one is enough, which then uses all threads of the tokenizer.

    They end with this process however it ends, and at the first error: a worker that lived on would write into files
    that the next preparation writes. With `may_save` they are asked to end, as by SIGTERM, and waited for: what runs
    reads `stopping.exit_code` where it can save, and `stopping.check` before anything new. An `executor` that is given
    is taken instead and lives on.

    Raises:
        UserError: where one of them was killed.
    """
    if executor is not None:
        yield executor
        return
    if workers <= 1:
        yield None
        return
    context = get_context("spawn")
    alive, ours = context.Pipe(duplex=False)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_as_worker, initargs=(alive, may_save)) as pool:
        try:
            yield pool
        except BrokenProcessPool:
            raise UserError(
                "a process that shared this work was ended from outside, most likely for want of memory. What it had "
                "finished is kept: free some memory and run the same command again"
            ) from None
        except BaseException:
            if may_save:
                for process in active_children():
                    process.terminate()
            else:
                ours.close()
            pool.shutdown(wait=may_save, cancel_futures=True)
            raise


def mapped(function: Callable[[Any], T], items: Iterable[Any], pool: Executor | None) -> Iterator[T]:
    """`function` of every item, in order."""
    if pool is None:
        return map(function, items)
    return (future.result() for future in _submitted(function, items, pool))


def each(
    function: Callable[[Any], T], jobs: Sequence[Any], pool: Executor | None, title: str, *, unit: str = "tags"
) -> list[T]:
    """`function` of every job, in order, under a progress bar that counts them."""
    results = dict(as_they_end(function, jobs, pool, title, unit=unit))
    return [results[number] for number in range(len(jobs))]


def as_they_end(
    function: Callable[[Any], T], jobs: Sequence[Any], pool: Executor | None, title: str, *, unit: str = "tags"
) -> Iterator[tuple[int, T]]:
    """The number of each job and `function` of it, as soon as it is there, under a progress bar that counts them."""
    with Bar(title, total=len(jobs), unit=unit) as bar:
        if pool is None:
            for number, job in enumerate(jobs):
                result = function(job)
                bar.update()
                yield number, result
            return
        bar.tick()
        numbers = {future: number for number, future in enumerate(_submitted(function, jobs, pool))}
        for future in as_completed(numbers):
            result = future.result()
            bar.update()
            yield numbers[future], result


def _submitted(function: Callable[[Any], T], items: Iterable[Any], pool: Executor) -> list[Future[T]]:
    """`function` of every item, to come.

    Workers that start now do not import the user's script, which they do not need and which, without a guard, would
    start all over; and they never hear Ctrl-C, which reaches every process of a terminal: the first speaks for all.

    Raises:
        UserError: where `pool` is another kind of executor.
    """
    if not isinstance(pool, Executor):
        raise UserError(
            f"expected an executor of concurrent.futures, such as a Dask client's get_executor(), got {type(pool)}; "
            "submitit's is none, as its jobs are no futures"
        )
    script, mask = sys.modules["__main__"], pthread_sigmask(SIG_BLOCK, {SIGINT})
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        return [pool.submit(function, item) for item in items]
    finally:
        sys.modules["__main__"] = script
        pthread_sigmask(SIG_SETMASK, mask)


def _as_worker(alive: Connection, may_save: bool) -> None:
    """Make this process one of several workers: one core for its tokenizer, and an end when `alive` is closed.

    The other end of `alive` is held by the process that shares out the work; its death closes it too. One that may
    save only notes a signal: what stops a run reaches it twice where its whole group was meant, and at any moment.
    """
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if may_save:
        stopping.listen(stopping.note, [number for number in stopping.SIGNALS if number != SIGINT])
    Thread(target=_end_with, args=(alive,), daemon=True).start()


def _end_with(alive: Connection) -> None:
    alive.poll(None)
    os._exit(1)
