"""Laws of the packed products: the same numbers, for a while or for good, in every architecture."""

import numpy as np
import pytest
import torch
from torch import nn
from transformers import AutoModel

from langsamp.evaluation import packed_linear
from langsamp.evaluation.packed_linear import choose_linear_backend, pack, packed
from langsamp.evaluation.retrieval.encoder import _BLOCKS, Encoder

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")


@pytest.mark.parametrize("model_type", sorted(_BLOCKS))
def test_packed_models_give_the_same_vectors(model_type, save_model, sentences):
    encoder, texts = Encoder.load(save_model(model_type=model_type), device="cpu"), sentences(20, seed=1)
    before = encoder.encode(texts, layers=[0, 2, 3])
    pack(encoder.model)
    assert all(layer.weight.is_mkldnn for layer in encoder.model.modules() if type(layer) is nn.Linear)
    for layer, vectors in encoder.encode(texts, layers=[0, 2, 3]).items():
        np.testing.assert_allclose(vectors, before[layer], atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_packed_for_a_while_leaves_the_model_as_it_was(dtype, save_model):
    model = AutoModel.from_pretrained(save_model(), dtype=dtype).eval()
    weights = dict(model.named_parameters())
    ids = torch.arange(3, 19).view(2, 8)
    with torch.no_grad():
        before = model(ids).last_hidden_state
        with pytest.raises(KeyError), packed(model):
            inside = model(ids).last_hidden_state
            raise KeyError
        assert torch.equal(model(ids).last_hidden_state, before)
    torch.testing.assert_close(inside, before, atol=1e-5 if dtype == torch.float32 else 0.1, rtol=0)
    assert all(parameter is weights[name] for name, parameter in model.named_parameters())
    model(ids).last_hidden_state.sum().backward()
    assert all(layer.weight.grad is not None for layer in model.encoder.modules() if type(layer) is nn.Linear)


def test_layers_that_only_derive_from_linear_are_left_alone():
    class Doubled(nn.Linear):
        def forward(self, inputs):
            return 2 * super().forward(inputs)

    model = nn.Sequential(nn.Linear(4, 4, bias=False), Doubled(4, 4))
    inputs = torch.randn(3, 4)
    with torch.no_grad():
        before = model(inputs)
        with packed(model):
            torch.testing.assert_close(model(inputs), before, atol=1e-6, rtol=0)


def test_the_choice_is_measured_and_changes_nothing():
    model = nn.Sequential(nn.Linear(640, 1024), nn.Linear(1024, 512, bias=False))
    inputs = torch.randn(5, 640)
    with torch.no_grad():
        before = model(inputs)
        found = choose_linear_backend(model)
        assert torch.equal(model(inputs), before)
    assert found.backend in ("torch", "oneDNN") and "times as fast" in str(found)


def test_where_there_is_nothing_to_choose_torch_computes_and_the_reason_is_told(monkeypatch):
    large = nn.Linear(1024, 1024)
    assert str(choose_linear_backend(nn.Linear(8, 8))) == "torch (too small to gain anything)"
    assert choose_linear_backend(nn.Linear(1024, 1024, device="meta")).reason == "not on a CPU"
    assert choose_linear_backend(nn.Linear(1024, 1024, dtype=torch.float64)).reason == "neither fp32 nor bf16"
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    assert "switched off" in choose_linear_backend(large).reason
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", True)
    monkeypatch.setattr(packed_linear, "_LEAST_GAIN", float("inf"))
    assert "times as fast" in choose_linear_backend(large).reason
    monkeypatch.setitem(packed_linear._TOLERANCE, torch.float32, -1.0)
    assert choose_linear_backend(large).reason == "oneDNN rounds too coarsely"


def test_a_torch_without_the_operator_computes_as_ever(monkeypatch):
    monkeypatch.setattr(torch.ops, "mkldnn", object())
    found = choose_linear_backend(nn.Linear(1024, 1024))
    assert found.backend == "torch" and "oneDNN cannot be called" in found.reason
