"""Dask workers as jobs of a queue (Slurm, PBS, SGE, LSF), submitted by dask-jobqueue while there is work.

What a job asks for (partition, memory, time) stands in dask-jobqueue's own configuration, `jobqueue.yaml`.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from langsamp.disk.leftovers import scratch_folder, sweep
from langsamp.errors import UserError, first_of
from langsamp.executors.dask_workers import GPU, DaskExecutor, explained
from langsamp.progress import say

if TYPE_CHECKING:
    from distributed import Client
    from distributed.security import Security


class _Queue(NamedTuple):
    """What dask-jobqueue does not say of a queue in one way."""

    cluster: str
    """The class of dask-jobqueue."""
    listing: tuple[str, ...]
    """The command that lists jobs that wait or run, with their ids."""


QUEUES = {
    "slurm": _Queue("SLURMCluster", ("squeue", "--noheader", "--format=%i")),
    "pbs": _Queue("PBSCluster", ("qstat",)),
    "sge": _Queue("SGECluster", ("qstat",)),
    "lsf": _Queue("LSFCluster", ("bjobs",)),
}
_LOOK_SECONDS = 1.0
_LISTING_LOOKS, _IDLE_LOOKS = 10, 60
"""Looks after which the queue is asked for its jobs, and without work after which they are given back."""
_MISSING_LISTINGS = 2
"""A queue may list a job a moment after it took it."""


@contextmanager
def queued(name: str, number: int) -> Iterator[DaskExecutor]:
    """An executor for so many jobs of a queue; they are cancelled at the end.

    Raises:
        UserError: where the queue's commands are not here, or the configuration does not suffice.
    """
    from distributed import Client

    refusals: list[str] = []
    with (
        _keys(name) as keys,
        _cluster(name, refusals, keys) as cluster,
        Client(cluster, set_as_default=False) as client,
        explained(),
    ):
        jobs = _Jobs(name, number, cluster, refusals)
        try:
            yield _QueueExecutor(client, jobs)
        finally:
            jobs.end()


@contextmanager
def _keys(name: str) -> "Iterator[Security]":
    """Keys without which nobody can speak to scheduler and workers, who do whatever they are told in the user's name.

    Jobs read them in a hidden folder of this one, or of `shared-temp-directory`.
    """
    from distributed.security import Security

    keys, files = Security.temporary().get_tls_config_for_role("worker"), dict[str, str]()
    target = Path(_configured(name, "shared-temp-directory", Path.cwd())).expanduser() / "langsamp-keys"
    sweep(target.parent, name=target.name)
    with scratch_folder(target) as folder:
        for part in ("ca_file", "cert", "key"):
            file = folder / part
            file.write_text(keys[part])
            roles = ("",) if part == "ca_file" else ("client_", "scheduler_", "worker_")
            files |= {f"tls_{role}{part}": str(file) for role in roles}
        yield Security(require_encryption=True, **files)


def _configured(name: str, key: str, default: Any = None) -> Any:
    """What the configuration says of a queue."""
    import dask.config

    return dask.config.get(f"jobqueue.{name}.{key}", None) or default


def _cluster(name: str, refusals: list[str], keys: "Security") -> Any:
    """A scheduler in this process, without jobs yet.

    A job is one worker, which does one task at a time with all processors of the job, unless `processes` says more.
    """
    import dask.config
    import dask_jobqueue

    kind = getattr(dask_jobqueue, QUEUES[name].cluster)
    if shutil.which(kind.job_cls.submit_command) is None:
        raise UserError(
            f"{name} needs the command {kind.job_cls.submit_command}, which is not on this machine: run langsamp where "
            "jobs are submitted, such as a login node"
        )

    configured = partial(_configured, name)
    file = Path(dask.config.PATH) / "jobqueue.yaml"
    cores, memory = configured("cores"), configured("memory")
    if cores is None or memory is None:
        raise UserError(
            f"what a job of {name} asks for is not known: write it to {file}, such as `jobqueue: {{{name}: {{cores: 8, "
            "memory: 32GB, queue: NAME, walltime: '04:00:00'}}` (https://jobqueue.dask.org lists all keys)"
        )
    try:
        processes = int(configured("processes", 1))
        return kind(
            job_cls=_noting(kind.job_cls, refusals),
            processes=processes,
            worker_extra_args=[*configured("worker-extra-args", configured("extra", ())), "--nthreads", "1"],
            job_script_prologue=[
                f"export OMP_NUM_THREADS={max(1, cores // processes)}",
                *configured("job-script-prologue", configured("env-extra", ())),  # as older files call it
            ],
            security=keys,
        )
    except (ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        raise UserError(f"what {file} says of {name} cannot be used: {' '.join(str(error).split())}") from None


def _noting(job: Any, refusals: list[str]) -> Any:
    """The class of jobs that notes why one was refused, which dask-jobqueue only logs."""
    from distributed.core import Status

    async def start(self: Any) -> None:
        try:
            await job.start(self)
        except (RuntimeError, ValueError, OSError) as error:
            refusals.append(" ".join(str(error).partition("stderr:")[2].split()) or " ".join(str(error).split()))
            self.status = Status.running  # Dask asks no more of a job than that it was asked for

    async def close(self: Any) -> None:
        with suppress(OSError):  # no such command; without a scheduler its worker ends by itself
            await job.close(self)
        self.status = Status.closed

    return type(job.__name__, (job,), {"start": start, "close": close})


class _QueueExecutor(DaskExecutor):
    """Does tasks in jobs, which are there as long as there are tasks."""

    def __init__(self, client: "Client", jobs: "_Jobs") -> None:
        super().__init__(client)
        self._jobs = jobs

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """The value of the function, to come; a UserError where no job ever starts."""
        future = super().submit(function, *arguments, **named)
        self._jobs.serve(future)
        return future

    def _has_gpus(self) -> bool:
        return self._jobs.announce(GPU)


class _Jobs:
    """Submits jobs while there is work, submits them again when they end before it, and gives them back after it."""

    def __init__(self, name: str, number: int, cluster: Any, refusals: list[str]) -> None:
        self._name, self._number, self._cluster, self._refusals = name, number, cluster, refusals
        self._lock, self._waiting = Lock(), set[Future[Any]]()
        self._are_wanted, self._idle, self._missing, self._has_progress = False, 0, 0, False
        self._ended = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def serve(self, future: Future[Any]) -> None:
        """Have jobs for this task."""
        with self._lock:
            self._waiting.add(future)

    def announce(self, resource: str) -> bool:
        """Whether the jobs' workers will announce a resource."""
        return re.search(rf"--resources[ =]\S*\b{resource}=", self._cluster.job_script()) is not None

    def end(self) -> None:
        """Look after them no longer."""
        self._ended.set()
        self._thread.join(_LOOK_SECONDS * 3)  # it may wait for the queue's answer

    def _watch(self) -> None:
        looks = 0
        while not self._ended.wait(_LOOK_SECONDS):
            looks += 1
            with self._lock:
                done = {future for future in self._waiting if future.done()}
                self._waiting -= done
                has_work = bool(self._waiting)
            self._has_progress |= bool(done)
            self._idle = 0 if has_work else self._idle + 1
            if has_work and self._are_wanted:
                self._look_after(ask=looks % _LISTING_LOOKS == 0)
            elif has_work and not self._cluster.workers:  # else former jobs are not yet given back
                self._submit()
            elif self._are_wanted and self._idle >= _IDLE_LOOKS:
                self._give_back()

    def _submit(self) -> None:
        say(f"note: {self._number} {'job goes' if self._number == 1 else 'jobs go'} to the queue of {self._name}")
        self._cluster.scale(jobs=self._number)
        self._are_wanted, self._missing, self._has_progress = True, 0, False

    def _give_back(self) -> None:
        self._cluster.scale(0)
        self._are_wanted = False

    def _look_after(self, *, ask: bool) -> None:
        """Find out whether any job can still do the work, and do what is to be done where none can."""
        jobs = list(self._cluster.workers.values())
        ids = [job.job_id for job in jobs if job.job_id]
        if ids and self._refusals:
            say(f"note: {self._name} refuses some of the jobs: {first_of(dict.fromkeys(self._refusals), 2)}")
            self._refusals.clear()
        if self._cluster.scheduler_info.get("workers") or not jobs:
            self._missing = 0
            if ask:
                self._cluster.scale(jobs=self._number)  # submits again those whose time was over
        elif not ids:
            self._fail(f"{self._name} refuses jobs: {first_of(dict.fromkeys(self._refusals), 2)}")
        elif ask:
            self._missing = 0 if self._are_listed(ids) else self._missing + 1
            if self._missing < _MISSING_LISTINGS:
                return
            if not self._has_progress:
                self._fail(
                    f"all jobs of {self._name} ended before they had finished one task ({first_of(ids, 3)}): what they "
                    "wrote says why (in `log-directory` of jobqueue.yaml, else where the queue puts it): too little "
                    "time, no langsamp there, or no way to this machine (`interface`)"
                )
            else:
                self._give_back()  # and submit anew

    def _are_listed(self, ids: list[str]) -> bool:
        """Whether the queue knows of any of these jobs; a queue that does not answer may."""
        try:
            answer = subprocess.run(QUEUES[self._name].listing, capture_output=True, text=True, timeout=60, check=True)
        except (OSError, subprocess.SubprocessError):
            return True
        return bool(set(ids) & set(re.findall(r"\d+", answer.stdout)))

    def _fail(self, message: str) -> None:
        """End the tasks that wait with an error."""
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for future in waiting:
            try:
                future.set_exception(UserError(message))
            except InvalidStateError:  # it has just ended
                continue
