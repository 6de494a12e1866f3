"""A whole run that measures while it trains and chooses its checkpoint; two processes in one folder."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from langsamp import pipeline
from langsamp.disk.files import locked, read_json, write_json
from langsamp.disk.seals import seal
from langsamp.errors import DamagedError, DataMissingError, UserError
from langsamp.recipe import Recipe
from langsamp.training.checkpoint import checkpoints
from langsamp.training.exporting import export
from tests.killed import check_killed
from tests.tiny_run import TinyRun, complaint, stamps

pytestmark = pytest.mark.integration

SELECTING = ("monitor.every=2", "monitor.tasks=[sr-bible]", "training.select=sr-bible", "evaluation.selection=test")


@pytest.fixture
def run(tiny_run: TinyRun, tmp_path: Path) -> TinyRun:
    """A copy of the finished run, to spoil."""
    return tiny_run.copy(tmp_path / "copy")


@pytest.fixture
def untrained(run: TinyRun) -> TinyRun:
    """A copy of the run that has its rows and nothing else."""
    for name in ("models", "evaluation"):
        shutil.rmtree(run.out / name)
    return run


def train(run: TinyRun, *settings: str) -> Path:
    recipe = run.recipe(*settings)
    return pipeline.train_one(recipe, pipeline.open_rows(recipe), "both", 0)


def lines(run: TinyRun, kind: str) -> list[dict[str, Any]]:
    text = (run.export.parent / "log.jsonl").read_text("utf-8")
    return [line for line in map(json.loads, text.splitlines()) if line["kind"] == kind]


def top10(run: TinyRun, recipe: Recipe) -> pd.DataFrame:
    table = pipeline.evaluate_run(recipe).scores
    return table[table["metric"] == "top10_accuracy"]


def test_another_choice_exports_again_and_trains_nothing(run: TinyRun) -> None:
    by_step = {line["step"]: line["loss"] for line in lines(run, "held_out")}
    best = min(by_step, key=lambda step: by_step[step])
    models = run.out / "models" / "both-0" / "checkpoints"
    before = stamps(models)
    for select, step, selection in (
        ("held_out_loss", best, "dev"),
        ("last", 4, "none"),
        ("held_out_loss", best, "dev"),
    ):
        facts = read_json(train(run, f"training.select={select}") / "provenance.json")
        assert (facts["step"], facts["selection"]) == (step, selection)
    assert stamps(models) == before
    unchanged = stamps(run.out)
    train(run, "training.select=held_out_loss")
    assert stamps(run.out) == unchanged


def test_the_score_of_the_last_step_is_that_of_the_export(untrained: TinyRun) -> None:
    settings = ("variants=[both]", "monitor.every=2", "monitor.tasks=[sr-bible]")
    train(untrained, *settings)
    assert [line["step"] for line in lines(untrained, "evaluation")] == [2, 4]
    table = top10(untrained, untrained.recipe(*settings))
    assert lines(untrained, "evaluation")[-1]["tags"]["sr-bible"] == pytest.approx(
        dict(zip(table["tag"], table["value"], strict=True)),
        abs=100 / 15 + 0.1,  # one of 15 verses: other products move a rank
    )
    assert set(table["selection"]) == {"none"}


def test_a_choice_is_stamped_on_every_score(run: TinyRun) -> None:
    for select, settings, stamp in (
        ("held_out_loss", (), "dev"),
        ("held_out_loss", ("evaluation.selection=test",), "test"),
        ("last", ("evaluation.selection=dev",), "dev"),
        ("last", (), "none"),
    ):
        recipe = run.recipe(f"training.select={select}", *settings)
        assert recipe.resolved_evaluation.selection == stamp
    recipe = run.recipe("variants=[both]", "training.select=held_out_loss")
    train(run, "variants=[both]", "training.select=held_out_loss")
    assert set(top10(run, recipe)["selection"]) == {"dev"}


def test_the_command_exports_what_the_training_chose(untrained: TinyRun) -> None:
    more = ("monitor.every=1", "training.checkpoint_every=1", "training.learning_rate=0.05")
    exported = train(untrained, *SELECTING, *more)
    by_step = {line["step"]: line["sr-bible"] for line in lines(untrained, "evaluation")}
    best = max(by_step, key=lambda step: by_step[step])
    model = exported.parent
    assert best < 4, "this training must get worse, or nothing is shown"
    for folder in (exported, export(model, untrained.root / "chosen")):
        facts = read_json(folder / "provenance.json")
        assert (facts["step"], facts["selection"]) == (best, "test")
    last = read_json(export(model / "checkpoints" / "step-0000004", untrained.root / "last") / "provenance.json")
    assert last["step"] == 4 and "selection" not in last  # whoever names a checkpoint knows why


@pytest.mark.parametrize("points", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_killed_anywhere_the_curve_and_the_choice_are_the_same(tiny_run: TinyRun, tmp_path: Path, points: int) -> None:
    run = tiny_run.copy(tmp_path / "fresh", with_run=False)
    settings = ("variants=[both]", "training.checkpoint_every=1", "training.keep_checkpoints=1", *SELECTING,
                "monitor.every=1", "training.learning_rate=0.05", "training.held_out_every=1")  # fmt: skip
    check_killed(run, *settings, points=points)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["training.select=held_out_los"], "is not measured. Did you mean 'held_out_loss'?"),
        (["training.select=sr-cldr"], "'sr-cldr' is not measured. Expected last, held_out_loss, or one more of"),
        (["training.select=sr-bible", "monitor.every=2"], "is not measured. Expected last, held_out_loss, sr-cldr, or"),
        (["monitor.every=5"], "monitor.every is 5, more than the 4 training.steps"),
        (["monitor.tasks=[sr-bibel]", "monitor.every=2"], "monitor.tasks: no task 'sr-bibel'. Did you mean 'sr-bible'"),
        (["monitor.tasks=[sr-bible]"], "monitor: every is missing"),
        (["monitor.evry=2"], "unknown key 'monitor.evry'. Did you mean 'every'?"),
        (["training.select=held_out_loss", "training.held_out_every=3"], "no checkpoint but the last is measured"),
        (["training.select=held_out_loss", "training.checkpoint_every=9"], "no checkpoint but the last is measured"),
        (SELECTING[:3], "there are no dev items of that task, only test items. Select by held_out_loss or sr-cldr; or"),
    ],
)  # fmt: skip
def test_a_choice_that_cannot_be_made_is_refused(tiny_run: TinyRun, settings: list[str], said: str) -> None:
    words = [word for setting in settings for word in ("--set", setting)]
    before = stamps(tiny_run.root)
    for command in (["run"], ["run", "--plan"], ["train"]):
        assert said in complaint(*command, tiny_run.recipe_file, *words)
    assert stamps(tiny_run.root) == before


def test_data_that_a_curve_lacks_stop_the_run_before_the_text_is_read(tiny_run: TinyRun, tmp_path: Path) -> None:
    run = tiny_run.copy(tmp_path / "fresh", with_run=False)
    for settings, error, said in (
        (("monitor.data=nowhere", "monitor.tasks=[sr-bible]"), DataMissingError, "sr-bible needs pairs of files"),
        (("monitor.tasks=[sr-bible]", "monitor.languages=fra_Latn"), UserError, "fra_Latn"),
        (("monitor.languages=Klingonn",), UserError, "Klingonn"),
    ):
        with pytest.raises(error) as caught:
            pipeline.run(run.recipe("monitor.every=2", *settings))
        assert said in str(caught.value)
    assert not run.out.exists()


def test_two_processes_do_not_train_or_prepare_in_one_folder(untrained: TinyRun) -> None:
    recipe = untrained.recipe()
    rows, model = pipeline.open_rows(recipe), untrained.export.parent
    first = r"another process \(pid \d+ on \S+\)"
    with locked(model), pytest.raises(UserError, match=rf"{first} is at work on .*models/both-0: wait until"):
        pipeline.train_one(recipe, rows, "both", 0)
    pipeline.train_one(recipe, rows, "both", 0)
    with locked(model):
        pipeline.train_one(recipe, rows, "both", 0)  # it is finished: nothing is written
    del rows
    shutil.rmtree(untrained.out)
    with locked(untrained.out / "rows"), pytest.raises(UserError, match=rf"{first} is at work on .*/rows: "):
        pipeline.prepare(recipe)


@pytest.mark.parametrize(
    "name",
    [
        "rows/manifest.json",
        "models/both-0/checkpoints/step-0000004/checkpoint.json",
        "models/both-0/export/provenance.json",
    ],
)
def test_a_file_of_another_version_is_named(run: TinyRun, name: str) -> None:
    if "checkpoint" in name:
        shutil.rmtree(run.export)
    write_json(run.out / name, read_json(run.out / name) | {"schema": 99})
    seal((run.out / name).parent)
    with pytest.raises(
        DamagedError, match=rf"{Path(name).name} has schema 99, expected \d: another version of langsamp"
    ):
        train(run)
    assert checkpoints(run.export.parent / "checkpoints")
