"""A run that continues from an encoder measures what that encoder knew, and says what was forgotten."""

import shutil
from pathlib import Path

import pytest
import yaml

from langsamp import pipeline
from langsamp.reporting.findings.against_start import below_start
from langsamp.reporting.report import Report
from langsamp.scores.reading import read_scores
from langsamp.training.reading_log import read_log
from tests.tiny_run import TinyRun, langsamp, said

pytestmark = pytest.mark.integration

RUINOUS = 0.5
"""A learning rate that destroys whatever an encoder knows."""


@pytest.fixture(scope="module")
def continued(tiny_run: TinyRun, tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    """A run that continues from another one's export, at a ruinous rate."""
    run = TinyRun(tmp_path_factory.mktemp("continued"))
    content = yaml.safe_load(tiny_run.recipe_file.read_text(encoding="utf-8"))
    content |= {"out": str(run.out), "model": {"init": str(tiny_run.export)}}
    content["training"] |= {"learning_rate": RUINOUS}
    content["analysis"] = {"kinds": []}
    content["monitor"] = {"every": 2, "tasks": ["sr-bible"]}
    del content["tokenizer"]
    run.recipe_file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return run


@pytest.fixture(scope="module")
def end(continued: TinyRun) -> str:
    """What the run says on stderr."""
    answer = langsamp("run", continued.recipe_file)
    assert answer.code == 0, answer.err
    return answer.err


@pytest.mark.usefixtures("end")
def test_the_start_is_a_model_of_the_comparison(continued: TinyRun, tiny_run: TinyRun) -> None:
    scores = read_scores(str(continued.out))
    assert set(scores["model_name"]) == {"none-0", "both-0", "start"}
    start = scores[(scores["model_name"] == "start") & scores["main"]].set_index("tag")["value"]
    original = read_scores(str(tiny_run.out))
    original = original[(original["model_name"] == "both-0") & original["main"]].set_index("tag")["value"]
    assert start.to_dict() == original.to_dict(), "it is scored as it was saved"
    assert "start" in said("compare", f"{continued.out}:start", f"{continued.out}:both")


@pytest.mark.usefixtures("end")
def test_each_training_is_set_against_the_start(continued: TinyRun) -> None:
    report = Report.read([continued.out])
    inputs = report.inputs
    assert inputs.baseline == "none"
    assert "start" in inputs.sides
    assert len({mark.colour for mark in inputs.marks.values()}) == 3
    assert [each.others for each in report.compared] == [["both"]], "the start is neither a variant nor the baseline"
    results = report.outcomes
    assert {each.side for each in results} == {"none", "both"}
    for each in results:
        assert each.groups[0].group == "all"
        assert {row.tag for row in each.languages} == {"hin_Deva", "kmr_Cyrl", "swh_Latn"}
        assert all(row.verdict in ("better", "same", "worse") for row in each.languages)
        assert [row.difference for row in each.languages] == sorted(row.difference for row in each.languages)


def test_a_run_that_fell_under_its_start_ends_with_that(continued: TinyRun, end: str) -> None:
    lines = below_start(Report.read([continued.out]).outcomes)
    page = (continued.out / "report.html").read_text(encoding="utf-8")
    assert end.splitlines()[-len(lines) :] == lines if lines else "WORSE THAN ITS START" not in end
    assert ("Worse than its start." in page) == bool(lines)
    assert 'id="start"' in page


@pytest.mark.usefixtures("end")
def test_step_0_is_measured_once_and_before_any_update(continued: TinyRun) -> None:
    for name in ("none-0", "both-0"):
        log = read_log(continued.out / "models" / name / "log.jsonl")
        steps = {kind: [line["step"] for line in log if line["kind"] == kind] for kind in ("held_out", "evaluation")}
        assert steps == {"held_out": [0, 2, 4], "evaluation": [0, 2, 4]}
    scores = read_scores(str(continued.out))
    start = scores[(scores["model_name"] == "start") & scores["main"]].set_index("tag")["value"].to_dict()
    first = next(line for line in log if line["kind"] == "evaluation")
    assert first["tags"]["sr-bible"] == pytest.approx(start), "the monitor's line to beat is the start's own score"


@pytest.mark.usefixtures("end")
def test_the_start_can_be_left_out(continued: TinyRun, tmp_path: Path) -> None:
    shutil.copytree(continued.out, tmp_path / "run", ignore=shutil.ignore_patterns("evaluation"))
    recipe = continued.recipe("evaluation.start=false", f"out={tmp_path / 'run'}")
    assert set(pipeline.evaluate_run(recipe).scores["model_name"]) == {"none-0", "both-0"}


def test_a_run_from_nothing_has_no_start(tiny_run: TinyRun) -> None:
    assert below_start(Report.read([tiny_run.out]).outcomes) == []
    log = read_log(Path(tiny_run.out) / "models" / "none-0" / "log.jsonl")
    assert all(line["step"] > 0 for line in log if line["kind"] == "held_out")
