"""Families: the paper's Table 6 from its own scores, and differences where there are two models."""

import pandas as pd
import pytest

from langsamp.analysis.families import analyse_families
from langsamp.errors import UserError
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.views.charts.family_charts import figures
from tests.scores.scored import TAGS, frame, means_of, printed_frame, spread

BOTH = ["paper:baseline", "paper:langsamp"]


@pytest.fixture(scope="module")
def paper():
    return analyse_families(BOTH)


def run(folder, *models: tuple[str, float]) -> str:
    scores = [frame({tag: value + add for tag, value in spread(50, 5).items()}, model=name, model_name=name)
              for name, add in models]  # fmt: skip
    folder.mkdir(exist_ok=True)
    pd.concat(scores).to_parquet(folder / "scores.parquet")
    return str(folder)


def test_the_papers_scores_give_its_table_6(paper) -> None:
    ours = paper.tables["families"].set_index(["task", "family", "model"])
    theirs = printed_frame(6).dropna(subset=["mean"]).set_index(["task", "group", "column"])
    assert set(ours.index) == set(theirs.index)
    for place, row in theirs.iterrows():
        assert abs(ours.loc[place, "mean"] - row["mean"]) < 0.1001, place
        assert ours.loc[place, "languages"] == row["languages"], place


def test_two_models_have_differences_on_the_second(paper) -> None:
    table = paper.tables["families"].set_index(["model", "task", "family"])
    baseline, langsamp = (table.loc[name] for name in BOTH)
    assert baseline["difference"].isna().all()
    pd.testing.assert_series_equal(
        langsamp["difference"], langsamp["mean"] - baseline["mean"], check_names=False, atol=1e-9
    )
    known = langsamp.dropna(subset=["low"])
    assert (known["low"] <= known["difference"]).all() and (known["difference"] <= known["high"]).all()
    assert (langsamp.loc[langsamp["low"].isna(), "languages"] == 1).all()
    assert len(paper.sentences) == 6 and "paper:langsamp is ahead in" in paper.sentences[0]
    assert len(figures(paper)) == 6


@pytest.mark.parametrize("models", [(("a", 0.0),), (("a", 0.0), ("b", 1.0), ("c", 2.0))])
def test_other_numbers_of_models_have_means_alone(tmp_path, models) -> None:
    found = analyse_families([run(tmp_path / "run", *models)])
    table = found.tables["families"]
    assert table["difference"].isna().all() and not found.sentences
    assert found.models == tuple(name for name, _ in models)
    for name, add in models:
        mine = table[table["model"] == name].set_index("family")
        expected = means_of(frame(spread(50, 5)), "family").set_index("group")["mean"] + add
        assert mine.loc[expected.index, "mean"].tolist() == pytest.approx(expected.tolist())
    sizes = pd.Series([describe(LangScript.parse(tag)).family_group for tag in TAGS]).value_counts()
    assert mine["languages"].drop("all").to_dict() == sizes.to_dict() and mine.loc["all", "languages"] == len(TAGS)
    assert len(figures(found)) == 1


def test_an_absent_source_is_named(tmp_path) -> None:
    with pytest.raises(UserError, match=r"no score from deu_Latn here.* Sources are eng_Latn"):
        analyse_families([run(tmp_path / "run", ("a", 0.0))], source="deu_Latn")
