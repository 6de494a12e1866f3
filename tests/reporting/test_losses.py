"""Who got worse: the rule by which items are chosen, every kind of task, and a page without any text."""

import pytest

from langsamp.reporting.page import write_report
from langsamp.reporting.report import Report
from langsamp.reporting.sections.losses import losses
from tests.reporting.evaluated import ARABIC, ENGLISH, HEBREW, TEXTS, make_evaluation


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    return make_evaluation(tmp_path_factory.mktemp("losses"))


def found(evaluation):
    return {each.label: each for each in losses(Report.read([evaluation])).sides}


def test_items_are_the_first_that_only_the_baseline_has_right(evaluation):
    (arabic,) = found(evaluation)["sib200"].losers
    assert str(arabic.language.tag) == "arb_Arab" and arabic.difference < 0 and arabic.why_none == ""
    assert [example.item for example in arabic.examples] == [2, 4, 6]
    assert [example.text for example in arabic.examples] == [ARABIC[1], ARABIC[3], ARABIC[5]]
    (label,) = arabic.examples[0].labels
    assert (label.gold, label.baseline, label.model) == ("travel", "travel", "geography")


def test_retrieval_shows_query_translation_and_what_was_found(evaluation):
    (hebrew,) = found(evaluation)["sr-bible"].losers
    example = hebrew.examples[0]
    assert (example.item, example.query, example.text) == (2, ENGLISH[1], HEBREW[1])
    assert [(each.text, each.rank) for each in example.matches] == [(HEBREW[1], 1), (HEBREW[2], 12)]


def test_sentences_show_the_words_that_changed(evaluation):
    (russian,) = found(evaluation)["ner"].losers
    assert [(each.word, each.gold, each.baseline, each.model) for each in russian.examples[0].labels] == [
        ("Анна", "B-PER", "B-PER", "O")
    ]


def test_text_that_is_gone_or_changed_is_not_shown(tmp_path):
    evaluation = make_evaluation(tmp_path)
    path = tmp_path / "data" / "sib200" / "arb_Arab" / "test.tsv"
    path.write_text(path.read_text(encoding="utf-8").replace(ARABIC[1], "شيء آخر"), encoding="utf-8")
    (tmp_path / "data" / "ner" / "rus_Cyrl" / "test.tsv").unlink()
    sections = found(evaluation)
    assert "is not at hand" in sections["sib200"].losers[0].why_none and not sections["sib200"].losers[0].examples
    assert "cannot be read any more" in sections["ner"].losers[0].why_none


def test_the_page_renders_every_script_in_its_direction(evaluation, tmp_path):
    html = write_report(evaluation, out=tmp_path / "report.html").read_text(encoding="utf-8")
    assert f'dir="auto" lang="arb-Arab">{ARABIC[1]}</span>' in html
    assert f'dir="auto" lang="he-Hebr">{HEBREW[2]}</span>' in html and f'lang="en">{ENGLISH[1]}</span>' in html


def test_redacting_leaves_no_text_of_the_data_in_the_file(evaluation, tmp_path):
    html = write_report(evaluation, out=tmp_path / "report.html", redact_text=True).read_text(encoding="utf-8")
    assert not [text for text in TEXTS if text in html]
    assert "Example sentences are left out" in html and "--redact-text</pre>" in html
    assert "Standard Arabic" in html


def test_seeds_and_cells_are_shown(evaluation, tmp_path):
    html = write_report(evaluation, out=tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What each seed reached." in html and "Dev against test." in html and "training 0, seed 1: " in html
