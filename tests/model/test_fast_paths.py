"""Law 9 for the encoder: every fast path gives the loss and every gradient of the plain one."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from langsamp.model.fast.dropout import draw_kept, dropout, keep_scale
from langsamp.model.fast.last_layer import Masked, Places, can_prune
from langsamp.model.fast.matmul import OneDnnMatmuls, has_one_dnn
from langsamp.model.fast.tied_embedding import can_tie
from langsamp.model.fast_paths import FastPaths
from langsamp.model.heads import HEADS
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.variants import Variant
from tests.tiny_parts import tiny_mlm

ONE_DNN = OneDnnMatmuls(True, True, True) if has_one_dnn() else OneDnnMatmuls()
ALONE = {
    "blocked loss": FastPaths(loss="blocked"),
    "oneDNN": FastPaths(products=ONE_DNN),
    "lean layers": FastPaths(lean_layers=True),
    "lean layers, oneDNN": FastPaths(products=ONE_DNN, lean_layers=True),
    "last layer": FastPaths(last_layer=True),
    "by head": FastPaths(by_head=True),
    "tied embedding": FastPaths(loss="blocked", tied_embedding=True),
}
ALL = FastPaths(
    loss="blocked", products=ONE_DNN, lean_layers=True, last_layer=True, by_head=True, cheap_dropout=True,
    tied_embedding=True,
)  # fmt: skip
IDS = {"language_ids_B": torch.tensor([0, 1, 1, 0]), "script_ids_B": torch.tensor([1, 0, 1, 1])}
PADDING = 1


def batch(*, padded: bool = False) -> dict[str, Tensor]:
    """Four rows of 24 tokens with 1, 4, 8 and 24 masked ones; with `padded` a row ends early."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(5, 60, (4, 24), generator=generator)
    labels = torch.full_like(ids, -100)
    for row, masked in enumerate((1, 4, 8, 24)):
        columns = torch.randperm(24, generator=generator)[:masked]
        labels[row, columns] = ids[row, columns]
    inputs = {"input_ids_BL": ids, "labels_BL": labels, **IDS}
    if padded:
        ids[2, 15:], labels[2, 15:] = PADDING, -100
        inputs["attention_mask_BL"] = (ids != PADDING).long()
    return inputs


def model(model_type: str, *, dropout: float = 0.0, variant: Variant = "both") -> LangSampForMaskedLM:
    mlm = tiny_mlm(model_type, dropout=dropout)
    return LangSampForMaskedLM(mlm, variant=variant, num_languages=2, num_scripts=2).train()


def possible(ours: LangSampForMaskedLM, paths: FastPaths) -> FastPaths:
    """These paths without what the architecture cannot take."""
    return paths.model_copy(
        update={
            "last_layer": paths.last_layer and can_prune(ours.mlm),
            "tied_embedding": paths.tied_embedding and can_tie(ours.mlm),
            "by_head": paths.by_head and ours.mlm._supports_attention_backend,
        }
    )


def loss_and_gradients(ours: LangSampForMaskedLM, inputs: dict[str, Tensor], paths: FastPaths) -> dict[str, Tensor]:
    ours.zero_grad()
    with ours.taking(paths):
        loss = ours(**inputs) / (inputs["labels_BL"] != -100).sum()
        loss.backward()
    gradients = {name: weight.grad.clone() for name, weight in ours.named_parameters() if weight.grad is not None}
    return {"loss": loss.detach(), **gradients}


def check(found: dict[str, Tensor], expected: dict[str, Tensor], *, share: float = 1e-5) -> None:
    assert found.keys() == expected.keys()
    largest = max(value.abs().max() for value in expected.values())
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=float(share * largest), rtol=share, msg=name)


@pytest.mark.parametrize("variant", ["both", "both@input"])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("paths", [*ALONE.values(), ALL], ids=[*ALONE, "all"])
@pytest.mark.parametrize("model_type", HEADS)
def test_every_path_gives_the_plain_loss_and_gradients(
    model_type: str, paths: FastPaths, padded: bool, variant: Variant
) -> None:
    ours, inputs = model(model_type, variant=variant), batch(padded=padded)
    check(loss_and_gradients(ours, inputs, possible(ours, paths)), loss_and_gradients(ours, inputs, FastPaths()))


