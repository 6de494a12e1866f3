"""Several runs, evaluations and published models in one report: who is who, what is compared, what is never mixed."""

import re
import shutil

import pandas as pd
import pytest

from langsamp.errors import DataMissingError, UserError
from langsamp.render.palette import Mark
from langsamp.reporting.inputs.combined import read_inputs
from langsamp.reporting.page import write_report
from langsamp.views.appearance import in_order, looks, side_name, split_name
from tests.reporting.test_page import Page

pytestmark = pytest.mark.integration

PAPER = ("paper:baseline", "paper:langsamp")


def text_of(path) -> str:
    return re.sub(r"\s+", " ", Page(path.read_text(encoding="utf-8")).text)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("both-1", ("both", "1")), ("both@input-3", ("both@input", "3")), ("first:none-0", ("first:none", "0")),
        ("xlm-r", ("xlm-r", "0")), ("my-model-12", ("my-model-12", "0")), ("-3", ("-3", "0")),
    ],
)  # fmt: skip
def test_a_name_is_a_side_and_a_seed_only_where_it_is_a_variants_training(name, parts):
    assert split_name(name) == parts


def test_sides_have_readers_names_an_order_and_looks_that_no_two_share():
    sides = in_order(["b:both", "b:none", "paper:langsamp", "xlm-r", "paper:baseline"], first="paper:baseline")
    assert sides == ["paper:baseline", "b:none", "b:both", "paper:langsamp", "xlm-r"]
    assert [side_name(side) for side in sides[:4]] == [
        "paper: baseline",
        "b: Baseline",
        "b: LangSAMP",
        "paper: LangSAMP",
    ]
    found = looks([*sides, *(f"model-{number}" for number in range(4))])
    assert len({(mark.colour, mark.shape) for mark in found.values()}) == 9
    assert found["paper:baseline"] == Mark("#E69F00", "o", "paper: baseline")


def test_a_run_keeps_its_baseline_and_stands_beside_the_paper_without_being_mixed(build, tmp_path):
    run = build(tmp_path / "mine", tasks=("sr-bible",), seeds=(0,))
    inputs = read_inputs([str(run), *PAPER])
    assert inputs.baseline == "none" and inputs.sides == ("none", "both", "paper:baseline", "paper:langsamp")
    page = text_of(write_report(run, *PAPER, out=tmp_path / "report.html"))
    assert "mine, paper:baseline and paper:langsamp" in page
    for words in (
        "sr-bible (protocol fixed", "sr-bible (protocol paper", "These scores are not compared.",
        "paper: LangSAMP is better than paper: baseline on 269 of 369 languages",
        "LangSAMP and the baseline cannot be told apart",
        "These models were chosen by their test scores",
    ):  # fmt: skip
        assert words in page, words


def test_the_papers_printed_means_stand_beside_a_runs_own(build, tmp_path):
    page = text_of(write_report(build(tmp_path / "mine", tasks=("sr-bible",)), out=tmp_path / "report.html"))
    assert "paper: baseline † printed" in page and "42.9 (0.0)" in page


def test_the_paper_alone_gives_a_full_report(tmp_path):
    out = write_report(*PAPER, out=tmp_path / "report.html", title="The paper")
    html, page = out.read_text(encoding="utf-8"), text_of(out)
    assert out.stat().st_size < 3_000_000 and "<h1>The paper</h1>" in html
    assert "paper: LangSAMP is better than paper: baseline on 4 of 6 tasks" in page
    for words in ("Tampulma", "No predictions are kept of printed scores.", "langsamp report paper:baseline"):
        assert words in page, words
    assert html.count('<tr id="') == 440


def test_two_runs_with_models_of_one_name_are_told_apart(build, tmp_path):
    def better(variant: str, seed: int, tag: str) -> float:
        return 60.0 + len(tag) + len(variant)

    first, second = build(tmp_path / "a"), build(tmp_path / "b", score=better)
    inputs = read_inputs([str(first), str(second)], baseline="b:none")
    assert inputs.sides == ("b:none", "a:none", "a:both", "b:both") and inputs.baseline == "b:none"
    assert {model.label for model in inputs.models} >= {"a: LangSAMP, seed 1", "b: Baseline, seed 0"}
    page = text_of(write_report(first, second, out=tmp_path / "report.html", baseline="b: Baseline"))
    assert (
        "a: LangSAMP is worse than b: Baseline on" in page or "a: LangSAMP and b: Baseline cannot be told apart" in page
    )


def test_the_same_scores_named_twice_are_one_side_each(build, tmp_path):
    run = build(tmp_path / "run", seeds=(0,))
    shutil.copytree(run / "evaluation", tmp_path / "copy")
    assert read_inputs([str(run), str(tmp_path / "copy")]).sides == ("none", "both")


def test_a_baseline_that_is_not_there_is_refused_with_what_is(run_folder):
    with pytest.raises(UserError, match=r"no model 'nine' to be the baseline.*none, both"):
        read_inputs([str(run_folder)], baseline="nine")
    with pytest.raises(DataMissingError, match="paper:baseline"):
        read_inputs([str(run_folder / "rows")])


def test_where_the_report_goes(run_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_inputs([str(run_folder)]).default_out == run_folder / "report.html"
    assert read_inputs([str(run_folder / "evaluation")]).default_out == run_folder / "evaluation" / "report.html"
    assert str(read_inputs(["paper:baseline"]).default_out) == "report.html"


def test_a_table_of_scores_without_cells_still_gives_a_page(run_folder, tmp_path):
    scores = pd.read_parquet(run_folder / "evaluation" / "scores.parquet")
    (tmp_path / "bare").mkdir()
    scores.to_parquet(tmp_path / "bare" / "scores.parquet")
    page = text_of(write_report(tmp_path / "bare"))
    assert "LangSAMP and the baseline cannot be told apart" in page
