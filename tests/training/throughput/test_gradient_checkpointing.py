"""Laws of gradient checkpointing: the same bits, with dropout and any fast path, for less memory."""

from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import Tensor
from transformers import AutoConfig, AutoModelForMaskedLM, PreTrainedTokenizerFast

from langsamp.data.rows import PreparedRows
from langsamp.errors import UserError
from langsamp.model.fast_paths import FastPaths
from langsamp.model.heads import HEADS
from langsamp.training.throughput.gradient_checkpointing import recomputing
from langsamp.training.trainer import train
from tests.model.test_fast_paths import ALL, batch, model, possible
from tests.training.test_trainer import losses, task, weights


@pytest.fixture(autouse=True)
def _fresh_accelerate() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)


def step(model_type: str, paths: FastPaths, *, recomputes: bool, precision: torch.dtype | None) -> dict[str, Tensor]:
    """Loss and gradients of a model with dropout, and how many bytes it keeps for the backward pass."""
    ours, kept = model(model_type, dropout=0.1), {}

    def note(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with (
        ours.taking(possible(ours, paths)),
        recomputing(ours.mlm) if recomputes else nullcontext(),
        torch.autocast("cpu", precision, enabled=precision is not None),
        torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
    ):
        torch.manual_seed(3)
        loss = ours(**batch())
        bits = torch.random.get_rng_state()
        loss.backward()
    assert torch.equal(bits, torch.random.get_rng_state())
    gradients = {name: weight.grad for name, weight in ours.named_parameters() if weight.grad is not None}
    return {"loss": loss.detach(), **gradients, "kept": torch.tensor(sum(kept.values()))}


@pytest.mark.parametrize("precision", [None, torch.bfloat16], ids=["fp32", "bf16"])
@pytest.mark.parametrize("paths", [FastPaths(), ALL], ids=["plain", "fast"])
@pytest.mark.parametrize("model_type", HEADS)
def test_loss_and_gradients_are_the_same_bits(model_type: str, paths: FastPaths, precision: torch.dtype | None) -> None:
    plain = step(model_type, paths, recomputes=False, precision=precision)
    ours = step(model_type, paths, recomputes=True, precision=precision)
    assert ours.pop("kept") < plain.pop("kept")
    assert ours.keys() == plain.keys()
    assert all(torch.equal(ours[name], plain[name]) for name in plain)


def test_the_model_is_as_it_was_afterwards() -> None:
    ours = model("xlm-roberta")
    before = {name: vars(module).copy() for name, module in ours.named_modules()}
    with recomputing(ours.mlm):
        assert vars(ours.mlm.roberta.encoder.layer[0]) != before["mlm.roberta.encoder.layer.0"]
    assert {name: vars(module) for name, module in ours.named_modules()} == before


@pytest.mark.parametrize("loss", ["plain", "blocked"])
def test_a_training_is_the_same_to_the_bit(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path, loss: str
) -> None:
    kept = train(task(rows, tokenizer, tmp_path / "kept", loss=loss), cpu=True)
    anew = train(task(rows, tokenizer, tmp_path / "anew", loss=loss, gradient_checkpointing=True), cpu=True)
    assert losses(tmp_path / "kept") == losses(tmp_path / "anew")
    assert all(torch.equal(value, weights(anew)[name]) for name, value in weights(kept).items())


def test_an_architecture_that_cannot_is_named() -> None:
    mlm = AutoModelForMaskedLM.from_config(AutoConfig.for_model("xlm", vocab_size=60, emb_dim=8, n_layers=1, n_heads=2))
    with pytest.raises(UserError, match="xlm models cannot do it"), recomputing(mlm):
        pass
