"""A real Dask scheduler and workers, as processes that talk over loopback and start in another folder."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.waiting import until


class Cluster(NamedTuple):
    """A scheduler and its workers by name."""

    name: str
    workers: dict[str, subprocess.Popen[bytes]]

    def client(self) -> Any:
        """What asks the scheduler how things stand."""
        from distributed import Client

        return Client(self.name.replace("dask", "tcp"), set_as_default=False)


@contextmanager
def dask_cluster(folder: Path, workers: Mapping[str, Sequence[str]]) -> Iterator[Cluster]:
    """Workers of these names, started with these words besides; all end with it."""
    file = folder / "scheduler.json"

    def started(*words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *words, "--scheduler-file", str(file), "--no-dashboard"]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        with (folder / "log").open("ab") as log:
            return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)

    worker = ("distributed.cli.dask_worker", "--no-nanny", "--host", "127.0.0.1", "--name")
    scheduler = started("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0")
    running = {name: started(*worker, name, *words) for name, words in workers.items()}
    until(file.is_file)
    try:
        yield Cluster(json.loads(file.read_text())["address"].replace("tcp", "dask"), running)
    finally:
        for process in (*running.values(), scheduler):
            process.kill()
            process.wait()
