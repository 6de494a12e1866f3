"""Laws of training by fast paths: the curve of the plain ones, exact resume, and a choice that is kept."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast

from langsamp.data.rows import PreparedRows
from langsamp.disk.seals import seal
from langsamp.errors import UserError
from langsamp.model import autotune
from langsamp.model.fast_paths import FastPaths
from langsamp.training.checkpoint import checkpoints, read_record
from langsamp.training.config import TrainingConfig
from langsamp.training.throughput import batch_size
from langsamp.training.trainer import train
from tests.processes import together
from tests.training.test_trainer import assert_resumes_exactly, log, losses, task

Tokenizer = PreTrainedTokenizerFast


@pytest.fixture(autouse=True)
def _fresh_accelerate() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)


def paths_of(checkpoint: Path) -> dict[str, Any]:
    found: Any = read_record(checkpoint).fast_paths
    return found


@pytest.mark.parametrize(
    ("model_type", "precision"),
    [("xlm-roberta", "fp32"), ("xlm-roberta", "bf16"), ("modernbert", "fp32"), ("deberta-v2", "fp32")],
)
def test_the_curve_is_that_of_the_plain_paths(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, model_type: str, precision: str
) -> None:
    settings = {"model_type": model_type, "dropout": 0.0, "precision": precision, "learning_rate": 1e-3}
    train(task(rows, tokenizer, tmp_path / "plain", fast=False, **settings), cpu=True)
    train(task(rows, tokenizer, tmp_path / "fast", loss="blocked", **settings), cpu=True)
    share = {"fp32": 1e-5, "bf16": 2e-3}[precision]
    assert losses(tmp_path / "fast") == pytest.approx(losses(tmp_path / "plain"), rel=share)
    (one,), (other,) = (log(tmp_path / run, "held_out") for run in ("fast", "plain"))
    assert one["loss"] == pytest.approx(other["loss"], rel=share)


@pytest.mark.parametrize("model_type", ["xlm-roberta", "modernbert"])
def test_stopping_and_going_on_changes_no_bit(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, model_type: str
) -> None:
    assert_resumes_exactly(rows, tokenizer, tmp_path, model_type=model_type, loss="blocked")


def test_accumulation_changes_nothing(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    settings = {"loss": "blocked", "dropout": 0.0}
    one = train(task(rows, tokenizer, tmp_path / "one", rows_per_batch=32, **settings), cpu=True)
    other = train(task(rows, tokenizer, tmp_path / "other", rows_per_batch=5, **settings), cpu=True)
    assert losses(tmp_path / "other") == pytest.approx(losses(tmp_path / "one"), rel=1e-4)
    for name, value in load_file(one / "model.safetensors").items():
        torch.testing.assert_close(load_file(other / "model.safetensors")[name], value, atol=3e-3, rtol=0)


def _train_blocked(rows: Path, tokenizer: Tokenizer, out: Path) -> None:
    settings = {"dropout": 0.0, "rows_per_batch": 8, "loss": "blocked"}
    train(task(PreparedRows(rows), tokenizer, out, **settings), cpu=True)


def test_two_processes_train_as_one(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    """Also without a synchronisation for each of the batches that a step accumulates."""
    one = train(task(rows, tokenizer, tmp_path / "one", dropout=0.0, fast=False), cpu=True)
    together(_train_blocked, rows.folder, tokenizer, tmp_path / "two", said=tmp_path / "said")
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-4)
    two = checkpoints(tmp_path / "two" / "checkpoints")[-1]
    assert paths_of(two)["tied_embedding"]
    for name, value in load_file(one / "model.safetensors").items():
        torch.testing.assert_close(load_file(two / "model.safetensors")[name], value, atol=3e-3, rtol=0)


def _train_unlike(rows: Path, tokenizer: Tokenizer, out: Path, unlike: bool) -> None:
    """The second process may have another processor, whose torch has no oneDNN."""
    if unlike and os.environ["RANK"] == "1":
        batch_size.processor = lambda: "another processor"  # type: ignore[attr-defined]
        torch.backends.mkldnn.set_flags(False)
    settings = {"dropout": 0.0, "rows_per_batch": "auto", "steps": 6, "checkpoint_every": 2}
    train(task(PreparedRows(rows), tokenizer, out, **settings), cpu=True)


def test_unlike_machines_choose_together(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    """What one of them cannot keep none keeps; what was found on the same unlike machines holds."""
    out = tmp_path / "out"
    together(_train_unlike, rows.folder, tokenizer, out, False, said=tmp_path / "like")
    first, second, third = checkpoints(out / "checkpoints")
    record = json.loads((first / "checkpoint.json").read_text())
    record["fast_paths"]["products"] = [True, True, True]
    (first / "checkpoint.json").write_text(json.dumps(record))
    seal(first)
    for later, said in ((second, "unlike"), (third, "again")):
        shutil.rmtree(third)
        shutil.rmtree(second) if later is second else None
        together(_train_unlike, rows.folder, tokenizer, out, True, said=tmp_path / said)
    made = [read_record(each) for each in (second, third)]
    assert made[0].fast_paths == made[1].fast_paths and paths_of(third)["products"] == [False] * 3
    assert made[0].batch_size == made[1].batch_size and "another processor" in str(made[0].batch_size)
    assert "(as before)" not in (tmp_path / "unlike" / "0" / "err").read_text()
    assert (tmp_path / "again" / "0" / "err").read_text().count("(as before)") == 2
    train(task(rows, tokenizer, tmp_path / "alone", dropout=0.0, steps=6), cpu=True)
    assert losses(out) == pytest.approx(losses(tmp_path / "alone"), rel=1e-4)


def test_the_choice_is_said_and_kept(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """A run that goes on computes as before, whatever a measurement would find now."""
    monkeypatch.setattr(autotune, "_SMALL_BATCH", 0)
    monkeypatch.setattr(autotune, "_SMALL_LOGITS", 0)
    monkeypatch.setattr(autotune, "_LEAST_GAIN", float("inf"))  # only the first candidate can win
    train(task(rows, tokenizer, tmp_path, checkpoint_every=2), cpu=True)
    (line,) = log(tmp_path, "fast_paths")
    assert line["paths"]["loss"] == "blocked" and line["paths"]["last_layer"]
    assert "measured on 60 of 60 tokens" in line["reasons"]["loss"]
    assert "test: loss: blocked (measured on 60 of 60 tokens" in capfd.readouterr().err
    shutil.rmtree(checkpoints(tmp_path / "checkpoints")[-1])
    monkeypatch.undo()
    last = train(task(rows, tokenizer, tmp_path), cpu=True)
    assert paths_of(last)["loss"] == "blocked"
    assert "test: loss: blocked (as before)" in capfd.readouterr().err
    assert log(tmp_path, "fast_paths") == [line]


def test_a_run_may_go_on_by_other_paths(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    train(task(rows, tokenizer, tmp_path, checkpoint_every=2, loss="blocked"), cpu=True)
    for settings, expected in (({"loss": "torch"}, "torch"), ({"fast": False}, "plain")):
        shutil.rmtree(checkpoints(tmp_path / "checkpoints")[-1])
        found = FastPaths.model_validate(paths_of(train(task(rows, tokenizer, tmp_path, **settings), cpu=True)))
        assert found.loss == expected
    assert found == FastPaths()
    assert [line["paths"]["loss"] for line in log(tmp_path, "fast_paths")] == ["blocked", "torch", "plain"]


def test_a_loss_that_cannot_run_here_is_named(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"training.loss cce: it needs a GPU"):
        train(task(rows, tokenizer, tmp_path, loss="cce"), cpu=True)
    with pytest.raises(ValueError, match="'plain', 'blocked'"):
        TrainingConfig(loss="bloked")
