"""Laws of what keeps a continued encoder near its start: frozen layers, rates that fall with depth, an anchor."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from transformers import PreTrainedTokenizerFast

from langsamp.data.rows import PreparedRows
from langsamp.errors import UserError
from langsamp.model.heads import HEADS
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.recipe import Recipe
from langsamp.training.anchor import WeightAnchor
from langsamp.training.config import TrainingConfig
from langsamp.training.optimization.layers import freeze_lower, layers_above
from langsamp.training.optimizer import make_optimizer, set_learning_rate
from langsamp.training.trainer import train
from tests.tiny_parts import tiny_mlm
from tests.training.test_trainer import _fresh_accelerate, assert_resumes_exactly, task  # noqa: F401


def model_of(model_type: str = "xlm-roberta") -> LangSampForMaskedLM:
    return LangSampForMaskedLM(tiny_mlm(model_type), variant="both", num_languages=2, num_scripts=2)


def embeddings_of(model: LangSampForMaskedLM) -> dict[str, torch.Tensor]:
    return {name: each for name, each in model.named_parameters() if ".embeddings." in name}


@pytest.mark.parametrize("model_type", HEADS)
def test_every_layer_has_its_height_and_embeddings_lie_below_all(model_type: str) -> None:
    model = model_of(model_type)
    above = layers_above(model)
    layers = model.mlm.config.num_hidden_layers
    assert set(above.values()) == set(range(layers + 1))
    assert all(above[each] == layers for each in embeddings_of(model).values())
    assert not any(table.weight in above for table in (model.language, model.script) if table is not None)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("model_type", ["xlm-roberta", "bert", "modernbert", "deberta-v2"])
def test_frozen_layers_are_equal_to_the_bit_and_the_others_move(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path, model_type: str, fast: bool
) -> None:
    job = task(rows, tokenizer, tmp_path, model_type=model_type, freeze_layers=1, weight_decay=0.1, fast=fast, steps=2)
    above, layers = layers_above(job.model), job.model.mlm.config.num_hidden_layers
    names = {parameter: name for name, parameter in job.model.named_parameters()}
    before = {names[each]: each.detach().clone() for each in above}
    train(job, cpu=True)
    after = dict(job.model.named_parameters())
    for parameter, higher in above.items():
        name = names[parameter]
        is_same = torch.equal(before[name], after[name])
        assert is_same if higher >= layers - 1 else not parameter.requires_grad or not is_same, name
    assert "frozen" in " ".join(job.start) or "not trained" in " ".join(job.start)


def test_an_encoder_without_a_layer_to_train_is_refused() -> None:
    with pytest.raises(UserError, match="freeze fewer"):
        freeze_lower(model_of(), 2)
    with pytest.raises(ValidationError, match=r"model\.init is null"):
        Recipe.model_validate(
            {"name": "a", "model": {"init": None, "model_type": "bert"}, "training": {"freeze_layers": 1}}
        )


@pytest.mark.parametrize("optimizer", ["adamw", "stable-adamw", "muon"])
def test_rates_fall_by_the_same_share_from_layer_to_layer(optimizer: Any) -> None:
    model, decay, rate = model_of(), 0.5, 1e-3
    above = layers_above(model)
    made = make_optimizer(model, TrainingConfig(optimizer=optimizer, layer_decay=decay, learning_rate=rate))
    set_learning_rate(made, 0.1)
    rates = {each: group["lr"] for group in made.param_groups for each in group["params"]}
    trained = [each for each in model.parameters() if each.requires_grad]
    assert set(rates) == set(trained), "each trained parameter is in one group"
    for each in trained:
        assert rates[each] == pytest.approx(0.1 * rate * decay ** above.get(each, 0))


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_decay_of_one_is_no_decay(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path, optimizer: str
) -> None:
    finished = []
    for decay in (None, 1.0):
        job = task(rows, tokenizer, tmp_path / str(decay), layer_decay=decay, optimizer=optimizer, steps=2, fast=False)
        train(job, cpu=True)
        finished.append(job.model.state_dict())
    for name, tensor in finished[0].items():
        torch.testing.assert_close(tensor, finished[1][name])


def test_the_anchor_pulls_as_the_gradient_of_the_squared_distance() -> None:
    model, weight = model_of(), 0.3
    encoder = [each for each in model.mlm.base_model.parameters() if each.requires_grad]
    starts = [each.detach().clone() for each in encoder]
    anchor = WeightAnchor(model, strength=weight)
    with torch.no_grad():
        for each in model.parameters():
            each.add_(torch.randn(each.shape, generator=torch.Generator().manual_seed(each.numel())))
    penalty = weight * sum((each - start).square().sum() for each, start in zip(encoder, starts, strict=True))
    expected = torch.autograd.grad(penalty, encoder)
    for each in model.parameters():
        each.grad = torch.zeros_like(each)
    anchor.pull(scale=2.0)
    for each, gradient in zip(encoder, expected, strict=True):
        assert each.grad is not None
        torch.testing.assert_close(each.grad, 2.0 * gradient)
    assert all(not table.weight.grad.any() for table in (model.language, model.script))  # type: ignore[union-attr]


def test_an_anchor_changes_nothing_at_the_start_and_holds_afterwards(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    distances, first = [], []
    for number, anchor in enumerate((None, {"strength": 1.0})):
        for steps in (1, 4):
            job = task(rows, tokenizer, tmp_path / f"{number}-{steps}", anchor=anchor, steps=steps, schedule="constant")
            starts = {name: each.clone() for name, each in job.model.mlm.base_model.state_dict().items()}
            train(job, cpu=True)
            weights = job.model.mlm.base_model.state_dict()
            if steps == 1:
                first.append(weights)
            else:
                distances.append(sum(float((weights[name] - starts[name]).square().sum()) for name in starts))
    assert all(torch.equal(first[0][name], first[1][name]) for name in first[0])
    assert distances[1] < distances[0]


def test_all_of_them_resume_exactly(rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    assert_resumes_exactly(
        rows,
        tokenizer,
        tmp_path,
        anchor={"strength": 0.1},
        layer_decay=0.8,
        freeze_layers=1,
        head_warmup_steps=1,
        optimizer="muon",
    )
