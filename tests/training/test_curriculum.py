"""Laws of phases in a training: exact resume inside and between them, the same rows for all variants."""

from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from langsamp.checks import check_training
from langsamp.data.batches import MaskingConfig
from langsamp.data.rows import PreparedRows
from langsamp.data.sampler import PhaseConfig, SamplerConfig
from langsamp.errors import UserError
from langsamp.recipe import Recipe
from langsamp.training.checkpoint import read_record
from langsamp.training.trainer import train
from tests.training.test_trainer import _fresh_accelerate, assert_resumes_exactly, task  # noqa: F401


@pytest.mark.parametrize("second", [2, 3])  # the run is stopped after two steps
def test_phases_of_whole_words_resume_exactly(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path, second: int
) -> None:
    phases = (
        PhaseConfig(from_step=0, languages="deu_Latn", alpha=0.9, mask_rate=0.3),
        PhaseConfig(from_step=second, alpha=0.1, mask_rate=0.1),
    )
    sampler = SamplerConfig(rows_per_step=32, phases=phases)
    assert_resumes_exactly(rows, tokenizer, tmp_path, sampler=sampler, masking=MaskingConfig(unit="word"))


def test_a_language_that_joins_later_is_read_later_and_for_all_variants_alike(
    rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    sampler = SamplerConfig(rows_per_step=32, phases=(PhaseConfig(from_step=0, languages="kmr"),
                                                      PhaseConfig(from_step=3)))  # fmt: skip
    seen = []
    for variant in ("none", "both"):
        settings: dict[str, Any] = {
            "variant": variant,
            "sampler": sampler,
            "checkpoint_every": 3,
            "keep_checkpoints": 2,
        }
        last = train(task(rows, tokenizer, tmp_path / variant, **settings), cpu=True)
        seen.append([read_record(each)["rows_seen"] for each in (last.with_name("step-0000003"), last)])
    assert seen[0] == seen[1]
    assert seen[0][0]["deu_Latn"] == 0 < seen[0][1]["deu_Latn"]


def test_phases_that_a_recipe_cannot_have_are_refused() -> None:
    content = {"name": "a", "model": {"init": None, "model_type": "bert"}, "training": {"steps": 10}}
    late = {"sampler": {"phases": [{"from_step": 10}]}}
    with pytest.raises(UserError, match=r"one begins at step 10, and training.steps is 10"):
        check_training(Recipe.model_validate(content | late))
    twice = {
        "sampler": {"phases": [{"from_step": 2, "mask_rate": 0.1}]},
        "masking": {"final_rate": 0.1, "rate_steps": 3},
    }
    with pytest.raises(UserError, match="leave one out"):
        check_training(Recipe.model_validate(content | twice))
