"""Columns are told apart, groups are compared over the same languages, and nothing is mixed silently."""

import pandas as pd
import pytest

from langsamp.views.paper_tables.make import paper_table

VALUES = {"deu_Latn": 40.0, "fra_Latn": 60.0, "rus_Cyrl": 20.0}


def labels(table):
    return list(dict.fromkeys(table.tidy["column"]))


def cell(table, column, group="all"):
    row = table.tidy[(table.tidy["column"] == column) & (table.tidy["group"] == group)]
    return row.iloc[0].to_dict()


def joined(*frames):
    return pd.concat(frames, ignore_index=True)


def test_trainings_of_a_variant_are_one_column_after_the_baseline(scores):
    frames = [
        scores(
            {tag: value + add + training for tag, value in VALUES.items()},
            model_name=f"{variant}-{training}",
            seed=seed,
        )
        for variant, add in (("both", 2.0), ("none", 0.0))
        for training in (0, 1)
        for seed in (0, 1)
    ]
    table = paper_table(1, joined(*frames))
    assert [head.text for head in table.blocks[0].header[1]][1:3] == ["Baseline", "LangSAMP"]
    assert cell(table, "LangSAMP")["mean"] == pytest.approx(42.5)
    assert cell(table, "LangSAMP")["seeds"] == 2
    assert cell(table, "Baseline")["sd_over_seeds"] == pytest.approx(pd.Series([40, 41]).std())
    assert any(note.startswith("Baseline: 2 trainings (none-0, none-1), each the mean over") for note in table.notes)
    assert "Seeds: Baseline 2; LangSAMP 2." in table.notes


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("protocol", ("fixed", "paper"), "Protocols differ (ner): fixed for tiny (protocol fixed); paper for"),
        ("precision", ("fp32", "bf16"), "Precisions differ (ner): fp32 for"),
        ("selection", ("dev", "test"), "The models were not chosen in one way (ner): by dev scores for"),
        ("metric", ("accuracy", "seqeval_f1"), "Metrics differ (ner): accuracy for"),
        ("layer", (8, 9), "Layers differ (ner): 8 for tiny (layer 8); 9 for tiny (layer 9)."),
        ("settings", ("abcdefgh", "stuvwxyz"), "Settings of the scoring differ between columns (ner)."),
    ],
)
def test_one_model_under_two_settings_gives_two_columns_and_a_line(scores, column, values, said):
    table = paper_table(1, joined(*(scores(VALUES, **{column: value}) for value in values)))
    assert sorted(labels(table)) == sorted(f"tiny ({column} {str(value)[:6]})" for value in values)
    assert any(note.startswith(said) for note in table.notes)
    marked = [head.text.endswith("†") for head in table.blocks[0].header[1]]
    assert any(marked) == (column == "selection") == ("† chosen by test scores." in table.notes)


def test_models_of_different_kinds_are_never_mixed_silently(scores):
    other = scores(VALUES, model_name="other", protocol="paper", metric="accuracy", selection="test")
    notes = paper_table(1, joined(scores(VALUES), other)).notes
    assert "Protocols differ (ner): fixed for tiny; paper for other." in notes
    assert "Metrics differ (ner): seqeval_f1 for tiny; accuracy for other." in notes
    assert "The models were not chosen in one way (ner): by dev scores for tiny; by test scores for other." in notes
    alike = paper_table(1, joined(scores(VALUES), scores(VALUES, model_name="other"))).notes
    assert not any("differ" in note or "chosen" in note for note in alike)


def test_different_texts_are_named(scores):
    other = scores(VALUES, model_name="other").assign(revision=["deu_Latn", "changed", "rus_Cyrl"])
    notes = paper_table(1, joined(scores(VALUES), other)).notes
    assert "ner: different texts of 1 language: fra_Latn." in notes


def test_two_models_of_one_name_are_told_apart(scores):
    for name in ("tiny", "both-0"):  # a training done again is no second training of its variant
        twins = [scores(VALUES, model_name=name, model=model) for model in ("aaaaaaaa", "bbbbbbbb")]
        assert sorted(labels(paper_table(1, joined(*twins)))) == [f"{name} (aaaaaa)", f"{name} (bbbbbb)"]


def test_means_are_over_the_languages_that_all_have(scores):
    fewer = scores({"deu_Latn": 50.0, "swh_Latn": 90.0}, model_name="fewer")
    elsewhere = scores({"fra_Latn": 10.0}, model_name="elsewhere", task="pos")
    table = paper_table(1, joined(scores(VALUES), fewer, elsewhere))
    assert (cell(table, "tiny")["mean"], cell(table, "fewer")["mean"]) == (40.0, 50.0)
    assert cell(table, "elsewhere")["mean"] == 10.0
    said = "ner: over 1 language that all columns have; left out 3: fra_Latn, rus_Cyrl, swh_Latn."
    assert said in table.notes
    assert [cell.text for cell in table.blocks[0].rows[0]][-3:] == ["40.0", "50.0", "–"]


def test_a_run_stands_beside_the_paper(scores):
    from langsamp.scores.published import published

    ours = scores({"deu_Latn": 70.0, "rus_Cyrl": 60.0, "zun_Latn": 1.0})
    table = paper_table(1, joined(ours, published("paper:langsamp").astype({"main": object})), tasks=["ner"])
    theirs = published("paper:langsamp").query("task == 'ner'").set_index("tag")["value"]
    assert cell(table, "paper:langsamp")["mean"] == pytest.approx((theirs["deu_Latn"] + theirs["rus_Cyrl"]) / 2)
    assert pd.isna(cell(table, "paper:langsamp")["sd_printed"])  # not the languages of Table 1
    assert "Protocols differ (ner): fixed for tiny; paper for paper:langsamp." in table.notes
    assert any("made on the authors' texts" in note for note in table.notes)


def test_only_the_main_metric_is_shown(scores):
    control = scores(dict.fromkeys(VALUES, 1.0), metric="accuracy", main=False)
    assert cell(paper_table(1, joined(scores(VALUES), control)), "tiny")["mean"] == 40.0


def test_a_source_that_a_model_lacks_is_said(scores):
    german = scores(VALUES, model_name="german", source="deu_Latn")
    table = paper_table(1, joined(scores(VALUES), german))
    assert labels(table) == ["tiny"] and "german, ner: no score from eng_Latn, left out." in table.notes
    assert labels(paper_table(1, joined(scores(VALUES), german), source="deu_Latn")) == ["german"]


def test_languages_of_any_task_can_be_listed(scores):
    table = paper_table(7, scores(VALUES, task="sr-cldr", metric="top10_accuracy"), tasks=["sr-cldr"])
    assert table.tidy.set_index("tag")["mean"].to_dict() == VALUES
    assert "sr-cldr" in table.caption and len(table.blocks[0].rows) == 1


def test_five_models_fill_lines_of_one_language(scores):
    frames = [scores(VALUES, model_name=f"model {number}") for number in range(5)]
    block = paper_table(13, joined(*frames)).blocks[0]
    assert len(block.rows) == 3 and block.width == 6
