"""Law 9 on a GPU: `pytest -m gpu tests/model` there. Each fast path gives the loss and gradients of the plain one."""

import pytest
import torch
from torch import Tensor

from langsamp.model.autotune import BatchShape, tune_paths
from langsamp.model.fast.last_layer import Places
from langsamp.model.fast_paths import FastPaths
from langsamp.model.heads import HEADS
from langsamp.model.loss import BACKENDS, obstacle_to
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.training.throughput.gradient_checkpointing import recomputing
from tests.model.test_fast_paths import batch, check, loss_and_gradients, model, possible
from tests.model.test_isolated_documents import _FIRST_POSITION, packed

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]

CUDA = torch.device("cuda")
PATHS = [FastPaths(loss=backend, last_layer=True, tied_embedding=backend == "blocked") for backend in BACKENDS]


def on_gpu(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: values.to(CUDA) for name, values in inputs.items()}


def ready(model_type: str, *, dropout: float = 0.0) -> LangSampForMaskedLM:
    return model(model_type, dropout=dropout).to(CUDA)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("paths", PATHS, ids=BACKENDS)
@pytest.mark.parametrize("model_type", HEADS)
def test_every_path_gives_the_plain_loss_and_gradients(model_type: str, paths: FastPaths, padded: bool) -> None:
    if (obstacle := obstacle_to(paths.loss, CUDA)) is not None:
        pytest.skip(obstacle)
    ours, inputs = ready(model_type), on_gpu(batch(padded=padded))
    check(
        loss_and_gradients(ours, inputs, possible(ours, paths)),
        loss_and_gradients(ours, inputs, FastPaths()),
        share=1e-4,
    )


@pytest.mark.parametrize("model_type", HEADS)
def test_a_gpu_gives_what_a_cpu_gives(model_type: str) -> None:
    on_cpu = model(model_type)
    ours = ready(model_type)
    ours.load_state_dict(on_cpu.state_dict())
    expected = loss_and_gradients(on_cpu, batch(), FastPaths())
    found = loss_and_gradients(ours, on_gpu(batch()), FastPaths())
    check({name: value.cpu() for name, value in found.items()}, expected, share=1e-4)


@pytest.mark.parametrize("model_type", HEADS)
def test_the_chosen_paths_compute_in_bf16_near_fp32(model_type: str) -> None:
    ours, inputs = ready(model_type), on_gpu(batch())
    shape = BatchShape(rows=4, row_tokens=24, masked=37, precision="bf16")
    paths = tune_paths(ours, shape, device=CUDA).paths
    expected = loss_and_gradients(ours, inputs, FastPaths())["loss"]
    with torch.autocast("cuda", torch.bfloat16):
        found = loss_and_gradients(ours, inputs, paths)["loss"]
    assert float(found) == pytest.approx(float(expected), rel=1e-2)


@pytest.mark.parametrize("model_type", _FIRST_POSITION)
def test_documents_of_a_row_stay_apart_by_every_path(model_type: str) -> None:
    ids, labels, documents = packed()
    pairs = {"language_ids_B": torch.tensor([0, 1, 1]), "script_ids_B": torch.tensor([1, 0, 1])}
    inputs = on_gpu({"input_ids_BL": ids, "labels_BL": labels, "documents_BL": documents, **pairs})
    ours = ready(model_type)
    paths = possible(ours, FastPaths(loss="blocked", last_layer=True))
    check(loss_and_gradients(ours, inputs, paths), loss_and_gradients(ours, inputs, FastPaths()), share=1e-4)


@pytest.mark.parametrize("model_type", HEADS)
def test_recomputing_draws_the_same_dropout(model_type: str) -> None:
    ours, inputs = ready(model_type, dropout=0.3), on_gpu(batch())
    torch.manual_seed(0)
    expected = loss_and_gradients(ours, inputs, FastPaths())
    with recomputing(ours.mlm):
        torch.manual_seed(0)
        found = loss_and_gradients(ours, inputs, FastPaths())
    check(found, expected, share=1e-5)


def test_what_a_step_asks_for_makes_nobody_wait() -> None:
    """Forward and backward with PyTorch's alarm for synchronisation on."""
    ours, inputs = ready("xlm-roberta"), on_gpu(batch())
    paths = FastPaths(loss="blocked", last_layer=True)
    loss_and_gradients(ours, inputs, paths)
    places = Places.at(inputs["labels_BL"] != -100)
    torch.cuda.set_sync_debug_mode("error")
    try:
        with ours.taking(paths):
            ours(**inputs, places=places).backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
