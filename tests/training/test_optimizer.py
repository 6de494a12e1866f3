"""Laws of the optimizers: what each updates and how, against plain references, and exact resume under any schedule."""

import copy
import itertools
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from langsamp.data.rows import PreparedRows
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.training.config import TrainingConfig
from langsamp.training.optimization.stable_adamw import StableAdamW
from langsamp.training.optimizer import make_optimizer, set_learning_rate
from tests.tiny_parts import tiny_mlm
from tests.training.test_trainer import assert_resumes_exactly

OPTIMIZERS = ["adamw", "stable-adamw", "muon"]
SCHEDULES = ["linear", "constant", "cosine", "warmup-stable-decay"]


@pytest.fixture(autouse=True)
def _fresh_accelerate() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)


def model_of(model_type: str = "xlm-roberta") -> LangSampForMaskedLM:
    return LangSampForMaskedLM(tiny_mlm(model_type), variant="both", num_languages=2, num_scripts=2)


def with_gradients(model: LangSampForMaskedLM, *, seed: int = 1, size: float = 1.0) -> LangSampForMaskedLM:
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = size * torch.randn(parameter.shape, generator=generator)
    return model


@pytest.mark.parametrize(("optimizer", "schedule"), list(zip(itertools.cycle(OPTIMIZERS), SCHEDULES, strict=False)))
def test_stopping_and_going_on_changes_no_bit(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path, optimizer: str, schedule: str
) -> None:
    settings: dict[str, Any] = {
        "optimizer": optimizer, "schedule": schedule, "learning_rate": 1e-2, "weight_decay": 0.1, "final_share": 0.1,
        "warmup_steps": 1, "tables_learning_rate": 3e-2, "tables_weight_decay": 0.2,
    }  # fmt: skip
    assert_resumes_exactly(rows, tokenizer, tmp_path, **settings)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_parameter_is_updated_once(optimizer: str) -> None:
    model = with_gradients(model_of())
    before = copy.deepcopy(dict(model.named_parameters()))
    made = make_optimizer(model, TrainingConfig(optimizer=optimizer))
    listed = [parameter for group in made.param_groups for parameter in group["params"]]
    assert len(listed) == len({id(each) for each in listed}) == len(before)
    made.step()
    assert all(not torch.equal(value, before[name]) for name, value in model.named_parameters())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_without_gradients_only_what_should_decays_and_at_its_own_rate(optimizer: str) -> None:
    model = with_gradients(model_of(), size=0.0)
    before = copy.deepcopy(dict(model.named_parameters()))
    config = TrainingConfig(
        optimizer=optimizer, learning_rate=0.1, weight_decay=0.5, tables_learning_rate=0.2, tables_weight_decay=0.25
    )
    made = make_optimizer(model, config)
    set_learning_rate(made, 0.5)
    made.step()
    for name, value in model.named_parameters():
        kept = 1 - 0.05 * 0.5 if value.ndim >= 2 else 1.0
        kept = 1 - 0.1 * 0.25 if name in ("language.weight", "script.weight") else kept
        torch.testing.assert_close(value, kept * before[name])


def test_the_tables_may_learn_faster_than_the_rest() -> None:
    model = with_gradients(model_of())
    before = copy.deepcopy(dict(model.named_parameters()))
    make_optimizer(model, TrainingConfig(learning_rate=1e-3, tables_learning_rate=1e-2)).step()
    for name, value in model.named_parameters():  # AdamW's first step has the size of the learning rate
        rate = 1e-2 if name in ("language.weight", "script.weight") else 1e-3
        assert (value - before[name]).abs().median().item() == pytest.approx(rate, rel=1e-3)


def plain_stable_adamw(parameter: Tensor, gradients: list[Tensor], *, rate: float, decay: float) -> list[float]:
    """Wortsman et al. (2023), algorithm 2, in fp64 and as written there; the root mean square at each step."""
    first, second, found = torch.zeros_like(parameter), torch.zeros_like(parameter), []
    one, two, epsilon = 0.9, 0.99, 1e-6
    for step, gradient in enumerate(gradients, start=1):
        share_one, share_two = (beta * (1 - beta ** (step - 1)) / (1 - beta**step) for beta in (one, two))
        first = share_one * first + (1 - share_one) * gradient
        second = share_two * second + (1 - share_two) * gradient**2
        found.append(math.sqrt((gradient**2 / second.clamp(min=epsilon**2)).mean()))
        eta = rate / max(1, found[-1])
        parameter -= eta * decay * parameter + eta * first / (second.sqrt() + epsilon)
    return found


def test_stable_adamw_is_the_paper_s_algorithm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langsamp.training.optimization.stable_adamw._ON_CPU", 7)
    generator = torch.Generator().manual_seed(0)
    shapes = [(9, 4), (5,)]
    ours = [nn.Parameter(torch.randn(shape, generator=generator)) for shape in shapes]
    plain = [each.detach().double() for each in ours]
    steps = [[size * torch.randn(shape, generator=generator) for shape in shapes] for size in (1, 1, 30, 0.1, 5, 0)]
    optimizer = StableAdamW([{"params": ours, "weight_decay": 0.1}], lr=0.05, betas=(0.9, 0.99), eps=1e-6)
    for gradients in steps:
        for parameter, gradient in zip(ours, gradients, strict=True):
            parameter.grad = gradient.clone()
        optimizer.step()
    for number, parameter in enumerate(plain):
        jumps = plain_stable_adamw(parameter, [each[number].double() for each in steps], rate=0.05, decay=0.1)
        assert jumps[0] == pytest.approx(1) and max(jumps) > 1.5
        torch.testing.assert_close(ours[number].detach().double(), parameter, rtol=1e-5, atol=1e-6)
    assert [group["lr"] for group in optimizer.param_groups] == [0.05, 0.05]


@pytest.mark.parametrize("model_type", ["xlm-roberta", "bert", "distilbert", "modernbert", "deberta-v2"])
def test_muon_takes_the_matrices_inside_the_layers_and_nothing_else(model_type: str) -> None:
    model = with_gradients(model_of(model_type))
    made = make_optimizer(model, TrainingConfig(optimizer="muon"))
    made.step()
    names = {parameter: name for name, parameter in model.named_parameters()}
    by_muon = {names[each] for each, state in made.state.items() if "momentum_buffer" in state}
    by_adamw = {names[each] for each, state in made.state.items() if "exp_avg" in state}
    assert by_muon | by_adamw == set(names.values()) and not by_muon & by_adamw
    assert all("layer" in name and names_a_matrix(model, name) for name in by_muon)
    assert not any(word in name for name in by_muon for word in ("embed", "head", "cls", "decoder", "vocab"))
    left = {name for name in by_adamw if "layer." in name or "layers." in name}
    assert not any(names_a_matrix(model, name) for name in left)


def names_a_matrix(model: nn.Module, name: str) -> bool:
    return model.get_parameter(name).ndim == 2


def test_muon_s_steps_are_orthogonal_and_as_large_as_adamw_s() -> None:
    model = with_gradients(model_of())
    name = "mlm.roberta.encoder.layer.0.intermediate.dense.weight"
    before = model.get_parameter(name).detach().clone()
    make_optimizer(model, TrainingConfig(optimizer="muon", learning_rate=1e-3)).step()
    update = model.get_parameter(name).detach() - before
    assert 0.1e-3 < update.square().mean().sqrt() < 0.3e-3  # AdamW's are about 0.2 of the rate in a long training
    values = torch.linalg.svdvals(update)
    assert values.max() / values.min() < 3  # those of the gradient differ by far more
