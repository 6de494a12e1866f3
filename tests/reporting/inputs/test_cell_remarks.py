"""What cells say beside scores."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from langsamp.disk.files import read_json, write_json
from langsamp.disk.seals import seal, write_record
from langsamp.reporting.inputs.cell_remarks import alias_uses, current_scores, failures, notes, tuning_rows, tunings
from langsamp.reporting.inputs.comparisons import compare
from langsamp.reporting.inputs.run_folder import Run, read_run


@pytest.fixture
def folder(build, tmp_path) -> Path:
    return build(tmp_path / "run", tasks=("pos",))


def scores(run: Run) -> pd.DataFrame:
    assert run.scores is not None
    return run.scores


def add_cell(folder: Path, like: str, name: str, **changes: object) -> None:
    """A later cell at the place of another."""
    cell = Path(shutil.copytree(folder / "evaluation" / "cells" / like, folder / "evaluation" / "cells" / name))
    write_json(cell / "cell.json", read_json(cell / "cell.json") | {"number": 2} | changes)
    seal(cell)


def test_what_failed_is_said_once_with_its_cells(folder):
    key = json.loads((folder / "evaluation/cells/cell-pos-both-1-2/cell.json").read_text("utf-8"))["key"]
    write_record(folder / "evaluation/failed/0123.json", {"cell": key, "reason": "out of memory"})
    whole, language = failures(read_run(folder))
    assert (whole.task, whole.what, whole.tags, whole.where) == ("pos", "out of memory", [], "both-1, seed 2")
    assert (language.what, language.named) == ("4 sentences <10>", "ewe_Latn")
    assert language.where == "none-0, seed 0; none-0, seed 1; none-0, seed 2"


def test_a_failure_that_was_mended_is_not_said(folder):
    path = folder / "evaluation" / "scores.parquet"
    table = pd.read_parquet(path)
    mended = table[(table["model_name"] == "none-0") & (table["tag"] == "deu_Latn")].assign(tag="ewe_Latn")
    pd.concat([table, mended]).to_parquet(path, index=False)
    assert failures(read_run(folder)) == []


def test_of_two_cells_at_one_place_the_later_one_speaks(folder):
    add_cell(folder, "cell-pos-none-0-0", "again", failures={"ewe_Latn": "other words"}, notes={}, dev_curve=[])
    run = read_run(folder)
    assert {remark.what: remark.where for remark in failures(run)} == {
        "other words": "none-0, seed 0",
        "4 sentences <10>": "none-0, seed 1; none-0, seed 2",
    }
    shutil.rmtree(folder / "evaluation/cells/again")
    assert len(failures(read_run(folder))) == 1


def test_equal_notes_are_said_once_and_parts_apart(folder):
    assert [(note.what, note.tags) for note in notes(read_run(folder))] == [
        ("1 blank line", ["deu_Latn"]),
        ("2 texts were cut", ["deu_Latn"]),
    ]


def test_every_use_of_an_alias_is_said(folder):
    (said,) = alias_uses(read_run(folder))
    assert said == "pos: ara_Arab is scored as arb_Arab (Arabic: macrolanguage and its standard variety)"


def test_fine_tunings_with_their_dev_curves(folder):
    run = read_run(folder)
    (comparison,) = compare(scores(run))
    found = tunings(run, comparison)
    assert [each.side for each in found] == ["none"] * 6 + ["both"] * 6
    assert {each.replicate for each in found} == {f"{training}/{seed}" for training in (0, 1) for seed in (0, 1, 2)}
    assert (found[0].unit, list(found[0].steps), found[0].kept) == ("epoch", [1, 2, 3], 1)
    baseline, langsamp = tuning_rows(comparison, found)
    assert baseline == ("pos", "Baseline", 6, 52.0, "52.0 to 52.0", None, baseline[6], "epoch 2 of 3", 360)
    assert langsamp[6] == pytest.approx(float(comparison.means["both"].mean()))


def test_retrieval_has_no_dev_curve(run_folder):
    run = read_run(run_folder)
    (comparison,) = compare(scores(run))
    assert tunings(run, comparison) == []


def test_a_model_that_was_trained_again_takes_the_name_of_the_old_one(folder):
    path = folder / "evaluation" / "scores.parquet"
    table = pd.read_parquet(path)
    old = table[table["model_name"] == "none-0"].assign(model="older", value=0.0)
    pd.concat([table, old]).to_parquet(path, index=False)
    found, said = current_scores(read_run(folder))
    assert found is not None and "older" not in set(found["model"]) and len(found) == len(table)
    assert said == ["Scores of 1 earlier model called none-0 are left out."]
