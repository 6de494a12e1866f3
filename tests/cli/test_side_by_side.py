"""`langsamp analyze ablation` and `families`: stored in the run with pictures, as tables, as JSON."""

import json
from pathlib import Path

from langsamp.analysis.read_analyses import read_analysis
from langsamp.scores.reading import distinct
from tests.tiny_run import TinyRun, complaint, langsamp, said


def test_an_ablation_is_stored_in_its_run(tiny_run: TinyRun, tmp_path: Path) -> None:
    run = tiny_run.copy(tmp_path / "copy")
    answer = langsamp("analyze", "ablation", run.out)
    assert answer.code == 0, answer.err
    assert "LangSAMP" in answer.out and "Not trained or not scored here: Language only" in answer.out
    folder = run.out / "analysis" / "ablation"
    assert read_analysis(folder).variants == ("none", "both")
    assert {path.suffix for path in (folder / "figures").iterdir()} == {".pdf", ".svg", ".png"}


def test_a_run_named_twice_is_there_once(tiny_run: TinyRun, tmp_path: Path) -> None:
    twice = said("analyze", "ablation", tiny_run.out, f"{tiny_run.out}/", "--json", "-o", tmp_path)
    assert twice == said("analyze", "ablation", tiny_run.out, "--json", "-o", tmp_path)
    assert distinct(["b", "paper:baseline", "a", "./b", "paper:baseline"]) == ["b", "paper:baseline", "a"]


def test_several_runs_are_stored_where_it_is_said(tiny_run: TinyRun, tmp_path: Path) -> None:
    printed = json.loads(said("analyze", "families", tiny_run.out, "-o", tmp_path / "families", "--json"))
    assert printed["kind"] == "families" and printed["models"] == ["Baseline", "LangSAMP"]
    assert printed == read_analysis(tmp_path / "families").as_json()


def test_what_has_no_variants_or_is_absent_is_named(tiny_run: TinyRun, tmp_path: Path) -> None:
    assert "no variant among the models of paper:baseline" in complaint("analyze", "ablation", "paper:baseline")
    assert "there is no" in complaint("analyze", "families", tmp_path / "nothing", code=4)
