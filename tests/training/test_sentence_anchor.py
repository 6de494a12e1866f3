"""Laws of an anchor of sentence vectors: nothing at the start, a plain computation's gradient, off to the bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from transformers import PreTrainedTokenizerFast

from langsamp.checks import check_training
from langsamp.data.batches import Batches, MaskedBatch
from langsamp.data.masking import MaskingConfig
from langsamp.data.rows import PreparedRows
from langsamp.data.sampler import SamplerConfig
from langsamp.errors import UserError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.table import describe
from langsamp.model.fast.matmul import OneDnnMatmuls
from langsamp.model.fast_paths import FastPaths
from langsamp.model.heads import HEADS
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.recipe import Recipe
from langsamp.training.anchor import AnchorConfig, SentenceAnchor, sentence_anchor
from langsamp.training.held_out import tensors
from langsamp.training.job import row_order
from langsamp.training.trainer import train
from langsamp.world import World
from tests.tiny_parts import tiny_mlm, write_rows
from tests.training.test_trainer import (  # noqa: F401
    _fresh_accelerate,
    assert_resumes_exactly,
    log,
    losses,
    task,
)

SENTENCES = {"kind": "sentence-vectors", "strength": 0.5}


def model_of(model_type: str = "xlm-roberta", **settings: Any) -> LangSampForMaskedLM:
    return LangSampForMaskedLM(tiny_mlm(model_type, **settings), variant="both", num_languages=2, num_scripts=2)


def moved(model: LangSampForMaskedLM) -> LangSampForMaskedLM:
    with torch.no_grad():
        for each in model.parameters():
            each.add_(0.1 * torch.randn(each.shape, generator=torch.Generator().manual_seed(each.numel())))
    return model


def batch_of(rows: PreparedRows) -> MaskedBatch:
    batches = Batches(rows, ids=LanguageIds.of(rows.tags), masking=MaskingConfig(rate=0.3), seed=0)
    order = row_order(batches, SamplerConfig(rows_per_step=12), steps=1, seed=0)
    return batches.training_step(0, order=order, rows_per_step=12, rows_per_batch=12, world=World(0, 1))[0]


def row_vectors(encoder: Any, tokens: np.ndarray, *, layer: int) -> torch.Tensor:
    """(rows, D), row by row: the mean over ordinary tokens of the encoder's states."""
    vectors = []
    for row in torch.from_numpy(tokens.astype(np.int64)):
        states = encoder(row[None], output_hidden_states=True).hidden_states[layer][0]
        vectors.append(states[row >= 5].mean(0))
    return torch.stack(vectors)


def plain(model: LangSampForMaskedLM, start: Any, batch: MaskedBatch, *, layer: int, tags: set[int]) -> torch.Tensor:
    """Row by row, as the text says it: the mean over ordinary tokens, its squared distance to the start's."""
    total = torch.zeros(())
    for ids, tag in zip(batch.input_ids, batch.tags.tolist(), strict=True):
        if tag in tags:
            now, then = (row_vectors(encoder, ids[None], layer=layer) for encoder in (model.mlm.base_model, start))
            total = total + (now - then.detach()).square().sum()
    return total


def measured(model: LangSampForMaskedLM, anchor: SentenceAnchor, batch: MaskedBatch) -> torch.Tensor:
    arguments = tensors(batch, torch.device("cpu"))
    with anchor.listening() as heard:
        model(**arguments)
    return anchor.distance(heard, batch, arguments)


