"""Every language of the real texts is read, item by item as its manifest says."""

import csv

import pytest

from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.task import TaskData
from langsamp.languages.tags import LangScript
from tests.real_data import DATA

TEXTS = DATA / "eval"


@pytest.mark.parametrize(("name", "sources"), [("taxi1500", 24), ("sib200", 44), ("ner", 9), ("pos", 20)])
def test_the_numbers_of_items_are_those_of_the_manifest(name, sources):
    reader = task(name).open(TaskData(data=TEXTS))
    with (TEXTS / name / "MANIFEST.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [str(tag) for tag in reader.tags] == sorted(row["tag"] for row in rows)
    assert len(reader.sources) == sources and not reader.notes
    for row in rows:
        tag = LangScript.parse(row["tag"])
        assert len(reader.read(tag)) == int(row["test"])
        if tag in reader.sources:
            training = reader.training(tag)
            left_out = (name, str(tag)) == ("taxi1500", "heb_Hebr")  # one verse is nothing but numbers
            assert (len(training.train) + left_out, len(training.dev)) == (int(row["train"]), int(row["dev"]))
            assert not left_out or "1 of 860 texts are placeholders and left out" in training.train.notes[-1]
    labels = {
        label
        for tag in reader.tags
        for of_item in reader.read(tag).labels
        for label in ([of_item] if isinstance(of_item, str) else of_item)
    }
    assert labels == set(task(name).labels)


def test_both_protocols_differ_in_the_texts_that_quotes_swallow_only():
    english = LangScript("eng", "Latn")
    fixed, paper = (task("sib200").open(TaskData(data=TEXTS, protocol=protocol)) for protocol in ("fixed", "paper"))
    assert (len(fixed.training(english).dev), len(paper.training(english).dev)) == (99, 59)
    assert paper.training(english).dev.notes == ("40 of 99 lines were swallowed by quotes or skipped",)
    assert len(paper.read(english)) == 203 and set(paper.read(english).texts) < set(fixed.read(english).texts)
    for name in ("ner", "pos"):
        fixed, paper = (task(name).open(TaskData(data=TEXTS, protocol=protocol)) for protocol in ("fixed", "paper"))
        assert fixed.read(english).revision == paper.read(english).revision


@pytest.mark.parametrize(("name", "languages"), [("sr-bible", 143), ("sr-tatoeba", 112)])
def test_the_parallel_texts_are_read(name, languages):
    reader = task(name).open(TaskData(data=TEXTS))
    read = [reader.read(tag) for tag in reader.tags]
    assert len(read) == languages
    assert max(len(text.target) for text in read) == {"sr-bible": 500, "sr-tatoeba": 1000}[name]
    noted = {str(text.tag): text.notes for text in read if text.notes}
    assert noted.keys() == ({"heb_Hebr", "jid_Latn"} if name == "sr-bible" else set()), "all others are sentences"
    if name == "sr-bible":
        assert "(not included) (1)" in noted["jid_Latn"][0]
