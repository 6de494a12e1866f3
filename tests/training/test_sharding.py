"""Laws of a model that is spread over processes: the training of one process, and checkpoints as any has them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from transformers import PreTrainedTokenizerFast

from langsamp.data.rows import PreparedRows
from langsamp.training.checkpoint import checkpoints, read_record, rebuild_model
from langsamp.training.config import TrainingConfig
from tests.tiny_parts import make_unknown
from tests.training.ranks import launch, said_by, stage
from tests.training.stored import stored
from tests.training.test_ranks import folder  # noqa: F401
from tests.training.test_trainer import log, losses

pytestmark = pytest.mark.integration

Tokenizer = PreTrainedTokenizerFast

SETTINGS: dict[str, Any] = {"steps": 5, "rows_per_step": 5, "rows_per_batch": 1, "held_out_every": 2}


def newest(training: Path) -> Path:
    return checkpoints(training / "checkpoints")[-1]


def assert_alike(one: Path, other: Path) -> None:
    """Two trainings have the same losses and end at the same weights and optimizer state, to the order of sums."""
    assert losses(other) == pytest.approx(losses(one), rel=1e-4), other.name
    means = [[line["loss"] for line in log(each, "held_out")] for each in (one, other)]
    assert means[1] == pytest.approx(means[0], rel=1e-3), other.name
    assert read_record(newest(one)).masked_seen == read_record(newest(other)).masked_seen
    expected, got = (stored(newest(each)) for each in (one, other))
    assert got.keys() == expected.keys(), other.name
    for name, value in expected.items():
        torch.testing.assert_close(got[name], value, atol=3e-3, rtol=0, msg=lambda text, name=name: f"{name}: {text}")


def test_a_spread_model_trains_as_a_whole_one_and_each_goes_on_from_the_other(folder: Path) -> None:  # noqa: F811
    """With accumulation, steps that do not divide, and processes that have no masked token in a batch."""
    make_unknown(PreparedRows(folder / "rows"), "kmr_Latn")
    spread: dict[str, Any] = SETTINGS | {"sharding": "fsdp"}
    stages = [stage("whole", 1, **SETTINGS), stage("spread", 3, **spread)]
    stages += [stage("elastic", size, stop_at=2, **spread) for size in (3, 2)]
    stages += [stage("elastic", 1, stop_at=7, **SETTINGS), stage("elastic", 2, **spread)]
    assert launch(folder, stages) == [0, 0, 0], said_by(folder, 0)
    for name in ("spread", "elastic"):
        assert_alike(folder / "whole", folder / name)
    assert "spread over 3 processes" in said_by(folder, 0)
    rebuilt, record = rebuild_model(newest(folder / "spread"))
    assert record.step == 5
    kept = {name: tensor for name, tensor in stored(newest(folder / "spread")).items() if "|" not in name}
    assert all(torch.equal(rebuilt.state_dict()[name], tensor) for name, tensor in kept.items())
    written = checkpoints(folder / "elastic" / "checkpoints")
    assert [read_record(each).step for each in written] == [1, 2, 3, 5]
    assert [(each / "model.safetensors").is_file() for each in written] == [False, False, True, False]


@pytest.mark.slow
def test_what_else_a_training_may_do_it_does_spread_too(folder: Path) -> None:  # noqa: F811
    cases: dict[str, dict[str, Any]] = {
        "muon": {"optimizer": "muon"},
        "stable": {"optimizer": "stable-adamw"},
        "anchor": {"anchor": {"strength": 0.1}},
        "warm": {"head_warmup_steps": 2},
        "frozen": {"freeze_layers": 1, "layer_decay": 0.5},
        "recomputed": {"gradient_checkpointing": True},
        "blocked": {"loss": "blocked"},
        "modern": {"model_type": "modernbert", "variant": "both@input", "loss": "blocked"},
    }
    settings = SETTINGS | {"learning_rate": 5e-3}  # Muon and an anchor make much of the rounding of small gradients
    stages = [
        stage(f"{name}-{size}", size, sharding="fsdp", **settings, **case)
        for name, case in cases.items()
        for size in (1, 3)
    ]
    assert launch(folder, stages) == [0, 0, 0], said_by(folder, 0)
    for name in cases:
        assert_alike(folder / f"{name}-1", folder / f"{name}-3")
    assert "this one holds the whole model" in said_by(folder, 0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rows_per_batch": "auto"}, "rows_per_batch auto .*; write a number"),
        ({"precision": "fp16"}, "fp16.* use precision bf16 or fp32"),
        ({"anchor": {"kind": "sentence-vectors", "strength": 0.1}}, "sentence-vectors .* use anchor.kind weights"),
    ],
)
def test_what_does_not_go_with_it_is_said_before_anything_is_trained(settings: dict[str, Any], said: str) -> None:
    TrainingConfig.model_validate(settings)
    with pytest.raises(ValidationError, match=f"sharding fsdp: .*{said}"):
        TrainingConfig.model_validate(settings | {"sharding": "fsdp"})


def test_it_changes_no_weight_so_a_training_may_go_on_with_it_or_without() -> None:
    assert TrainingConfig(sharding="fsdp").deciding(capped=True) == TrainingConfig().deciding(capped=True)
