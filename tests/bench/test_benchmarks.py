"""Each benchmark runs at a tiny size and gives a whole record; nothing is said of time."""

import math
from dataclasses import replace

import pytest

from langsamp import machine
from langsamp.bench.benchmarks.batch_making import DataSize, measure_data
from langsamp.bench.benchmarks.continued import ContinueSize, measure_continue
from langsamp.bench.benchmarks.finetuning import FineTuningSize, measure_finetuning
from langsamp.bench.benchmarks.loss_backends import Case, LossSize, measure_loss
from langsamp.bench.benchmarks.preparation import PrepareSize, measure_prepare
from langsamp.bench.benchmarks.processes import ProcessesSize, measure_processes
from langsamp.bench.benchmarks.profile import measure_parts
from langsamp.bench.benchmarks.report_time import ReportSize, measure_report
from langsamp.bench.benchmarks.retrieval import RetrievalSize, measure_retrieval
from langsamp.bench.benchmarks.scale import ScaleSize, measure_scale
from langsamp.bench.benchmarks.start import measure_start
from langsamp.bench.benchmarks.step import measure_step
from langsamp.bench.benchmarks.step_gpu import measure_step_on_gpu
from langsamp.bench.benchmarks.trainer_overhead import TrainerSize, measure_trainer
from langsamp.bench.fixtures import Fixtures
from langsamp.bench.record import Record
from langsamp.bench.rivals import StepSize

pytestmark = pytest.mark.integration


def check(record: Record, *, variants: int, targets: int, times_processor: bool = True) -> None:
    """A record of so many timed variants is complete, and survives JSON."""
    timed = [row for row in record.rows if row.seconds is not None]
    assert len(timed) == variants and timed[0] is record.rows[0]
    assert timed[0].ratio == 1
    for row in timed:
        assert row.ratio and math.isfinite(row.ratio) and row.spread
        assert (row.cpu_seconds is not None) == times_processor
    assert len(record.targets) == targets
    assert all(math.isfinite(target.measured) for target in record.targets)
    assert record.settings and record.machine["usable_cores"] >= 1 and "torch" in record.provenance["versions"]
    assert Record.model_validate_json(record.model_dump_json(by_alias=True)) == record


def test_start() -> None:
    record = measure_start(rounds=1)
    check(record, variants=2, targets=2)
    assert record.settings["loaded"] == []  # a law, not a time


def test_prepare(scratch: Fixtures) -> None:
    size = PrepareSize(documents=60, fewest_documents=20, vocab_size=500, row_tokens=16, rounds=1, tag_mib=1)
    record = measure_prepare(scratch, size)
    check(record, variants=5, targets=3)
    peaks = [row.peak_mib for row in record.rows if row.peak_mib is not None]
    assert len(peaks) == 3 and min(peaks) > 10


@pytest.mark.slow  # starts four commands and a cluster
def test_processes(scratch: Fixtures) -> None:
    size = ProcessesSize(
        documents=40, vocab_size=1500, hidden=64, layers=1, row_tokens=16, rows_per_step=4, steps=8, checkpoint_every=3,
        rounds=1,
    )  # fmt: skip
    check(measure_processes(scratch, size), variants=10, targets=5, times_processor=False)