@pytest.mark.parametrize(("layer", "languages"), [(0, "all"), (1, "head"), (2, "all")])
@pytest.mark.parametrize("model_type", HEADS)
def test_distance_and_gradient_are_those_of_a_plain_computation(
    rows: PreparedRows, model_type: str, layer: int, languages: Any
) -> None:
    model, start = model_of(model_type), tiny_mlm(model_type).base_model
    batch = batch_of(rows)
    tags = {number for number, tag in enumerate(rows.tags) if languages == "all" or describe(tag).is_head}
    anchor = SentenceAnchor(model, AnchorConfig(layer=layer, languages=languages, **SENTENCES), rows)
    assert measured(model, anchor, batch).item() < 1e-9, "nothing at the start"
    moved(model)
    expected, made = plain(model, start, batch, layer=layer, tags=tags), measured(model, anchor, batch)
    torch.testing.assert_close(made, expected)
    assert made.item() > 0.01
    parameters = [each for each in model.mlm.base_model.parameters() if each.requires_grad]
    ours, theirs = (torch.autograd.grad(each, parameters, allow_unused=True) for each in (made, expected))
    for one, other in zip(ours, theirs, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_the_start_is_computed_by_the_products_of_the_encoder(rows: PreparedRows) -> None:
    paths = FastPaths(products=OneDnnMatmuls(output=True, input_gradient=True, weight_gradient=True))
    model, batch = model_of(), batch_of(rows)
    anchor = SentenceAnchor(model, AnchorConfig(layer=1, **SENTENCES), rows)
    with model.taking(paths), anchor.taking(paths):
        assert measured(model, anchor, batch).item() == 0.0, "not even a rounding lies between them"
        fast = measured(moved(model), anchor, batch)
    torch.testing.assert_close(fast, measured(model, anchor, batch))


def test_several_layers_are_held_each_as_if_it_were_alone(rows: PreparedRows) -> None:
    model, batch = model_of(), batch_of(rows)
    anchors = [SentenceAnchor(model, AnchorConfig(layer=layer, **SENTENCES), rows) for layer in (0, 2, (2, 0))]
    moved(model)
    low, high, both = (measured(model, anchor, batch) for anchor in anchors)
    assert min(low.item(), high.item()) > 0.01
    torch.testing.assert_close(both, low + high)


@pytest.fixture
def apart(tmp_path: Path) -> PreparedRows:
    """Rows of two tags that share no token, few enough for their means to be taken over all."""
    return write_rows(
        tmp_path / "apart", {"deu_Latn": 30, "kmr_Cyrl": 30}, pieces={"deu_Latn": (5, 30), "kmr_Cyrl": (30, 60)}
    )


@pytest.mark.parametrize("layer", [1, 2])
def test_neutral_vectors_are_the_starts_with_one_mean_for_all_languages(apart: PreparedRows, layer: int) -> None:
    model, rows = model_of(), apart
    held = AnchorConfig(layer=layer, target="neutral", **SENTENCES)
    anchor, batch = SentenceAnchor(model, held, rows), batch_of(rows)
    with torch.no_grad():
        means = [
            row_vectors(model.mlm.base_model, rows.training(tag), layer=layer).mean(0) for tag in range(len(rows.tags))
        ]
        own, shared = torch.stack(means), torch.stack(means).mean(0)
        # At the start each row is as far from its target as its language's mean from that of all languages.
        expected = sum((own[tag] - shared).square().sum() for tag in batch.tags.tolist())
        torch.testing.assert_close(measured(model, anchor, batch), torch.as_tensor(expected))
        assert expected > 1e-4
        # An encoder whose vectors are the start's, each language's mean moved to that of all, is where it should be.
        arguments = tensors(batch, torch.device("cpu"))
        with anchor.listening() as heard:
            model(**arguments)
        neutral = [heard[0] + (shared - own)[batch.tags][:, None]]
        assert anchor.distance(neutral, batch, arguments).item() < 1e-9


def test_training_towards_neutral_vectors_brings_languages_together(
    apart: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    rows, between = apart, []
    for steps in (1, 30):
        anchor = {"kind": "sentence-vectors", "strength": 10.0, "layer": (1, 2), "target": "neutral"}
        job = task(rows, tokenizer, tmp_path / str(steps), dropout=0.0, steps=steps, schedule="constant", anchor=anchor)
        train(job, cpu=True)
        assert "sentence vectors, centred by language" in log(job.out, "start")[0]["notes"][-1]
        with torch.no_grad():
            one, other = (
                row_vectors(job.model.mlm.base_model, rows.training(tag), layer=2).mean(0) for tag in range(2)
            )
        between.append((one - other).square().sum().item())
    assert between[1] < 0.5 * between[0]


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize("model_type", ["xlm-roberta", "modernbert"])
def test_fast_paths_change_no_distance(rows: PreparedRows, model_type: str, layer: int) -> None:
    model = model_of(model_type)
    anchor, batch = SentenceAnchor(model, AnchorConfig(layer=layer, **SENTENCES), rows), batch_of(rows)
    moved(model)
    plain = measured(model, anchor, batch)
    paths = anchor.possible(FastPaths(loss="blocked", last_layer=True, lean_layers=True, by_head=True))
    assert paths.last_layer == (layer == 1), "the last layer's output is needed whole"
    with model.taking(paths):
        torch.testing.assert_close(measured(model, anchor, batch), plain, atol=1e-5, rtol=1e-4)


def test_masked_tokens_are_no_part_of_a_rows_vector(rows: PreparedRows) -> None:
    model = model_of()
    anchor, batch = SentenceAnchor(model, AnchorConfig(layer=0, **SENTENCES), rows), batch_of(rows)
    with torch.no_grad():
        model.mlm.get_input_embeddings().weight[4] += 1.0  # <mask>
    assert measured(model, anchor, batch).item() < 1e-9


def test_documents_of_a_row_are_apart_for_the_start_too(rows: PreparedRows) -> None:
    model = model_of()
    anchor, batch = SentenceAnchor(model, AnchorConfig(**SENTENCES), rows), batch_of(rows)
    arguments = dict(tensors(batch, torch.device("cpu")))
    arguments["documents_BL"] = torch.from_numpy(np.repeat([[1, 2, 0]], 12, axis=0).repeat(8, axis=1))
    with anchor.listening() as heard:
        model(**arguments)
    assert anchor.distance(heard, batch, arguments).item() < 1e-9


def test_a_strength_of_nothing_is_off_to_the_bit(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    ends = []
    for anchor in (None, AnchorConfig(kind="sentence-vectors", strength=0), AnchorConfig(strength=0)):
        job = task(rows, tokenizer, tmp_path / str(len(ends)), anchor=anchor, steps=2)
        assert not any("held" in note for note in job.start)
        train(job, cpu=True)
        ends.append(job.model.state_dict())
    assert all(torch.equal(end[name], ends[0][name]) for end in ends for name in end)


def test_it_holds_the_vectors_and_the_log_says_how_far_they_went(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    gone = []
    for strength in (1e-9, 10.0):
        job = task(
            rows, tokenizer, tmp_path / str(strength), dropout=0.0, steps=6, schedule="constant",
            anchor={"kind": "sentence-vectors", "strength": strength, "languages": "head"},
        )  # fmt: skip
        train(job, cpu=True)
        gone.append([line["anchor_distance"] for line in log(job.out, "train")])
        assert "sentence vectors of head languages" in log(job.out, "start")[0]["notes"][-1]
    assert gone[0][0] < 1e-9 and gone[1][0] < 1e-9
    assert gone[1][-1] < 0.5 * gone[0][-1]


def test_accumulation_changes_nothing(rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    jobs = [
        task(rows, tokenizer, tmp_path / str(size), dropout=0.0, rows_per_batch=size, anchor=SENTENCES, steps=3)
        for size in (32, 5)
    ]
    for job in jobs:
        train(job, cpu=True)
    one, other = ([line["anchor_distance"] for line in log(job.out, "train")] for job in jobs)
    assert other == pytest.approx(one, rel=1e-3, abs=1e-9)
    assert losses(jobs[1].out) == pytest.approx(losses(jobs[0].out), rel=1e-4)


@pytest.mark.parametrize("checkpointing", [False, True])
def test_it_resumes_exactly(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path, checkpointing: bool
) -> None:
    anchor = {**SENTENCES, **({"target": "neutral", "layer": (1, 2)} if checkpointing else {"languages": "head"})}
    settings = {"gradient_checkpointing": checkpointing, "head_warmup_steps": 1, "anchor": anchor}
    assert_resumes_exactly(rows, tokenizer, tmp_path, **settings)


def test_what_cannot_be_held_is_refused(tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows", {"kmr_Cyrl": 30})
    config = AnchorConfig(languages="head", **SENTENCES)
    with pytest.raises(UserError, match="none of the text's languages is one"):
        SentenceAnchor(model_of(), config, rows)
    with pytest.raises(UserError, match="has 2 layers"):
        SentenceAnchor(model_of(), AnchorConfig(layer=3, **SENTENCES), rows)
    at_input = LangSampForMaskedLM(tiny_mlm("bert"), variant="both@input", num_languages=2, num_scripts=2)
    with pytest.raises(UserError, match="at the input"):
        sentence_anchor(at_input, AnchorConfig(**SENTENCES), rows)
    with pytest.raises(UserError, match="of 1 language would be held"):
        SentenceAnchor(model_of(), AnchorConfig(target="neutral", **SENTENCES), rows)
    for wrong in ({"layer": 1}, {"languages": "head"}, {"target": "neutral"}):
        with pytest.raises(ValidationError, match="kind sentence-vectors"):
            AnchorConfig(strength=1.0, **wrong)


def test_a_recipe_that_would_hold_nothing_is_refused_before_its_first_step(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    tokenizer.save_pretrained(tmp_path)
    tiny_mlm("xlm-roberta").save_pretrained(tmp_path)
    content = {"name": "a", "model": {"init": str(tmp_path)}, "rows": {"row_tokens": 24}}
    anchor = {"kind": "sentence-vectors", "strength": 1.0}
    for wrong, message in (
        ({"training": {"anchor": anchor | {"layer": 3}}}, "training.anchor.layer 3: the model has 2 layers"),
        ({"training": {"anchor": anchor, "freeze_layers": 1}}, "name a higher layer"),
        ({"training": {"anchor": anchor}, "variants": ["none", "both@input"]}, "both@input does not compute"),
    ):
        with pytest.raises(UserError, match=message):
            check_training(Recipe.model_validate(content | wrong))
    check_training(Recipe.model_validate(content | {"training": {"anchor": anchor}}))
