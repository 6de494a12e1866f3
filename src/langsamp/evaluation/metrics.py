"""Scores of predicted labels, per cent: scikit-learn and seqeval say what they are, and nothing else computes them."""

import warnings
from collections.abc import Mapping, Sequence

from seqeval.metrics import f1_score as span_f1
from sklearn.metrics import accuracy_score, f1_score


def text_scores(gold: Sequence[str], predicted: Sequence[str]) -> Mapping[str, float]:
    """`macro_f1` and `accuracy` of one label a text.

    Macro-F1 is the plain mean over the labels that occur in `gold` or `predicted`.
    """
    return {
        "macro_f1": 100 * float(f1_score(gold, predicted, average="macro", zero_division=0)),
        "accuracy": 100 * float(accuracy_score(gold, predicted)),
    }


def tag_scores(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Mapping[str, float]:
    """`seqeval_f1`, and `accuracy` and `macro_f1` over all words, of one label a word.

    seqeval's F1 is micro-averaged over spans. On labels without B- and I-, as in part-of-speech tagging, it takes
    neighbours with the same label for one span and the first letter for a prefix (so that CCONJ and SCONJ are one):
    it is the paper's number, and neither accuracy nor F1 of words.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* seems not to be NE tag", category=UserWarning)
        spans = span_f1([list(labels) for labels in gold], [list(labels) for labels in predicted], zero_division=0)
    words = text_scores(
        [label for labels in gold for label in labels], [label for labels in predicted for label in labels]
    )
    return {"seqeval_f1": 100 * float(spans), **words}