def test_scale(scratch: Fixtures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGSAMP_DATA", raising=False)
    size = ScaleSize(tags=9, smaller=1000, vocab_size=60, row_tokens=16, rows_per_step=8, steps=100, timed=2, rounds=1)
    record = measure_scale(scratch, size)
    assert (
        [row.group for row in record.rows[::2]][-1] == "memory" and len(record.rows) == 10 and len(record.targets) == 5
    )
    assert all(row.peak_mib or (row.seconds is not None and row.ratio) for row in record.rows)
    assert record.settings["epochs"]["least"] <= record.settings["epochs"]["most"]
    held = sum(path.stat().st_blocks for path in scratch.folder.glob("hollow-*/*.ids"))
    assert held == 0, "the files of the rows take no space"
    assert Record.model_validate_json(record.model_dump_json(by_alias=True)) == record


def test_step() -> None:
    size = StepSize(
        layers=2, hidden=32, heads=2, vocab_size=500, rows=2, row_tokens=16, rounds=1, has_targets=True,
        floor=256,
    )  # fmt: skip
    record = measure_step(size)
    timed = [row for row in record.rows if row.seconds is not None]
    assert len(timed) == 9 and timed[0].ratio == timed[5].ratio == 1
    assert all(row.peak_mib and row.above_mib is not None for row in timed)
    floors = record.rows[9:]
    assert [row.variant.partition(":")[0] for row in floors] == ["floor", "floor"]
    assert all(row.cpu_seconds is not None and row.cpu_ratio is not None for row in floors)
    assert len(record.targets) == 8
    exact = record.settings["differences"]["langsamp, fp32"]
    assert exact["loss"] <= 1e-5 and exact["gradients"] <= 1e-5
    assert Record.model_validate_json(record.model_dump_json(by_alias=True)) == record


@pytest.mark.parametrize("in_hardware", [True, False])
def test_continue(monkeypatch: pytest.MonkeyPatch, in_hardware: bool) -> None:
    flags = {"avx512f", "avx512_bf16"} if in_hardware else {"avx512f"}
    monkeypatch.setattr(machine, "processor_flags", lambda: frozenset(flags))
    encoder = StepSize(layers=2, hidden=32, heads=2, vocab_size=500, rows=2, row_tokens=16, rounds=1, floor=256)
    size = ContinueSize(encoders=(encoder,), trimmed=200, rounds=1, small=replace(encoder, hidden=16), has_targets=True)
    record = measure_continue(size)
    check(record, variants=16 if in_hardware else 8, targets=4)
    assert record.settings["precisions"] == (["fp32", "bf16"] if in_hardware else ["fp32"])
    assert all("bf16" in record.targets[number].name for number in (0, 2, 3)) == in_hardware


def test_parts() -> None:
    size = StepSize(layers=2, hidden=32, heads=2, vocab_size=500, rows=2, row_tokens=16, rounds=1)
    record = measure_parts(size, least=0)  # which kinds are small is a matter of time
    for group in ("fp32", "bf16", "bf16, dropout 0.1"):
        rows = [row for row in record.rows if row.group == group]
        assert sum(row.share or 0.0 for row in rows) == pytest.approx(1)
        assert {"AdamW", "the rest", "products of linear layers and of the loss"} <= {row.variant for row in rows}
        assert all(row.rate for row in rows if row.variant == "products of linear layers and of the loss")
    assert Record.model_validate_json(record.model_dump_json(by_alias=True)) == record


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's compiler loads parts that torch deprecates
def test_loss() -> None:
    cases = (Case(499, 24, 7), Case(499, 24, 7, "bf16"))
    record = measure_loss(LossSize(cases, rounds=1))
    ways = ["plain", "blocked", "torch", "blocked, oneDNN", "torch, own chunks"]
    for case in cases:
        rows = {row.variant: row for row in record.rows if row.group == str(case)}
        assert rows.keys() >= set(ways) - set(record.settings["absent"])
        assert rows["plain"].ratio == 1 and all(row.above_mib is not None for row in rows.values())
        assert all(
            row.error is not None and row.error < (2e-2 if case.precision == "bf16" else 1e-5) for row in rows.values()
        )
    assert record.settings["left_out"] == []


def test_data(scratch: Fixtures) -> None:
    size = DataSize(documents=60, vocab_size=500, row_tokens=16, rows_per_step=8, steps=2, rounds=1)
    record = measure_data(scratch, size)
    check(record, variants=2, targets=1)
    assert all(row.rate for row in record.rows)


def test_trainer(scratch: Fixtures) -> None:
    size = TrainerSize(
        layers=1, hidden=16, heads=2, vocab_size=500, documents=60, row_tokens=16, rows_per_step=8, steps_per_turn=2,
        turns=2,
    )  # fmt: skip
    record = measure_trainer(scratch, size)
    check(record, variants=2, targets=2)
    assert all(row.rate and row.peak_mib for row in record.rows)


def test_retrieval(scratch: Fixtures) -> None:
    size = RetrievalSize(layers=3, hidden=16, heads=2, layer=2, vocab_size=500, tags=1, pairs=20, rounds=2)
    record = measure_retrieval(scratch, size)
    check(record, variants=4, targets=1)
    assert len(record.rows) == 5 and sum(row.peak_mib is not None for row in record.rows) == 4
    assert record.settings["difference"] <= 1e-5 and record.settings["cosine"] >= 0.9999


def test_finetuning(scratch: Fixtures) -> None:
    size = FineTuningSize(
        layers=2, hidden=16, heads=2, vocab_size=500, train=32, dev=8, tests=2, test=8, rounds=2
    )  # fmt: skip
    record = measure_finetuning(scratch, size)
    pairs = [record.rows[first : first + 2] for first in range(0, 8, 2)]
    assert len(record.rows) == 8 and len(record.targets) == 4
    for (plain, ours), target in zip(pairs, record.targets, strict=True):
        assert plain.ratio == 1 and ours.cpu_ratio == target.measured > 0
        assert plain.variant.startswith(ours.variant) and ours.rate
    assert record.settings["difference"] <= 1e-5


def test_report(scratch: Fixtures) -> None:
    record = measure_report(scratch, ReportSize(models=2, languages=8, seeds=2, rounds=1))
    assert len(record.rows) == len(record.targets) == 3 and all(row.seconds for row in record.rows)
    numbers = 2 * 8 * (2 * 12 + 2 * (2 + 2 + 2 + 3))  # models, languages, metrics of retrieval, seeds, other metrics
    assert record.settings["numbers"] == numbers


def test_step_on_gpu_is_ready() -> None:
    """On a CPU, where memory is not counted, so that a GPU machine needs no other code."""
    size = StepSize(layers=2, hidden=32, heads=2, vocab_size=500, rows=2, row_tokens=16, rounds=1)
    record = measure_step_on_gpu(size, device="cpu")
    assert len(record.rows) == 6 and record.rows[0].ratio == 1
    assert all(row.seconds and row.rate for row in record.rows)
    assert len(record.targets) == 3  # a CPU has no peak in the table
