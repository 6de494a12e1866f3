"""Scores are found wherever they are kept, and models of several tables are kept apart."""

import pandas as pd
import pytest

from langsamp.errors import DamagedError, DataMissingError, UserError
from langsamp.scores.cells import COLUMNS
from langsamp.scores.published import published
from langsamp.scores.reading import read_runs, read_scores


def table(value: float = 50.0, **changes: object) -> pd.DataFrame:
    columns = {
        "model": "fingerprint-1", "model_name": "tiny", "task": "ner", "revision": "r", "protocol": "fixed",
        "source": "eng_Latn", "seed": 0, "tag": "deu_Latn", "metric": "seqeval_f1", "main": True, "value": value,
        "n": 10, "layer": pd.NA, "selection": "dev", "precision": "fp32", "settings": "s", "training": None,
        "cell": "c", **changes,
    }  # fmt: skip
    return pd.DataFrame([columns])[list(COLUMNS)].astype({"layer": "Int64"})


def write(folder, scores):
    folder.mkdir(parents=True)
    scores.to_parquet(folder / "scores.parquet")
    return str(folder)


def test_a_run_an_evaluation_a_file_and_the_paper_are_read(tmp_path):
    write(tmp_path / "run" / "evaluation", table())
    places = ["run", "run/evaluation", "run/evaluation/scores.parquet"]
    for place in places:
        assert read_scores(str(tmp_path / place))["value"].tolist() == [50.0]
    pd.testing.assert_frame_equal(read_scores("paper:langsamp"), published("paper:langsamp"))
    # the same scores named three times count once
    assert len(read_runs([str(tmp_path / place) for place in places])) == 1
    assert read_runs([]).empty


def test_a_table_that_others_wrote_gets_the_columns_it_lacks(tmp_path):
    run = write(tmp_path / "old", table().drop(columns=["training", "settings"]))
    assert tuple(read_scores(run).columns) == COLUMNS and read_scores(run)["settings"].isna().all()
    assert len(read_runs([run, "paper:baseline"])) == 1 + len(published("paper:baseline"))


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(DataMissingError, match=r"there is no .*nowhere; give the folder of a run"):
        read_scores(str(tmp_path / "nowhere"))
    with pytest.raises(DataMissingError, match=r"neither evaluation/scores\.parquet nor scores\.parquet"):
        read_scores(str(tmp_path))
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(DamagedError, match=r"bad\.parquet cannot be read as parquet"):
        read_scores(str(tmp_path / "bad.parquet"))
    pd.DataFrame({"model": ["m"]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(DamagedError, match=r"no table of scores: it lacks model_name, task"):
        read_scores(str(tmp_path / "other.parquet"))
    wrong = {
        "value": (["high"], "a number"), "seed": ([0.5], "a whole number"), "main": (["yes"], "true or false"),
        "tag": ([7], "a text in 1 of 1 rows"),
    }  # fmt: skip
    for name, (values, expected) in wrong.items():
        with pytest.raises(DamagedError, match=rf"no table of scores: {name} is not {expected}"):
            read_scores(write(tmp_path / name, table().assign(**{name: values})))
    with pytest.raises(DataMissingError, match="holds no scores"):
        read_scores(write(tmp_path / "empty", table().iloc[:0]))
    with pytest.raises(UserError, match="no published scores 'paper:best'"):
        read_scores("paper:best")


def test_two_models_of_one_name_are_told_apart_by_their_place(tmp_path):
    first = write(tmp_path / "a" / "evaluation", table(40.0))
    write(tmp_path / "b" / "evaluation", table(60.0, model="fingerprint-2"))
    third = write(tmp_path / "c", table(70.0, model="fingerprint-3", model_name="other"))
    scores = read_runs([first, str(tmp_path / "b"), third])
    assert dict(zip(scores["model_name"], scores["value"], strict=True)) == {
        "a:tiny": 40.0,
        "b:tiny": 60.0,
        "other": 70.0,
    }
    assert scores["model"].tolist() == ["fingerprint-1@a", "fingerprint-2@b", "fingerprint-3"]


def test_one_model_with_other_scores_elsewhere_is_told_apart_and_with_more_is_one(tmp_path):
    first = write(tmp_path / "a", table(40.0))
    more = write(tmp_path / "more", pd.concat([table(40.0, cell="d"), table(30.0, tag="fra_Latn")]))
    scores = read_runs([first, more])
    assert scores.groupby("model_name")["tag"].agg(list).to_dict() == {"tiny": ["deu_Latn", "fra_Latn"]}
    other = write(tmp_path / "other", table(41.0))
    assert sorted(read_runs([first, other])["model_name"]) == ["a:tiny", "other:tiny"]


def test_places_that_end_alike_are_named_by_as_much_as_tells_them_apart(tmp_path):
    runs = [write(tmp_path / year / "run", table(value, model=year)) for year, value in (("2025", 1.0), ("2026", 2.0))]
    assert sorted(read_runs(runs)["model_name"]) == ["2025/run:tiny", "2026/run:tiny"]
