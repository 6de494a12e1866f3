"""The paper's numbers are whole and tidy; that they are the paper's, `tests/real_data` says."""

import pytest

from langsamp.errors import UserError
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.scores.cells import COLUMNS
from langsamp.scores.published import (
    CLOSEST,
    missing_donors,
    printed,
    printed_targets,
    printed_tasks,
    published,
    published_names,
)
from tests.scores.scored import printed_frame

SIZES = {"sr-bible": 369, "sr-tatoeba": 98, "taxi1500": 351, "sib200": 172, "ner": 164, "pos": 91}


@pytest.mark.parametrize("name", ["paper:baseline", "paper:langsamp"])
def test_published_scores_are_tidy(name):
    scores = published(name)
    assert tuple(scores.columns) == COLUMNS
    assert scores.groupby("task").size().to_dict() == SIZES and list(scores["task"].unique()) == list(SIZES)
    assert not scores.duplicated(["task", "tag"]).any()
    constant = scores[["model", "model_name", "protocol", "source", "seed", "main", "selection"]].drop_duplicates()
    assert constant.to_numpy().tolist() == [[name, name, "paper", "eng_Latn", 0, True, "test"]]
    assert scores["value"].between(0, 100).all()
    assert set(scores.groupby("task")["metric"].first()) == {"top10_accuracy", "macro_f1", "seqeval_f1"}
    for tag in scores["tag"].unique():
        describe(LangScript.parse(tag))
    assert scores[["revision", "precision", "settings", "training"]].isna().all(axis=None), "not stated in the paper"


def test_a_language_has_the_number_of_its_table():
    langsamp = published("paper:langsamp").set_index(["task", "tag"])["value"]
    assert langsamp["sr-bible", "ace_Latn"] == 49.4  # Table 7, first entry
    assert langsamp["pos", "zho_Hani"] == 44.8  # Table 14, last entry
    assert published("paper:baseline").set_index(["task", "tag"])["value"]["pos", "zho_Hani"] == 38.7


def test_donor_scores_have_two_sources_and_say_what_is_missing():
    scores = published("paper:donors")
    assert set(scores["source"]) == {"eng_Latn", CLOSEST}
    assert scores.groupby(["task", "tag"]).size().eq(2).all()
    counts = scores.groupby("task").size().to_dict()
    # Tables 15 to 19 as they were kept, and of Table 4 the rows that are in none of them
    assert counts == {"taxi1500": 2 * (281 + 1), "sib200": 2 * (140 + 1), "ner": 2 * (132 + 3), "pos": 2 * (73 + 2)}
    assert missing_donors() == {"taxi1500": 73, "sib200": 33, "ner": 29, "pos": 16}
    by_tag = scores.set_index(["task", "tag", "source"])["value"]
    for target in printed_targets():  # Table 4 repeats rows of Tables 15 to 19
        for task, (english, donor) in target.scores.items():
            assert (by_tag[task, target.tag, "eng_Latn"], by_tag[task, target.tag, CLOSEST]) == (english, donor)


def test_an_unknown_name_is_refused_with_a_suggestion():
    with pytest.raises(UserError, match=r"no published scores 'paper:langsam'\. Did you mean 'paper:langsamp'"):
        published("paper:langsam")
    assert list(published_names()) == ["paper:baseline", "paper:langsamp", "paper:donors"]


def test_printed_tables_have_the_shape_of_the_paper():
    assert {number: len(printed(number)) for number in (1, 2, 3, 6)} == {1: 60, 2: 72, 3: 40, 6: 108}
    table = printed_frame(1).set_index(["task", "column", "group"])
    assert table.loc[("taxi1500", "paper:baseline", "tail"), ["mean", "sd"]].tolist() == [47.1, 4.8]
    families = printed_frame(6)
    assert families["languages"].notna().all() and families["mean"].isna().sum() == 6  # no Mayan language in 3 tasks
    assert printed_tasks()["pos"].classes == 18 and printed_tasks()["sr-bible"].classes is None
    assert [target.donor for target in printed_targets()][:2] == ["jpn_Jpan", "zho_Hani"]
