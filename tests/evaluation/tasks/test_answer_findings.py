"""Answers that make a score mean something else are told, and ordinary answers are not."""

import numpy as np

from langsamp.evaluation.tasks.answer_findings import answer_findings, dev_findings
from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.languages.tags import LangScript
from langsamp.scores.cells import LanguageResult

SWH = LangScript("swh", "Latn")
TEXTS = LabelledTexts(tag=SWH, texts=("moja", "mbili"), labels=("a b", "c"))
TAGGED = TaggedSentences(tag=SWH, words=(("moja", "mbili"), ("tatu",)), labels=(("O", "B-PER"), ("O",)))
PAIRS = ParallelText(tag=SWH, english=tuple("abcdefghij"), target=tuple("klmnopqrst"))


def answered(**columns: list[str] | list[int]) -> LanguageResult:
    predictions = {name: np.array(column, dtype=object) for name, column in columns.items()}
    return LanguageResult(tag=SWH, metrics={}, predictions=predictions, num_items=2)


def test_one_label_for_all_items_is_told() -> None:
    gold = ["a b", "c"]
    assert answer_findings(TEXTS, answered(gold=gold, predicted=["c", "a b"])) == ()
    said = answer_findings(TEXTS, answered(gold=gold, predicted=["a b", "a b"]))
    assert said == ("all 2 texts were given the label a b",)
    assert answer_findings(TEXTS, answered(gold=["c", "c"], predicted=["c", "c"])) == ()
    words = ["O B-PER", "O"]
    assert answer_findings(TAGGED, answered(gold=words, predicted=["O O", "B-PER"])) == ()
    said = answer_findings(TAGGED, answered(gold=words, predicted=["O O", "O"]))
    assert said == ("all 3 words were given the label O",)


def test_one_sentence_that_is_nearest_to_most_is_told() -> None:
    assert answer_findings(PAIRS, answered(nearest=list(range(10)))) == ()
    assert answer_findings(PAIRS, answered(nearest=[3, 3, 3, 3, 4, 5, 6, 7, 8, 9])) == ()
    (said,) = answer_findings(PAIRS, answered(nearest=[1, *[0] * 9]))
    assert said.startswith("the nearest sentence of 9 of 10 is one and the same")


def test_a_dev_score_that_never_moves_is_told() -> None:
    assert dev_findings([{"f1": 3.0}, {"f1": 4.0}], "f1") == ()
    assert dev_findings([{"f1": 3.0}], "f1") == ()
    (said,) = dev_findings([{"f1": 0.0, "accuracy": 1.0}, {"f1": 0.0, "accuracy": 2.0}], "f1")
    assert said.startswith("dev: the score is 0.0 at each of the 2 looks")


def test_answers_of_kinds_that_others_add_are_left_alone() -> None:
    assert answer_findings(object(), answered(found=[1, 1])) == ()