@pytest.mark.parametrize("model_type", ["bert", "camembert", "modernbert", "roberta", "xlm-roberta"])
def test_these_architectures_prune_their_last_layer(model_type: str) -> None:
    assert can_prune(tiny_mlm(model_type))


@pytest.mark.parametrize("model_type", sorted(HEADS))
def test_a_tied_embedding_is_told_from_others(model_type: str) -> None:
    mlm = tiny_mlm(model_type)
    assert can_tie(mlm) == mlm.config.tie_word_embeddings
    mlm.get_output_embeddings().weight = torch.nn.Parameter(torch.zeros(60, 32))
    assert not can_tie(mlm)


@pytest.mark.parametrize("variant", ["both", "both@input"])
@pytest.mark.parametrize("model_type", sorted(HEADS))
def test_the_model_is_as_it_was_afterwards(model_type: str, variant: Variant) -> None:
    ours, inputs = model(model_type, variant=variant), batch()
    before = ours(**inputs)
    attention = ours.mlm.config._attn_implementation
    paths = possible(ours, ALL)
    with pytest.raises(KeyError), ours.taking(paths):
        raise KeyError
    assert torch.equal(ours(**inputs), before)
    assert ours.mlm.config._attn_implementation == attention
    assert not any("forward" in vars(module) or module._forward_hooks for module in ours.modules())


