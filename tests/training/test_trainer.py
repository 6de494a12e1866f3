"""Laws of training: exact resume, accumulation and ranks change nothing, trouble is named and loses nothing."""

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast

from langsamp.data.batches import Batches
from langsamp.data.masking import MaskingConfig
from langsamp.data.rows import PreparedRows
from langsamp.data.sampler import SamplerConfig
from langsamp.errors import DamagedError, NonFiniteLossError, StoppedError, UserError
from langsamp.languages.ids import LanguageIds
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.variants import Variant, parts_of
from langsamp.training.checkpoint import checkpoints, read_record, rebuild_model
from langsamp.training.config import TrainingConfig
from langsamp.training.job import TrainingJob
from langsamp.training.reading_log import HeldOutLine, TrainingLines, TrainLine, learned_nothing
from langsamp.training.trainer import train
from tests.processes import together
from tests.tiny_parts import make_unknown, tiny_mlm

Tokenizer = PreTrainedTokenizerFast


@pytest.fixture(autouse=True)
def _fresh_accelerate() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)


def task(
    rows: PreparedRows,
    tokenizer: Tokenizer,
    out: Path,
    *,
    model_type: str = "xlm-roberta",
    dropout: float = 0.1,
    seed: int = 0,
    variant: Variant = "both",
    masking: MaskingConfig | None = None,
    sampler: SamplerConfig | None = None,
    **training: Any,
) -> TrainingJob:
    ids, sampler = LanguageIds.of(rows.tags), sampler or SamplerConfig(rows_per_step=32)
    settings = {"steps": 4, "learning_rate": 1e-2, "rows_per_batch": 16, "checkpoint_every": 100, "log_every": 1}
    config = TrainingConfig(**(settings | training))
    return TrainingJob(
        name="test",
        model=LangSampForMaskedLM(
            tiny_mlm(model_type, dropout=dropout), variant=variant, num_languages=2, num_scripts=2
        ),
        batches=Batches(
            rows,
            ids=ids,
            masking=masking or MaskingConfig(),
            seed=seed,
            shuffles_ids=parts_of(variant).is_shuffled,
            mask_rates=sampler.mask_rates,
            word_starts=np.arange(60) % 3 == 0,
        ),
        tokenizer=tokenizer,
        ids=ids,
        sampler=sampler,
        config=config,
        seed=seed,
        out=out,
        identity={"seed": seed, "training": config.deciding(capped=False)},
    )


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    return load_file(checkpoint / "model.safetensors") | load_file(checkpoint / "optimizer.safetensors")


def log(out: Path, kind: str) -> list[dict[str, Any]]:
    lines = map(json.loads, (out / "log.jsonl").read_text().splitlines())
    return [line for line in lines if line["kind"] == kind]


def losses(out: Path) -> list[float]:
    return [line["loss"] for line in log(out, "train")]


def assert_resumes_exactly(rows: PreparedRows, tokenizer: Tokenizer, folder: Path, **settings: Any) -> None:
    """Law 3: training that stops at its first checkpoint and goes on ends at the very weights, state and losses."""
    whole = train(task(rows, tokenizer, folder / "whole", **settings), cpu=True)
    train(task(rows, tokenizer, folder / "parts", checkpoint_every=2, **settings), cpu=True)
    for later in checkpoints(folder / "parts" / "checkpoints")[1:]:
        shutil.rmtree(later)
    again = train(task(rows, tokenizer, folder / "parts", **settings), cpu=True)
    one, other = weights(whole), weights(again)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert losses(folder / "whole") == losses(folder / "parts")
    assert read_record(whole).masked_seen == read_record(again).masked_seen


@pytest.mark.parametrize(
    ("model_type", "schedule", "variant"),
    [
        ("xlm-roberta", "linear", "both"),
        ("xlm-roberta", "linear", "both@shuffled"),
        ("roberta", "constant", "both"),
        ("bert", "warmup-stable-decay", "both"),
        ("modernbert", "linear", "both"),
        ("modernbert", "linear", "both@input"),
    ],
)
def test_stopping_and_going_on_changes_no_bit(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, model_type: str, schedule: str, variant: Variant
) -> None:
    masking = MaskingConfig(rate=0.3, final_rate=0.1, rate_steps=3)
    settings = {"model_type": model_type, "schedule": schedule, "variant": variant, "masking": masking}
    assert_resumes_exactly(rows, tokenizer, tmp_path, **settings)


