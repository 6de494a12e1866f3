"""Means over groups of languages: the paper's tables from its own per-language numbers, and laws by hand."""

import numpy as np
import pandas as pd
import pytest

from langsamp.errors import UserError
from langsamp.languages.table import tags
from langsamp.scores.cells import COLUMNS
from langsamp.scores.groups import GROUPINGS
from langsamp.scores.published import printed_tasks, published
from tests.scores.scored import means_of, printed_frame


def paper() -> pd.DataFrame:
    return pd.concat([published("paper:baseline"), published("paper:langsamp")], ignore_index=True)


def scores(values: dict[tuple[str, int], float], **columns: object) -> pd.DataFrame:
    """A tidy table of one model on one task: value by (tag, seed)."""
    rows = [{"tag": tag, "seed": seed, "value": value} for (tag, seed), value in values.items()]
    constant = {
        "model": "m", "model_name": "m", "task": "ner", "revision": "r", "protocol": "fixed", "source": "eng_Latn",
        "metric": "seqeval_f1", "main": True, "n": 10, "layer": pd.NA, "selection": "dev", "precision": "fp32",
        "settings": "s", "training": None, "cell": "c", **columns,
    }  # fmt: skip
    return pd.DataFrame(rows).assign(**constant)[list(COLUMNS)]


def test_table_1_follows_from_the_tables_per_language():
    ours = means_of(paper()).set_index(["task", "system", "group"])["mean"]
    theirs = printed_frame(1).set_index(["task", "column", "group"])["mean"]
    away = {place: abs(ours[place] - mean) for place, mean in theirs.items() if round(ours[place], 1) != mean}
    # the printed scores of languages are rounded themselves: one cell is off, and one, 66.250, lies half-way
    assert set(away) <= {("pos", "paper:langsamp", "tail"), ("pos", "paper:baseline", "nonlatin")}
    assert all(abs(ours[place] - mean) < 0.06 for place, mean in theirs.items())


def test_group_sizes_are_those_of_table_5():
    sizes = means_of(paper()).set_index(["task", "system", "group"])["languages"]
    for task, facts in printed_tasks().items():
        for model in ("paper:baseline", "paper:langsamp"):
            assert {group: sizes[task, model, group] for group in ("head", "tail", "latin", "nonlatin")} == {
                group: getattr(facts, group) for group in ("head", "tail", "latin", "nonlatin")
            }
            assert sizes[task, model, "all"] == facts.all


def test_table_6_follows_from_the_tables_per_language():
    found = means_of(paper(), "family", "all")
    ours = found.set_index(["task", "system", "group"])
    for task, model, group, mean, _, languages in printed_frame(6).itertuples(index=False):
        if languages == 0:
            assert (task, model, group) not in ours.index
        else:
            assert ours.loc[(task, model, group), "languages"] == languages
            assert ours.loc[(task, model, group), "mean"] == pytest.approx(mean, abs=0.1)
    assert len(ours) == (printed_frame(6)["languages"] > 0).sum()


def test_both_standard_deviations_by_hand():
    table = scores({
        ("deu_Latn", 0): 10.0, ("deu_Latn", 1): 30.0,  # its own deviation: 14.1
        ("fra_Latn", 0): 50.0, ("fra_Latn", 1): 40.0,  # 7.07
        ("rus_Cyrl", 0): 70.0,
    })  # fmt: skip
    means = means_of(table).set_index("group")
    latin, russian, everything = means.loc["latin"], means.loc["nonlatin"], means.loc["all"]
    assert latin["mean"] == 32.5
    assert latin["sd_over_seeds"] == pytest.approx(np.std([30.0, 35.0], ddof=1))
    assert latin["mean_sd_of_languages"] == pytest.approx((np.sqrt(200) + np.sqrt(50)) / 2)
    assert (latin["languages"], latin["seeds"], latin["fewest_seeds"]) == (2, 2, 2)
    assert np.isnan(russian["sd_over_seeds"]) and np.isnan(russian["mean_sd_of_languages"])
    # Russian lacks a seed: it counts in the mean, and not in the deviation that it would bend
    assert everything["mean"] == pytest.approx((20 + 45 + 70) / 3)
    assert everything["sd_over_seeds"] == latin["sd_over_seeds"] and everything["fewest_seeds"] == 1


def test_every_grouping_puts_each_language_in_one_group():
    table = scores({(str(tag), 0): float(place) for place, tag in enumerate(tags())})
    for by in GROUPINGS[1:]:
        means = means_of(table, by)
        assert means["languages"].sum() == len(table), by
        assert np.average(means["mean"], weights=means["languages"]) == pytest.approx(table["value"].mean())
    assert list(means_of(table, "area")["group"])[:2] == ["Africa", "Eurasia"]
    assert list(means_of(table, "script")["group"])[:2] == ["Latn", "Cyrl"]  # by size
    with pytest.raises(UserError, match=r"no grouping 'famly'\. Did you mean 'family'"):
        means_of(table, "famly")


@pytest.mark.parametrize(
    ("column", "value"),
    [("protocol", "paper"), ("selection", "test"), ("precision", "bf16"), ("settings", "t"), ("source", "deu_Latn")],
)
def test_unlike_scores_are_never_averaged_together(column, value):
    one, other = scores({("deu_Latn", 0): 10.0}), scores({("deu_Latn", 0): 30.0}, **{column: value})
    means = means_of(pd.concat([one, other], ignore_index=True), "all")
    assert sorted(means["mean"]) == [10.0, 30.0]
    with pytest.raises(UserError, match="several scores for one seed"):
        means_of(pd.concat([one, other.assign(**{column: one[column]})], ignore_index=True))


def test_no_scores_give_no_rows():
    assert means_of(pd.DataFrame(columns=list(COLUMNS))).empty
