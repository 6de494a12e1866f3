"""Scores equal scikit-learn's and seqeval's on cases small enough to work out by hand."""

import numpy as np
import pytest
from seqeval.metrics import f1_score as span_f1
from sklearn.metrics import accuracy_score, f1_score

from langsamp.evaluation.metrics import tag_scores, text_scores
from langsamp.evaluation.tasks.readers.pos import POS_LABELS

UPOS = list(POS_LABELS)


def test_macro_f1_is_the_mean_over_the_labels_that_occur():
    scores = text_scores(["a", "a", "b", "b"], ["a", "b", "b", "c"])
    # a: precision 1, recall 1/2; b: 1/2 and 1/2; c: never gold
    assert scores == pytest.approx({"macro_f1": 100 * (2 / 3 + 1 / 2 + 0) / 3, "accuracy": 50})


def test_a_label_for_everything_scores_low_but_not_nothing():
    scores = text_scores(["a", "b", "c", "c"], ["c"] * 4)
    assert scores == pytest.approx({"macro_f1": 100 * (0 + 0 + 2 / 3) / 3, "accuracy": 50})


def test_perfect_predictions_score_100():
    assert text_scores(["a", "b"], ["a", "b"]) == {"macro_f1": 100, "accuracy": 100}
    gold = [["B-PER", "I-PER", "O"], ["O", "B-LOC"]]
    assert tag_scores(gold, gold) == {"seqeval_f1": 100, "accuracy": 100, "macro_f1": 100}
    assert tag_scores([UPOS], [UPOS]) == {"seqeval_f1": 100, "accuracy": 100, "macro_f1": 100}


def test_a_span_counts_only_as_a_whole():
    gold = [["B-PER", "I-PER", "O", "B-LOC"]]
    scores = tag_scores(gold, [["B-PER", "O", "O", "B-LOC"]])
    assert scores["seqeval_f1"] == pytest.approx(50)  # of two spans on each side, one is the same
    assert scores["accuracy"] == pytest.approx(75)


def test_nothing_but_o_scores_0_without_a_warning():
    gold = [["B-PER", "I-PER", "O"], ["O"]]
    assert tag_scores(gold, [["O", "O", "O"], ["O"]])["seqeval_f1"] == 0
    assert tag_scores([["O", "O"]], [["O", "O"]]) == {"seqeval_f1": 0, "accuracy": 100, "macro_f1": 100}


def test_neighbours_with_the_same_part_of_speech_are_one_span():
    scores = tag_scores([["NOUN", "NOUN", "VERB"]], [["NOUN", "VERB", "VERB"]])
    assert scores["seqeval_f1"] == 0
    assert scores["accuracy"] == pytest.approx(100 * 2 / 3)
    assert scores["macro_f1"] == pytest.approx(100 * 2 / 3)


def test_seqeval_takes_both_conjunctions_for_one():
    gold, predicted = [["NOUN", "CCONJ", "NOUN"]], [["NOUN", "SCONJ", "NOUN"]]
    scores = tag_scores(gold, predicted)
    assert scores["seqeval_f1"] == 100
    assert scores["accuracy"] == pytest.approx(100 * 2 / 3)


def test_first_letters_of_parts_of_speech_are_prefixes_to_seqeval():
    """SYM is read as S-YM, a span of its own each time; NOUN NOUN is one span."""
    scores = tag_scores([["SYM", "SYM"], ["NOUN", "NOUN"]], [["SYM", "NOUN"], ["NOUN", "NOUN"]])
    assert scores["seqeval_f1"] == pytest.approx(100 * 2 * 2 / (3 + 3))


def test_scores_are_those_of_the_libraries():
    generator = np.random.default_rng(3)
    for labels in (UPOS, ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]):
        gold = [generator.choice(labels, size=size).tolist() for size in generator.integers(1, 20, size=60)]
        predicted = [
            [word if generator.random() < 0.7 else str(generator.choice(labels)) for word in sentence]
            for sentence in gold
        ]
        flat_gold, flat_predicted = ([label for sentence in side for label in sentence] for side in (gold, predicted))
        scores = tag_scores(gold, predicted)
        assert scores["accuracy"] == pytest.approx(100 * accuracy_score(flat_gold, flat_predicted))
        assert scores["macro_f1"] == pytest.approx(100 * f1_score(flat_gold, flat_predicted, average="macro"))
        if labels is not UPOS:
            assert scores["seqeval_f1"] == pytest.approx(100 * span_f1(gold, predicted))


def test_random_labels_score_near_chance():
    generator = np.random.default_rng(5)
    gold, predicted = (generator.choice(list("abcdef"), size=6000).tolist() for _ in range(2))
    scores = text_scores(gold, predicted)
    assert scores["accuracy"] == pytest.approx(100 / 6, abs=2) and scores["macro_f1"] == pytest.approx(100 / 6, abs=2)
