"""One changed byte in any file of a finished run is found by who uses that file, and named, or mended."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from transformers import PreTrainedTokenizerFast

from langsamp import pipeline
from langsamp.analysis.read_analyses import read_analysis
from langsamp.analysis.run_analyses import analyse_run
from langsamp.analysis.unmade import read_unmade
from langsamp.data.overlap import OVERLAP
from langsamp.data.rows import PreparedRows
from langsamp.data.tokens.tokenizer import tokenizer_of
from langsamp.disk.files import read_json, write_json
from langsamp.disk.seals import CHECKSUMS, seal
from langsamp.errors import DamagedError
from langsamp.evaluation.models import find_model
from langsamp.evaluation.store import PREDICTIONS, ResultStore, read_table
from langsamp.model.conditioning import Conditioning
from langsamp.recipe import load_recipe
from langsamp.reporting.inputs.run_folder import read_run
from langsamp.reporting.inputs.stored import read_stored
from langsamp.scores.cell_files import read_cell
from langsamp.scores.comparison import compare
from langsamp.scores.systems import open_system
from langsamp.training.checkpoint import checkpoints
from langsamp.training.exporting import export
from langsamp.training.reading_log import read_log
from tests.tiny_run import TinyRun

ROWS, MODEL, CELLS = "rows/", "models/both-0/", "evaluation/cells/*/"
CHECKPOINT, EXPORT, ANALYSIS = MODEL + "checkpoints/step-0000004/", MODEL + "export/", "analysis/vectors-both-0/"
Use = Callable[[TinyRun], object]


def _open_rows(run: TinyRun) -> object:
    return pipeline.open_rows(run.recipe())


def _export(run: TinyRun) -> object:
    return export(run.out / MODEL, run.root / "again")


def _train(run: TinyRun) -> object:
    recipe = run.recipe()
    return pipeline.train_one(recipe, pipeline.open_rows(recipe), "both", 0)


def _report(run: TinyRun) -> object:
    return read_run(run.out)


def _analyses(run: TinyRun) -> object:
    return read_stored([read_run(run.out)])


def _unmade(run: TinyRun) -> object:
    return read_unmade(run.out)


def _compare(run: TinyRun) -> object:
    return compare(open_system(f"{run.out}:none"), open_system(f"{run.out}:both"), by=())


def _predictions(run: TinyRun) -> object:
    return [read_table(cell, PREDICTIONS) for cell in run.out.glob("evaluation/cells/*")]


USES: dict[str, tuple[Use, ...]] = {
    ROWS + "manifest.json": (_open_rows, _report),
    ROWS + "swh_Latn.ids": (_open_rows,),
    ROWS + "provenance.json": (_open_rows,),
    ROWS + "tokenizer/tokenizer.json": (_open_rows,),
    ROWS + "tokenizer/tokenizer_config.json": (_open_rows,),
    ROWS + "tokenizer/" + CHECKSUMS: (_open_rows,),
    ROWS + CHECKSUMS: (_open_rows,),
    **{
        CHECKPOINT + name: (_export,)
        for name in (
            "model.safetensors", "optimizer.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json",
            "checkpoint.json", CHECKSUMS,
        )
    },
    **{
        EXPORT + name: (_train, lambda run: find_model(run.export))
        for name in ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", CHECKSUMS)
    },
    EXPORT + "README.md": (_train,),
    EXPORT + "conditioning.safetensors": (_train, lambda run: Conditioning.load(run.export), _report),
    EXPORT + "languages.json": (_train, lambda run: Conditioning.load(run.export), _report),
    EXPORT + "provenance.json": (_train, lambda run: find_model(run.export), _report),
    MODEL + "log.jsonl": (lambda run: read_log(run.out / MODEL / "log.jsonl"), _report),
    CELLS + "cell.json": (_report,),
    CELLS + "scores.parquet": (_report,),
    CELLS + CHECKSUMS: (_report,),
    CELLS + "predictions.parquet": (_predictions,),
    "evaluation/scores.parquet": (_report, _compare),
    "evaluation/models/*.json": (_report,),
    "evaluation/failed/*.json": (_report,),
    ANALYSIS + "analysis.json": (_analyses,),
    ANALYSIS + "provenance.json": (_analyses,),
    ANALYSIS + "*.parquet": (_analyses,),
    ANALYSIS + CHECKSUMS: (_analyses,),
    "analyses_unmade.json": (_unmade,),
    OVERLAP: (_report,),
    "recipe.yaml": (_report,),
    "provenance.json": (_report,),
}  # fmt: skip


@pytest.fixture(scope="module")
def spoiled(tiny_run: TinyRun, tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    """A copy of the finished run whose files each test puts back, with a cell and an analysis that failed."""
    run = tiny_run.copy(tmp_path_factory.mktemp("flips") / "copy")
    recipe = run.recipe()
    failing = recipe.analysis.model_copy(update={"kinds": ("donors",), "candidates": "xxx_Latn"})
    assert analyse_run(recipe.folder, failing, recipe.resolved_evaluation)
    cell = read_cell(sorted(run.out.glob(CELLS))[0])
    ResultStore(run.out / "evaluation").note_failure(cell.key, "it had no text")
    return run


def _flipped(content: bytes, seed: int) -> bytes:
    generator = random.Random(seed)
    place = generator.randrange(content.find(b"# sha256") % (len(content) + 1))  # a comment may say what it will
    return content[:place] + bytes([content[place] ^ 1 << generator.randrange(8)]) + content[place + 1 :]


def test_every_file_of_a_run_is_looked_after(spoiled: TinyRun) -> None:
    used = {path for pattern in USES for path in spoiled.out.glob(pattern)}
    folders = {path.parent for path in used}
    files = {path for path in spoiled.out.rglob("*") if path.is_file() and path.parent in folders}
    unused = {path.name for path in files - used}
    assert unused <= {"report.html", "hin_Deva.ids", "kmr_Cyrl.ids"}, "nobody would see damage to these"


@pytest.mark.parametrize("pattern", USES)
def test_a_flipped_byte_is_found_and_named(spoiled: TinyRun, pattern: str) -> None:
    path = sorted(spoiled.out.glob(pattern))[0]
    whole = path.read_bytes()
    for use in USES[pattern]:
        for seed in range(3):
            path.write_bytes(_flipped(whole, seed))
            try:
                with pytest.raises(DamagedError) as caught:
                    use(spoiled)
            finally:
                path.write_bytes(whole)
            assert path.name in str(caught.value) and "\n" not in str(caught.value)
            assert str(spoiled.out) in str(caught.value)
            assert f"delete {spoiled.out} " not in str(caught.value), "advice that costs the whole run"


@pytest.fixture
def run(tiny_run: TinyRun, tmp_path: Path) -> TinyRun:
    return tiny_run.copy(tmp_path / "copy")


@pytest.mark.parametrize("name", ["cell.json", "scores.parquet", CHECKSUMS])
def test_a_damaged_cell_is_scored_again(run: TinyRun, name: str) -> None:
    table = ResultStore(run.out / "evaluation").scores().drop(columns="cell")
    path = sorted(run.out.glob(CELLS + name))[0]
    path.write_bytes(_flipped(path.read_bytes(), 0))
    assert pipeline.evaluate_run(run.recipe()).cells_run == 1
    again = ResultStore(run.out / "evaluation").scores().drop(columns="cell")
    pd.testing.assert_frame_equal(again, table)


@pytest.mark.parametrize("name", ["analysis.json", "provenance.json", CHECKSUMS, None])
def test_a_damaged_analysis_is_made_again_by_the_run(run: TinyRun, name: str | None) -> None:
    folder, recipe = run.out / ANALYSIS, run.recipe()
    path = folder / name if name else sorted(folder.glob("*.parquet"))[0]
    before = read_analysis(folder)
    path.unlink()
    with pytest.raises(DamagedError, match="make it again"):
        _analyses(run)
    only = recipe.analysis.model_copy(update={"kinds": ("vectors",)})
    analyse_run(recipe.folder, only, recipe.resolved_evaluation)
    assert read_analysis(folder).as_json() == before.as_json()


def test_an_export_that_is_made_anew_leaves_one_model_of_its_name(run: TinyRun) -> None:
    before = ResultStore(run.out / "evaluation").scores()
    good = run.export.rename(run.root / "good")
    shutil.copytree(run.out / "models" / "none-0" / "export", run.export)
    write_json(run.export / "config.json", read_json(run.export / "config.json") | {"layer_norm_eps": 0.1})
    seal(run.export)
    assert len(pipeline.evaluate_run(run.recipe()).scores["model"].unique()) == 2
    assert len(read_run(run.out).model_names) == 2, "the model that is there, and the baseline"
    shutil.rmtree(run.export)
    good.rename(run.export)
    assert pipeline.evaluate_run(run.recipe()).cells_run == 0
    pd.testing.assert_frame_equal(ResultStore(run.out / "evaluation").scores(), before)


def test_rows_are_trained_on_with_the_tokenizer_that_made_them(
    run: TinyRun, tokenizer: PreTrainedTokenizerFast
) -> None:
    tokenizer.save_pretrained(run.out / "rows" / "tokenizer")
    seal(run.out / "rows" / "tokenizer")
    seal(run.out / "rows")
    with pytest.raises(DamagedError, match="is not the tokenizer that made the rows"):
        tokenizer_of(PreparedRows(run.out / "rows"))
    with pytest.raises(DamagedError, match="says another mask_id than the tokenizer beside it"):
        pipeline.open_rows(run.recipe())


def test_a_checkpoint_under_another_name_is_not_taken_for_that_step(run: TinyRun) -> None:
    last = checkpoints(run.out / MODEL / "checkpoints")[-1]
    last.rename(last.with_name("step-0000038"))
    with pytest.raises(DamagedError, match="step-0000038 holds step 4, so it was renamed"):
        export(run.out / MODEL, run.root / "out")


def test_a_changed_recipe_of_a_run_is_no_recipe_until_its_last_line_goes(run: TinyRun) -> None:
    path = run.out / "recipe.yaml"
    *lines, last = path.read_text("utf-8").replace("row_tokens: 32", "row_tokens: 36").splitlines(keepends=True)
    path.write_text("".join([*lines, last]), "utf-8")
    with pytest.raises(DamagedError, match="delete that line"):
        load_recipe(path)
    path.write_text("".join(lines), "utf-8")
    assert load_recipe(path).rows.row_tokens == 36
