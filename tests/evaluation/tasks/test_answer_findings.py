"""Answers that make a score mean something else are told, and ordinary answers are not."""

import numpy as np
import pytest

from langsamp.evaluation.tasks.answer_findings import answer_findings, dev_findings
from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.languages.tags import LangScript
from langsamp.scores.cells import LanguageResult

SWH = LangScript("swh", "Latn")
TEXTS = LabelledTexts(tag=SWH, texts=("moja", "mbili"), labels=("a b", "c"))
TAGGED = TaggedSentences(tag=SWH, words=(("moja", "mbili"), ("tatu",)), labels=(("O", "B-PER"), ("O",)))
PAIRS = ParallelText(tag=SWH, english=tuple(map(str, range(50))), target=tuple(map(str, range(50, 100))))


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
    assert answer_findings(PAIRS, answered(nearest=list(range(50)))) == ()
    assert answer_findings(PAIRS, answered(nearest=[3] * 24 + list(range(4, 30)))) == ()
    (said,) = answer_findings(PAIRS, answered(nearest=[1, *[0] * 49]))
    assert said.startswith("the nearest sentence of 49 of 50 is one and the same")


@pytest.mark.parametrize(("items", "share"), [(49, "20 %"), (12, "83 %"), (10, "100 %")])
def test_few_sentences_are_told_with_what_chance_finds_among_them(items: int, share: str) -> None:
    few = ParallelText(tag=SWH, english=PAIRS.english[:items], target=PAIRS.target[:items])
    (said,) = answer_findings(few, answered(nearest=list(range(items))))
    assert said == f"there are only {items} sentences: by chance {share} stand among the 10 nearest"


def test_a_dev_score_that_never_moves_is_told() -> None:
    assert dev_findings([{"f1": 3.0}, {"f1": 4.0}], "f1") == ()
    assert dev_findings([{"f1": 3.0}], "f1") == ()
    (said,) = dev_findings([{"f1": 0.0, "accuracy": 1.0}, {"f1": 0.0, "accuracy": 2.0}], "f1")
    assert said.startswith("dev: the score is 0.0 at each of the 2 looks")


def test_answers_of_kinds_that_others_add_are_left_alone() -> None:
    assert answer_findings(object(), answered(found=[1, 1])) == ()


@pytest.mark.parametrize(("shift", "where"), [(1, "1 line below"), (-1, "1 line above"), (3, "3 lines below")])
def test_sentences_that_are_nearest_to_a_neighbour_of_theirs_tell_of_a_lost_line(shift: int, where: str) -> None:
    own = np.arange(50)
    lost_in_the_middle = np.where(own < 40, own, np.clip(own + shift, 0, 49))
    for nearest in (np.clip(own + shift, 0, 49), lost_in_the_middle):
        (said,) = answer_findings(PAIRS, answered(nearest=nearest.tolist()))
        assert f"is the one {where} theirs: one side may lack a line" in said
    mistaken = np.random.default_rng(0).permutation(50)
    assert answer_findings(PAIRS, answered(nearest=mistaken.tolist())) == ()


def test_few_items_that_labels_are_predicted_of_are_told() -> None:
    labels = ["a", "b"] * 24
    for items, is_told in ((9, False), (10, True), (48, True)):
        said = answer_findings(TEXTS, answered(gold=labels[:items], predicted=labels[:items]))
        assert said == ((f"only {items} texts are tested: one or two move the score",) if is_told else ())
    assert answer_findings(TEXTS, answered(gold=labels * 2, predicted=labels * 2)) == ()
