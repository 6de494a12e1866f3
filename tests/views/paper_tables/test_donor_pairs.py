"""English beside the donor that is named for each target."""

import json

import pandas as pd
import pytest

from langsamp.errors import DamagedError, DataMissingError, UserError
from langsamp.views.paper_tables.donor_pairs import read_donors
from langsamp.views.paper_tables.make import paper_table

DONORS = {"urd_Arab": "hin_Deva", "mar_Deva": "hin_Deva", "ces_Latn": "rus_Cyrl", "deu_Latn": "eng_Latn"}


@pytest.fixture
def run(scores):
    """Hindi serves Urdu and Marathi, Russian serves Czech; each source scored every target."""
    values = {"urd_Arab": 50.0, "mar_Deva": 60.0, "ces_Latn": 70.0, "deu_Latn": 80.0, "swh_Latn": 30.0}
    frames = [
        scores({tag: value + add for tag, value in values.items()}, source=source)
        for source, add in (("eng_Latn", 0.0), ("hin_Deva", 10.0), ("rus_Cyrl", -5.0))
    ]
    retrieval = scores(values, task="sr-bible", metric="top10_accuracy", layer=8)
    return pd.concat([*frames, retrieval], ignore_index=True)


def test_each_target_gets_the_score_of_its_own_donor(run):
    table = paper_table(3, run, donors=DONORS)
    means = table.tidy.set_index(["column", "group"])["mean"]
    # Urdu and Marathi gain 10, Czech loses 5, German's donor is English itself; Swahili has no donor
    assert means["tiny from English", "all"] == pytest.approx(65.0)
    assert means["tiny from the closest donor", "all"] == pytest.approx(65.0 + (10 + 10 - 5 + 0) / 4)
    assert means["tiny from the closest donor", "nonlatin"] == pytest.approx(65.0)
    (block,) = table.blocks
    assert [cell.text for cell in block.rows[0]][-2:] == ["65.0", "68.8"]
    assert [cell.best for cell in block.rows[0]][-2:] == [False, True]
    assert any("left out sr-bible, which has no score from a donor" in note for note in table.notes)
    assert any("left out 1 language without a score" in note and "swh_Latn" in note for note in table.notes)


def test_languages_and_targets_with_their_donor(run):
    table = paper_table(18, run, donors=DONORS)
    shown = {row[at].text: [row[at + 1].text, row[at + 2].text] for row in table.blocks[0].rows for at in (0, 3, 6, 9)}
    assert shown == {
        "ces_Latn": ["70.0", "65.0"], "deu_Latn": ["80.0", "80.0"], "mar_Deva": ["60.0", "70.0"],
        "urd_Arab": ["50.0", "60.0"],
    }  # fmt: skip
    assert table.caption.startswith("tiny. ")
    targets = paper_table(4, run, donors=DONORS, targets=["ces_Latn", "swh_Latn"])
    assert [[cell.text for cell in row] for row in targets.blocks[0].rows] == [["ces_Latn", "rus_Cyrl", "70.0", "65.0"]]
    assert "No scores of swh_Latn." in targets.notes


def test_donors_with_texts_of_their_own_stand_in_one_column(run):
    own_texts = run.assign(training=run["source"])
    means = paper_table(3, run, donors=DONORS).tidy["mean"]
    assert list(paper_table(3, own_texts, donors=DONORS).tidy["mean"]) == pytest.approx(list(means))


def test_donors_may_differ_by_task(run, scores):
    other = pd.concat(
        [scores({"urd_Arab": value}, task="pos", source=source) for source, value in (("eng_Latn", 1), ("rus_Cyrl", 2))]
    )
    both = pd.concat([run, other], ignore_index=True)
    by_task = {**DONORS, "urd_Arab": {"ner": "hin_Deva", "pos": "rus_Cyrl"}}
    means = paper_table(3, both, donors=by_task).tidy.set_index(["task", "column", "group"])["mean"]
    assert means["pos", "tiny from the closest donor", "all"] == 2
    whole = paper_table(3, run, donors=DONORS).tidy.set_index(["task", "column", "group"])["mean"]
    assert means["ner", "tiny from the closest donor", "all"] == whole["ner", "tiny from the closest donor", "all"]
    (block,) = paper_table(4, both, donors=by_task, targets=["urd_Arab"]).blocks
    assert [cell.text for cell in block.rows[0]] == ["urd_Arab", "hin_Deva, rus_Cyrl", "50.0", "60.0", "1.0", "2.0"]


def test_a_source_or_donors_that_a_table_would_pass_by_are_refused(run):
    for number in (3, 4, 15, 19):
        with pytest.raises(UserError, match=f"Table {number} compares English with the donor .* no source"):
            paper_table(number, run, donors=DONORS, source="hin_Deva")
    with pytest.raises(UserError, match="Table 1 has no donors"):
        paper_table(1, run, donors=DONORS)
    assert paper_table(1, run, source="hin_Deva").tidy["mean"].max() > 0


def test_what_is_needed_is_said(run):
    with pytest.raises(UserError, match=r"needs the donor of each target.*hin_Deva"):
        paper_table(3, run)
    with pytest.raises(UserError, match=r"Sources here: eng_Latn, hin_Deva, rus_Cyrl; donors named: tur_Latn"):
        paper_table(3, run, donors={"urd_Arab": "tur_Latn"})


@pytest.mark.parametrize("own", ["hin_Deva", {"ner": "rus_Cyrl", "pos": "hin_Deva"}])
def test_a_target_is_never_its_own_donor(run, own):
    with pytest.raises(UserError, match=r"hin_Deva: named as its own donor.*name eng_Latn"):
        paper_table(3, run, donors={**DONORS, "hin_Deva": own})


def test_donors_are_read_from_a_file(tmp_path):
    path = tmp_path / "donors.json"
    with pytest.raises(DataMissingError, match="there is no"):
        read_donors(path)
    path.write_text(json.dumps(DONORS))
    assert read_donors(path) == DONORS
    by_task = {"lin_Latn": {"ner": "swa_Latn", "sib200": "swh_Latn"}}
    path.write_text(json.dumps(by_task))
    assert read_donors(path) == by_task
    path.write_text(json.dumps({"urdu": "hin_Deva"}))
    with pytest.raises(UserError, match="expected a tag like"):
        read_donors(path)
    for text in ("[1]", '{"urd_Arab": 3}', '{"urd_Arab": {"ner": 3}}', "{"):
        path.write_text(text)
        with pytest.raises(DamagedError):
            read_donors(path)
