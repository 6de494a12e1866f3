"""Variants side by side: the numbers are those of `compare`, what is missing is said, and a planted effect is found."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from langsamp.analysis.ablation import EXPECTED, analyse_ablation
from langsamp.analysis.read_analyses import read_analysis
from langsamp.analysis.variant_analyses import AblationAnalysis
from langsamp.errors import UserError
from langsamp.languages.tags import LangScript
from langsamp.model.variants import DISPLAY_NAMES
from langsamp.scores.comparison import compare
from langsamp.scores.groups import groups_of
from langsamp.scores.systems import open_system
from langsamp.views.charts.ablation_charts import figures
from tests.scores.scored import TAGS, frame, spread

EFFECTS = {"none": 0.0, "language": 1.0, "script": 0.5, "both": 3.0, "both@input": 0.0, "both@shuffled": 0.0}
BASE = spread(50.0, 8.0)


def write(
    folder: Path,
    effects: Mapping[str, float] = EFFECTS,
    *,
    tasks: Sequence[str] = ("sib200",),
    trainings: int = 2,
    tags: Sequence[str] = TAGS,
    noise: float = 0.2,
) -> str:
    """A folder of scores: each variant the same languages plus its effect, with a little noise of each training."""
    parts = [
        frame(
            {tag: BASE[tag] + effect + float(noise * stream.normal()) for tag in tags},
            model=f"{variant}{seed}{folder.name}", model_name=f"{variant}-{seed}", task=task,
        )
        for number, (variant, effect) in enumerate(effects.items())
        for seed in range(trainings)
        for task in tasks
        for stream in [np.random.default_rng([number, seed])]
    ]  # fmt: skip
    folder.mkdir(exist_ok=True)
    pd.concat(parts).to_parquet(folder / "scores.parquet")
    return str(folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[str, AblationAnalysis]:
    run = write(tmp_path_factory.mktemp("ablation"))
    return run, analyse_ablation([run])


def rows(analysis: AblationAnalysis, name: str = "ablation", group: str = "all") -> pd.DataFrame:
    table = analysis.tables[name]
    return table[table["group"] == group].set_index("variant" if name == "ablation" else "contrast")


def test_the_numbers_are_those_of_a_comparison_of_two_variants(whole) -> None:
    run, analysis = whole
    task = compare(open_system(f"{run}:none"), open_system(f"{run}:script"), per_language=False).tasks[0]
    for group, difference in task.groups["paper"].items():
        row = rows(analysis, group=group).loc["script"]
        expected = [difference.mean, *(difference.clustered or difference.plain), difference.p, difference.mean_b]
        assert row[["difference", "low", "high", "p", "mean"]].tolist() == pytest.approx(expected)
        assert (
            row["languages"]
            == difference.languages
            == sum(group in groups_of(LangScript.parse(tag), "paper") for tag in TAGS)
        )


def test_deviation_is_that_of_the_means_of_trainings(whole) -> None:
    run, analysis = whole
    scores = pd.read_parquet(Path(run) / "scores.parquet")
    means = scores.groupby("model_name")["value"].mean()
    assert rows(analysis).loc["both", "deviation"] == pytest.approx(np.std([means["both-0"], means["both-1"]], ddof=1))


def test_planted_effects_are_found_and_absent_ones_are_not(whole) -> None:
    found = rows(whole[1])
    assert found.index[found["is_best"]].tolist() == ["both"]
    assert found["told_apart"].to_dict() == dict.fromkeys(EFFECTS, False) | {"both": True, "language": True} | {
        "script": found.loc["script", "low"] > 0 and found.loc["script", "q"] < 0.05
    }
    assert found.loc["both", "difference"] == pytest.approx(3.0, abs=0.3)
    assert pd.isna(found.loc["none", "difference"])


def test_the_control_is_compared_with_the_baseline_and_with_both(whole) -> None:
    found, contrasts = rows(whole[1]), rows(whole[1], "contrasts")
    assert contrasts.loc["ids", ["first", "second"]].tolist() == ["both@shuffled", "both"]
    ids = found.loc["both", "difference"] - found.loc["both@shuffled", "difference"]
    assert contrasts.loc["ids", "difference"] == pytest.approx(ids)
    assert contrasts.loc["ids", "told_apart"] and not found.loc["both@shuffled", "told_apart"]
    assert contrasts.loc["best", ["first", "second"]].tolist() == ["language", "both"]
    said = " ".join(whole[1].sentences)
    assert "what the ids themselves bring (LangSAMP minus Shuffled ids): +" in said


def test_q_is_over_tasks_and_variants_of_a_group(tmp_path) -> None:
    table = analyse_ablation(
        [write(tmp_path / "run", {"none": 0.0, "both": 0.1, "script": 0.0}, tasks=("ner", "pos"))]
    ).tables["ablation"]
    for _, group in table.dropna(subset=["p"]).groupby("group"):
        ordered = group.sort_values("p")["p"].to_numpy() * len(group) / np.arange(1, len(group) + 1)
        expected = np.minimum.accumulate(ordered[::-1])[::-1]
        assert group.sort_values("p")["q"].to_numpy() == pytest.approx(np.minimum(expected, 1))


@pytest.mark.parametrize(
    ("variants", "missing", "said"),
    [
        (("none", "both"), ("language", "script", "both@input", "both@shuffled"), "Not trained or not scored here:"),
        (("language", "both"), ("none", "script", "both@input", "both@shuffled"), "there is no baseline"),
        (("both",), tuple(each for each in EXPECTED if each != "both"), "nothing else was scored"),
    ],
)
def test_missing_variants_are_said(tmp_path, variants, missing, said) -> None:
    analysis = analyse_ablation([write(tmp_path / "run", {name: EFFECTS[name] for name in variants}, trainings=1)])
    assert tuple(analysis.missing) == missing
    assert said in " ".join(analysis.sentences)
    assert all(DISPLAY_NAMES[name] in analysis.sentences[-1] for name in missing)
    assert rows(analysis)["deviation"].isna().all()
    assert list(figures(analysis)) == ["sib200"] + ["contrasts"] * ({"language", "both"} <= {*variants})


def test_only_languages_that_all_variants_have_count(tmp_path) -> None:
    run = Path(write(tmp_path / "run", {"none": 0.0, "script": 0.5}))
    scores = pd.read_parquet(run / "scores.parquet")
    scores[~((scores["model_name"] == "script-0") & (scores["tag"] == "deu_Latn"))].to_parquet(run / "scores.parquet")
    lacks = analyse_ablation([str(run)])
    assert set(rows(lacks)["languages"]) == {len(TAGS)}, "another training of the variant has it"
    scores[~(scores["model_name"].str.startswith("script") & (scores["tag"] == "deu_Latn"))].to_parquet(
        run / "scores.parquet"
    )
    lacks = analyse_ablation([str(run)])
    assert set(rows(lacks)["languages"]) == {len(TAGS) - 1}
    assert any("deu_Latn" in note for note in lacks.notes)


def test_a_task_that_one_variant_alone_has_disturbs_no_other(tmp_path) -> None:
    run = Path(write(tmp_path / "run", trainings=1))
    (tmp_path / "alone").mkdir()
    other = write(tmp_path / "alone" / "run", {"both": 3.0}, tasks=("ner",), trainings=1)  # the same model
    alone = pd.read_parquet(f"{other}/scores.parquet")
    before = rows(analyse_ablation([str(run)]))
    pd.concat([pd.read_parquet(run / "scores.parquet"), alone]).to_parquet(run / "scores.parquet")
    found = analyse_ablation([str(run)])
    after = rows(found)
    assert set(after["task"]) == {"sib200"} and "Scored for one variant only, left out: ner." in found.notes
    np.testing.assert_allclose(after["difference"], before["difference"], equal_nan=True, atol=1e-9)


def test_runs_with_models_of_one_name_stay_apart_with_a_baseline_each(tmp_path) -> None:
    runs = [write(tmp_path / name, {"none": 0.0, "both": effect}) for name, effect in (("one", 3.0), ("two", -3.0))]
    found = rows(analyse_ablation(runs))
    assert found.index.tolist() == ["one:none", "one:both", "two:none", "two:both"]
    assert found["difference"].dropna().to_dict() == pytest.approx({"one:both": 3.0, "two:both": -3.0}, abs=0.3)
    assert found.loc["two:both", "name"] == "two:LangSAMP"


def test_variants_of_several_runs_are_one_ablation(tmp_path) -> None:
    runs = [write(tmp_path / "one", {"none": 0.0}), write(tmp_path / "two", {"both@input": 2.0})]
    found = rows(analyse_ablation(runs))
    assert found["difference"].to_dict()["both@input"] == pytest.approx(2.0, abs=0.3)


def test_other_models_are_left_out_and_none_is_an_error(tmp_path) -> None:
    run = Path(write(tmp_path / "run", {"none": 0.0, "both": 1.0}))
    scores = pd.read_parquet(run / "scores.parquet")
    pd.concat([scores, frame(BASE, model_name="xlm-r")]).to_parquet(run / "scores.parquet")
    analysis = analyse_ablation([str(run)])
    assert analysis.variants == ("none", "both")
    assert "No variant, left out: xlm-r." in analysis.notes
    frame(BASE, model_name="xlm-r").to_parquet(run / "scores.parquet")
    with pytest.raises(UserError, match=r"no variant among the models .* \(xlm-r\)"):
        analyse_ablation([str(run)])


def test_it_comes_back_from_disk_and_is_drawn(whole, tmp_path) -> None:
    whole[1].save(tmp_path / "ablation")
    again = read_analysis(tmp_path / "ablation")
    assert again.as_json() == whole[1].as_json()
    charts = figures(again)
    assert list(charts) == ["sib200", "contrasts"]
    titles = [title for titles in charts["sib200"].titles.values() for title in titles]
    assert len(titles) == 6 * 5 + 5 * 5  # a mean for each variant and group, a difference for all but the baseline
    assert any(title.startswith("LangSAMP, tail: ") for title in titles)
