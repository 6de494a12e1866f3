"""Wherever tasks run, what comes is the same; a worker that is killed costs nothing but its time.

With a real Dask scheduler and four workers.
"""

import contextlib
import math
import pickle
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest

from langsamp.data.chunks.chunk import Chunk
from langsamp.data.chunks.parts import TextPart
from langsamp.data.prepare import prepare_rows
from langsamp.data.rows import RowsConfig
from langsamp.data.text.corpus import CorpusConfig
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.data.workers import as_they_end, each
from langsamp.disk.seals import CHECKSUMS
from langsamp.errors import UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.plan import PlannedCell
from langsamp.evaluation.run import evaluate
from langsamp.executors.opening import opened
from tests.dask_cluster import Cluster, dask_cluster
from tests.evaluation.conftest import FourCells
from tests.tiny_run import SIZES, documents, write_lines
from tests.waiting import until

pytest.importorskip("distributed")
pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("default")]  # Dask's own


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    words = ["--nthreads", "1"]
    workers = dict.fromkeys(("one", "other", "third", "fourth"), words)  # three of which are killed
    with dask_cluster(tmp_path_factory.mktemp("cluster"), workers) as started:
        yield started


def _content(folder: Path) -> dict[str, bytes]:
    """What can be seen in a folder and does not tell the time."""
    tells_time = {"provenance.json", "cell.json", CHECKSUMS}
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in tells_time]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


class Elsewhere(Executor):
    """Does a task at once, on what of it can be sent to another process, and in another folder."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        function, arguments, named = pickle.loads(pickle.dumps((function, arguments, named)))
        future: Future[Any] = Future()
        with contextlib.chdir("/"):
            future.set_result(function(*arguments, **named))
        return future


def test_any_executor_takes_cells(
    tmp_path: Path, save_model: Any, write_pair: Any, sentences: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pair("swh_Latn", sentences(20, seed=1), sentences(20, seed=2))
    monkeypatch.chdir(save_model().parent)
    config = EvaluationConfig(tasks=("sr-bible",), data=Path("data"))
    evaluate(["model"], config, Path("here"))
    evaluate(["model"], config, Path("there"), executor=Elsewhere())
    assert _content(tmp_path / "here") == _content(tmp_path / "there")


def test_an_executor_whose_jobs_are_no_futures_is_refused() -> None:
    with pytest.raises(UserError, match=r"expected an executor of concurrent.futures.*submitit"):
        each(str, [1, 2], cast(Any, object()), "work")


def test_what_has_ended_is_there_before_what_has_not() -> None:
    goes_on = Event()
    with ThreadPoolExecutor(2) as executor:
        results = as_they_end(lambda job: goes_on.wait(60) if job else "at once", [1, 0], executor, "work")
        assert next(results) == (1, "at once")
        goes_on.set()
        assert list(results) == [(0, True)]


def test_workers_score_what_one_process_does_to_the_byte(
    cluster: Cluster,
    tmp_path: Path,
    save_model: Any,
    write_pair: Any,
    sentences: Any,
) -> None:
    for number, tag in enumerate(("deu_Latn", "swh_Latn")):
        write_pair(tag, sentences(20, seed=1), sentences(20, seed=10 + number))
    models = [save_model(f"model-{seed}", seed=seed) for seed in range(3)]
    config = EvaluationConfig(tasks=("sr-bible",), data=tmp_path / "data")
    expected = evaluate(models, config, tmp_path / "here")
    with opened(cluster.name) as executor:
        there = evaluate(models, config, tmp_path / "there", executor=executor)
        again = evaluate(models, config, tmp_path / "there", executor=executor)
    assert (expected.cells_run, there.cells_run, again.cells_run) == (3, 3, 0)
    assert _content(tmp_path / "here") == _content(tmp_path / "there")


class Before(Executor):
    """Another executor that first sees to something when it is asked for the first task of a kind."""

    def __init__(self, executor: Executor, kind: type, first: Callable[[], Any]) -> None:
        self._executor, self._kind, self._first, self.asked = executor, kind, first, 0

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        if isinstance(arguments[0], self._kind):
            if not self.asked:
                self._first()
            self.asked += 1
        return self._executor.submit(function, *arguments, **named)


def _with_a_worker_killed(cluster: Cluster, name: str, kind: type, work: Callable[[Executor], Any]) -> tuple[Any, int]:
    """What work gives while a worker is killed that was given a task of a kind, and the number of such tasks."""
    victim = cluster.workers[name]
    with opened(cluster.name) as executor, ThreadPoolExecutor(1) as beside:
        client = cluster.client()
        known = client.scheduler_info
        at = until(lambda: [at for at, info in known()["workers"].items() if info["name"] == name])[0]
        stopping = Before(executor, kind, lambda: victim.send_signal(signal.SIGSTOP))  # given a task, it does not begin
        result = beside.submit(work, stopping)
        until(lambda: stopping.asked)
        until(lambda: client.processing()[at])
        victim.kill()
        result.result(timeout=100)
        client.close()
    return result.result(), stopping.asked


def test_a_killed_workers_cell_is_taken_over(cluster: Cluster, tmp_path: Path, four_cells: FourCells) -> None:
    models, config = four_cells
    evaluate(models, config, tmp_path / "here")
    done, _ = _with_a_worker_killed(
        cluster, "third", PlannedCell, lambda workers: evaluate(models, config, tmp_path / "there", executor=workers)
    )
    assert (done.cells_run, done.failures) == (4, ())
    assert _content(tmp_path / "here") == _content(tmp_path / "there")


@pytest.mark.parametrize(("name", "kind"), [("other", Chunk), ("fourth", TextPart)])
def test_a_killed_workers_parts_of_tags_are_taken_over(
    cluster: Cluster, name: str, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text").mkdir()
    for tag, number in SIZES.items():
        lines = documents(tag, 10 * number)
        write_lines(tmp_path / "text" / f"{tag}.txt", [*lines, *lines[::3]])
    settings = (CorpusConfig(source=str(tmp_path / "text")), TokenizerConfig(vocab_size=400), RowsConfig(row_tokens=32))
    expected = prepare_rows(*settings, out=tmp_path / "here", workers=1)
    monkeypatch.setattr("langsamp.data.prepare.PART_BYTES", 20_000)
    rows, parts = _with_a_worker_killed(
        cluster, name, kind, lambda workers: prepare_rows(*settings, out=tmp_path / "there", executor=workers)
    )
    assert _content(tmp_path / "here") == _content(tmp_path / "there")
    assert rows.fingerprint == expected.fingerprint
    assert parts == sum(math.ceil(path.stat().st_size / 20_000) for path in (tmp_path / "text").iterdir())
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cloud", "expected local, dask://HOST:PORT .*, or slurm, pbs, sge, lsf; as many jobs as in slurm:8"),
        ("slurm:", "expected local"),
        ("slurm:0", "expected local"),
        ("slurm://8", "expected local"),
        ("dask://", "expected local"),
        ("dask://127.0.0.1:1", "no Dask scheduler answers at 127.0.0.1:1"),
    ],
)
def test_what_is_no_executor_is_refused(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message), opened(name, connect_seconds=0.5):
        pass
