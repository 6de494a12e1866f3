"""The studies in small: their recipes run, their curves have not moved, and what they gave can be stored and shown."""

import json
import os
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from accelerate.state import AcceleratorState
from tools.study_figures import FIGURES, figures, shown, write_figures
from tools.study_results import BEGIN, CELLS, END, LARGEST, PAGE, collect, with_tables

from langsamp import pipeline
from langsamp.errors import DataMissingError, UserError
from langsamp.recipe import load_recipe
from langsamp.scores.comparison import compare
from langsamp.scores.systems import open_system

pytestmark = pytest.mark.integration

GOLDEN = {
    "lab": {
        "both-0": [6.6667, 6.6104],
        "both@shuffled-0": [6.6676, 6.6116],
        "language-0": [6.6663, 6.6105],
        "none-0": [6.6657, 6.6101],
        "script-0": [6.6649, 6.6075],
    },
    "continued": {"both-0": [6.393, 6.538], "none-0": [6.3932, 6.5381]},
}
"""Loss at the last step and held out, to be written anew by a change that means to move it."""


def losses(run: Path) -> dict[str, list[float]]:
    """By training its last training loss and its held-out loss."""
    ends = {}
    for log in sorted(run.glob("models/*/log.jsonl")):
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        ends[log.parent.name] = [
            round([line["loss"] for line in lines if line["kind"] == kind][-1], 4) for kind in ("train", "held_out")
        ]
    return ends


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run of studies/tiny-lab.yaml."""
    AcceleratorState._reset_state(reset_partial_state=True)
    out = tmp_path_factory.mktemp("studies") / "tiny-lab"
    return pipeline.run(load_recipe(Path("studies/tiny-lab.yaml"), (f"out={out}",))) and out


@pytest.fixture(scope="module")
def continued(lab: Path) -> Path:
    """The finished run of studies/tiny-continued.yaml, from the baseline of the other."""
    AcceleratorState._reset_state(reset_partial_state=True)
    out = lab.with_name("tiny-continued")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANGSAMP_ENCODER", str(lab / "models" / "none-0" / "export"))
        return pipeline.run(load_recipe(Path("studies/tiny-continued.yaml"), (f"out={out}",))) and out


@pytest.mark.parametrize("study", ["lab", "continued"])
def test_the_curves_of_the_studies_have_not_moved(study: str, request: pytest.FixtureRequest) -> None:
    ends = losses(request.getfixturevalue(study))
    assert ends == {name: pytest.approx(golden, abs=2e-3) for name, golden in GOLDEN[study].items()}


def test_what_is_stored_is_what_was_scored_and_little_else(lab: Path, continued: Path, tmp_path: Path) -> None:
    folder = collect(lab, tmp_path)
    stored, scored = pd.read_parquet(folder / "scores.parquet"), pd.read_parquet(lab / "evaluation" / "scores.parquet")
    pd.testing.assert_frame_equal(stored, scored)
    differences = [
        compare(open_system(f"{of}:none"), open_system(f"{of}:both")).tasks[0].groups for of in (folder, lab)
    ]
    assert str(differences[0]) == str(differences[1])
    files = {path.name for path in folder.rglob("*")}
    assert {"scores.parquet", "about.json", "neutrality.parquet", "post_hoc.parquet", "vectors.parquet"} <= files
    for path in folder.rglob("*"):
        assert str(lab).encode() not in path.read_bytes() and os.fsencode(Path.cwd()) not in path.read_bytes()
    assert sum(path.stat().st_size for path in folder.rglob("*")) < LARGEST / 20
    unfinished = shutil.copytree(lab / "models" / "none-0", lab / "models" / "none-9", ignore=lambda *_: ["export"])
    about = (folder / "about.json").read_text(encoding="utf-8")
    assert collect(lab, tmp_path) == folder, "again, in its place"
    assert (folder / "about.json").read_text(encoding="utf-8") == about, "a training that goes on has no last loss"
    shutil.rmtree(unfinished)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["tiny-lab"]


def test_the_tables_are_made_from_what_is_stored_alone(lab: Path, continued: Path, tmp_path: Path) -> None:
    for run in (lab, continued):
        collect(run, tmp_path)
    page = with_tables(f"# Results\n\n{BEGIN}\n\nTABLES BEFORE\n\n{END}\n\nend\n", tmp_path)
    assert page.startswith("# Results\n") and page.endswith("\nend\n") and "TABLES BEFORE" not in page
    assert with_tables(page, tmp_path) == page
    assert page.index("The study `tiny-continued`") < page.index("The study `tiny-lab`")
    shown = pd.read_parquet(lab / "evaluation" / "scores.parquet").query("main and model_name == 'both-0'")["value"]
    (row,) = re.findall(r"^\| sr-cldr \|.*$", page[page.index("`tiny-lab`") :].partition("all languages")[2], re.M)[:1]
    assert f"{shown.mean():.1f}, " in row
    assert "language subspace removed" in page and "bits per byte" in page and "Shuffled ids" in page


def test_figures_are_drawn_of_what_is_stored(lab: Path, continued: Path, tmp_path: Path) -> None:
    of_lab, of_continued = (collect(run, tmp_path / "cells") for run in (lab, continued))
    assert set(dict(figures(of_lab))) == set(dict(figures(of_continued))) == {"gain", "layers", "probes", "vectors"}
    page, lines = tmp_path / "page.md", pd.read_parquet(of_continued / "languages.parquet")
    assert set(lines["over"]) == {"start", "none"} and lines["difference"].between(lines["low"], lines["high"]).all()
    write_figures(of_continued, page)
    drawn = {path.name: path.read_bytes() for path in (tmp_path / FIGURES).iterdir()}
    assert all(any(name in line for line in shown(of_continued)) for name in drawn) and len(drawn) == 4
    write_figures(of_continued, page)
    assert {path.name: path.read_bytes() for path in (tmp_path / FIGURES).iterdir()} == drawn


def test_the_page_shows_what_the_repository_stores() -> None:
    """`make results` after a study was collected."""
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page, CELLS) == page
    pictures = re.findall(rf"\]\(({FIGURES}/.*?)\)", page)
    assert pictures and all((PAGE.parent / picture).is_file() for picture in pictures)
    assert sum(path.stat().st_size for path in CELLS.rglob("*") if path.is_file()) < LARGEST


def test_a_run_without_scores_and_a_page_without_markers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match="has no scores"):
        collect(tmp_path, tmp_path / "cells")
    with pytest.raises(UserError, match="in the page, each once"):
        with_tables("# Results\n", tmp_path)