def test_within_the_block_the_encoder_alone_computes_every_position() -> None:
    ours, inputs = model("xlm-roberta"), batch()
    before = ours.mlm.base_model(inputs["input_ids_BL"]).last_hidden_state
    with ours.taking(FastPaths(last_layer=True, by_head=True)):
        ours(**inputs)
        inside = ours.mlm.base_model(inputs["input_ids_BL"]).last_hidden_state
    torch.testing.assert_close(inside, before, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("paths", ALONE.values(), ids=list(ALONE))
def test_accumulated_gradients_are_those_of_the_plain_path(paths: FastPaths) -> None:
    """Over two batches, and for the sum of two losses in one backward pass."""
    ours, inputs = model("xlm-roberta"), batch()
    halves = [{name: value[part] for name, value in inputs.items()} for part in (slice(0, 2), slice(2, 4))]
    expected = loss_and_gradients(ours, inputs, FastPaths())
    masked = (inputs["labels_BL"] != -100).sum()
    for together in (False, True):
        ours.zero_grad()
        with ours.taking(possible(ours, paths)):
            losses = [ours(**half) / masked for half in halves] if together else []
            sum(losses).backward() if together else [(ours(**half) / masked).backward() for half in halves]
        found = {name: weight.grad for name, weight in ours.named_parameters() if weight.grad is not None}
        check({"loss": expected["loss"], **found}, expected)


def test_the_padding_row_of_a_tied_embedding_learns_from_the_decoder_only() -> None:
    ours, inputs = model("xlm-roberta"), batch(padded=True)
    paths = FastPaths(loss="blocked", tied_embedding=True)
    found, expected = (loss_and_gradients(ours, inputs, each) for each in (paths, FastPaths()))
    embedding = ours.mlm.get_input_embeddings().weight
    name = next(name for name, weight in ours.named_parameters() if weight is embedding)
    assert expected[name][PADDING].abs().max() > 0
    torch.testing.assert_close(found[name][PADDING], expected[name][PADDING], atol=1e-7, rtol=1e-5)


def test_a_tied_embedding_serves_other_losses_too() -> None:
    ours, inputs = model("xlm-roberta"), batch()
    paths = FastPaths(loss="plain", tied_embedding=True)
    check(loss_and_gradients(ours, inputs, paths), loss_and_gradients(ours, inputs, FastPaths()))


def test_in_bf16_all_paths_stay_near_fp32() -> None:
    ours, inputs = model("xlm-roberta"), batch()
    expected = loss_and_gradients(ours, inputs, FastPaths())
    for paths in ALONE.values():
        with torch.autocast("cpu", torch.bfloat16):
            found = loss_and_gradients(ours, inputs, paths)
        check(found, expected, share=3e-2)


def kept_for_backward(ours: LangSampForMaskedLM, paths: FastPaths, dtype: torch.dtype | None) -> list[Tensor]:
    """Everything that the backward pass keeps beside the model's own weights, each storage once."""
    weights = {weight.untyped_storage().data_ptr() for weight in ours.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept.setdefault(tensor.untyped_storage().data_ptr(), tensor)
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
    with ours.taking(paths), torch.autocast("cpu", dtype, enabled=dtype is not None), hooks:
        ours(**batch())
    return [tensor for place, tensor in kept.items() if place not in weights]


@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
@pytest.mark.parametrize("model_type", ["bert", "camembert", "deberta-v2", "roberta", "xlm-roberta", "xlm-roberta-xl"])
def test_lean_layers_keep_no_copy_of_a_weight_and_what_goes_into_an_activation_alone(
    model_type: str, dtype: torch.dtype | None
) -> None:
    ours = model(model_type)
    wide, layers = ours.mlm.config.intermediate_size, ours.mlm.config.num_hidden_layers
    linear = [each.weight for each in ours.mlm.base_model.modules() if isinstance(each, torch.nn.Linear)]
    weights = {shape for weight in linear for shape in (weight.shape, weight.t().shape)}
    lean, plain = (
        [each.shape for each in kept_for_backward(ours, paths, dtype) if each.ndim > 1]
        for paths in (FastPaths(lean_layers=True), FastPaths())
    )
    assert not weights.intersection(lean)
    assert dtype is None or weights.intersection(plain)
    assert sum(shape[-1] == wide for shape in lean) == layers
    assert sum(shape[-1] == wide for shape in plain if shape not in weights) == 2 * layers


@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
@pytest.mark.parametrize("model_type", sorted(HEADS))
def test_a_batch_without_masked_tokens_has_no_loss_and_no_gradient(model_type: str, dtype: torch.dtype | None) -> None:
    ours, inputs = model(model_type), batch()
    inputs["labels_BL"] = torch.full_like(inputs["labels_BL"], -100)
    with ours.taking(possible(ours, ALL)):
        with torch.autocast("cpu", dtype, enabled=dtype is not None):
            loss = ours(**inputs)
        loss.backward()
    assert loss == 0
    assert not any(weight.grad.any() for weight in ours.parameters() if weight.grad is not None)


def test_a_feed_forward_part_of_another_kind_keeps_its_activation() -> None:
    class Linear(torch.nn.Linear):
        pass

    ours, inputs = model("bert"), batch()
    expected = loss_and_gradients(ours, inputs, FastPaths())
    ours.mlm.base_model.encoder.layer[0].output.dense.__class__ = Linear
    check(loss_and_gradients(ours, inputs, FastPaths(lean_layers=True)), expected)


@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
@pytest.mark.parametrize("model_type", sorted(HEADS))
def test_lean_layers_give_the_same_bits(model_type: str, dtype: torch.dtype | None) -> None:
    ours, inputs = model(model_type), batch()
    with torch.autocast("cpu", dtype, enabled=dtype is not None):
        kept, anew = (loss_and_gradients(ours, inputs, FastPaths(lean_layers=lean)) for lean in (False, True))
    assert kept.keys() == anew.keys()
    assert [name for name, value in kept.items() if not torch.equal(value, anew[name])] == []


def test_lean_layers_keep_nothing_for_weights_that_learn_nothing() -> None:
    ours = model("bert")
    for layer in ours.mlm.base_model.encoder.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.requires_grad_(False)
    lean, plain = (
        sum(each.untyped_storage().nbytes() for each in kept_for_backward(ours, paths, torch.bfloat16))
        for paths in (FastPaths(lean_layers=True), FastPaths())
    )
    assert lean < plain


def test_attention_by_head_keeps_no_probabilities() -> None:
    ours = model("xlm-roberta")
    found = kept_for_backward(ours, FastPaths(by_head=True), None)
    assert not any(each.shape[-2:] == (24, 24) for each in found if each.ndim > 2)
    eager = model("xlm-roberta")
    eager.mlm.set_attn_implementation("eager")
    assert any(each.shape[-2:] == (24, 24) for each in kept_for_backward(eager, FastPaths(), None) if each.ndim > 2)


def test_masked_positions_of_uneven_rows() -> None:
    positions = torch.tensor([2, 10, 11, 13, 17])  # rows of 5: columns 2 | none | 0, 1, 3 | 2
    places = Places(positions, 3)
    assert Places.at(torch.zeros(20, dtype=torch.bool).index_fill(0, positions, True).view(4, 5))[1] == 3
    masked = Masked.of(places, rows=4, tokens=5)
    assert masked.columns.tolist() == [[2, 0, 0], [0, 0, 0], [0, 1, 3], [2, 0, 0]]
    values = torch.arange(40.0).view(4, 5, 2)
    taken = masked.taken(values)
    assert torch.equal(taken, values.view(-1, 2)[positions])
    assert torch.equal(masked.gathered(masked.spread(taken)), taken)
    mask = torch.arange(100).view(4, 1, 5, 5)
    assert torch.equal(masked.of_queries(mask)[2, 0], mask[2, 0, [0, 1, 3]])
    assert torch.equal(masked.of_queries(mask[:1])[3, 0, 0], mask[0, 0, 2])


@pytest.fixture
def _seed() -> Iterator[None]:
    torch.manual_seed(0)
    yield


@pytest.mark.usefixtures("_seed")
@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean_and_its_probability(probability: float) -> None:
    kept = draw_kept((1000, 401), probability)
    assert kept.shape == (1000, 401) and set(kept.unique().tolist()) == {0, 1}
    assert abs(float(kept.float().mean()) - (1 - probability)) < 0.003
    inputs = torch.ones(1000, 401, requires_grad=True)
    outputs = dropout(inputs, probability)
    assert abs(float(outputs.detach().mean()) - 1) < 0.01
    outputs.sum().backward()
    assert torch.equal(inputs.grad, outputs.detach())
    assert keep_scale(probability) == pytest.approx(1 / (1 - probability), rel=1e-3)


@pytest.mark.usefixtures("_seed")
def test_dropout_of_neighbours_is_independent() -> None:
    """Four numbers share a draw of 64 bits."""
    kept = draw_kept((100_000, 4), 0.5).float() - 0.5
    covariance = kept.T @ kept / len(kept)
    assert (covariance - 0.25 * torch.eye(4)).abs().max() < 0.005


def test_dropout_is_a_function_of_the_seed() -> None:
    draws = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(draw_kept((50, 51), 0.3))
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])


