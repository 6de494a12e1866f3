"""Every variant in one recipe: the same rows and masks (design law 3), and names that hold from recipe to report."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from langsamp import pipeline
from langsamp.analysis.model_refs import find_model_refs
from langsamp.model.variants import VARIANTS
from langsamp.reporting.inputs.run_folder import read_run
from langsamp.training.job import row_order
from langsamp.world import World
from tests.tiny_run import TinyRun, said

pytestmark = pytest.mark.integration


@pytest.fixture
def untrained(tiny_run: TinyRun, tmp_path: Path) -> TinyRun:
    """A copy of the run that has its rows and nothing else."""
    run = tiny_run.copy(tmp_path / "copy")
    for name in ("models", "evaluation"):
        shutil.rmtree(run.out / name)
    return run


def test_every_variant_reads_the_same_rows_under_the_same_masks(untrained: TinyRun) -> None:
    recipe = untrained.recipe(f"variants=[{', '.join(VARIANTS)}]")
    rows, first = pipeline.prepare(recipe), {}
    for variant, seed in recipe.trainings:
        task = pipeline.training_job(recipe, rows, variant, seed)
        order = row_order(task.batches, task.sampler, steps=task.config.steps, seed=seed)
        first[variant] = task.batches.training_step(2, order=order, rows_per_step=8, rows_per_batch=8, world=World())[0]
    plain = first.pop("none")
    for variant, batch in first.items():
        assert (batch.input_ids == plain.input_ids).all() and (batch.labels == plain.labels).all(), variant
        own = (batch.language_ids == plain.language_ids).all()
        assert own == (variant != "both@shuffled"), variant


def test_placement_and_control_go_through_the_whole_run(untrained: TinyRun) -> None:
    """From their names in a recipe to folders, scores, comparison, table and report, and back to the names."""
    report, evaluation = pipeline.run(untrained.recipe("variants=[none, both@input, both@shuffled]"))
    assert not evaluation.failures
    scored = pd.read_parquet(untrained.out / "evaluation" / "scores.parquet")["model_name"]
    names = {"none-0", "both@input-0", "both@shuffled-0"}
    assert {path.name for path in (untrained.out / "models").iterdir()} == names == {*scored}
    assert [model.label for model in read_run(untrained.out).models] == [
        "Baseline, seed 0", "Both at the input, seed 0", "Shuffled ids, seed 0",
    ]  # fmt: skip
    assert "Both at the input" in report.inputs.default_out.read_text(encoding="utf-8")
    assert "both@shuffled" in said("compare", f"{untrained.out}:none", f"{untrained.out}:both@shuffled")
    assert "Shuffled ids" in said("table", untrained.out, "--paper", 1)
    subjects = find_model_refs([f"{untrained.out}:both@input"])
    assert [subject.name for subject in subjects] == ["both@input-0"] and subjects[0].has_vectors
