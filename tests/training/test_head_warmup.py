"""Laws of warming up a head: the encoder stays bit for bit, head and vectors get the gradients they always get."""

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast

from langsamp.data.rows import PreparedRows
from langsamp.model.heads import HEADS
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.pretrained.load_pretrained import above_encoder
from langsamp.model.variants import Variant
from langsamp.training.checkpoint import checkpoints
from langsamp.training.config import TrainingConfig
from langsamp.training.processes import leave_processes
from langsamp.training.trainer import train
from tests.tiny_parts import tiny_mlm
from tests.training.ranks import stage
from tests.training.test_trainer import _fresh_accelerate, assert_resumes_exactly, log, task  # noqa: F401

LANGUAGES, SCRIPTS = torch.tensor([0, 1]), torch.tensor([1, 0])


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(5, 60, (2, 24), generator=generator)
    return ids, torch.where(torch.rand(2, 24, generator=generator) < 0.3, ids, -100)


def gradients(model: LangSampForMaskedLM) -> dict[str, torch.Tensor]:
    """Of one batch, and nothing left of it."""
    ids, labels = batch()
    model(ids, labels, language_ids_B=LANGUAGES, script_ids_B=SCRIPTS).backward()
    kept = {name: each.grad for name, each in model.named_parameters() if each.grad is not None}
    model.zero_grad()
    return kept


@pytest.mark.parametrize("variant", ["both", "both@input"])
@pytest.mark.parametrize("model_type", HEADS)
def test_head_and_vectors_alone_get_gradients_and_these_are_the_usual_ones(model_type: str, variant: Variant) -> None:
    model = LangSampForMaskedLM(tiny_mlm(model_type).eval(), variant=variant, num_languages=2, num_scripts=2)
    usual = gradients(model)
    with model.frozen_encoder():
        alone = gradients(model)
    head = {f"mlm.{name}" for name in above_encoder(model.mlm)} & usual.keys()
    assert alone.keys() == head | ({"language.weight", "script.weight"} if variant == "both" else set())
    for name, gradient in alone.items():
        torch.testing.assert_close(gradient, usual[name])
    assert gradients(model).keys() == usual.keys(), "it ends with the block"


def test_a_process_that_a_launcher_starts_alone_warms_up_a_head_too(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DDP would wait for the encoder's gradients, and accelerate does not keep it from that where it is alone."""
    port = str(stage("alone", 1).port)
    alone = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    for name, value in alone.items():
        monkeypatch.setenv(name, value)
    try:
        train(task(rows, tokenizer, tmp_path, head_warmup_steps=2), cpu=True)
    finally:
        leave_processes()
    assert len(log(tmp_path, "train")) == 4


@pytest.mark.parametrize("variant", ["none", "both", "both@input"])
def test_the_encoder_stays_until_the_head_is_warm(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path, variant: Variant
) -> None:
    one = task(rows, tokenizer, tmp_path, variant=variant, head_warmup_steps=2, checkpoint_every=2)
    start = {name: tensor.clone() for name, tensor in one.model.state_dict().items()}
    head = {f"mlm.{name}" for name in above_encoder(one.model.mlm)}
    train(one, cpu=True)
    warm, end = (load_file(each / "model.safetensors") for each in checkpoints(tmp_path / "checkpoints"))
    moved = {name for name in warm if not torch.equal(warm[name], start[name])}
    assert moved <= head | {"language.weight", "script.weight"} and "mlm.lm_head.dense.weight" in moved
    assert ("language.weight" in moved) == (variant == "both")
    name = "mlm.roberta.encoder.layer.0.attention.self.query.weight"
    assert not torch.equal(end[name], start[name])
    assert "trained alone for the first 2 steps" in log(tmp_path, "start")[0]["notes"][-1]


def test_stopping_in_it_and_going_on_changes_no_bit(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    assert_resumes_exactly(rows, tokenizer, tmp_path, head_warmup_steps=3)


def test_the_schedule_begins_when_the_head_is_warm() -> None:
    plain = TrainingConfig(steps=10, warmup_steps=2)
    config = TrainingConfig(steps=14, warmup_steps=2, head_warmup_steps=4, head_warmup_learning_rate=1e-3)
    assert [config.learning_rate_share(step) * config.learning_rate for step in range(4)] == [1e-3] * 4
    assert [config.learning_rate_share(step + 4) for step in range(10)] == list(
        map(plain.learning_rate_share, range(10))
    )
    for wrong in ({"steps": 4, "head_warmup_steps": 4}, {"head_warmup_learning_rate": 1e-3}):
        with pytest.raises(ValidationError, match="head_warmup"):
            TrainingConfig(**wrong)
