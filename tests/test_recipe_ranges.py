"""A setting takes what the tool below it takes: the bounds on both sides, by the tool where it can be asked."""

import io
import math
from collections.abc import Iterator

import pytest
import torch
from pydantic import BaseModel, ValidationError
from sentencepiece import SentencePieceTrainer
from sklearn.manifold import TSNE

from langsamp.errors import UserError
from langsamp.evaluation.protocols import FineTuning
from langsamp.model.build import ModelConfig
from langsamp.recipe import Recipe, parse_recipe

_LESS = 1e-6


def recipe(key: str, value: object) -> Recipe:
    content: dict[str, object] = {"name": "ranges", "model": {"init": None}}
    *sections, last = key.split(".")
    inner = content
    for section in sections:
        inner = inner.setdefault(section, {})  # type: ignore[assignment]
    inner[last] = value
    return parse_recipe(content, source="recipe")


@pytest.mark.parametrize(
    ("key", "taken", "refused"),
    [
        ("tokenizer.character_coverage", (0.98, 1.0), (0.98 - _LESS, 1 + _LESS, 0.95)),
        ("tokenizer.vocab_size", (300, 2**31 - 1), (299, 2**31)),
        ("training.betas", ((0.0, 0.0), (0.9, 0.999)), ((0.9, 1.0), (1.0, 0.999), (-_LESS, 0.9), (0.9,))),
        ("training.momentum", (0, 0.95), (1.0, -_LESS)),
        ("training.epsilon", (1e-30,), (0, -1e-6)),
        ("training.learning_rate", (1e-9, 10), (0, -1e-6)),
        ("training.warmup_steps", (0, 150_000), (-1, 150_001)),
        ("training.decay_share", (_LESS, 1), (0, 1 + _LESS)),
        ("training.final_share", (0, 1 - _LESS), (-_LESS, 1)),
        ("training.max_gradient_norm", (_LESS, None), (0, -1)),
        ("training.rows_per_batch", (1, "auto"), (0, "most")),
        ("masking.rate", (_LESS, 1), (0, 1 + _LESS)),
        ("masking.mask_share", (0, 0.9), (-_LESS, 1 + _LESS, 0.91)),
        ("sampler.alpha", (0, 1), (-_LESS, 1 + _LESS)),
        ("sampler.max_repetition", (_LESS, None), (0, -1)),
        ("rows.row_tokens", (8,), (7, 0)),
        ("seeds", ([0, 2**32 - 1],), ([-1], [2**32], [])),
        ("evaluation.seeds", ([0, 2**32 - 1],), ([-1], [2**32])),
        ("analysis.vectors.seed", (0, 2**32 - 1), (-1, 2**32)),
        ("analysis.vectors.perplexity", (_LESS, None), (0, -1)),
        ("name", ("a" * 200, "a.b-c_1"), ("a" * 201, "", "a/b", ".a")),
        ("corpus.source", ("cldr",), ("",)),
        ("corpus.text_column", ("text",), ("",)),
    ],
)  # fmt: skip
def test_a_setting_ends_where_its_tool_ends(key: str, taken: tuple[object, ...], refused: tuple[object, ...]) -> None:
    for value in taken:
        recipe(key, value)
    for value in refused:
        with pytest.raises(UserError, match=key.rpartition(".")[2]):
            recipe(key, value)


def test_sentencepiece_takes_that_coverage_and_no_less() -> None:
    def train(coverage: float) -> None:
        SentencePieceTrainer.train(
            sentence_iterator=iter(["ab ba"] * 20), model_writer=io.BytesIO(), vocab_size=8, hard_vocab_limit=False,
            character_coverage=coverage, minloglevel=2,
        )  # fmt: skip

    train(0.98)
    train(1.0)
    for coverage in (0.98 - _LESS, 1 + _LESS):
        with pytest.raises(RuntimeError, match="character_coverage"):
            train(coverage)


def test_torch_and_scikit_learn_take_those_bounds() -> None:
    weight = [torch.nn.Parameter(torch.zeros(2, 2))]
    torch.optim.AdamW(weight, betas=(0.0, 0.999999))
    for betas in ((1.0, 0.9), (0.9, 1.0), (-_LESS, 0.9)):
        with pytest.raises(ValueError, match="beta"):
            torch.optim.AdamW(weight, betas=betas)
    torch.Generator().manual_seed(2**32 - 1)
    with pytest.raises(ValueError, match="random_state"):
        TSNE(random_state=2**32, perplexity=1)._validate_params()


def _configs(owner: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield owner
    for field in owner.model_fields.values():
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _configs(kind)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_no_number_of_a_recipe_is_infinite_or_none(value: float) -> None:
    asked = 0
    for owner in {*_configs(Recipe), FineTuning} - {Recipe, ModelConfig}:
        for name, field in owner.model_fields.items():
            if "float" in str(field.annotation):
                asked += 1
                with pytest.raises(ValidationError):
                    owner.model_validate({name: [value, value] if "tuple" in str(field.annotation) else value})
    assert asked > 15
