"""Each benchmark runs at a tiny size and gives a whole record; nothing is said of time."""

import math

from langsamp.bench.evaluate import EvaluateSize, measure_evaluate
from langsamp.bench.material import Material
from langsamp.bench.prepare import PrepareSize, measure_prepare
from langsamp.bench.record import Record
from langsamp.bench.start import measure_start
from langsamp.bench.step import StepSize, measure_step


def check(record: Record, *, variants: int, targets: int) -> None:
    """A record of so many timed variants is complete, and survives JSON."""
    timed = [row for row in record.rows if row.seconds is not None]
    assert len(timed) == variants and timed[0] is record.rows[0]
    assert timed[0].ratio == 1
    for row in timed:
        assert row.ratio and math.isfinite(row.ratio) and row.cpu_seconds is not None and row.spread
    assert len(record.targets) == targets
    assert all(math.isfinite(target.found) for target in record.targets)
    assert record.settings and record.machine["usable_cores"] >= 1 and "torch" in record.provenance["versions"]
    assert Record.model_validate_json(record.model_dump_json(by_alias=True)) == record


def test_start() -> None:
    record = measure_start(rounds=1)
    check(record, variants=2, targets=2)
    assert record.settings["loaded"] == []  # a law, not a time


def test_prepare(scratch: Material) -> None:
    size = PrepareSize(documents=60, fewest_documents=20, vocab_size=500, row_tokens=16, rounds=1)
    record = measure_prepare(scratch, size)
    check(record, variants=3, targets=2)
    peaks = [row.peak_mib for row in record.rows if row.peak_mib is not None]
    assert len(peaks) == 3 and min(peaks) > 10


def test_step(scratch: Material) -> None:
    size = StepSize(
        layers=1, hidden=16, heads=2, vocab_size=500, documents=60, row_tokens=16, rows_per_step=8, steps_per_turn=2,
        turns=2,
    )  # fmt: skip
    record = measure_step(scratch, size)
    check(record, variants=2, targets=2)
    assert all(row.rate and row.peak_mib for row in record.rows)


def test_evaluate(scratch: Material) -> None:
    size = EvaluateSize(layers=3, hidden=16, heads=2, layer=2, vocab_size=500, sentences=20, rounds=2)
    record = measure_evaluate(scratch, size)
    check(record, variants=3, targets=0)
    assert all(row.rate for row in record.rows)
    assert record.settings["difference"] <= 1e-5
