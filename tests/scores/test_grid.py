"""Who is compared with whom: models are named, ways of scoring are not mixed, languages are on both sides or listed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from langsamp.errors import DataMissingError, UserError
from langsamp.languages.aliases import match
from langsamp.scores.comparison import compare
from langsamp.scores.grid import Grid, exact, grids
from langsamp.scores.systems import System, baseline_of, choose, open_system
from tests.scores.scored import frame, side, spread


def pairs(a: System, b: System, **options: object) -> list[Grid]:
    """The grids of a comparison without aliases."""
    return [task.grid for task in compare(a, b, per_language=False, **{"match": exact, **options}).tasks]


def trainings(*names: str, **columns: object) -> pd.DataFrame:
    """One model of each name, scored with two seeds."""
    return pd.concat(
        [
            frame({"deu_Latn": [place, place + 1.0]}, model=f"{place}" * 16, model_name=name, **columns)
            for place, name in enumerate(names)
        ],
        ignore_index=True,
    )


def test_one_model_needs_no_name_several_do_and_the_message_lists_them():
    assert choose(trainings("base"), name="x").name == "x"
    table = trainings("none-1", "none-2", "both-1")
    with pytest.raises(UserError, match=r"runs/r holds 3 models: both-1, none-1, none-2. Name one, like runs/r:"):
        choose(table, name="", among="runs/r")
    assert set(choose(table, name="", model="both-1").scores["model_name"]) == {"both-1"}
    assert set(choose(table, name="", model="2" * 8).scores["model_name"]) == {"both-1"}
    with pytest.raises(UserError, match=r"no model 'both-3'. Did you mean 'both-1'\? It holds both-1, none-1, none-2"):
        choose(table, name="", model="both-3", among="runs/r")


def test_a_variant_names_all_its_trainings_which_then_are_what_chance_draws():
    found = choose(trainings("none-1", "none-2", "both-1"), name="", model="none")
    assert found.trainings == 2
    (grid,) = grids([found])
    table = grid.replicates("none")
    assert list(table.columns) == ["none-1", "none-2"] and grid.trials("none") == "2 trainings"
    assert table.loc["deu_Latn"].tolist() == [0.5, 1.5]  # each the mean of its two seeds
    assert grid.tries("none").loc["deu_Latn"].tolist() == [0.0, 1.0, 1.0, 2.0]


def test_two_models_of_one_name_are_told_apart_by_their_fingerprints():
    table = trainings("base", "base")
    with pytest.raises(UserError, match=r"holds 2 models called 'base'.*0000000000000000, 1111111111111111"):
        choose(table, name="", model="base")
    assert choose(table, name="", model="11111111").scores["value"].tolist() == [1.0, 2.0]


def test_the_baseline_of_a_variant_is_that_of_the_same_run_before_any_other():
    present = ["none", "both", "first:none", "first:both"]
    assert [baseline_of(name, present) for name in present] == [None, "none", None, "first:none"]
    assert baseline_of("second:both", present) == "none" and baseline_of("both", ["first:none"]) is None


def test_sides_are_opened_by_the_words_of_a_user(tmp_path: Path):
    (tmp_path / "evaluation" / "cells").mkdir(parents=True)
    trainings("none-1", "both-1").to_parquet(tmp_path / "evaluation" / "scores.parquet")
    found = open_system(f"{tmp_path}:both")
    assert set(found.scores["model_name"]) == {"both-1"}
    assert found.cells == tmp_path / "evaluation" / "cells"
    assert open_system("paper:langsamp").cells is None
    with pytest.raises(UserError, match="holds 2 models"):
        open_system(str(tmp_path))
    with pytest.raises(DataMissingError):
        open_system(str(tmp_path / "nowhere"))
    with pytest.raises(DataMissingError, match="holds no scores"):
        choose(frame({"deu_Latn": 1.0})[:0], name="empty")


def test_languages_of_one_side_are_listed_by_the_side_that_has_them():
    a = side({"deu_Latn": 1.0, "eng_Latn": 2.0, "tur_Latn": 3.0})
    b = side({"eng_Latn": 2.0, "deu_Latn": 5.0, "jpn_Jpan": 1.0, "tha_Thai": float("nan")}, "B")
    (pair,) = pairs(a, b)
    assert pair.tags == ("deu_Latn", "eng_Latn")
    assert pair.replicates("B")["0"].tolist() == [5.0, 2.0]
    assert pair.dropped == {"only A has them": ("tur_Latn",), "only B has them": ("jpn_Jpan",)}


def test_one_language_under_two_codes_is_compared_where_a_match_is_given():
    a, b = side({"ara_Arab": 1.0, "deu_Latn": 2.0}), side({"arb_Arab": 4.0, "deu_Latn": 2.0}, "B")
    assert pairs(a, b)[0].tags == ("deu_Latn",)
    (pair,) = pairs(a, b, match=match)
    assert pair.other_tags == {"ara_Arab": "arb_Arab"}
    assert pair.replicates("B").loc["ara_Arab", "0"] == 4.0


@pytest.mark.parametrize(
    ("column", "value"),
    [("protocol", "paper"), ("source", "deu_Latn"), ("layer", 8), ("selection", "test"), ("precision", "bf16"),
     ("settings", "other")],
)  # fmt: skip
def test_what_was_scored_in_different_ways_is_not_compared_unless_told(column: str, value: object):
    a, b = side({"deu_Latn": 1.0}, layer=4), side({"deu_Latn": 1.0}, "B", **{"layer": 4, column: value})
    with pytest.raises(UserError, match=rf"sib200, {column}: .* in A, {value} in B\n.*--allow-mixed"):
        pairs(a, b)
    (pair,) = pairs(a, b, allow_mixed=True)
    assert list(pair.settings["A"].differs_from(pair.settings["B"])) == [column]


def test_what_is_not_stated_differs_from_nothing():
    a, b = side({"deu_Latn": 1.0}, precision=None), side({"deu_Latn": 1.0}, "B")
    (pair,) = pairs(a, b)
    assert pair.settings["A"].differs_from(pair.settings["B"]) == {}
    apart = grids([a, b, side({"deu_Latn": 1.0}, "C", precision="bf16")], mixed="apart")
    assert [grid.names for grid in apart] == [["A"], ["B"], ["C"]], "it fits two ways, so it joins neither"
    assert [grid.names for grid in grids([a, b], mixed="apart")] == [["A", "B"]]


def test_what_is_not_stated_is_not_paired_with_several_ways():
    a = side({"deu_Latn": 1.0}, precision=None)
    both = pd.concat([frame({"deu_Latn": 1.0}, precision=name) for name in ("fp32", "bf16")])
    with pytest.raises(UserError, match="none of the ways of scoring is on both sides"):
        pairs(a, choose(both, name="B"))


def test_different_metrics_are_not_compared_and_another_one_can_be_named():
    a, b = side({"deu_Latn": 1.0}), side({"deu_Latn": 1.0}, "B", metric="accuracy")
    with pytest.raises(UserError, match="main metric is macro_f1 in A, accuracy in B"):
        pairs(a, b)
    with pytest.raises(UserError, match=r"A has no 'accuracy' for sib200; it has macro_f1"):
        pairs(a, b, metrics={"sib200": "accuracy"})
    both = pd.concat([frame({"deu_Latn": 1.0}), frame({"deu_Latn": 7.0}, metric="accuracy", main=False)])
    (pair,) = pairs(choose(both, name="A"), b, metrics={"sib200": "accuracy"})
    assert pair.replicates("A").loc["deu_Latn", "0"] == 7.0


def test_ways_that_both_sides_have_are_compared_one_by_one_and_the_others_named():
    def both(*sources: str) -> pd.DataFrame:
        return pd.concat([frame({"deu_Latn": 1.0}, source=source) for source in sources], ignore_index=True)

    a, b = choose(both("eng_Latn", "tur_Latn", "jpn_Jpan"), name="A"), choose(both("eng_Latn", "tur_Latn"), name="B")
    found = compare(a, b, per_language=False)
    assert [task.grid.label for task in found.tasks] == ["sib200 (source eng_Latn)", "sib200 (source tur_Latn)"]
    assert list(found.notes) == [
        "only A has sib200 with protocol=fixed source=jpn_Jpan selection=none precision=fp32 settings=s",
        "both sides hold model: a difference is one between two evaluations of a model",
    ]
    other = choose(both("fin_Latn", "hun_Latn"), name="B")
    with pytest.raises(UserError, match=r"none of the ways of scoring is on both sides:\n  A: .*source=eng_Latn"):
        pairs(a, other)


def test_every_way_of_scoring_a_task_has_a_label_of_its_own():
    ways = [("paper", "x"), ("fixed", "y"), ("fixed", "z")]
    table = pd.concat([frame({"deu_Latn": 1.0}, protocol=protocol, settings=one) for protocol, one in ways])
    labels = [grid.label for grid in grids([choose(table, name="A")], mixed="apart")]
    assert len(set(labels)) == 3


def test_languages_on_other_text_are_left_out_unless_told():
    a = side({"deu_Latn": 1.0, "eng_Latn": 1.0})
    b = side({"deu_Latn": 1.0, "eng_Latn": 1.0}, "B", revision=["text", "newer"])
    (pair,) = pairs(a, b)
    assert pair.tags == ("deu_Latn",)
    assert list(pair.dropped.values()) == [("eng_Latn",)]
    assert pairs(a, b, allow_mixed=True)[0].tags == ("deu_Latn", "eng_Latn")
    unknown = side({"deu_Latn": 1.0, "eng_Latn": 1.0}, "B", revision=None)
    assert pairs(a, unknown)[0].tags == ("deu_Latn", "eng_Latn")


def test_seeds_with_texts_of_their_own_are_pairs():
    a = side({"deu_Latn": [1.0, 2.0, 3.0]}, revision=["x", "y", "z"])
    b = side({"deu_Latn": [1.0, 2.0]}, "B", revision=["x", "y"])
    (pair,) = pairs(a, b)
    assert pair.own_texts and compare(a, b).tasks[0].noise.paired
    assert list(pair.replicates("A")) == list(pair.replicates("B")) == ["0", "1"]
    other = side({"deu_Latn": [1.0, 2.0]}, "B", revision=["x", "w"])
    with pytest.raises(DataMissingError, match="share no scored language"):
        pairs(a, other)
    late = choose(frame({"deu_Latn": [1.0, 2.0]}, revision=["v", "w"]).assign(seed=[7, 8]), name="B")
    with pytest.raises(DataMissingError, match=r"sib200: each seed has a text of its own, and no seed is on both"):
        pairs(a, late)


def test_sides_that_share_nothing_say_why():
    a = side({"deu_Latn": 1.0})
    with pytest.raises(DataMissingError, match="A has the tasks sib200; B has ner"):
        pairs(a, side({"deu_Latn": 1.0}, "B", task="ner"))
    with pytest.raises(DataMissingError, match=r"sib200: only A has them \(1\)"):
        pairs(a, side({"eng_Latn": 1.0}, "B"))


def test_a_language_scored_twice_for_one_seed_is_an_error():
    twice = pd.concat([frame({"deu_Latn": 1.0}), frame({"deu_Latn": 2.0})])
    with pytest.raises(UserError, match="several scores for one seed"):
        pairs(choose(twice, name="A"), side({"deu_Latn": 1.0}, "B"))


def test_a_missing_seed_is_filled_with_the_mean_of_the_others():
    gap = frame({"deu_Latn": [1.0, 3.0], "eng_Latn": [2.0, 2.0]})[:-1]
    (pair,) = pairs(choose(gap, name="A"), side(spread(50, 5), "B"))
    assert np.array_equal(pair.filled("A"), [[1.0, 3.0], [2.0, 2.0]])
