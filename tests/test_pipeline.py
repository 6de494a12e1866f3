"""A whole run: every part is there, nothing is done twice, and no way of stopping it changes a bit of the result."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import load_file
from transformers import AutoModelForMaskedLM, AutoTokenizer

from langsamp import pipeline
from langsamp.data.rows import PreparedRows
from langsamp.disk.files import read_json
from langsamp.errors import DamagedError, DataMissingError, NonFiniteLossError, UserError
from langsamp.model.conditioning import Conditioning
from langsamp.training.checkpoint import checkpoints
from langsamp.training.exporting import export
from tests.killed import check_killed
from tests.tiny_run import SIZES, TinyRun, langsamp, stamps, write_lines

pytestmark = pytest.mark.integration


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


def weights(export: Path) -> dict[str, np.ndarray]:
    return load_file(export / "model.safetensors") | load_file(export / "conditioning.safetensors")


def equal(one: Path, other: Path) -> bool:
    mine, theirs = weights(one), weights(other)
    return mine.keys() == theirs.keys() and all(np.array_equal(mine[name], theirs[name]) for name in mine)


def scores(out: Path) -> pd.DataFrame:
    table = pd.read_parquet(out / "evaluation" / "scores.parquet")
    return table.sort_values(["model_name", "tag", "metric"], ignore_index=True).drop(columns=["model", "cell"])


def test_every_part_of_a_run_is_there(tiny_run: TinyRun) -> None:
    out = tiny_run.out
    assert list(PreparedRows(out / "rows").manifest.tags) == sorted(SIZES)
    for variant, tables in (("none", set()), ("both", {"language", "script"})):
        folder = out / "models" / f"{variant}-0"
        assert [path.name for path in checkpoints(folder / "checkpoints")] == ["step-0000002", "step-0000004"]
        lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
        assert [line["step"] for line in lines if line["kind"] == "train"] == [1, 2, 3, 4]
        assert [line["step"] for line in lines if line["kind"] == "held_out"] == [2, 4]
        assert set(load_file(folder / "export" / "conditioning.safetensors")) == tables
        assert read_json(folder / "export" / "provenance.json")["step"] == 4
    table = scores(out)
    assert set(table["model_name"]) == {"none-0", "both-0"} and set(table["tag"]) == set(SIZES)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert all(tag in page for tag in SIZES) and "sr-bible" in page
    assert "https://" not in page.partition("<body")[0], "the report must open without a network"


def test_the_export_is_a_plain_model(tiny_run: TinyRun) -> None:
    model = AutoModelForMaskedLM.from_pretrained(tiny_run.export).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_run.export)
    with torch.no_grad():
        logits = model(**tokenizer("habari za asubuhi", return_tensors="pt")).logits
    assert logits.shape[-1] == 400 and logits.isfinite().all()
    seen = Conditioning.load(tiny_run.export).rows_seen
    assert sum(seen.values()) == 4 * 8 and set(map(str, seen)) == set(SIZES)


def test_both_variants_start_alike_and_read_the_same_rows(tiny_run: TinyRun) -> None:
    seen = [Conditioning.load(tiny_run.out / "models" / name / "export").rows_seen for name in ("none-0", "both-0")]
    assert seen[0] == seen[1]


def test_a_second_run_changes_no_file(tiny_run: TinyRun) -> None:
    before = stamps(tiny_run.root)
    report, evaluation = pipeline.run(tiny_run.recipe())
    assert stamps(tiny_run.root) == before
    assert report.inputs.default_out == tiny_run.out / "report.html"
    assert evaluation.cells_run == 0 and not evaluation.failures and len(evaluation.scores)


def test_models_that_lie_beside_those_of_the_recipe_are_told(run: TinyRun) -> None:
    answer = langsamp("run", run.recipe_file, "--set", "variants=[both]")
    assert answer.code == 0 and "are also of what lies there beside: none-0" in answer.err


def test_a_renamed_run_is_found_again(run: TinyRun) -> None:
    moved = TinyRun(run.root.rename(run.root.with_name("moved")))
    moved.write_recipe()
    before = {path: stamp for path, stamp in stamps(moved.out).items() if Path(path).name != "recipe.yaml"}
    assert pipeline.run(moved.recipe())[1].cells_run == 0
    changed = {path for path, stamp in stamps(moved.out).items() if before.get(path) != stamp}
    assert changed <= {"recipe.yaml", "report.html"}  # they say where the text lies


def test_stage_by_stage_gives_the_same(tiny_run: TinyRun, run: TinyRun) -> None:
    shutil.rmtree(run.out)
    recipe = run.recipe()
    rows = pipeline.prepare(recipe)
    assert rows.fingerprint == PreparedRows(tiny_run.out / "rows").fingerprint
    for variant, seed in reversed(pipeline.chosen_trainings(recipe, (), ())):
        export = pipeline.train_one(recipe, rows, variant, seed)
        assert equal(export, tiny_run.out / "models" / f"{variant}-{seed}" / "export")
    assert pipeline.evaluate_run(recipe).cells_run == 2
    pd.testing.assert_frame_equal(scores(run.out), scores(tiny_run.out))


def test_trainings_side_by_side_are_those_one_after_another(untrained: TinyRun, tiny_run: TinyRun) -> None:
    recipe = untrained.recipe().model_copy(update={"trainings_at_once": 2})
    pipeline.train_all(recipe, pipeline.open_rows(recipe))
    for name in ("none-0", "both-0"):
        assert equal(*(run.out / "models" / name / "export" for run in (untrained, tiny_run)))


def test_training_needs_the_rows_but_not_the_text(untrained: TinyRun, tiny_run: TinyRun) -> None:
    shutil.rmtree(untrained.root / "text")
    recipe = untrained.recipe()
    export = pipeline.train_one(recipe, pipeline.open_rows(recipe), "both", 0)
    assert equal(export, tiny_run.export)


def test_an_earlier_checkpoint_can_be_exported(run: TinyRun) -> None:
    out = export(run.out / "models" / "both-0" / "checkpoints" / "step-0000002", run.root / "early")
    assert read_json(out / "provenance.json")["step"] == 2
    again = export(run.out / "models" / "both-0", run.root / "last")
    assert equal(again, run.export) and not equal(out, again)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("training.learning_rate=0.1", "training.learning_rate: 0.001 -> 0.1"),
        ("masking.rate=0.3", "masking.rate: 0.15 -> 0.3"),
        ("sampler.alpha=1", "sampler.alpha: 0.3 -> 1.0"),
        ("model.settings.hidden_size=64", "model.settings.hidden_size: 32 -> 64"),
        ("training.steps=2", "training.steps: 4 -> 2"),
        ("rows.row_tokens=16", "rows.row_tokens: 32 -> 16"),
        ("tokenizer.vocab_size=401", "tokenizer.vocab_size: 400 -> 401"),
        ("corpus.max_documents=9", "corpus.max_documents: None -> 9"),
        ("corpus.languages=swh_Latn", "the text itself or the choice of languages"),
    ],
)
def test_a_folder_of_another_recipe_is_refused_untouched(tiny_run: TinyRun, setting: str, said: str) -> None:
    before = stamps(tiny_run.root)
    with pytest.raises(UserError, match="made with another recipe") as caught:
        pipeline.run(tiny_run.recipe(setting))
    assert said in str(caught.value)
    assert stamps(tiny_run.root) == before


def test_an_export_without_its_checkpoints_is_not_trained_anew(run: TinyRun) -> None:
    for folder in run.out.glob("models/*/checkpoints"):
        shutil.rmtree(folder)
    recipe = run.recipe()
    rows = pipeline.open_rows(recipe)
    before = stamps(run.out)
    pipeline.train_one(recipe, rows, "both", 0)
    with pytest.raises(UserError, match="was made with another recipe"):
        pipeline.open_rows(run.recipe("training.steps=6"))
    assert stamps(run.out) == before


def test_a_constant_schedule_may_grow_but_not_shrink(untrained: TinyRun) -> None:
    def train(steps: int) -> Path:
        recipe = untrained.recipe("training.schedule=constant", f"training.steps={steps}")
        return pipeline.train_one(recipe, pipeline.open_rows(recipe), "both", 0)

    train(2)
    short = weights(train(2))
    assert read_json(train(4) / "provenance.json")["step"] == 4
    with pytest.raises(UserError, match="steps: 4 -> 2"):
        train(2)
    assert not all(np.array_equal(short[name], value) for name, value in weights(untrained.export).items())


def test_what_would_stop_it_at_the_end_stops_it_at_the_start(tiny_run: TinyRun, tmp_path: Path) -> None:
    run = tiny_run.copy(tmp_path / "fresh", with_run=False)
    for setting, error, said in (
        ("evaluation.data=nowhere", DataMissingError, "sr-bible needs pairs of files"),
        ("evaluation.languages=Klingonn", UserError, "unknown term 'Klingonn'"),
        ("model.settings.hidden_size=30", UserError, "not a multiple of the number of attention heads"),
        ("model.settings.hiden_size=32", UserError, "Did you mean 'hidden_size'?"),
        ("model.settings.hidden_size=wide", UserError, "hidden_size"),
        ("model.model_type=gpt2", UserError, "no LM head known for model type 'gpt2'"),
        ("rows.row_tokens=64", UserError, "rows of 64 tokens are longer than the model's 38 positions"),
        ("tokenizer={load: nowhere/at/all}", DataMissingError, "no folder nowhere/at/all"),
        ("tokenizer.load=mine", UserError, "tokenizer.vocab_size would train a tokenizer, but tokenizer.load 'mine'"),
    ):
        with pytest.raises(error) as caught:
            pipeline.run(run.recipe(setting))
        assert said in str(caught.value)
    assert not run.out.exists()


def test_a_vocabulary_over_the_models_table_is_refused(untrained: TinyRun, tiny_run: TinyRun) -> None:
    recipe = untrained.recipe("model.settings.vocab_size=399")
    with pytest.raises(UserError, match="400 entries but the model's embedding table has 399 rows"):
        pipeline.train_one(recipe, pipeline.open_rows(recipe), "both", 0)
    own = (f"model.init={tiny_run.export}", "model.model_type=null", "model.settings={}")
    large = (f"tokenizer={{load: {tiny_run.root / 'large'}}}", f"out={untrained.root / 'else'}")
    tokenizer = AutoTokenizer.from_pretrained(tiny_run.export)
    tokenizer.add_tokens(["one", "more"])
    tokenizer.save_pretrained(tiny_run.root / "large")
    with pytest.raises(UserError, match="402 entries but the model's embedding table has 400 rows"):
        pipeline.run(untrained.recipe(*own, *large))
    assert not (untrained.root / "else").exists()


def test_one_process_does_a_whole_run(tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match="is one process"):
        pipeline.run(tiny_run.recipe())


@pytest.mark.parametrize("name", ["swh_Latn.ids", "manifest.json"])
def test_damaged_rows_are_named(untrained: TinyRun, name: str) -> None:
    file = untrained.out / "rows" / name
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DamagedError, match=name):
        pipeline.open_rows(untrained.recipe())


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "checkpoint.json"])
def test_a_damaged_checkpoint_is_named_and_an_older_one_serves(
    run: TinyRun, tiny_run: TinyRun, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    shutil.rmtree(run.export)
    recipe, newest = run.recipe(), run.out / "models" / "both-0" / "checkpoints" / "step-0000004"
    (newest / name).write_bytes((newest / name).read_bytes()[:-9])
    assert equal(pipeline.train_one(recipe, pipeline.open_rows(recipe), "both", 0), tiny_run.export)
    warning = capsys.readouterr().err
    assert f"step-0000004/{name}" in warning and "goes on from step-0000002" in warning


def test_a_damaged_export_is_named(run: TinyRun) -> None:
    file = run.export / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DamagedError, match=r"both-0/export/model\.safetensors has .* which makes it from step-0000004"):
        pipeline.run(run.recipe())


def test_a_loss_that_is_not_finite_stops_and_saves_nothing(untrained: TinyRun) -> None:
    recipe = untrained.recipe("training.learning_rate=1e30", "training.checkpoint_every=1")
    with pytest.raises(NonFiniteLossError, match=r"the loss of step 1 is nan. Its rows \(tag:row\): \w{3}_\w{4}:\d+"):
        pipeline.train_one(recipe, pipeline.open_rows(recipe), "both", 0)
    assert [path.name for path in checkpoints(untrained.export.parent / "checkpoints")] == ["step-0000001"]
    assert not untrained.export.exists()


def test_languages_that_fail_are_told_and_cost_no_other(run: TinyRun) -> None:
    shutil.rmtree(run.out / "evaluation")
    write_lines(run.root / "eval" / "sr_bible" / "swh_Latn-eng_Latn.swh_Latn", ["too", "few"])
    evaluation = pipeline.evaluate_run(run.recipe())
    assert {failure.tag for failure in evaluation.failures} == {"swh_Latn"}
    assert set(evaluation.scores["tag"]) == {"hin_Deva", "kmr_Cyrl"}


@pytest.mark.parametrize("points", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_anywhere_it_goes_on(tiny_run: TinyRun, tmp_path: Path, points: int) -> None:
    run = tiny_run.copy(tmp_path / "fresh", with_run=False)
    settings = ("variants=[both]", "training.checkpoint_every=1", "training.keep_checkpoints=1")
    check_killed(run, *settings, points=points)
