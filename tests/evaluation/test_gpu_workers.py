"""Where workers announce GPUs, each cell takes one of them and no two are on one; other tasks take none."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from langsamp.data.workers import each
from langsamp.evaluation.run import evaluate
from langsamp.executors.dask_workers import DaskExecutor, with_gpus
from langsamp.executors.opening import opened
from tests.dask_cluster import Cluster, dask_cluster
from tests.evaluation.conftest import FourCells
from tests.waiting import until

pytest.importorskip("distributed")
pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("default")]  # Dask's own


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One worker with a GPU and threads for two tasks, and one without."""
    words = {"with": ["--nthreads", "2", "--resources", "GPU=1"], "without": ["--nthreads", "1"]}
    with dask_cluster(tmp_path_factory.mktemp("cluster"), words) as started:
        yield started


def _executed(cluster: Cluster) -> dict[str, int]:
    """How many tasks each worker has done."""
    with cluster.client() as client:
        until(lambda: len(client.scheduler_info()["workers"]) == 2)
        return dict(client.run(lambda dask_worker: (dask_worker.name, dask_worker.state.executed_count)).values())


def test_every_cell_is_scored_where_a_gpu_is(cluster: Cluster, tmp_path: Path, four_cells: FourCells) -> None:
    models, config = four_cells
    before = _executed(cluster)
    with opened(cluster.name) as executor:
        assert evaluate(models, config, tmp_path / "out", executor=executor).cells_run == 4
    after = _executed(cluster)
    assert {name: after[name] - before[name] for name in after} == {"with": 4, "without": 0}


def test_no_two_tasks_are_on_one_gpu_and_others_take_none(cluster: Cluster) -> None:
    def worked(_: int) -> tuple[float, float]:
        began = time.monotonic()
        time.sleep(0.05)
        return began, time.monotonic()

    before = _executed(cluster)
    with opened(cluster.name) as executor:
        assert isinstance(executor, DaskExecutor)
        times = sorted(each(worked, range(10), with_gpus(executor), "work"))
        assert all(ended <= begins for (_, ended), (begins, _) in pairwise(times))
        assert _executed(cluster)["without"] == before["without"]
        each(worked, range(10), executor, "work")
    assert _executed(cluster)["without"] > before["without"]
