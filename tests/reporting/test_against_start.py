"""What a report says of trainings that fell under, stood at, or rose above what they continue from."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from langsamp.disk.seals import write_record
from langsamp.languages.tags import LangScript
from langsamp.render.numbers import signed
from langsamp.reporting.findings.against_start import (
    BETTER,
    SAME,
    WORSE,
    LanguageOutcome,
    Outcome,
    _group,
    above_start,
    below_start,
)
from langsamp.reporting.page import write_report
from langsamp.reporting.pictures.curves import forgetting_curves
from langsamp.reporting.report import Report
from langsamp.reporting.sections.verdict import verdict
from langsamp.scores.difference import Difference
from langsamp.scores.groups import groups_of
from langsamp.scores.statistics.bootstrap import Interval
from langsamp.views.appearance import choose_baseline, looks, side_name
from tests.reporting.conftest import TAGS, flat

HEAD = tuple(tag for tag in TAGS if "head" in groups_of(LangScript.parse(tag), "paper"))


def make_with_start(build: Callable[..., Path], folder: Path, start: Callable[[str], float]) -> Path:
    """A run of `none` and `both` with a model `start` beside them, whose score of a tag is `start` of it."""

    def score(variant: str, seed: int, tag: str) -> float:
        return start(tag) if variant == "script" else flat(variant, 0, tag)

    run = build(folder, variants=("none", "both", "script"), seeds=(0,), score=score)
    path = run / "evaluation" / "scores.parquet"
    scores = pd.read_parquet(path)
    scores.assign(model_name=scores["model_name"].replace("script-0", "start")).to_parquet(path, index=False)
    for name, model in (("none-0", "fnone0"), ("both-0", "fboth0"), ("start", "fscript0")):
        write_record(run / "evaluation" / "models" / f"{model}.json", {"name": name, "is_replaced": False})
    return run


def found(run: Path) -> dict[str, Outcome]:
    return {each.side: each for each in Report.read([run]).outcomes}


def test_a_fall_is_said_with_its_languages(build: Callable[..., Path], tmp_path: Path) -> None:
    run = make_with_start(build, tmp_path / "run", lambda tag: flat("none", 0, tag) + (30 if tag in HEAD else -20))
    both = found(run)["both"]
    groups = {row.group: row.verdict for row in both.groups}
    assert groups["head"] == WORSE
    assert groups["tail"] == BETTER
    assert both.fell
    assert {row.tag for row in both.languages if row.verdict == WORSE} == set(HEAD)
    assert both.languages[0].tag == "arb_Arab", "which lost one point more, comes first"
    lines = below_start(Report.read([run]).outcomes)
    assert all(tag in "".join(lines) for tag in HEAD)
    assert "replay" in lines[-1]
    page = write_report(run).read_text(encoding="utf-8")
    assert "Worse than its start." in page
    assert '<th scope="col" class="n">Start</th>' in page


@pytest.mark.parametrize(("lead", "verdict"), [(0.0, SAME), (-10.0, BETTER), (10.0, WORSE)])
def test_the_verdict_follows_the_interval(
    build: Callable[..., Path], tmp_path: Path, lead: float, verdict: str
) -> None:
    run = make_with_start(build, tmp_path / "run", lambda tag: flat("none", 0, tag) + lead)
    results = found(run)
    assert results["none"].groups[0].verdict == verdict
    assert results["none"].fell == (verdict == WORSE)
    every = Report.read([run]).outcomes
    assert bool(below_start(every)) == any(each.fell for each in results.values())
    assert results["none"].rose == (verdict == BETTER)
    assert len(above_start(every)) == sum(each.rose for each in results.values())
    if verdict == BETTER:
        assert "Better than its start.</strong> Baseline is better than the start" in write_report(run).read_text()


def test_the_start_is_no_variant_and_no_baseline() -> None:
    assert choose_baseline(["none", "both", "start"], None, several=False) == "none"
    assert choose_baseline(["both", "start"], None, several=False) is None
    assert choose_baseline(["mine", "start"], None, several=True) == "start"
    assert side_name("first:start") == "first: Start"
    marks = looks(["none", "both", "start"])
    assert len({mark.colour for mark in marks.values()}) == 3


def test_curves_run_from_the_start(build: Callable[..., Path], tmp_path: Path) -> None:
    run = build(tmp_path / "run")
    assert forgetting_curves(Report.read([run]).inputs.models, {}) is None, "a model from nothing has no start"
    for name in ("none-0", "both-0"):
        path = run / "models" / name / "log.jsonl"
        means = {"loss": 3.0, "accuracy": 0.3, "bits_per_byte": 1.0}
        first = {"kind": "held_out", "step": 0, **means, "tags": dict.fromkeys(TAGS, means)}
        scores = [
            {"kind": "evaluation", "step": step, "sr-cldr": 40.0 - step, "settings": "a", "tags": {"sr-cldr": {}}}
            for step in (0, 5)
        ]
        path.write_text(
            "".join(json.dumps(line) + "\n" for line in (first, *scores)) + path.read_text(encoding="utf-8")
        )
    inputs = Report.read([run]).inputs
    started = forgetting_curves(inputs.models, inputs.marks)
    assert started is not None
    assert [axes.get_title("left") for axes in started.figure.axes] == ["head languages", "tail languages"]
    assert all(line.get_xdata()[0] == 0 for axes in started.figure.axes for line in axes.lines)
    page = write_report(run).read_text(encoding="utf-8")
    assert "Held-out loss from the start on" in page
    assert "the line to beat" in page


def test_few_languages_that_move_alike_by_chance_are_no_fall() -> None:
    def language(tag: str, verdict: str) -> LanguageOutcome:
        return LanguageOutcome(tag, 50.0, 49.6, Interval(-1.0, 0.2), verdict, "")

    tags = ["kab_Latn", "tat_Cyrl"]
    interval = Interval(-0.7, -0.1)
    fell = Difference(
        mean_a=50.0, mean_b=49.6, clustered=interval, plain=interval, p=0.5, languages=2, families=2, better=0, tie=0,
        worse=2,
    )  # fmt: skip
    assert _group("tail", fell, [language(tag, SAME) for tag in tags]).verdict == SAME
    assert _group("tail", fell, [language("kab_Latn", WORSE), language("tat_Cyrl", SAME)]).verdict == WORSE
    many = [language(f"{code}_Latn", SAME) for code in ("kab", "cha", "ewe", "luo", "sna", "tsn")]
    assert _group("tail", fell, many).verdict == WORSE


def test_the_picture_on_top_shows_each_side_over_the_baseline_and_over_the_start(
    build: Callable[..., Path], tmp_path: Path
) -> None:
    run = make_with_start(build, tmp_path / "run", lambda tag: flat("none", 0, tag) - 7)
    report = Report.read([run])
    (picture,) = verdict(report).pictures
    (whole,) = (groups["paper"][0] for groups in report.groups)
    over_start = {each.side: each.groups[0] for each in report.outcomes}
    tips = re.findall(r"<title>([^<]*)</title>", picture.svg)
    assert [tip.rpartition(" [")[0] for tip in tips] == [
        f"sr-cldr, LangSAMP: {signed(whole.against['both'].mean)}",
        f"sr-cldr, Baseline: {signed(over_start['none'].difference)}",
        f"sr-cldr, LangSAMP: {signed(over_start['both'].difference)}",
    ]
    assert "over the start" in picture.svg and "over the baseline" in picture.svg


def test_scores_apart_from_their_run_stand_beside_the_start_too(build: Callable[..., Path], tmp_path: Path) -> None:
    run = make_with_start(build, tmp_path / "run", lambda tag: flat("none", 0, tag) - 7)
    copied = shutil.copytree(run / "evaluation", tmp_path / "copied")
    assert {each.side: each.groups for each in Report.read([copied]).outcomes} == {
        side: outcome.groups for side, outcome in found(run).items()
    }
