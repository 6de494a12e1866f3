"""Jobs of a queue prepare what this process does, are there as long as there is work, and never outlive the command.

The queue is four shell scripts: a job that is submitted runs at once, as processes of this machine.
"""

import gc
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from langsamp.bench.faults.artefacts import content
from langsamp.data.workers import each
from langsamp.errors import UserError
from langsamp.executors.dask_workers import with_gpus
from langsamp.executors.opening import opened
from tests.processes import command_line, start
from tests.tiny_run import TinyRun, langsamp, make_tiny_run, said
from tests.waiting import until

pytest.importorskip("dask_jobqueue")
import dask.config

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("default"),  # Dask's own
    # of a cluster that could not be made whole, which cannot even be printed: pytest-xdist dies of it
    pytest.mark.filterwarnings("ignore:unclosed cluster:ResourceWarning"),
]

SBATCH = """#!/bin/sh
cp "$1" "$QUEUE/$$.script"
OMP_NUM_THREADS=1 setsid bash "$QUEUE/$$.script" > "$QUEUE/$$.out" 2>&1 &
echo $! > "$QUEUE/$$.pid"
echo "Submitted batch job $$"
"""
SQUEUE = """#!/bin/sh
for file in "$QUEUE"/*.pid; do
    kill -0 "$(cat "$file")" 2> /dev/null && basename "$file" .pid
done
exit 0
"""
SCANCEL = """#!/bin/sh
touch "$QUEUE/$1.cancelled"
kill -s KILL -- "-$(cat "$QUEUE/$1.pid")"
"""
REFUSING = """#!/bin/sh
echo "sbatch: error: invalid partition specified: long" >&2
exit 1
"""
SETTINGS = {
    "cores": 2, "memory": "2GB", "queue": "long", "walltime": "00:10:00", "scheduler-options": {"host": "127.0.0.1"},
}  # fmt: skip


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of what a queue holds; its commands are the first on the path, its jobs ask for `SETTINGS`."""
    folder = tmp_path / "queue"
    folder.mkdir()
    monkeypatch.setenv("QUEUE", str(folder))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    for name, script in {"sbatch": SBATCH, "squeue": SQUEUE, "scancel": SCANCEL}.items():
        _write_command(tmp_path, name, script)
    with dask.config.set({f"jobqueue.slurm.{key}": value for key, value in SETTINGS.items()}):
        yield folder
    until(lambda: not _running(folder))


def _write_command(folder: Path, name: str, script: str) -> None:
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)


def _running(queue: Path) -> list[int]:
    """The processes of jobs that have not ended."""
    return [number for file in queue.glob("*.pid") if _lives(number := int(file.read_text()))]


def _lives(number: int) -> bool:
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_jobs_prepare_what_this_process_does_to_the_byte(queue: Path, tmp_path: Path) -> None:
    run = make_tiny_run(tmp_path / "tiny")
    words = ["prepare", run.recipe_file, "--set", f"out={tmp_path / 'there'}", "--executor", "slurm:2"]
    assert "note: 2 jobs go to the queue of slurm" in langsamp(*words).err
    said("prepare", run.recipe_file)
    assert content(run.out / "rows") == content(tmp_path / "there" / "rows")
    scripts = [path.read_text() for path in queue.glob("*.script")]
    assert len(scripts) == 2 and len(list(queue.glob("*.cancelled"))) == 2
    for line in ("#SBATCH -p long", "#SBATCH --mem=2G", "#SBATCH -t 00:10:00", "export OMP_NUM_THREADS=2"):
        assert all(line in script for script in scripts), scripts
    assert all(re.search(r"Threads: +1\n", path.read_text()) for path in queue.glob("*.out"))
    assert not list(tmp_path.glob(".*"))


def test_what_is_there_already_asks_for_no_job(queue: Path, tmp_path: Path) -> None:
    run = make_tiny_run(tmp_path / "tiny")
    said("prepare", run.recipe_file)
    assert "queue" not in langsamp("prepare", run.recipe_file, "--executor", "slurm:2").err
    assert not list(queue.iterdir())


def test_jobs_that_ask_for_a_gpu_give_it_to_a_task(queue: Path) -> None:
    with opened("slurm") as executor:
        assert executor is not None and with_gpus(executor) is executor
    with dask.config.set({"jobqueue.slurm.worker-extra-args": ["--resources", "GPU=1"]}), opened("slurm") as executor:
        assert executor is not None and with_gpus(executor) is not executor
        assert each(len, ["a"], with_gpus(executor), "work") == [1]


def test_a_job_whose_time_is_over_is_submitted_again(queue: Path, tmp_path: Path) -> None:
    def in_second_job(_: int) -> bool:
        import os

        mine = tmp_path / "first"
        if mine.exists():
            return True
        mine.touch()
        os.killpg(os.getpgid(os.getppid()), 9)
        return False

    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1s"}), opened("slurm") as executor:
        assert each(in_second_job, [0], executor, "work") == [True]
    assert len(list(queue.glob("*.script"))) == 2


def test_jobs_are_given_back_without_work_and_come_again_with_it(queue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langsamp.executors.job_queue._IDLE_LOOKS", 1)
    with opened("slurm") as executor:
        assert each(len, ["a"], executor, "work") == [1]
        until(lambda: list(queue.glob("*.cancelled")))
        assert each(len, ["ab"], executor, "work") == [2]
    assert len(list(queue.glob("*.script"))) == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_jobs_end_with_the_command(queue: Path, tmp_path: Path, number: signal.Signals, code: int) -> None:
    run = make_tiny_run(tmp_path / "tiny")
    process = start(_prepare_in_jobs, run, dict(SETTINGS), said=tmp_path / "said", environment=dict(os.environ))
    until(lambda: _running(queue))
    os.kill(process.pid or 0, number)
    process.join(60)
    err = (tmp_path / "said" / "err").read_text()
    assert process.exitcode == code and "Traceback" not in err, err
    until(lambda: not _running(queue))
    with opened("slurm"):  # takes away the keys of a killed one
        assert len(list(tmp_path.glob(".langsamp-keys*"))) == 1
    assert not list(tmp_path.glob(".*"))


def _prepare_in_jobs(run: TinyRun, settings: dict[str, Any]) -> None:
    dask.config.set({f"jobqueue.slurm.{key}": value for key, value in settings.items()})
    command_line("prepare", run.recipe_file, "--executor", "slurm:2")


class TestRefusals:
    """Each one line, and no job is left."""

    def _message(self, name: str = "slurm:2") -> str:
        with pytest.raises(UserError) as error, opened(name) as executor:
            each(str, [1, 2], executor, "work")
        message = str(error.value)
        assert "\n" not in message
        del error
        gc.collect()  # what is left of a cluster goes here, and not in the test of something else
        return message

    def test_a_queue_that_refuses(self, queue: Path, tmp_path: Path) -> None:
        _write_command(tmp_path, "sbatch", REFUSING)
        assert self._message() == "slurm refuses jobs: sbatch: error: invalid partition specified: long"

    @pytest.mark.parametrize(("name", "command"), [("pbs", "qsub"), ("sge", "qsub"), ("lsf", "bsub")])
    def test_other_queues_that_refuse(self, queue: Path, tmp_path: Path, name: str, command: str) -> None:
        _write_command(tmp_path, command, REFUSING)
        with dask.config.set({f"jobqueue.{name}": {**dask.config.get(f"jobqueue.{name}"), **SETTINGS}}):
            assert f"{name} refuses jobs: " in self._message(f"{name}:2")

    def test_a_queue_that_says_no_number(self, queue: Path, tmp_path: Path) -> None:
        _write_command(tmp_path, "sbatch", "#!/bin/sh\necho done\n")
        assert "slurm refuses jobs: Could not parse job id" in self._message()

    def test_jobs_that_end_at_once(self, queue: Path) -> None:
        with dask.config.set({"jobqueue.slurm.python": "/nowhere/python"}):
            assert "all jobs of slurm ended before they had finished one task" in self._message()

    def test_a_command_that_is_missing(self, queue: Path, tmp_path: Path) -> None:
        (tmp_path / "bin" / "sbatch").unlink()
        assert "slurm needs the command sbatch, which is not on this machine" in self._message()
        assert "lsf needs the command bsub" in self._message("lsf:3")

    @pytest.mark.parametrize("key", ["cores", "memory"])
    def test_a_configuration_that_does_not_say_what_to_ask_for(self, queue: Path, key: str) -> None:
        with dask.config.set({f"jobqueue.slurm.{key}": None}):
            message = self._message()
        assert "jobqueue.yaml" in message
        example = yaml.safe_load(message.partition("`")[2].partition("`")[0])
        assert {"cores", "memory", "queue", "walltime"} == example["jobqueue"]["slurm"].keys()

    @pytest.mark.parametrize(
        ("key", "value"),
        [("memory", "plenty"), ("cores", "many"), ("interface", "no0"), ("processes", "few"), ("worker-extra-args", 3)],
    )
    def test_a_configuration_that_cannot_be_used(self, queue: Path, key: str, value: object) -> None:
        with dask.config.set({f"jobqueue.slurm.{key}": value, "jobqueue.slurm.scheduler-options": {}}):
            assert "jobqueue.yaml says of slurm cannot be used: " in self._message()

    def test_a_configuration_that_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "jobqueue.yaml").write_text("jobqueue: {slurm: {cores: 4")
        process = start(_open_anew, said=tmp_path / "said", environment={"DASK_CONFIG": str(tmp_path)})
        process.join(60)
        assert process.exitcode == 1
        assert "langsamp: Dask cannot read its configuration: " in (tmp_path / "said" / "err").read_text()


def _open_anew() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in {"dask", "distributed", "dask_jobqueue"}]:
        del sys.modules[name]
    command_line("evaluate", "model", "--executor", "slurm")
