"""The tables against numbers computed by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from langsamp.render.numbers import signed, tone
from langsamp.reporting.findings.verdicts import significance
from langsamp.reporting.inputs.comparisons import SystemComparison, compare, from_english, not_compared
from langsamp.reporting.inputs.group_rows import GroupRow, group_rows
from langsamp.reporting.inputs.metric_names import meanings, metric_name, other_metrics
from langsamp.reporting.inputs.run_folder import read_run
from langsamp.reporting.report import Report
from langsamp.reporting.sections.languages import languages, task_table
from langsamp.scores.comparison import compare as compare_systems
from langsamp.scores.difference import Difference
from langsamp.scores.published import published
from langsamp.scores.reading import one_below_the_other
from langsamp.scores.systems import choose
from langsamp.views.paper_tables.make import paper_table
from tests.reporting.conftest import TAGS, flat, make_scores


def only(scores: pd.DataFrame) -> SystemComparison:
    (comparison,) = compare(scores)
    return comparison


def rows_of(comparison: SystemComparison, by: str = "paper") -> dict[str, GroupRow]:
    return {row.group: row for row in group_rows([comparison], by, significance([comparison], (by,)))[0]}


def rows_by_tag(comparison: SystemComparison) -> dict[str, Sequence[Any]]:
    return {row[1]: row for row in task_table(comparison).rows}


def counted(difference: Difference) -> tuple[float, int, int, int]:
    return difference.mean, difference.better, difference.tie, difference.worse


def scores_of(folder: Path) -> pd.DataFrame:
    scores = read_run(folder).scores
    assert scores is not None
    return scores


def test_group_means_are_means_over_languages_of_means_over_seeds(run_folder):
    comparison = only(scores_of(run_folder))
    rows = rows_of(comparison)
    assert list(rows) == ["all", "head", "tail", "Latin", "non-Latin"]
    # by hand: 8 tags score 40..47 with seed 0 and one more with seed 1; LangSAMP adds 2, but takes 1 from Arabic
    assert rows["all"].languages == 8
    assert rows["all"].means["none"] == pytest.approx(44.0)
    assert rows["all"].means["both"] == pytest.approx(44.0 + (7 * 2 - 1) / 8)
    assert counted(rows["all"].against["both"]) == pytest.approx((13 / 8, 7, 0, 1))
    assert rows["all"].spreads["none"] == pytest.approx(np.std([43.5, 44.5], ddof=1))
    assert rows["all"].controls["ngram", "none"] == pytest.approx(8.0)
    assert rows["all"].controls["layer0", "both"] == pytest.approx(rows["all"].means["both"] / 4)
    # Arabic, Kurdish in Cyrillic and Russian: indices 0, 4 and 7
    assert rows["non-Latin"].means["none"] == pytest.approx(40.5 + 11 / 3)
    assert rows["non-Latin"].against["both"].mean == pytest.approx(1.0)
    assert rows["Latin"].languages + rows["non-Latin"].languages == 8
    assert rows["head"].languages + rows["tail"].languages == 8


def test_one_seed_has_no_spread(build, tmp_path):
    comparison = only(scores_of(build(tmp_path / "run", seeds=(0,))))
    assert rows_of(comparison)["all"].spreads == {"none": None, "both": None}


def test_a_language_that_one_variant_lacks_does_not_enter_the_means(run_folder):
    scores = scores_of(run_folder)
    comparison = only(scores[~((scores["tag"] == "rus_Cyrl") & (scores["model_name"].str.startswith("both")))])
    assert "rus_Cyrl" not in comparison.shared
    assert rows_of(comparison)["all"].means["none"] == pytest.approx(43.5)
    _, _, items, baseline, langsamp, difference, *_ = rows_by_tag(comparison)["rus_Cyrl"]
    assert (items, baseline) == (200, pytest.approx(47.5)) and np.isnan([langsamp, difference]).all()


def test_scores_on_different_texts_are_never_compared(run_folder):
    scores = scores_of(run_folder)
    changed = (scores["tag"] == "fra_Latn") & (scores["model_name"] == "both-1")
    scores.loc[changed, "revision"] = "another text"
    comparison = only(scores)
    assert comparison.differing == ("fra_Latn",)
    assert "fra_Latn" not in comparison.means.index


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("protocol", "paper"),
        ("layer", 8),
        ("precision", "bf16"),
        ("source", "deu_Latn"),
        ("settings", "ffff"),
    ],
)
def test_settings_are_never_mixed(run_folder, column, value):
    scores = scores_of(run_folder)
    other = scores.assign(**{column: value, "value": 0.0})
    comparisons = compare(pd.concat([scores, other]))
    assert sorted(comparison.label for comparison in comparisons) == sorted(
        f"sr-cldr ({column} {each})" for each in (scores[column].iloc[0], value)
    )
    assert not not_compared(comparisons)
    assert sorted(round(found.means.loc["deu_Latn", "none"]) for found in comparisons) == [0, 42]


def test_a_difference_that_prints_as_zero_is_a_tie(build, tmp_path):
    def level(variant: str, seed: int, tag: str) -> float:
        return 30.0 + (0.04 if variant == "both" else 0.0)

    comparison = only(scores_of(build(tmp_path / "run", score=level)))
    assert counted(rows_of(comparison)["all"].against["both"])[1:] == (0, 8, 0)
    assert tone(signed(rows_by_tag(comparison)["deu_Latn"][5])) == ""


def test_every_language_is_listed_scored_or_not(build, tmp_path):
    tags = (*TAGS, "ewe_Latn")
    run = build(tmp_path / "run", tags=tags, score=None)
    make_scores(run / "evaluation", TAGS, models=[("none", 0), ("both", 0)], score=flat, tasks=("sr-cldr",))
    table = languages(Report.read([run])).table
    rows = {row[1]: dict(zip((column.name for column in table.columns), row, strict=True)) for row in table.rows}
    assert list(rows) == sorted(tags) and rows["deu_Latn"]["Items"] == 200 and rows["deu_Latn"]["Rows seen"] > 0
    assert (rows["deu_Latn"]["Group"], rows["deu_Latn"]["Difference"]) == ("head", pytest.approx(2.0))
    assert rows["ewe_Latn"]["Items"] is None and rows["ewe_Latn"]["Difference"] is None


def test_without_a_baseline_means_are_shown_and_nothing_is_compared(build, tmp_path):
    comparison = only(scores_of(build(tmp_path / "run", variants=("both",))))
    row = rows_of(comparison)["all"]
    assert row.against == {} and row.means["both"] == pytest.approx(44.0 + 13 / 8)


def test_variants_scored_in_different_ways_are_named_and_not_compared(run_folder):
    scores = scores_of(run_folder)
    mixed = scores.assign(protocol=scores["protocol"].where(scores["model_name"].str.startswith("none"), "paper"))
    comparisons = compare(mixed)
    assert [comparison.sides for comparison in comparisons] == [["none"], ["both"]]
    assert not any(comparison.compares for comparison in comparisons)
    (said,) = not_compared(comparisons)
    assert "Baseline with protocol fixed; LangSAMP with protocol paper" in said


def test_other_sources_than_english_are_no_part_of_the_tables_of_scores(build, tmp_path):
    scores = scores_of(build(tmp_path / "run", tasks=("sr-bible", "pos")))
    german = scores[scores["task"] == "pos"].assign(source="deu_Latn")
    kept, (said,) = from_english(pd.concat([scores, german]))
    pd.testing.assert_frame_equal(kept, scores)
    assert said.startswith("pos has scores of other sources than English too (deu_Latn).")
    assert from_english(german)[0].equals(german)  # a task scored from German alone keeps its scores
    paper = published("paper:donors")
    assert from_english(paper)[0].equals(paper)


def test_both_standard_deviations_of_a_fine_tuned_task(build, tmp_path):
    comparison = only(scores_of(build(tmp_path / "run", tasks=("pos",))))
    assert comparison.metric == "seqeval_f1" and comparison.setting.layer is None
    assert comparison.trials("both") == "2 trainings of 3 seeds"
    every = rows_of(comparison)["all"]
    # by hand: trainings are 1 apart and fine-tunings 3, on every language alike; a training counts once
    assert every.spreads["none"] == pytest.approx(np.std([0, 1], ddof=1))
    assert every.language_spreads["none"] == pytest.approx(np.std([0, 1], ddof=1))
    assert every.means["none"] == pytest.approx(43.5 + 0.5 + 3)
    assert every.controls == {}


def test_deviation_and_interval_are_over_the_same_replicates(build, tmp_path):
    comparison = only(scores_of(build(tmp_path / "run", tasks=("pos",))))
    test = significance([comparison])[comparison.setting, "both"]
    every = rows_of(comparison)["all"]
    assert (test.noise.spread_a, test.noise.spread_b) == pytest.approx((every.spreads["none"], every.spreads["both"]))
    assert {test.grid.trials(side) for side in ("none", "both")} == {"2 trainings"}
    table = paper_table(1, scores_of(tmp_path / "run")).tidy.set_index(["column", "group"])
    assert table.loc[("Baseline", "all"), ["sd_over_seeds", "seeds"]].tolist() == pytest.approx(
        [every.spreads["none"], 2]
    )


def test_what_published_scores_do_not_state_differs_from_nothing_in_any_view():
    theirs, ours = (published(name).query("task == 'ner'") for name in ("paper:baseline", "paper:langsamp"))
    ours = ours.assign(model="m", model_name="m", revision="r", precision="fp32", settings="s", training="t")
    scores = one_below_the_other([theirs, ours])
    comparison = only(scores)
    assert comparison.others == ["m"] and len(comparison.shared) == 164 and not not_compared([comparison])
    (task,) = compare_systems(choose(theirs, name="paper:baseline"), choose(ours, name="m")).tasks
    assert task.difference == significance([comparison])[comparison.setting, "m"].difference
    assert "the text of paper:baseline is not stated, so it may be another" in task.notes
    assert not any("differ" in note for note in paper_table(1, scores).notes)


def test_seeds_that_lack_a_language_do_not_move_the_spread_of_the_mean(build, tmp_path):
    scores = scores_of(build(tmp_path / "run", tasks=("pos",), seeds=(0,)))
    lacking = scores[~((scores["tag"] == "rus_Cyrl") & (scores["seed"] == 2))]
    every = rows_of(only(lacking))["all"]
    assert every.spreads["none"] == pytest.approx(3.0)
    assert every.means["none"] == pytest.approx((sum(range(43, 50)) + np.mean([47, 50])) / 8)


def test_families_and_areas_add_up_to_all(run_folder):
    comparison = only(scores_of(run_folder))
    for by in ("family", "area"):
        rows = rows_of(comparison, by)
        assert sum(row.languages for row in rows.values()) == 8
        total = sum(row.languages * row.means["both"] for row in rows.values())
        assert total / 8 == pytest.approx(rows_of(comparison)["all"].means["both"])
    assert list(rows_of(comparison, "family")) == ["Indo-European", "Afro-Asiatic"]


def test_the_other_metrics_stand_beside_the_main_one_under_their_names(build, tmp_path):
    folder = build(tmp_path / "run", tasks=("pos", "sr-cldr"))
    pos, retrieval = compare(scores_of(folder))
    assert metric_name(pos.metric) == "seqeval F1"
    means = other_metrics(pos)
    assert list(means.index) == ["accuracy", "macro_f1"]
    assert means.loc["accuracy", "none"] == pytest.approx(rows_of(pos)["all"].means["none"] + 1)
    assert means.loc["accuracy", "both"] - means.loc["accuracy", "none"] == pytest.approx(13 / 8)
    assert set(map(metric_name, other_metrics(retrieval).index)) == {"top-1 accuracy", "top-5 accuracy"}
    assert metric_name("layer0_top1_accuracy") == "top-1 accuracy, control: layer 0"
    assert set(meanings([pos])) == {"seqeval F1", "accuracy", "macro-F1"}


def test_every_language_has_a_line_over_all_tasks(build, tmp_path):
    section = languages(Report.read([build(tmp_path / "run", tasks=("pos", "sr-cldr"))]))
    (arabic,) = (row for row in section.table.rows if row[1] == "arb_Arab")
    differences = [
        value for column, value in zip(section.table.columns, arabic, strict=True) if column.kind == "points"
    ]
    assert differences == pytest.approx([-1.0, -1.0])
    assert [task.label for task in section.tasks] == list(
        dict.fromkeys(filter(None, (c.over for c in section.table.columns)))
    )
