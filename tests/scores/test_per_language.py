"""Languages tested one by one from kept predictions: real differences are found, chance is not, faults are named."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from langsamp.disk.seals import seal
from langsamp.errors import DamagedError
from langsamp.scores.comparison import compare
from langsamp.scores.per_language import LanguageTest, language_tests
from langsamp.scores.systems import System, open_system
from tests.scores.scored import labelled, ranked, write_cells

TAGS = ("deu_Latn", "eng_Latn", "tur_Latn", "jpn_Jpan")


def outcome(a: System, b: System, **options: object) -> pd.DataFrame:
    (task,) = compare(a, b, per_language=False).tasks
    is_of_words = "seqeval_f1" in set(a.scores["metric"])
    tests = language_tests(
        task.grid, a.cells, b.cells, paired=task.noise.paired, of_words=is_of_words, progress=False, **options
    )
    assert tests is not None
    return pd.DataFrame(tests.values(), index=list(tests))


def two_models(folder: Path, make, *, seeds: int, **options: object) -> tuple[System, System]:
    """Models `one` and `two` of one folder; `make(model, tag, seed)` gives their predictions."""
    for model in ("one", "two"):
        predictions = {seed: {tag: make(model, tag, seed) for tag in TAGS} for seed in range(seeds)}
        write_cells(folder, model=model, predictions=predictions, **options)
    return open_system(f"{folder}:one"), open_system(f"{folder}:two")


def by_label(model: str, tag: str, seed: int) -> pd.DataFrame:
    """German is better in `two`, Japanese worse, the others alike."""
    right = 0.5 + 0.25 * (model == "two") * {"deu_Latn": 1, "jpn_Jpan": -1}.get(tag, 0)
    return labelled(items=300, right=right, seed=1000 * TAGS.index(tag) + 10 * seed + (model == "two"))


@pytest.mark.parametrize("seeds", [1, 5])
def test_languages_that_differ_are_found_and_no_others(tmp_path: Path, seeds: int):
    table = outcome(*two_models(tmp_path, by_label, seeds=seeds))
    assert tuple(table.columns) == LanguageTest._fields
    assert table["verdict"].to_dict() == {
        "deu_Latn": "better", "eng_Latn": "indistinct", "tur_Latn": "indistinct", "jpn_Jpan": "worse",
    }  # fmt: skip
    assert (table["low"] <= table["difference"]).all()
    assert (table["difference"] <= table["high"]).all()
    assert (table["q"] >= table["p"]).all()
    assert (table["items"] == 300).all()


def test_differences_are_those_of_the_scores_beside_the_predictions(tmp_path: Path):
    a, b = two_models(tmp_path, by_label, seeds=3)
    means = [side.scores[side.scores["main"]].groupby("tag")["value"].mean() for side in (a, b)]
    table = outcome(a, b)
    assert table["difference"].to_dict() == pytest.approx((means[1] - means[0]).to_dict())


def test_the_interval_of_retrieval_is_that_of_a_paired_mean(tmp_path: Path):
    def make(model: str, tag: str, seed: int) -> pd.DataFrame:
        return ranked(items=500, right=0.4 if model == "one" else 0.5, seed=TAGS.index(tag) + 10 * (model == "two"))

    a, b = two_models(tmp_path, make, seeds=1, task="sr-bible", metric="top10_accuracy")
    row = outcome(a, b).loc["deu_Latn"]
    one, two = (make(model, "deu_Latn", 0)["rank"] <= 10 for model in ("one", "two"))
    error = 100 * (two.astype(int) - one.astype(int)).std() / np.sqrt(500)
    assert (row["high"] - row["low"]) / 2 == pytest.approx(1.96 * error, rel=0.1)
    assert row["difference"] == pytest.approx(100 * (two.mean() - one.mean()))


def test_items_are_drawn_together_so_that_what_both_get_wrong_cancels(tmp_path: Path):
    shared = ranked(items=400, right=0.5, seed=0)

    def make(model: str, tag: str, seed: int) -> pd.DataFrame:
        found = shared.copy()
        if model == "two":
            found.loc[found.index[found["rank"] > 10][:8], "rank"] = 1
        return found

    row = outcome(*two_models(tmp_path, make, seeds=1, task="sr-bible", metric="top10_accuracy")).loc["deu_Latn"]
    assert row["difference"] == pytest.approx(2.0)
    assert row["high"] - row["low"] < 3.5  # two independent samples of 400 would give about 14


def test_spans_of_sentences_are_drawn_by_sentence(tmp_path: Path):
    rng = np.random.default_rng(0)
    labels = np.array(["O", "B-PER", "I-PER", "B-LOC"])
    gold = {tag: [labels[rng.integers(0, 4, rng.integers(2, 9))] for _ in range(150)] for tag in TAGS}

    def make(model: str, tag: str, seed: int) -> pd.DataFrame:
        right = 0.9 if (model, tag) == ("two", "deu_Latn") else 0.6
        chance = np.random.default_rng([TAGS.index(tag), seed, model == "two"])
        predicted = [np.where(chance.random(len(s)) < right, s, chance.choice(labels, len(s))) for s in gold[tag]]
        joined = ([" ".join(sentence) for sentence in side] for side in (gold[tag], predicted))
        return pd.DataFrame(dict(zip(("gold", "predicted"), joined, strict=True)))

    table = outcome(*two_models(tmp_path, make, seeds=2, task="ner", metric="seqeval_f1"))
    assert table["difference"].idxmax() == "deu_Latn"
    assert table["p"].idxmin() == "deu_Latn"
    assert (table["why_not"] == "").all()


def test_chance_is_called_a_difference_as_rarely_as_it_should():
    from langsamp.scores.per_language import _tested, _Unit
    from langsamp.scores.statistics.per_item import ItemSums

    rng = np.random.default_rng(0)

    def chance(seeds: int, moves: float) -> float:
        """The share of 150 experiments without a difference whose p is below 0.05."""
        found = 0
        for _ in range(150):
            hard = rng.normal(0, 1, 150)
            sides = []
            for _ in range(2):
                hits = [hard + rng.normal(0, moves) + rng.normal(0, 0.7, 150) > 0 for _ in range(seeds)]
                units = [hit[:, None].astype(np.float32) for hit in hits]
                sides.append([_Unit(str(n), "text", ItemSums(u, np.ones_like(u))) for n, u in enumerate(units)])
            found += _tested(*sides, False, 400, 0).p < 0.05
        return found / 150

    assert 0.01 <= chance(1, 0.0) <= 0.10
    assert chance(5, 0.2) <= 0.07


def test_the_same_seed_gives_the_same_table(tmp_path: Path):
    a, b = two_models(tmp_path, by_label, seeds=2)
    pd.testing.assert_frame_equal(outcome(a, b, seed=4), outcome(a, b, seed=4))
    assert not outcome(a, b, seed=4)["low"].equals(outcome(a, b, seed=5)["low"])


def test_seeds_that_have_texts_of_their_own_are_drawn_as_pairs(tmp_path: Path):
    def make(model: str, tag: str, seed: int) -> pd.DataFrame:  # texts differ much in difficulty, models little
        base = 0.2 + 0.2 * seed + (0.08 if model == "two" else 0)
        return labelled(items=400, right=base, seed=50 * TAGS.index(tag) + seed, gold_seed=seed)

    revisions = {seed: dict.fromkeys(TAGS, f"text {seed}") for seed in range(4)}
    a, b = two_models(tmp_path, make, seeds=4, revisions=revisions)
    assert compare(a, b, per_language=False).tasks[0].noise.paired
    table = outcome(a, b)
    assert (table["verdict"] == "better").all()
    assert (table["items"] == 1600).all()


def test_languages_without_predictions_are_named_and_the_others_tested(tmp_path: Path):
    a, b = two_models(tmp_path, by_label, seeds=1)
    for cell in (tmp_path / "cells").iterdir():
        path = cell / "predictions.parquet"
        frame = pd.read_parquet(path)
        frame[frame["tag"] != "deu_Latn"].to_parquet(path)
        seal(cell)
    table = outcome(a, b)
    assert table.loc["deu_Latn", "why_not"] == "its predictions are not kept"
    assert np.isnan(table.loc["deu_Latn", "p"])
    assert table.loc["deu_Latn", "verdict"] == ""
    assert table.loc["jpn_Jpan", "verdict"] == "worse"


def test_predictions_that_do_not_give_the_score_are_not_trusted(tmp_path: Path):
    a, b = two_models(tmp_path, by_label, seeds=1)
    path = next((tmp_path / "cells").iterdir()) / "predictions.parquet"
    frame = pd.read_parquet(path)
    frame.loc[frame["tag"] == "eng_Latn", "predicted"] = "travel"
    frame.to_parquet(path)
    seal(path.parent)
    table = outcome(a, b)
    assert "another score" in table.loc["eng_Latn", "why_not"]
    assert (table["why_not"] != "").sum() == 1


def test_predictions_that_cannot_be_read_are_an_error_that_names_the_file(tmp_path: Path):
    a, b = two_models(tmp_path, by_label, seeds=1)
    path = next((tmp_path / "cells").iterdir()) / "predictions.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(DamagedError, match=r"predictions.parquet has 10 bytes"):
        outcome(a, b)


def test_texts_that_differ_are_not_tested_even_where_mixing_is_allowed(tmp_path: Path):
    for model, length in (("one", 60), ("two", 70)):
        made = {0: {tag: labelled(items=length, right=0.5, seed=1) for tag in TAGS}}
        write_cells(tmp_path, model=model, predictions=made, revisions={0: dict.fromkeys(TAGS, model)})
    a, b = (open_system(f"{tmp_path}:{model}") for model in ("one", "two"))
    (task,) = compare(a, b, allow_mixed=True).tasks
    assert not task.tested
    assert {each.test.why_not for each in task.languages} == {"its text differs between the two sides"}


def test_a_comparison_of_runs_holds_the_tests(tmp_path: Path):
    (task,) = compare(*two_models(tmp_path, by_label, seeds=2)).tasks
    assert task.tested
    assert task.languages[0].test.verdict == "better"
    changes = [each.difference for each in task.languages]
    assert changes == sorted(changes, reverse=True)
    (untested,) = compare(*two_models(tmp_path, by_label, seeds=2), per_language=False).tasks
    assert not untested.tested


def test_items_that_all_say_the_same_have_a_sign_test(tmp_path: Path):
    def make(model: str, tag: str, seed: int) -> pd.DataFrame:
        return pd.DataFrame({"rank": [1 if model == "two" else 99] * (12 if tag == "deu_Latn" else 2)})

    table = outcome(*two_models(tmp_path, make, seeds=1, task="sr-bible", metric="top10_accuracy"))
    assert table.loc["deu_Latn", "p"] == pytest.approx(2 * 0.5**12)
    assert table.loc["eng_Latn", "p"] == pytest.approx(0.5)
    assert table["verdict"].tolist() == ["better", *["indistinct"] * 3]
