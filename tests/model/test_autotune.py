"""The choice of fast paths: told, stored, the same for all processes, and none where there is nothing to gain."""

from collections.abc import Sequence

import pytest
import torch
from transformers import AutoConfig, AutoModelForMaskedLM

from langsamp.errors import UserError
from langsamp.model import autotune
from langsamp.model.autotune import BatchShape, tune_paths
from langsamp.model.fast_paths import FastPaths
from langsamp.model.heads import HEADS
from langsamp.model.mlm import LangSampForMaskedLM
from tests.tiny_parts import tiny_mlm

CPU = torch.device("cpu")
LARGE = BatchShape(rows=16, row_tokens=128, masked=500)


def tiny(model_type: str = "xlm-roberta") -> LangSampForMaskedLM:
    return LangSampForMaskedLM(tiny_mlm(model_type), variant="both", num_languages=2, num_scripts=2)


@pytest.fixture(scope="module")
def large() -> LangSampForMaskedLM:
    """Wide enough to measure something: logits of 500 tokens take 40 MB, the linear layers have 1.2 M weights."""
    settings = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 4608,
                "vocab_size": 20_000, "max_position_embeddings": 130}  # fmt: skip
    mlm = AutoModelForMaskedLM.from_config(AutoConfig.for_model("xlm-roberta", **settings))
    return LangSampForMaskedLM(mlm, variant="none", num_languages=1, num_scripts=1)


def test_a_tiny_model_stays_plain() -> None:
    choice = tune_paths(tiny(), BatchShape(rows=8, row_tokens=32, masked=40), device=CPU)
    assert choice.paths == FastPaths()
    assert str(choice) == "loss: plain (too small to gain anything)"


def test_what_the_recipe_says_is_taken() -> None:
    choice = tune_paths(tiny(), BatchShape(rows=8, row_tokens=32, masked=40), loss="torch", device=CPU)
    assert choice.paths.loss == "torch" and choice.paths.last_layer and choice.paths.by_head
    assert not choice.paths.tied_embedding
    assert choice.reasons["loss"] == "torch (as the recipe says)"


def test_what_cannot_run_here_is_refused() -> None:
    with pytest.raises(UserError, match=r"training.loss liger: it needs a GPU"):
        tune_paths(tiny(), LARGE, loss="liger", device=CPU)


@pytest.mark.parametrize("model_type", HEADS)
def test_every_architecture_trains_by_its_choice(model_type: str) -> None:
    ours = tiny(model_type)
    paths = tune_paths(ours, BatchShape(rows=2, row_tokens=8, masked=4), loss="blocked", device=CPU).paths
    ids = torch.arange(5, 21).view(2, 8)
    with ours.taking(paths):
        loss = ours(ids, ids, language_ids_B=torch.tensor([0, 1]), script_ids_B=torch.tensor([0, 1]))
    loss.backward()
    assert loss.isfinite()


def test_a_measured_choice_is_told_and_changes_nothing(large: LangSampForMaskedLM) -> None:
    weights = {name: value.clone() for name, value in large.state_dict().items()}
    choice = tune_paths(large, LARGE, device=CPU)
    assert choice.paths.loss in ("blocked", "plain")
    assert "measured on" in choice.reasons["loss"] and "blocked" in choice.reasons["loss"]
    assert choice.paths.last_layer and choice.paths.by_head and choice.paths.cheap_dropout
    assert all(torch.equal(value, weights[name]) for name, value in large.state_dict().items())
    assert all(weight.grad is None and weight.requires_grad for weight in large.parameters())


@pytest.mark.parametrize(("free", "is_tried"), [(600 << 20, False), (700 << 20, True)])
def test_plain_is_tried_where_its_logits_leave_most_of_the_memory(
    large: LangSampForMaskedLM, monkeypatch: pytest.MonkeyPatch, free: int, is_tried: bool
) -> None:
    monkeypatch.setattr(autotune, "available_memory_bytes", lambda: free)  # of which logits of 40 MB take 160
    assert ("plain" in tune_paths(large, LARGE, device=CPU).reasons["loss"].partition(":")[2]) == is_tried


@pytest.mark.parametrize("free", [600 << 20, 700 << 20])
def test_processes_agree_on_as_many_losses_however_much_memory_each_has(
    large: LangSampForMaskedLM, monkeypatch: pytest.MonkeyPatch, free: int
) -> None:
    compared = []

    def noted(seconds: Sequence[float]) -> Sequence[float]:
        compared.append(len(seconds))
        return seconds

    monkeypatch.setattr(autotune, "available_memory_bytes", lambda: free)
    tune_paths(large, LARGE, device=CPU, agree=noted)
    assert compared[-1] == len(autotune._CANDIDATES["cpu"])


def test_processes_go_by_the_same_seconds(large: LangSampForMaskedLM) -> None:
    def plain_is_fast(seconds: Sequence[float]) -> Sequence[float]:
        return [1.0, 0.5]

    def plain_is_hardly_faster(seconds: Sequence[float]) -> Sequence[float]:
        return [1.0, 0.95]

    fast, hardly = (
        tune_paths(large, LARGE, device=CPU, agree=each) for each in (plain_is_fast, plain_is_hardly_faster)
    )
    assert fast.paths.loss == "plain" and not fast.paths.tied_embedding and any(fast.paths.products)
    assert hardly.paths.loss == "blocked" and hardly.paths.tied_embedding


def test_no_product_of_bf16_goes_another_way(large: LangSampForMaskedLM) -> None:
    choice = tune_paths(large, BatchShape(rows=16, row_tokens=128, masked=500, precision="bf16"), device=CPU)
    assert not any(choice.paths.products) and "oneDNN" not in choice.reasons


def test_long_rows_keep_the_models_own_attention() -> None:
    shape = BatchShape(rows=1, row_tokens=2048, masked=300)
    assert not tune_paths(tiny(), shape, loss="blocked", device=CPU).paths.by_head


def test_layers_are_lean_where_their_copies_would_take_much_memory() -> None:
    for rows, lean in ((64, False), (2048, True)):
        shape = BatchShape(rows=rows, row_tokens=128, masked=300)
        assert tune_paths(tiny(), shape, loss="blocked", device=CPU).paths.lean_layers == lean


def test_paths_survive_json(large: LangSampForMaskedLM) -> None:
    paths = tune_paths(large, LARGE, device=CPU).paths
    assert FastPaths.model_validate_json(paths.model_dump_json()) == paths
    assert FastPaths.model_validate(paths.model_dump(mode="json")) == paths
