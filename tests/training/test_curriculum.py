"""Laws of phases in a training: exact resume inside and between them, the same rows for all variants."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import PreTrainedTokenizerFast

from langsamp import pipeline
from langsamp.checks import check_training
from langsamp.data.masking import IGNORED, MaskingConfig
from langsamp.data.rows import PreparedRows
from langsamp.data.sampler import PhaseConfig, SamplerConfig
from langsamp.data.tokens.tokenizer import tokenizer_of
from langsamp.data.tokens.word_starts import word_starts
from langsamp.errors import UserError
from langsamp.languages.tags import LangScript
from langsamp.recipe import Recipe
from langsamp.training.checkpoint import read_record
from langsamp.training.job import row_order
from langsamp.training.trainer import train
from langsamp.world import World
from tests.tiny_run import TinyRun
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
        seen.append([read_record(each).rows_seen for each in (last.with_name("step-0000003"), last)])
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


def test_a_recipe_gives_all_variants_the_same_rows_and_masks_of_its_phases(tiny_run: TinyRun) -> None:
    phases = "sampler.phases=[{from_step: 1, languages: swh_Latn, mask_rate: 0.5}, {from_step: 3, mask_rate: 0.02}]"
    recipe = tiny_run.recipe(phases, "masking.unit=word")
    rows = PreparedRows(tiny_run.out / "rows")
    starts, read = word_starts(tokenizer_of(rows)), []
    for variant in recipe.variants:
        job = pipeline.training_job(recipe, rows, variant, 0)
        order = row_order(job.batches, job.sampler, steps=4, seed=0)
        read.append([
            job.batches.training_step(step, order=order, rows_per_step=8, rows_per_batch=8, world=World(0, 1))[0]
            for step in range(4)
        ])  # fmt: skip
    for one, other in zip(*read, strict=True):
        assert np.array_equal(one.input_ids, other.input_ids) and np.array_equal(one.labels, other.labels)
    masked = [batch.num_masked for batch in read[0]]
    assert masked[3] < masked[0] < min(masked[1:3])
    assert set(read[0][1].tags.tolist() + read[0][2].tags.tolist()) == {rows.tags.index(LangScript("swh", "Latn"))}
    for batch in read[0]:
        is_masked = batch.labels != IGNORED
        original = np.where(is_masked, batch.labels, batch.input_ids)
        ordinary = np.isin(original, rows.ordinary_ids)
        goes_on = ordinary[:, 1:] & ordinary[:, :-1] & ~starts[original[:, 1:]]
        assert (is_masked[:, 1:] == is_masked[:, :-1])[goes_on].all()
