"""Laws of the batch size that is found by trying: the search, and a training that keeps what was found."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from transformers import PreTrainedTokenizerFast

from langsamp.data.rows import PreparedRows
from langsamp.disk.seals import seal
from langsamp.training.checkpoint import checkpoints, read_record
from langsamp.training.config import TrainingConfig
from langsamp.training.throughput import batch_size
from langsamp.training.throughput.batch_size import batch_sizes, search
from langsamp.training.trainer import train
from tests.training.test_trainer import log, losses, task, weights


@pytest.fixture(autouse=True)
def _fresh_accelerate() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)


def machine(*, largest: int, overhead: float = 0.0, full: int = 1 << 30) -> Callable[[int], float]:
    """Seconds a row where so many rows fit, each pass costs `overhead` beside its rows, and `full` rows fill it."""
    return lambda rows: math.inf if rows > largest else overhead / min(rows, full) + 1


def test_sizes_split_the_rows_evenly() -> None:
    for rows in (1, 7, 32, 334, 1024):
        sizes = batch_sizes(rows)
        assert sizes[0] == 1 and sizes[-1] == rows and sizes == sorted(set(sizes))
        for size in sizes:
            batches = -(-rows // size)
            assert size * batches - rows < batches  # no batch is smaller by more than what cannot be split
    assert {2**power for power in range(11)} <= set(batch_sizes(1024))


@pytest.mark.parametrize("largest", [1, 2, 3, 30, 64, 100, 400, 1024, 5000])
@pytest.mark.parametrize("rows", [1, 7, 96, 334, 1024])
def test_the_largest_that_fits_is_found_where_larger_is_faster(rows: int, largest: int) -> None:
    size, tried = search(batch_sizes(rows), machine(largest=largest, overhead=1e6))
    assert size == max(size for size in batch_sizes(rows) if size <= largest)
    assert len(tried) <= 2 + 2 * math.log2(rows + 1)


def test_it_stops_where_more_rows_bring_nothing() -> None:
    size, tried = search(batch_sizes(1024), machine(largest=1 << 20, overhead=10.0, full=16))
    assert size == 16 and max(tried) == 64
    assert search(batch_sizes(1024), machine(largest=1 << 20))[0] == 1


def test_nothing_that_fits_is_told() -> None:
    size, tried = search(batch_sizes(8), machine(largest=0))
    assert (size, tried) == (1, {1: math.inf})


def found(checkpoint: Path) -> dict[str, Any]:
    record: Any = read_record(checkpoint).batch_size
    return record


def test_it_changes_no_weight(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path, capfd: Any
) -> None:
    auto = train(task(rows, tokenizer, tmp_path / "auto", rows_per_batch="auto"), cpu=True)
    (line,) = log(tmp_path / "auto", "batch_size")
    size = line["rows"]
    assert size in batch_sizes(32) and found(auto)["rows"] == size
    assert f"test: rows at once: {size} (rows a second at once: 1 " in capfd.readouterr().err
    said = train(task(rows, tokenizer, tmp_path / "said", rows_per_batch=size), cpu=True)
    assert losses(tmp_path / "auto") == losses(tmp_path / "said")
    assert all(torch.equal(value, weights(said)[name]) for name, value in weights(auto).items())


@pytest.mark.parametrize(("device", "rows_then"), [(None, 7), ("another", None)])
def test_it_is_kept_on_machines_of_one_kind(
    rows: PreparedRows,
    tokenizer: PreTrainedTokenizerFast,
    tmp_path: Path,
    capfd: Any,
    device: str | None,
    rows_then: int | None,
) -> None:
    train(task(rows, tokenizer, tmp_path, rows_per_batch="auto", checkpoint_every=2), cpu=True)
    before, last = checkpoints(tmp_path / "checkpoints")
    shutil.rmtree(last)
    record = json.loads((before / "checkpoint.json").read_text())
    record["batch_size"] |= {"rows": 7} | ({"device": device} if device else {})
    (before / "checkpoint.json").write_text(json.dumps(record))
    seal(before)
    again = found(train(task(rows, tokenizer, tmp_path, rows_per_batch="auto"), cpu=True))
    assert again["device"] != "another"
    assert rows_then is None or again["rows"] == rows_then
    assert ("7 (as before)" in capfd.readouterr().err) == (device is None)


def test_memory_that_is_too_small_for_more_ends_the_search(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_size, "_CPU_SHARE", -1.0)
    train(task(rows, tokenizer, tmp_path, rows_per_batch="auto"), cpu=True)
    (line,) = log(tmp_path, "batch_size")
    assert line["rows"] <= 2 and "does not fit" in line["reason"]


def test_a_wrong_size_is_named() -> None:
    with pytest.raises(ValueError, match="rows_per_batch"):
        TrainingConfig(rows_per_batch="much")