@pytest.mark.parametrize(
    ("model_type", "variant"),
    [
        ("xlm-roberta", "both"),
        ("roberta", "both"),
        ("bert", "both@shuffled"),
        ("modernbert", "both"),
        ("modernbert", "both@input"),
    ],
)
def test_accumulation_changes_nothing(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, model_type: str, variant: Variant
) -> None:
    settings = {"model_type": model_type, "dropout": 0.0, "variant": variant}
    one = train(task(rows, tokenizer, tmp_path / "one", rows_per_batch=32, **settings), cpu=True)
    other = train(task(rows, tokenizer, tmp_path / "other", rows_per_batch=5, **settings), cpu=True)
    assert losses(tmp_path / "other") == pytest.approx(losses(tmp_path / "one"), rel=1e-4)
    for name, value in load_file(one / "model.safetensors").items():
        torch.testing.assert_close(load_file(other / "model.safetensors")[name], value, atol=3e-3, rtol=0)


def test_a_finished_training_is_not_run_again(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    first = train(task(rows, tokenizer, tmp_path), cpu=True)
    stamp = (first / "model.safetensors").stat().st_mtime_ns
    assert train(task(rows, tokenizer, tmp_path), cpu=True) == first
    assert (first / "model.safetensors").stat().st_mtime_ns == stamp


def test_it_learns_and_measures_held_out_loss(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    train(task(rows, tokenizer, tmp_path, steps=12, held_out_every=6), cpu=True)
    held_out = log(tmp_path, "held_out")
    assert [line["step"] for line in held_out] == [6, 12]
    assert held_out[0]["tags"].keys() == {"deu_Latn", "kmr_Cyrl", "kmr_Latn"}
    assert losses(tmp_path)[-1] < losses(tmp_path)[0]
    scores = held_out[0]["tags"]["deu_Latn"]
    bits = scores["loss"] / 0.6931472 * 200 * 22 / (200 * 60)
    assert scores["bits_per_byte"] == pytest.approx(bits)


def test_a_checkpoint_rebuilds_the_model(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    job = task(rows, tokenizer, tmp_path)
    model, record = rebuild_model(train(job, cpu=True))
    for name, value in job.model.state_dict().items():
        assert torch.equal(model.state_dict()[name], value)
    assert sum(record.rows_seen.values()) == 4 * 32
    assert all(record.masked_seen[tag] >= number for tag, number in record.rows_seen.items())


def test_rows_with_nothing_to_predict_break_no_loss_and_give_no_gradient(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    job = task(make_unknown(rows, "kmr_Cyrl"), tokenizer, tmp_path, held_out_every=4, checkpoint_every=2)
    record = read_record(train(job, cpu=True))
    assert record.rows_seen["kmr_Cyrl"] > 0 == record.masked_seen["kmr_Cyrl"]
    assert record.masked_seen["kmr_Latn"] > 0


def test_a_step_with_nothing_to_predict_at_all_changes_no_weight(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    for tag in map(str, rows.tags):
        rows = make_unknown(rows, tag)
    job = task(rows, tokenizer, tmp_path, steps=1, weight_decay=0.0)
    before = {name: value.clone() for name, value in job.model.state_dict().items()}
    train(job, cpu=True)
    assert losses(tmp_path) == [0.0]
    assert all(torch.equal(value, before[name]) for name, value in job.model.state_dict().items())


def test_only_the_newest_checkpoints_stay(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    train(task(rows, tokenizer, tmp_path, checkpoint_every=1, keep_checkpoints=2), cpu=True)
    assert [path.name for path in checkpoints(tmp_path / "checkpoints")] == ["step-0000003", "step-0000004"]


def test_milestones_stay_beside_the_newest(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    settings = {"steps": 7, "checkpoint_every": 1, "keep_checkpoints": 2, "milestone_every": 3}
    train(task(rows, tokenizer, tmp_path, **settings), cpu=True)
    steps = [int(path.name[-7:]) for path in checkpoints(tmp_path / "checkpoints")]
    assert steps == [3, 6, 7]
    with pytest.raises(ValueError, match="no multiple of the 2 steps between two checkpoints"):
        TrainingConfig(checkpoint_every=2, milestone_every=3)


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "checkpoint.json"])
def test_a_damaged_checkpoint_is_put_aside_for_the_one_before(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    whole = train(task(rows, tokenizer, tmp_path, checkpoint_every=2), cpu=True)
    expected = {name: value.clone() for name, value in weights(whole).items()}  # read from what is damaged now
    damaged = whole / file
    damaged.write_bytes(damaged.read_bytes()[:-10])
    again = train(task(rows, tokenizer, tmp_path, checkpoint_every=2), cpu=True)
    assert all(torch.equal(value, expected[name]) for name, value in weights(again).items())
    said = capsys.readouterr().err
    assert f"{damaged} has" in said and "put aside as step-0000004.damaged, and test goes on from step-0000002" in said
    assert (tmp_path / "checkpoints" / "step-0000004.damaged" / file).is_file()


class TestMemoryThatDoesNotSuffice:
    @staticmethod
    def _limited(job: TrainingJob, rows: int) -> TrainingJob:
        def check(_: object, __: object, arguments: dict[str, Any]) -> None:
            if len(arguments["input_ids_BL"]) > rows:
                torch.empty(1 << 50, dtype=torch.uint8)  # a pebibyte, which no machine has

        job.model.register_forward_pre_hook(check, with_kwargs=True)
        return job

    def test_rows_at_once_are_halved_once_and_the_step_is_the_same(
        self, rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        job = task(rows, tokenizer, tmp_path / "halved", rows_per_batch=16, loss="plain", fast=False)
        halved = train(self._limited(job, 8), cpu=True)
        usual = train(task(rows, tokenizer, tmp_path / "usual", rows_per_batch=8, loss="plain", fast=False), cpu=True)
        assert all(torch.equal(value, weights(usual)[name]) for name, value in weights(halved).items())
        assert losses(tmp_path / "halved") == losses(tmp_path / "usual")
        assert [line["rows"] for line in log(tmp_path / "halved", "batch_size")] == [8]
        assert (
            "rows at once: 8 (the memory did not suffice for 16: 1048576.0 GiB more could not be had)"
            in capsys.readouterr().err
        )

    def test_not_twice(self, rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
        job = task(rows, tokenizer, tmp_path, rows_per_batch=16, loss="plain", fast=False)
        with pytest.raises(UserError, match=r"does not suffice for 8 rows at once .*rows_per_batch to 4"):
            train(self._limited(job, 4), cpu=True)


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "checkpoint.json"])
def test_a_damaged_checkpoint_with_none_before_is_named(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, file: str
) -> None:
    path = train(task(rows, tokenizer, tmp_path), cpu=True) / file
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DamagedError, match=file):
        train(task(rows, tokenizer, tmp_path, steps=4), cpu=True)


def test_another_recipe_is_refused_with_the_difference(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    train(task(rows, tokenizer, tmp_path), cpu=True)
    with pytest.raises(UserError, match=r"training.learning_rate: 0.01 -> 0.5"):
        train(task(rows, tokenizer, tmp_path, learning_rate=0.5), cpu=True)


def test_a_constant_run_may_be_made_longer(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    train(task(rows, tokenizer, tmp_path, schedule="constant"), cpu=True)
    assert train(task(rows, tokenizer, tmp_path, schedule="constant", steps=5), cpu=True).name == "step-0000005"


def test_a_loss_that_is_not_finite_stops_with_step_and_rows(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    job = task(rows, tokenizer, tmp_path, checkpoint_every=1)
    train(job, cpu=True)
    job = task(rows, tokenizer, tmp_path / "other")
    job.model.mlm.lm_head.bias.data[7] = float("nan")
    with pytest.raises(NonFiniteLossError, match=r"loss of step 0 is nan. Its rows \(tag:row\): (deu|kmr)_"):
        train(job, cpu=True)
    assert not checkpoints(tmp_path / "other" / "checkpoints")


def test_sigterm_saves_and_the_run_goes_on(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    whole = train(task(rows, tokenizer, tmp_path / "whole"), cpu=True)
    job = task(rows, tokenizer, tmp_path / "stopped")
    asked = []

    def ask_once(*_: object) -> None:
        if len(asked) < 4:  # in the middle of the second step's accumulation
            asked.append(1)
        elif len(asked) == 4:
            asked.append(1)
            os.kill(os.getpid(), signal.SIGTERM)

    handle = job.model.register_forward_hook(ask_once)
    with pytest.raises(StoppedError, match="stopped after step 2 of 4"):
        train(job, cpu=True)
    handle.remove()
    again = train(task(rows, tokenizer, tmp_path / "stopped"), cpu=True)
    assert all(torch.equal(value, weights(again)[name]) for name, value in weights(whole).items())


@pytest.mark.parametrize(
    ("held_out", "trained", "said"),
    [
        ([(2, 3.9)], [4.1, 3.0], ""),
        ([(0, 3.0), (4, 3.1)], [4.1], ""),
        (
            [(0, 3.0), (4, 3.3)],
            [3.0],
            "the held-out loss rose from 3.00, as the start had it, to 3.30: nothing was learned",
        ),
        ([(2, 9.0), (4, 4.5)], [3.0], "the held-out loss ended at 4.50, a guess among all 60 tokens has 4.09"),
        ([(4, None)], [3.0, 4.5], "the loss ended at 4.50, a guess among all 60 tokens"),
        ([], [], ""),
    ],
)
def test_a_loss_that_ends_above_its_start_or_a_guess_is_told(
    held_out: list[tuple[int, float | None]], trained: list[float], said: str
) -> None:
    log = TrainingLines(
        train=tuple(TrainLine(kind="train", step=step, loss=loss) for step, loss in enumerate(trained, start=1)),
        held_out=tuple(HeldOutLine(kind="held_out", step=step, loss=loss) for step, loss in held_out),
    )
    told = learned_nothing(log, vocabulary_size=60)
    assert told.startswith(said) if said else not told


def test_tensorboard_gets_the_log(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    train(task(rows, tokenizer, tmp_path, log_to=("tensorboard",)), cpu=True)
    events = set(tmp_path.rglob("events.out.tfevents.*"))
    assert events
    train(task(rows, tokenizer, tmp_path, log_to=("tensorboard",)), cpu=True)
    assert set(tmp_path.rglob("events.out.tfevents.*")) == events, "a finished training tells its trackers nothing"


def test_fp16_needs_a_gpu(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="fp16 needs a GPU"):
        train(task(rows, tokenizer, tmp_path, precision="fp16"), cpu=True)


def test_bf16_stays_near_fp32(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    train(task(rows, tokenizer, tmp_path / "fp32", dropout=0.0), cpu=True)
    AcceleratorState._reset_state(reset_partial_state=True)
    train(task(rows, tokenizer, tmp_path / "bf16", dropout=0.0, precision="bf16"), cpu=True)
    assert losses(tmp_path / "bf16") == pytest.approx(losses(tmp_path / "fp32"), abs=0.05)


def _train_each(rows: Path, tokenizer: Tokenizer, out: Path, variants: tuple[Variant, ...]) -> None:
    for variant in variants:
        AcceleratorState._reset_state(reset_partial_state=True)
        prepared = PreparedRows(rows)
        train(task(prepared, tokenizer, out / variant, dropout=0.0, variant=variant, **settings(variant)), cpu=True)


def settings(variant: Variant) -> dict[str, Any]:
    """What two processes must do as one does, beside plain steps."""
    if variant != "both":
        return {}
    anchor = {"kind": "sentence-vectors", "strength": 0.5, "languages": "head"}
    return {"head_warmup_steps": 2, "anchor": anchor}


def test_two_processes_train_as_one(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path) -> None:
    variants: tuple[Variant, ...] = ("both", "both@shuffled", "both@input")
    together(_train_each, rows.folder, tokenizer, tmp_path / "two", variants, said=tmp_path / "said")
    _train_each(rows.folder, tokenizer, tmp_path / "one", variants)
    for variant in variants:
        mine, theirs = tmp_path / "one" / variant, tmp_path / "two" / variant
        assert losses(theirs) == pytest.approx(losses(mine), rel=1e-4)
        one, two = (checkpoints(out / "checkpoints")[-1] for out in (mine, theirs))
        assert read_record(two).masked_seen == read_record(one).masked_seen
        for name, value in load_file(one / "model.safetensors").items():
            torch.testing.assert_close(load_file(two / "model.safetensors")[name], value, atol=3e-3, rtol=0)
        assert log(theirs, "held_out")[-1]["tags"].keys() == set(map(str, rows.tags))
