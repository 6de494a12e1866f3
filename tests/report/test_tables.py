"""The tables against numbers computed by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from langsamp.report.run import read_run
from langsamp.report.sections import groups, language_rows
from langsamp.report.tables import Comparison, compare, group_rows

METRICS = {"sr-cldr": "top10_accuracy"}


def only(scores: pd.DataFrame) -> Comparison:
    (comparison,) = compare(scores, METRICS)
    return comparison


def scores_of(folder: Path) -> pd.DataFrame:
    scores = read_run(folder).scores
    assert scores is not None
    return scores


def test_group_means_are_means_over_languages_of_means_over_seeds(run_folder):
    comparison = only(scores_of(run_folder))
    rows = {row.group: row for row in group_rows(comparison, groups(comparison.shared))}
    # by hand: 8 tags score 40..47 with seed 0 and one more with seed 1; LangSAMP adds 2, but takes 1 from Arabic
    assert rows["all"].languages == 8
    assert rows["all"].means["none"] == pytest.approx(44.0)
    assert rows["all"].means["both"] == pytest.approx(44.0 + (7 * 2 - 1) / 8)
    assert rows["all"].against["both"] == pytest.approx((13 / 8, 7, 0, 1))
    assert rows["all"].spreads["none"] == pytest.approx(np.std([43.5, 44.5], ddof=1))
    assert rows["all"].controls["ngram", "none"] == pytest.approx(8.0)
    assert rows["all"].controls["layer0", "both"] == pytest.approx(rows["all"].means["both"] / 4)
    # Arabic, Kurdish in Cyrillic and Russian: indices 0, 4 and 7
    assert rows["non-Latin"].means["none"] == pytest.approx(40.5 + 11 / 3)
    assert rows["non-Latin"].against["both"].difference == pytest.approx(1.0)
    assert rows["Latin"].languages + rows["non-Latin"].languages == 8
    assert rows["head"].languages + rows["tail"].languages == 8


def test_one_seed_has_no_spread(build, tmp_path):
    comparison = only(scores_of(build(tmp_path / "run", seeds=(0,))))
    assert group_rows(comparison, groups(comparison.shared))[0].spreads == {"none": None, "both": None}


def test_a_language_that_one_variant_lacks_does_not_enter_the_means(run_folder):
    scores = scores_of(run_folder)
    comparison = only(scores[~((scores["tag"] == "rus_Cyrl") & (scores["model_name"].str.startswith("both")))])
    assert "rus_Cyrl" not in comparison.shared
    assert group_rows(comparison, groups(comparison.shared))[0].means["none"] == pytest.approx(43.5)
    (row,) = language_rows(comparison, ["rus_Cyrl"], seen={})
    assert row.difference is None and row.means == {"none": pytest.approx(47.5)}


def test_scores_on_different_texts_are_never_compared(run_folder):
    scores = scores_of(run_folder)
    changed = (scores["tag"] == "fra_Latn") & (scores["model_name"] == "both-1")
    scores.loc[changed, "revision"] = "another text"
    comparison = only(scores)
    assert comparison.differing == ("fra_Latn",)
    assert "fra_Latn" not in comparison.means.index


@pytest.mark.parametrize(("column", "value"), [("protocol", "paper"), ("layer", 8), ("precision", "bf16")])
def test_settings_are_never_mixed(run_folder, column, value):
    scores = scores_of(run_folder)
    other = scores.assign(**{column: value, "value": 0.0})
    comparisons = compare(pd.concat([scores, other]), METRICS)
    assert sorted(round(found.means.loc["deu_Latn", "none"]) for found in comparisons) == [0, 42]


def test_a_difference_that_prints_as_zero_is_a_tie(build, tmp_path):
    def level(variant: str, seed: int, tag: str) -> float:
        return 30.0 + (0.04 if variant == "both" else 0.0)

    comparison = only(scores_of(build(tmp_path / "run", score=level)))
    assert group_rows(comparison, groups(comparison.shared))[0].against["both"][1:] == (0, 8, 0)
    assert language_rows(comparison, ["deu_Latn"], seen={})[0].tone == ""


def test_every_language_is_listed_scored_or_not(run_folder):
    comparison = only(scores_of(run_folder))
    rows = language_rows(comparison, ["deu_Latn", "ewe_Latn"], seen={"deu_Latn": 7})
    assert rows[0].rows_seen == 7 and rows[0].items == 200 and rows[0].difference == pytest.approx(2.0)
    assert (rows[1].rows_seen, rows[1].items, rows[1].means, rows[1].difference) == (None, None, {}, None)


def test_without_a_baseline_means_are_shown_and_nothing_is_compared(build, tmp_path):
    comparison = only(scores_of(build(tmp_path / "run", variants=("both",))))
    row = group_rows(comparison, groups(comparison.shared))[0]
    assert row.against == {} and row.means["both"] == pytest.approx(44.0 + 13 / 8)
