"""The paper's numbers are equal to those that were read from it."""

import json

from langsamp.scores.published import CLOSEST, published
from tests.real_data import REFERENCE
from tests.scores.scored import printed_frame

PRINTED_NAMES = {"SR-B": "sr-bible", "SR-T": "sr-tatoeba", "Taxi1500": "taxi1500", "SIB200": "sib200", "NER": "ner",
                 "POS": "pos"}  # fmt: skip


def test_all_numbers_are_those_that_were_read_from_it():
    kept = json.loads((REFERENCE / "paper_tables.json").read_text(encoding="utf-8"))
    for name, column in (("paper:baseline", "Baseline"), ("paper:langsamp", "LangSAMP")):
        ours = published(name).set_index(["task", "tag"])["value"].to_dict()
        theirs = {
            (PRINTED_NAMES[task], tag): row[column]
            for task, table in kept["per_language"].items()
            for tag, row in table["languages"].items()
        }
        assert ours == theirs
    donors = published("paper:donors").set_index(["task", "tag", "source"])["value"].to_dict()
    for task, table in kept["per_language_donor"].items():
        for tag, row in table["languages"].items():
            assert donors[PRINTED_NAMES[task], tag, "eng_Latn"] == row["English"]
            assert donors[PRINTED_NAMES[task], tag, CLOSEST] == row["Donor"]
    for number, columns in ((1, ("Baseline", "LangSAMP")), (2, ("vanilla", "lang", "script", "lang+script"))):
        ours = printed_frame(number).set_index(["task", "group", "column"])["mean"].sort_index()
        for task, table in PRINTED_NAMES.items():
            for group, known in (("tail", "tail"), ("head", "head"), ("all", "all")):
                theirs = (
                    [kept["table1"][task][group][column]["mean"] for column in columns]
                    if number == 1
                    else [kept["table2"][column][task][group] for column in columns]
                )
                assert [ours[table, known, column] for column in printed_frame(number)["column"].unique()] == theirs