def test_dropout_at_its_ends() -> None:
    inputs = torch.ones(7)
    assert torch.equal(dropout(inputs, 0.0), inputs)
    assert torch.equal(dropout(inputs, 1.0), torch.zeros(7))


@pytest.mark.usefixtures("_seed")
@pytest.mark.parametrize("paths", [FastPaths(cheap_dropout=True), FastPaths(by_head=True, last_layer=True)])
def test_with_dropout_the_mean_loss_is_the_plain_one(paths: FastPaths) -> None:
    ours, inputs = model("xlm-roberta", dropout=0.2), batch()
    with torch.no_grad():
        plain = torch.stack([ours(**inputs) for _ in range(150)])
        with ours.taking(paths):
            fast = torch.stack([ours(**inputs) for _ in range(150)])
    error = (plain.var() / 150 + fast.var() / 150).sqrt()
    assert abs(plain.mean() - fast.mean()) < 4 * error
    assert 0.7 < fast.std() / plain.std() < 1.4


@pytest.mark.usefixtures("_seed")
def test_in_evaluation_nothing_is_dropped() -> None:
    ours, inputs = model("xlm-roberta", dropout=0.2).eval(), batch()
    with ours.taking(FastPaths(cheap_dropout=True, by_head=True, last_layer=True)):
        assert torch.equal(ours(**inputs), ours(**inputs))
